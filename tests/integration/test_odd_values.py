"""Odd values wherever an address takes one: every route that reads, every parameter, by every role; never a 500."""

import asyncio
import base64
import logging
import re
from datetime import timedelta
from urllib.parse import quote

import httpx

from services.intake.people import accounts
from services.kernel.identity.roles import Role
from tests.support.house import open_house
from tests.support.intake import UNIT, fresh, opening, recording, register

DAYS = ["0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "-1", "２０２６-01-01", "2026-01-01T00:00:00", "1e9"]
TIMES = [
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
    "1999-02-30T00:00:00Z", "2016-12-31T23:59:60Z",
]  # fmt: skip
NUMBERS = [
    "-1", "1e400", "nan", "inf", "-0", "0x10", "1_000", "٣", "99999999999999999999", "2147483648",
    "9223372036854775807", "9223372036854775808", "9" * 5_000, "1.5", " 1",
]  # fmt: skip
QUARTERS = [
    "0001-Q1",
    "9999-Q4",
    "2026-Q5",
    "2026-Q0",
    "2000-Q1",
    "2099-Q4",
    "２０２６-Q1",
    "2026-q1",
    "2026-Q1\n",
    "latest",
]
TEXTS = [
    "",
    "\0",
    "a\0b",
    "\uffff",
    "'",
    '"',
    "%",
    "\\",
    "ế" * 300,
    "\u0301" * 90,
    "..",
    "-",
    "null",
    "[]",
    "😀",
    "true",
    "*",
]
MARKS = [*TIMES, "2026-01-01T00:00:00Z", "\0", "ế", "-", "1", "9" * 100, fresh()]


def _mark(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


CURSORS = [
    made for text in MARKS
    for made in (_mark(text), _mark(text).rstrip("="), _mark(f"{text} {fresh()}").rstrip("="), _mark(f"{text} x"))
]  # fmt: skip
BROKEN = ["%ff", "%C3", "%ED%A0%80", "\0"]
SOME = [*DAYS[:2], *TIMES[:2], "-1", "9" * 30, *QUARTERS[:2], *TEXTS, *BROKEN]


def _odd(name: str, schema: str) -> list[str]:
    """The odd values worth asking a parameter for."""
    if name == "wait":
        return ["-1", "nan", "inf", "1e400", "31", *BROKEN]  # a proper one waits
    if name == "cursor":
        return [*CURSORS, *BROKEN]
    if name == "quarter":
        return [*QUARTERS, *BROKEN]
    if "date" in schema:
        return [*DAYS, *TIMES, *BROKEN]
    return [*NUMBERS, *BROKEN] if "integer" in schema or "number" in schema else SOME


def _encoded(value: str) -> str:
    return value if value.startswith("%") and len(value) > 1 else quote(value, safe="")


def _plausible(name: str) -> str:
    known = {"quarter": "2026-Q3", "unit": UNIT, "n": "1", "level": "0", "sha256": "a" * 64, "content": "a" * 64}
    return known.get(name, fresh())


def _addresses(paths: dict):
    """Each address that can be read, with one odd value at a time."""
    for path, operations in paths.items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] not in ("path", "query"):
                continue
            for value in _odd(parameter["name"], str(parameter["schema"])):
                address, query = path, ""
                for other in operations["get"]["parameters"]:
                    odd = _encoded(value) if other is parameter else _plausible(other["name"])
                    if other["in"] == "path":
                        address = address.replace(f"{{{other['name']}}}", odd)
                    elif other is parameter:
                        query = f"?{other['name']}={odd}"
                    elif other["required"]:
                        query = f"?{other['name']}=1"
                yield address + query


VERBS = ("PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PROPFIND")
NUMBERED = ("page", "before", "at", "index", "size")
PAGES = {
    "/reports/": ["quarter", "group", "edition", "sort", "dir", "q", "page", "lang"],
    f"/reports/units/{UNIT}": ["quarter", "edition"],
    "/reports/figures": ["quarter", "group", "edition"],
    "/reports/compare": ["quarter", "with", "edition"],
    "/reports/practice": ["quarter"],
    "/reports/closing": ["quarter"],
    "/reports/codes/A01": ["quarter", "group", "edition"],
    "/reports/inbox": ["cursor", "all"],
    "/audit/": ["before", "lang", "size"],
    "/audit/entry": ["at", "id", "index"],
    "/intake/login": ["next", "lang", "why"],
    "/intake/": ["unit", "lang"],
    "/intake/desk/": ["tab", "finding", "lang"],
}


async def _token(house, role: Role, unit: str | None = None) -> str:
    service = house.apps["intake"].state.service
    async with service.pool.acquire() as connection:
        begins = service.clock.now() - timedelta(days=10)
        return await accounts.issue_token(connection, service.settings.source, role, unit, None, begins)


async def _filed(client: httpx.AsyncClient, tokens: dict[str, str], now) -> None:
    """A little of everything, so that readers have something to read."""
    before = (now - timedelta(minutes=5)).isoformat()
    inspection = fresh()
    for role, path, body in (
        (Role.ADMIN, f"unit-changes/{fresh()}", register()),
        (Role.INSPECTOR, f"inspections/{inspection}", opening(opened_at=before)),
        (Role.INSPECTOR, f"findings/{fresh()}", recording(inspection, captured_at=before)),
    ):
        headers = {"authorization": f"Bearer {tokens[role]}"}
        assert (await client.put(f"/intake/v1/{path}", json=body, headers=headers)).status_code == 201


async def test_no_value_of_an_address_is_an_error_of_the_server(settings, caplog):
    caplog.set_level(logging.ERROR)
    async with open_house(settings) as house, house.client() as client:
        tokens = {role: await _token(house, role) for role in Role if role is not Role.UNIT_HEAD}
        await _filed(client, tokens, house.apps["intake"].state.service.clock.now())
        tokens[Role.UNIT_HEAD] = await _token(house, Role.UNIT_HEAD, UNIT)
        addresses = [f"{page}?{name}={_encoded(value)}" for page, names in PAGES.items() for name in names
                     for value in _odd(name, "integer" if name in NUMBERED else "")]  # fmt: skip
        for app in house.apps.values():
            addresses += _addresses(app.openapi()["paths"])
        addresses.remove("/reports/v1/alerts/stream?after=")  # nothing is said there: a stream, without an end
        roles = [Role.REVIEWER, Role.AUDITOR, Role.UNIT_HEAD]
        at_once = asyncio.Semaphore(8)

        async def ask(number: int, address: str) -> tuple[int, str]:
            role = Role.UNIT_HEAD if "alerts" in address or "inbox" in address else roles[number % 3]
            async with at_once:
                answer = await client.get(address, headers={"authorization": f"Bearer {tokens[role]}"})
            return answer.status_code, address[:120]

        told = await asyncio.gather(*(ask(*numbered) for numbered in enumerate(addresses)))
    assert len(told) > 500 and [one for one in told if one[0] >= 500] == []
    assert not caplog.records


async def test_no_method_on_any_route_is_an_error_of_the_server(settings, caplog):
    caplog.set_level(logging.ERROR)
    async with open_house(settings) as house, house.client() as client:
        tokens = {role: await _token(house, role) for role in (Role.ADMIN, Role.REVIEWER, Role.INSPECTOR)}
        paths = [path for app in house.apps.values() for path in app.openapi()["paths"]]
        asked = [
            (verb, re.sub(r"{(\w+)}", lambda name, odd=odd: odd or _plausible(name[1]), path))
            for path in [*paths, *PAGES, "/", "/problems/invalid", "/nowhere"] if path != "/intake/logout"
            for odd in (("", "%00", "%ff") if "{" in path else ("",)) for verb in VERBS
        ]  # fmt: skip
        at_once = asyncio.Semaphore(8)

        async def ask(number: int, verb: str, address: str) -> tuple[int, str, str]:
            headers = {
                "authorization": f"Bearer {list(tokens.values())[number % 3]}", "content-type": "application/json",
            }  # fmt: skip
            async with at_once:
                answer = await client.request(verb, address, content=b"{}", headers=headers)
            return answer.status_code, verb, address

        told = await asyncio.gather(*(ask(number, *one) for number, one in enumerate(asked)))
    assert [one for one in told if one[0] >= 500] == []
    assert not caplog.records
