"""Who may what, over the wire: every route × nobody, spoiled tokens, and each role in and out of scope.

The table below is the contract's; what it does not name is 403 for a signed-in caller and 401 for anyone else.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.case_world import (
    FROZEN,
    PICTURE,
    PUBLISHED,
    World,
    asking,
    assigning,
    closing,
    fresh,
    new_key,
    now,
    opening,
    planning,
    recording,
    registration,
)
from tests.support.people import EVERYBODY, NOBODY, PARENT, UNIT
from tests.support.phone import Phone
from tests.support.wire import ROUTES

REASON = {"private": {"reason": "Theo hồ sơ."}}
CORRECTED = {"code": "A03", "count": 2, "captured_at": now(-1), **REASON}
MORE_TIME = {"of": "reply", "until": "2020-01-06"}  # no later day: nobody's deadline is moved
COVERED = {"boxes": [{"x": 0, "y": 0, "width": 10, "height": 10}]}
DONE = {"done_on": "2026-01-05"}
EXCUSED, FLASH = {"outcome": "excused", **REASON}, {"edition": "flash"}
Made = Callable[[World], tuple[str, dict[str, Any] | bytes]]
JPEG = {"content-type": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Case:
    """One route: how to call it, and who gets which answer (others: 403)."""

    route: str
    method: str
    call: Made
    answers: dict[int, tuple[str, ...]]
    public: bool = False

    def expected(self, who: str) -> int:
        """The status for one caller."""
        if self.public:
            return 200
        if who in NOBODY:
            return 401
        return next((status for status, people in self.answers.items() if who in people), 403)


def _put(
    path: str,
    body: Callable[[str], dict[str, Any]],
    answers: dict[int, tuple[str, ...]],
    scene: Callable[[World], tuple[str, str]] = lambda world: (world.inspection, world.finding),
) -> Case:
    """A write; `scene` gives what it is about (inspection and finding, or event and request), `body` gets the first."""

    def call(world: World) -> tuple[str, dict[str, Any]]:
        first, second = scene(world)
        named = path.format(
            inspection=first, finding=second, erasure=second, round=second, quarter="2026-Q1", id=fresh()
        )
        return f"/intake/v1/{named}", body(first)

    return Case(f"/intake/v1/{path}", "PUT", call, answers)


def _get(route: str, path: str, answers: dict[int, tuple[str, ...]], *, public: bool = False) -> Case:
    return Case(route, "GET", lambda world: (path.format(w=world), {}), answers, public)


def planned(world: World) -> tuple[str, str]:
    """One round for all: a plan goes into the log only after all before it, so many are slow."""
    return world.planned, world.planned


INSPECTORS, TEAM = ("inspector", "colleague", "stranger"), ("inspector", "colleague")
FILING_ELSEWHERE = ("inspector elsewhere", "lead elsewhere")
ELSEWHERE = (*FILING_ELSEWHERE, "head elsewhere")
SEEING = (*TEAM, "lead", "head", "head above", "reviewer", "auditor")
UNSEEING = (*ELSEWHERE, "stranger")
NOTICED = ("lead", "lead elsewhere", "head", "head above", "head elsewhere", "reviewer")
OWN_CARD = f"/reports/v1/scorecards/{{w.quarter}}/{UNIT}"
CARDS_THEN = ("lead", "head", "head above", "reviewer", "auditor")
LIVE = tuple(who for who in EVERYBODY if who != "admin")
FINDING = {201: (*TEAM, "lead"), 404: FILING_ELSEWHERE}
OPENER = {201: ("inspector", "lead"), 404: FILING_ELSEWHERE}
HEAD = {201: ("head",), 404: ("head elsewhere",)}
VOIDING = {201: ("lead", "reviewer"), 404: ("lead elsewhere",)}
NEW, SHUT = World.open_case, World.closed_case
PRAISE = {"unit": UNIT, "code": "K01", "date": "2026-03-02"}
SURVEY = {"unit": UNIT, "quarter": "2026-Q1", "source": "SIPAS", "asked": 120, "answered": 80, "satisfied": 71}
READING_ROUNDS = ("lead", "lead elsewhere", "reviewer", "auditor")
FILERS = (*INSPECTORS, "lead", *FILING_ELSEWHERE)
WRITES = (
    _put("devices/{id}", lambda _: {"key": Phone().public}, {201: FILERS}),
    _put(
        "unit-changes/{id}",  # an id drawn may read as a telephone number, which a name must not
        lambda _: registration(f"xa-{fresh()}", PARENT) | {"name": "UBND xã mới"},
        {201: ("admin",)},
    ),
    _put("inspections/{id}", lambda _: opening(), {201: (*INSPECTORS, "lead"), 404: FILING_ELSEWHERE}),
    _put("inspections/{inspection}/closing/{id}", lambda _: closing(), OPENER, NEW),
    _put("inspections/{inspection}/correction/{id}", lambda _: closing() | REASON, OPENER, SHUT),
    _put("inspections/{inspection}/team/{id}", lambda _: {"remove": ["binh"]}, OPENER, NEW),
    _put(
        "inspections/{inspection}/voiding/{id}",
        lambda _: REASON,
        {201: ("lead", "reviewer"), 404: ("lead elsewhere",)},
        NEW,
    ),
    _put("inspections/{inspection}/acknowledgement/{id}", lambda _: {}, HEAD, SHUT),
    _put("findings/{id}", recording, FINDING, NEW),
    _put("findings/{finding}/withdrawal/{id}", lambda _: REASON, OPENER, NEW),
    _put("findings/{finding}/reply/{id}", lambda _: {"accepts": True}, HEAD, NEW),
    _put("findings/{finding}/decision/{id}", lambda _: EXCUSED, {201: ("reviewer",)}, NEW),
    _put("findings/{finding}/correction/{id}", lambda _: CORRECTED, OPENER, NEW),
    _put("findings/{finding}/release/{id}", lambda _: REASON, {409: ("reviewer",)}, SHUT),
    _put("findings/{finding}/extension/{id}", lambda _: MORE_TIME, {422: ("reviewer",)}, SHUT),
    _put(
        "findings/{finding}/extension-request/{id}",
        lambda _: MORE_TIME,
        {422: ("head",), 404: ("head elsewhere",)},
        SHUT,
    ),
    _put("findings/{finding}/appeal/{id}", lambda _: {}, {409: ("head",), 404: ("head elsewhere",)}, SHUT),
    _put("findings/{finding}/reopening/{id}", lambda _: {}, {409: ("reviewer",)}, SHUT),
    _put("findings/{finding}/second-review/{id}", lambda _: EXCUSED, {409: ("reviewer",)}, SHUT),
    _put(
        "findings/{finding}/remedy-plan/{id}",
        lambda _: {"feasible": False},
        {409: ("head",), 404: ("head elsewhere",)},
        SHUT,
    ),
    _put("findings/{finding}/remedy-report/{id}", lambda _: DONE, {409: ("head",), 404: ("head elsewhere",)}, SHUT),
    _put(
        "findings/{finding}/remedy-verification/{id}",
        lambda _: {"outcome": "verified"},
        {409: ("reviewer", "lead"), 404: ("lead elsewhere",)},
        SHUT,
    ),
    Case(
        "/intake/v1/findings/{finding}/photos/{n}/redactions/{id}",
        "PUT",
        lambda world: (f"/intake/v1/findings/{world.finding}/photos/1/redactions/{fresh()}", COVERED),
        {404: ("reviewer",)},
    ),
    _put("findings/{finding}/person-links/{id}", lambda _: {"expires": "2020-01-06"}, {422: ("reviewer",)}, SHUT),
    Case(
        "/intake/v1/findings/{finding}/person-links/{link}/removal/{id}",
        "PUT",
        lambda world: (f"/intake/v1/findings/{world.finding}/person-links/{fresh()}/removal/{fresh()}", {}),
        {404: ("reviewer",)},
    ),
    Case(
        "/intake/v1/findings/{finding}/photos/{n}",
        "PUT",
        lambda world: (f"/intake/v1/findings/{world.pictured()[1]}/photos/1", PICTURE),
        FINDING,
    ),
    Case(
        "/intake/v1/findings/{finding}/reply/{write}/files/{n}", "PUT", lambda world: (world.replied(), PICTURE), HEAD
    ),
    Case(
        "/intake/v1/findings/{finding}/remedy-report/{write}/files/{n}",
        "PUT",
        lambda world: (f"/intake/v1/findings/{world.finding}/remedy-report/{fresh()}/files/1", PICTURE),
        {409: ("head",), 404: ("head elsewhere",)},
    ),
    _put("exports/{id}", lambda _: {"quarter": "2026-Q1", "format": "xlsx"}, {201: ("reviewer",)}),
    _put("commendations/{id}", lambda _: PRAISE, {201: ("reviewer",)}),
    _put("surveys/{id}", lambda _: SURVEY, {201: ("reviewer",)}),
    _put("quarters/{quarter}/closing/{id}", lambda _: FLASH, {201: ("reviewer",)}),
    Case(
        "/intake/v1/quarters/{quarter}/publication/{id}",
        "PUT",
        lambda world: (f"/intake/v1/quarters/{FROZEN}/publication/{fresh()}", world.closing_of(FROZEN)),
        {201: ("reviewer",)},
    ),
    _put("rounds/{id}", lambda _: planning(), {201: ("reviewer",)}),
    _put("rounds/{round}/beacon/{id}", lambda _: {"value": "1"}, {}, planned),  # not by who planned
    _put("rounds/{round}/assignments/{id}", lambda _: assigning(), {201: ("reviewer",)}, planned),
    _put("rounds/{round}/closing/{id}", lambda _: {}, {201: ("reviewer",)}, World.round),
    Case(
        "/intake/v1/quarters/{quarter}/restatement/{id}",
        "PUT",
        lambda world: (f"/intake/v1/quarters/{FROZEN}/restatement/{fresh()}", REASON),
        {201: ("reviewer",)},
    ),
    Case(
        "/intake/v1/calendars/{id}",
        "PUT",
        lambda world: (f"/intake/v1/calendars/{fresh()}", world.next_calendar()),
        {201: ("admin",)},
    ),
    _put("erasures/{id}", asking, {201: ("reviewer",)}, World.erasable),
    _put("erasures/{erasure}/approval/{id}", lambda _: {}, {201: ("auditor",)}, World.open_request),
    _put("erasures/{erasure}/refusal/{id}", lambda _: REASON, {201: ("auditor",)}, World.open_request),
    Case(
        "/intake/v1/log-keys/{id}",
        "PUT",
        lambda world: (f"/intake/v1/log-keys/{fresh()}", {"vkey": new_key(world)}),
        {201: ("admin",)},
    ),
)


def _change(path: str, body: dict[str, Any], answers: dict[int, tuple[str, ...]]) -> Case:
    """A write about channels; one of no known parent is 404 to whoever may."""
    named = re.sub(r"\{(?!id\}).*?\}", lambda _: fresh(), path)
    return Case(f"/intake/v1/{path}", "PUT", lambda _: (f"/intake/v1/{named.format(id=fresh())}", body), answers)


HEADS = ("head", "head above", "head elsewhere")
HOOK = {"url": "https://hooks.example/", "unit": UNIT, "kinds": ["findings"]}
PUSH = {"endpoint": "https://push.example/", "keys": {"p256dh": "B" * 87, "auth": "a" * 22}}
SOON = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
CHANNELS = (
    _change("addresses/{id}", {"mail": "an@xa.example", "digest": "none"}, {201: EVERYBODY}),
    _change("addresses/{address}/removal/{id}", {}, {404: EVERYBODY}),
    _change("webhooks/{id}", HOOK, {201: ("head", "admin"), 404: ("head above", "head elsewhere")}),
    _change("webhooks/{webhook}/removal/{id}", {}, {404: (*HEADS, "admin")}),
    _change("webhooks/{webhook}/rotation/{id}", {}, {404: (*HEADS, "admin")}),
    _change("push-subscriptions/{id}", PUSH, {409: EVERYBODY}),
    _change("push-subscriptions/{push}/removal/{id}", {}, {404: EVERYBODY}),
    _change("silences/{id}", {"kinds": ["findings"], "until": SOON, **REASON}, {201: HEADS}),
    _change("silences/{silence}/removal/{id}", {}, {404: HEADS}),
    *(_get(f"/intake/v1/{own}", f"/intake/v1/{own}", {200: EVERYBODY})
      for own in ("addresses", "push-subscriptions", "silences")),
    _get("/intake/v1/webhooks", "/intake/v1/webhooks", {200: (*HEADS, "auditor", "admin")}),
    _get("/reports/v1/deliveries", "/reports/v1/deliveries", {200: (*NOTICED, "auditor", "admin")}),
    Case("/reports/v1/deliveries/{id}/resend", "POST", lambda _: (f"/reports/v1/deliveries/{fresh()}/resend", {}),
         {404: (*NOTICED, "auditor", "admin")}),
)  # fmt: skip
READS = (
    _get("/intake/v1/devices", "/intake/v1/devices", {200: tuple(w for w in EVERYBODY if not w.startswith("head"))}),
    _get("/intake/v1/handover-key", "/intake/v1/handover-key", {200: FILERS}),
    _get("/intake/v1/me", "/intake/v1/me", {200: EVERYBODY}),
    _get("/intake/v1/units", "/intake/v1/units", {200: EVERYBODY}),
    _get("/intake/v1/catalogue", "/intake/v1/catalogue", {200: EVERYBODY}),
    _get("/intake/v1/inspections", "/intake/v1/inspections", {200: LIVE}),
    _get("/intake/v1/inspections/{id}", "/intake/v1/inspections/{w.inspection}", {200: SEEING, 404: UNSEEING}),
    *(_get(f"/intake/v1/inspections/{{id}}/minutes{kind}",
           f"/intake/v1/inspections/{{w.inspection}}/minutes{kind}?reason=x", {200: SEEING, 404: UNSEEING})
      for kind in ("", ".pdf", ".docx")),
    _get("/intake/v1/inspections/{id}/fill.csv", "/intake/v1/inspections/{w.inspection}/fill.csv?reason=x",
         {200: (*TEAM, "lead", "reviewer", "auditor"), 404: (*UNSEEING, "head", "head above")}),
    _get("/intake/v1/minutes/{sha256}", f"/intake/v1/minutes/{'0' * 64}", {}, public=True),
    _get("/intake/v1/findings", "/intake/v1/findings", {200: LIVE}),
    _get("/intake/v1/desk", "/intake/v1/desk?list=waiting", {200: LIVE}),
    _get("/intake/v1/findings/{id}", "/intake/v1/findings/{w.finding}", {200: SEEING, 404: UNSEEING}),
    _get("/intake/v1/findings/{finding}/photos/{n}", "/intake/v1/findings/{w.complete}/photos/1?reason=x",
         {200: SEEING, 404: UNSEEING}),
    _get("/intake/v1/findings/{finding}/reply/{write}/files/{n}", "{w.filed}?reason=x", {200: SEEING, 404: UNSEEING}),
    _get("/intake/v1/findings/{finding}/remedy-report/{write}/files/{n}",
         f"/intake/v1/findings/{{w.finding}}/remedy-report/{fresh()}/files/1?reason=x", {404: (*SEEING, *UNSEEING)}),
    _get("/intake/v1/erasures", "/intake/v1/erasures?state=requested", {200: ("reviewer", "auditor")}),
    _get("/intake/v1/rounds", "/intake/v1/rounds", {200: READING_ROUNDS}),
    _get("/intake/v1/rounds/{id}", "/intake/v1/rounds/{w.planned}", {200: READING_ROUNDS}),
    _get("/intake/v1/coverage", "/intake/v1/coverage?year=2026", {200: READING_ROUNDS}),
    _get("/intake/v1/assignments", "/intake/v1/assignments", {200: FILERS}),
    _get("/audit/v1/entries/{event_id}", "/audit/v1/entries/{w.planned_entry}",
         {200: ("reviewer", "auditor"), 404: tuple(who for who in LIVE if who not in ("reviewer", "auditor"))}),
    _get("/audit/checkpoint", "/audit/checkpoint", {}, public=True),
    _get("/audit/vkey", "/audit/vkey", {}, public=True),
    _get("/audit/tile/{level}/{coordinate}", "/audit/tile/0/000.p/1", {}, public=True),
    _get("/audit/tile/entries/{coordinate}", "/audit/tile/entries/000.p/1", {200: ("auditor",)}),
    _get("/audit/v1/receipts/{event_id}", "/audit/v1/receipts/{w.finding}", {200: EVERYBODY}),
    _get("/audit/v1/proofs/inclusion", "/audit/v1/proofs/inclusion?id={w.finding}", {200: EVERYBODY}),
    _get("/audit/v1/proofs/consistency", "/audit/v1/proofs/consistency?from=1", {200: EVERYBODY}),
    _get("/audit/v1/checkpoints", "/audit/v1/checkpoints", {}, public=True),
    _get("/audit/v1/growth", "/audit/v1/growth", {}, public=True),
    _get("/audit/v1/entries/{event_id}", "/audit/v1/entries/{w.finding}", {200: SEEING, 404: UNSEEING}),
    _get("/reports/v1/alerts", "/reports/v1/alerts", {200: ("head", "head above", "head elsewhere", "reviewer")}),
    _get("/reports/v1/alerts", f"/reports/v1/alerts?unit={UNIT}&open=true",
         {200: ("head", "head above", "reviewer"), 404: ("head elsewhere",)}),
    _get("/reports/v1/notices", "/reports/v1/notices", {200: NOTICED}),
    Case("/reports/v1/notices/{id}/read", "PUT", lambda world: (f"/reports/v1/notices/{world.notice}/read", {}),
         {200: ("head",), 404: tuple(who for who in NOTICED if who != "head")}),
    _get("/reports/v1/scorecards/{quarter}", "/reports/v1/scorecards/{w.quarter}", {200: LIVE}),
    _get("/reports/v1/scorecards/{quarter}", f"/reports/v1/scorecards/{FROZEN}?edition=official",
         {200: ("reviewer",), 404: tuple(who for who in EVERYBODY if who != "reviewer")}),
    *(_get(f"/reports/v1/scorecards/{{quarter}}{unit}",
           f"/reports/v1/scorecards/{PUBLISHED}{unit and f'/{UNIT}'}?edition=flash", {200: EVERYBODY})
      for unit in ("", "/{unit}")),
    _get("/intake/v1/tokens", "/intake/v1/tokens", {200: ("admin",)}),
    Case("/intake/v1/tokens", "POST", lambda world: ("/intake/v1/tokens", {"account": "excel.ma-tran", "days": 1}),
         {201: ("admin",)}),
    Case("/intake/v1/tokens/{id}/revocation", "POST", lambda world: (f"/intake/v1/tokens/{'0' * 16}/revocation", {}),
         {404: ("admin",)}),
    _get("/reports/v1/editions", "/reports/v1/editions", {200: EVERYBODY}),
    _get("/reports/v1/scorecards/{quarter}/{unit}", f"/reports/v1/scorecards/{{w.quarter}}/{UNIT}",
         {200: (*INSPECTORS, "lead", "head", "head above", "reviewer", "auditor"), 404: ELSEWHERE}),
    _get("/reports/v1/scorecards/{quarter}/{unit}/what-if", f"{OWN_CARD}/what-if",
         {200: CARDS_THEN, 404: ("lead elsewhere", "head elsewhere")}),
    _get("/reports/v1/scorecards/{quarter}/at/{size}", "/reports/v1/scorecards/{w.quarter}/at/{w.size}",
         {200: (*CARDS_THEN, "lead elsewhere", "head elsewhere")}),
    _get("/reports/v1/scorecards/{quarter}/at/{size}/{unit}",
         f"/reports/v1/scorecards/{{w.quarter}}/at/{{w.size}}/{UNIT}",
         {200: CARDS_THEN, 404: ("lead elsewhere", "head elsewhere")}),
    _get("/reports/v1/scorecards/{quarter}/{unit}/proof",
         f"/reports/v1/scorecards/{PUBLISHED}/{UNIT}/proof?edition=flash", {200: EVERYBODY}),
    _get("/reports/v1/scorecards/{quarter}/latest", f"/reports/v1/scorecards/{PUBLISHED}/latest", {307: EVERYBODY}),
    *(_get(f"/{service}/{probe}", f"/{service}/{probe}", {}, public=True)
      for service in ("intake", "audit", "reports") for probe in ("healthz", "readyz")),
)  # fmt: skip
CASES = (*WRITES, *CHANNELS, *READS)


def test_every_route_of_the_contract_is_in_the_table() -> None:
    listed = (
        {(case.method.lower(), case.route) for case in CASES}
        | {
            ("post", f"/intake/v1/{many}")
            for many in ("batch", "handovers")  # tests of their own
        }
        | {
            ("get", "/reports/v1/alerts/stream"),
            ("get", "/intake/v1/addresses/{id}/confirmation"),
        }
    )
    assert {(route.method, route.path) for route in ROUTES} <= listed


@pytest.mark.parametrize("who", [*NOBODY, *EVERYBODY])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.route}")
def test_who_may_what(world: World, case: Case, who: str) -> None:
    path, body = case.call(world)
    sent: dict[str, Any] = {"content": body, "headers": JPEG} if isinstance(body, bytes) else {"json": body}
    answer = world.send(who, case.method, path, **({} if case.method == "GET" else sent))
    assert answer.status_code == case.expected(who), f"{who}: {answer.text}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["instance"] == path.split("?")[0]


PUBLISHED_ROUTES = tuple(
    f"/reports/v1/{path}"
    for path in ("editions", "scorecards/{quarter}", "scorecards/{quarter}/{unit}", "scorecards/{quarter}/latest")
)


def read_by_a_spreadsheet(case: Case, path: str) -> int:
    """What a reading token gets: what everybody reads of published editions; what is not published is not there."""
    if case.public:
        return 200
    everybody = next((status for status, people in case.answers.items() if people == EVERYBODY), 0)
    if case.route in PUBLISHED_ROUTES and everybody:
        return everybody
    return 404 if "edition=official" in path and FROZEN in path else 403


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.route}")
def test_a_reading_token_reads_what_is_published_and_nothing_else(world: World, case: Case, scheme: str) -> None:
    path, body = case.call(world)
    token = world.tokens["spreadsheet"]
    said = token if scheme == "Bearer" else b64encode(f"excel:{token}".encode()).decode()
    headers = {"authorization": f"{scheme} {said}"} | (JPEG if isinstance(body, bytes) else {})
    sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = world.send("nobody", case.method, path, headers=headers, **(sent if case.method != "GET" else {}))
    assert answer.status_code == read_by_a_spreadsheet(case, path), answer.text


@pytest.mark.parametrize("who", [*NOBODY, *EVERYBODY])
def test_who_may_what_in_a_batch(world: World, who: str) -> None:
    inspection, _ = world.open_case()
    line = {"method": "PUT", "path": f"/intake/v1/findings/{fresh()}", "body": recording(inspection)}
    headers = {"content-type": "application/x-ndjson"}
    answer = world.send(who, "POST", "/intake/v1/batch", content=json.dumps(line), headers=headers)
    if who in NOBODY:
        assert answer.status_code == 401
        return
    assert answer.status_code == 200
    expected = next((status for status, people in FINDING.items() if who in people), 403)
    assert [(told["line"], told["status"]) for told in map(json.loads, answer.text.splitlines())] == [(1, expected)]
