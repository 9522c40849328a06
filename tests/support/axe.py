"""axe-core in a page: what weak eyes, a keyboard or a screen reader stumble over."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page, **options: Any) -> list[dict[str, Any]]:
    """The rules that the page as it stands breaks, and where; all that it keeps stays in the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate(
        "(options) => axe.run(options).then((told) => told.violations)", {"resultTypes": ["violations"], **options}
    )
    return found
