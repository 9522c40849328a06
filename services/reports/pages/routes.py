"""The addresses of the pages and of their assets."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response

from services.kernel.identity.roles import PUBLIC, Action, allows
from services.reports.pages.card import card_page
from services.reports.pages.check import check_page
from services.reports.pages.code import code_page
from services.reports.pages.compare import compare_page
from services.reports.pages.figures import figures_page
from services.reports.pages.frame import PAGES, signed_in
from services.reports.pages.inbox import inbox_page
from services.reports.pages.notices import deliveries_page, notice_page, notices_page
from services.reports.pages.practice import practice_page
from services.reports.pages.quarter import quarter_page
from services.reports.pages.tasks import closing_page


def install(app: FastAPI) -> None:
    """Add the pages and their assets."""
    for path, page, action in (
        ("/reports/", quarter_page, Action.LIVE_CARDS),
        ("/reports/units/{unit}", card_page, Action.LIVE_CARDS),
        ("/reports/figures", figures_page, Action.LIVE_CARDS),
        ("/reports/compare", compare_page, Action.LIVE_CARDS),
        ("/reports/practice", practice_page, Action.PUBLISHED_CARDS),
        ("/reports/closing", closing_page, Action.DECIDE),
        ("/reports/codes/{code}", code_page, Action.LIVE_CARDS),
        ("/reports/inbox", inbox_page, Action.ALERTS),
        ("/reports/notices", notices_page, Action.NOTICES),
        ("/reports/notices/{id}", notice_page, Action.NOTICES),
        ("/reports/deliveries", deliveries_page, Action.DELIVERIES),
    ):
        app.get(path, include_in_schema=False, openapi_extra=allows(action))(signed_in(page))
    app.get("/reports/check", include_in_schema=False, openapi_extra=PUBLIC)(check_page)
    app.get("/reports", include_in_schema=False, openapi_extra=PUBLIC)(_to_dashboard)
    PAGES.mount(app)


async def _to_dashboard() -> Response:
    """The dashboard's address without its slash."""
    return RedirectResponse("/reports/", status_code=308)
