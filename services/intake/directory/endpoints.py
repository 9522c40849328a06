"""The unit tree and the catalogue, as they are on a day."""

from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import JSONResponse, Response

from services.domain.catalogue import in_force
from services.intake.reading.paging import Cursor, Day, paged, read_cursor
from services.intake.reading.reach import reading
from services.intake.writing.service import service_of
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.problems import NotFound
from services.kernel.quarters import local_date


def install(app: FastAPI) -> None:
    """Add the routes."""
    for path, endpoint in (("/intake/v1/units", units), ("/intake/v1/catalogue", catalogue)):
        app.get(path, response_class=JSONResponse, openapi_extra=allows(Action.READ_DIRECTORY))(endpoint)


async def units(
    request: Request, at: Day = None, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=1000)] = 500
) -> Response:
    """The units in the caller's scope that are valid on a day (today), by id."""
    async with reading(request, Action.READ_DIRECTORY) as reader:
        directory, reach, day = reader.directory, reader.whole(), at or local_date(reader.now)
    after = read_cursor(cursor) or ""
    listed = [
        {"unit": unit, "name": version.name, "label": directory.label(unit, day), "group": version.group,
         "parent": version.parent, "staff": version.staff,
         "valid_from": version.valid_from.isoformat(), "valid_to": version.valid_to and version.valid_to.isoformat()}
        for unit in sorted(directory.versions)
        if unit > after and reach.holds(unit) and (version := directory.version(unit, day)) is not None
    ]  # fmt: skip
    return paged(listed, limit, "unit")


async def catalogue(request: Request, at: Day = None) -> Response:
    """The catalogue in force on a day (today), with its words."""
    service = service_of(request)
    await authenticate(service.pool, token_of(request))
    try:
        version = in_force(service.catalogues, at or local_date(service.clock.now()))
    except LookupError:
        raise NotFound from None
    codes = [
        {"code": code.code, "group": code.group, "severity": code.severity, "per": code.per, "per_case": code.per_case,
         "name": {"vi": code.name_vi, "en": code.name_en}, "evidence": list(code.evidence)}
        for code in version.codes.values()
    ]  # fmt: skip
    words = {
        part: {key: {"vi": vi, "en": en} for key, (vi, en) in named.items()}
        for part, named in (("groups", version.groups), ("evidence", version.evidence))
    }
    valid_from = version.valid_from.isoformat()
    return JSONResponse({"version": version.version, "valid_from": valid_from, **words, "codes": codes})
