"""One reach in every service: each role × where it is appointed × each family of events, and people who are two things.

The tables here say what wire.md says, in another way than the code: by hand, for five places.
"""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
import uuid_utils

from services.intake.people import accounts
from services.kernel.identity.authentication import COOKIE
from services.kernel.identity.roles import Role
from services.kernel.quarters import local_date, quarter_of
from tests.support.house import Open, open_house
from tests.support.phone import Phone
from tests.support.photos import jpeg, listed, scene

# whose people reach what happened at a unit: itself, those above, and after the merger the heir and the one above it
REACHED = {
    "tinh": {None, "tinh"},
    "xa-a": {None, "tinh", "xa-a"},
    "tram": {None, "tinh", "xa-a", "tram"},
    "khac": {None, "tinh", "khac"},
    "xa-cu": {None, "tinh", "xa-cu", "xa-moi", "huyen-moi"},
    "xa-moi": {None, "xa-moi", "huyen-moi"},
    "huyen-moi": {None, "huyen-moi"},
}
PARENTS = {
    "tinh": None,
    "huyen-moi": None,
    "xa-a": "tinh",
    "khac": "tinh",
    "xa-cu": "tinh",
    "xa-moi": "huyen-moi",
    "tram": "xa-a",
}
PLACES = (None, *PARENTS)
INSPECTED = ("xa-a", "tram", "khac", "xa-cu")
READERS = (Role.INSPECTOR, Role.LEAD, Role.UNIT_HEAD, Role.REVIEWER, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the log: about which unit, of which case's team or none, and whether it is kept from the unit."""

    id: str
    unit: str
    team: tuple[str, ...] | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """An account with its appointments, the first of which its token carries."""

    account: str
    posts: tuple[tuple[Role, str | None], ...]
    token: str
    browser: bool = False

    def carried(self) -> tuple[tuple[Role, str | None], ...]:
        return self.posts if self.browser else self.posts[:1]

    def reaches(self, unit: str, team: tuple[str, ...] | None, kept: bool) -> set[Role]:
        """By which roles the contract lets him read."""
        reached = REACHED.get(unit, {None})
        if kept and any(role is Role.UNIT_HEAD and place in reached for role, place in self.posts):
            return set()
        return {
            role
            for role, place in self.carried()
            if place in reached
            and role in READERS
            and (role is not Role.INSPECTOR or team is None or self.account in team)
        }


@dataclass
class World:
    """A province with a closed case at each place, one finding of severity 2 and one of 4 in each."""

    house: Open
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    events: list[Told] = field(default_factory=list)
    cases: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Inspection, finding, and the finding of severity 4, by unit."""

    async def put(self, who: str, path: str, body: Any, status: int = 201) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens.get(who, who)}"}
        answer = await self.client.put(f"/intake/v1/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer

    async def told(self, who: str, path: str, body: Any, **about: Any) -> str:
        """A write, and the event it causes."""
        answer = await self.put(who, path, body)
        event = json.loads(base64.b64decode(answer.json()["event"]))
        self.events.append(Told(event["id"], event["unit"], **about))
        return str(event["id"])

    async def get(self, person: Person, path: str) -> httpx.Response:
        headers = (
            {"cookie": f"{COOKIE}={person.token}"} if person.browser else {"authorization": f"Bearer {person.token}"}
        )
        return await self.client.get(path, headers=headers)

    async def person(
        self, *posts: tuple[Role, str | None], account: str | None = None, browser: bool = False
    ) -> Person:
        """Somebody with these posts since last year."""
        name, now = account or f"p-{uuid_utils.uuid7()}", datetime.now(UTC)
        settings = self.house.settings
        connection = await asyncpg.connect(settings.dsn("intake_app"))
        try:
            await accounts.add_account(connection, name, None, "mat-khau-dai" if browser else None, now)
            for role, unit in posts:
                await accounts.appoint(connection, settings.source, name, role, unit, now - timedelta(days=300), None)
            role, unit = posts[0]
            token = await accounts.issue_token(connection, settings.source, role, unit, name, now)
        finally:
            await connection.close()
        if browser:
            answer = await self.client.post("/intake/login", json={"account": name, "password": "mat-khau-dai"})
            assert answer.status_code == 204, answer.text
            token = answer.cookies[COOKIE]
            self.client.cookies.clear()
        return Person(name, posts, token, browser)

    async def inspect(self, unit: str) -> None:
        now = datetime.now(UTC)
        inspection, finding, grave = fresh(), fresh(), fresh()
        team = ("an", "binh")
        captured = (now - timedelta(minutes=1)).isoformat()
        await self.told("an", f"inspections/{inspection}", {
            "unit": unit, "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV",
            "opened_at": (now - timedelta(minutes=2)).isoformat(), "team": list(team),
        }, team=team)  # fmt: skip
        for one, code, kept in ((finding, "A03", False), (grave, "C04", True)):
            body = {"inspection": inspection, "code": code, "count": 1, "captured_at": captured,
                    "private": {"narrative": "Thấy vậy."}}  # fmt: skip
            await self.told("an", f"findings/{one}", body, team=team, kept=kept)
        await self.told("an", f"inspections/{inspection}/closing/{fresh()}", {
            "closed_at": now.isoformat(), "assigned": 9, "present": 9, "excused": {}, "unexcused": 0, "late": 0,
            "persons_checked": 9, "files_checked": 0, "signed": True,
        }, team=team)  # fmt: skip
        for one, kept in ((finding, False), (grave, True)):
            reason = {"private": {"reason": "Theo hồ sơ."}}
            await self.told(
                "phan", f"findings/{one}/decision/{fresh()}", {"outcome": "excused", **reason}, team=team, kept=kept
            )
            erasure = fresh()
            await self.put("phan", f"erasures/{erasure}", {"event": one, "parts": ["narrative"], **reason})
            await self.told("giam", f"erasures/{erasure}/approval/{fresh()}", {}, team=team, kept=kept)
        self.cases[unit] = (inspection, finding, grave)

    async def until_logged(self) -> None:
        """Wait until log and cards have it all."""
        last = self.events[-1].id
        async with asyncio.timeout(60):
            for person, path in (("giam", f"/audit/v1/entries/{last}"), ("phan", "/reports/v1/alerts")):
                while True:
                    headers = {"authorization": f"Bearer {self.tokens[person]}"}
                    answer = await self.client.get(path, headers=headers)
                    if answer.status_code == 200 and (
                        person == "giam" or len(answer.json()["items"]) == len(INSPECTED)
                    ):
                        break
                    await asyncio.sleep(0.1)


def fresh() -> str:
    return str(uuid_utils.uuid7())


def today(shift: int = 0) -> str:
    return (local_date(datetime.now(UTC)) + timedelta(days=shift)).isoformat()


@pytest_asyncio.fixture
async def world(settings):
    async with open_house(settings) as house, house.client() as client:
        world = World(house, client)
        for account, role in (("an", Role.INSPECTOR), ("binh", Role.INSPECTOR), ("phan", Role.REVIEWER),
                              ("giam", Role.AUDITOR), ("quan", Role.ADMIN)):  # fmt: skip
            world.tokens[account] = (await world.person((role, None), account=account)).token
        for unit, parent in PARENTS.items():
            await world.told("quan", f"unit-changes/{fresh()}", {
                "change": "register", "unit": unit, "name": f"UBND {unit}", "group": "xa", "parent": parent,
                "staff": 9, "valid_from": "2025-07-01",
            })  # fmt: skip
        for unit in INSPECTED:
            await world.inspect(unit)
        await world.told("phan", f"commendations/{fresh()}", {"unit": "xa-a", "code": "K01", "date": today(-1)})
        await world.told("phan", f"quarters/2026-Q2/closing/{fresh()}", {"edition": "flash"})
        await world.told("quan", f"unit-changes/{fresh()}", {
            "change": "succeed", "kind": "merge", "from": ["xa-cu"], "to": ["xa-moi"], "valid_from": today(),
            "basis": "NQ 202/2025/QH15",
        })  # fmt: skip
        await world.until_logged()
        yield world


async def people(world: World) -> list[Person]:
    """Every role, above, at and beside what happened, in the team and out of it; and some who are two things."""
    made = [await world.person((Role.UNIT_HEAD, place)) for place in PLACES]
    for role in (Role.INSPECTOR, Role.LEAD, Role.REVIEWER, Role.AUDITOR):
        made += [await world.person((role, place)) for place in (None, "tinh", "xa-a", "xa-moi")]
    for place in (None, "tinh", "khac", "xa-moi"):
        await _join(world, made, (Role.INSPECTOR, place))
    for browser, first, second in (
        (False, (Role.INSPECTOR, None), (Role.UNIT_HEAD, "xa-a")),
        (False, (Role.REVIEWER, None), (Role.UNIT_HEAD, "xa-a")),
        (True, (Role.REVIEWER, None), (Role.UNIT_HEAD, "xa-a")),
        (False, (Role.AUDITOR, None), (Role.UNIT_HEAD, "tinh")),
        (True, (Role.LEAD, "tinh"), (Role.UNIT_HEAD, "xa-moi")),
        (True, (Role.LEAD, "xa-a"), (Role.AUDITOR, "khac")),
        (True, (Role.UNIT_HEAD, "khac"), (Role.LEAD, "xa-a")),
        (False, (Role.REVIEWER, None), (Role.UNIT_HEAD, None)),
    ):
        made.append(await world.person(first, second, browser=browser))
    return made


async def _join(world: World, made: list[Person], post: tuple[Role, str | None]) -> None:
    """A member of each team, appointed elsewhere than the others."""
    name = f"vien-{post[1] or 'ca-tinh'}"
    made.append(await world.person(post, account=name))
    settings = world.house.settings
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    try:
        await connection.execute("UPDATE intake.inspection SET team = team || $1::text", name)
    finally:
        await connection.close()
    world.events[:] = [Told(one.id, one.unit, one.team and (*one.team, name), one.kept) for one in world.events]


def told_apart(events: list[Told]) -> list[Told]:
    """All events of one place; elsewhere the last of each unit, of a case or not, kept or not."""
    last = {(event.unit, event.team is None, event.kept): event for event in events}
    return [event for event in events if event.unit == "xa-a" or event in last.values()]


async def test_an_entry_is_read_by_whoever_reads_what_it_is_about(world):
    everybody = await people(world)
    events = told_apart(world.events)
    for person in everybody:
        answers = await asyncio.gather(*(world.get(person, f"/audit/v1/entries/{event.id}") for event in events))
        for event, answer in zip(events, answers, strict=True):
            may = bool(person.reaches(event.unit, event.team, event.kept))
            assert answer.status_code == (200 if may else 404), f"{person.posts} {person.account}: {event}"


async def test_the_explorer_finds_an_entry_for_the_same_people_by_number_and_by_id(world):
    everybody = await people(world)
    kept = next(event for event in world.events if event.kept and event.unit == "xa-a")
    plain = next(event for event in world.events if event.team and not event.kept and event.unit == "xa-cu")
    all_seeing = Person("giam", ((Role.AUDITOR, None),), world.tokens["giam"])
    for person in everybody:
        for event in (kept, plain):
            may = bool(person.reaches(event.unit, event.team, event.kept))
            number = (await world.get(all_seeing, f"/audit/v1/entries/{event.id}")).headers["x-log-index"]
            for at in (event.id.upper(), number):
                page = await world.get(person, f"/audit/entry?at={at}")
                assert page.status_code == (200 if may else 404), f"{person.posts} {at}"
                assert ("specversion" in page.text) is may, f"{person.posts} {at}"
    nobody_special = await world.person((Role.ADMIN, None))
    for path in (f"/audit/v1/receipts/{kept.id}", f"/audit/v1/proofs/inclusion?id={kept.id}"):
        assert (await world.get(nobody_special, path)).status_code == 200  # a proof shows nothing of content


async def test_intake_reads_by_the_same_rule(world):
    everybody = await people(world)
    team = next(event.team for event in world.events if event.team)
    for person in everybody:
        about = f"{person.posts} {person.account}"
        listed = (await world.get(person, "/intake/v1/findings?limit=200")).json()["items"]
        visits = (await world.get(person, "/intake/v1/inspections?limit=200")).json()["items"]
        for unit in ("xa-a", "xa-cu"):
            inspection, finding, grave = world.cases[unit]
            for one, kept in ((finding, False), (grave, True)):
                may = bool(person.reaches(unit, team, kept))
                answer = await world.get(person, f"/intake/v1/findings/{one}?reason=x")
                assert answer.status_code == (200 if may else 404), f"{about}: {unit} {kept}"
            roles = person.reaches(unit, team, False)
            answer = await world.get(person, f"/intake/v1/inspections/{inspection}")
            assert answer.status_code == (200 if roles else 404), f"{about}: {unit}"
            if roles:
                knows = bool(roles & {Role.INSPECTOR, Role.LEAD, Role.REVIEWER})
                assert ("team" in answer.json()) is knows, about
            answer = await world.get(person, f"/intake/v1/inspections/{inspection}/minutes?reason=x")
            assert answer.status_code == (200 if roles else 404), f"{about}: {unit}"
            heads = any(role is Role.UNIT_HEAD and place in REACHED[unit] for role, place in person.posts)
            answer = await world.get(person, f"/intake/v1/inspections/{inspection}/fill.csv?reason=x")
            assert answer.status_code == (200 if roles - {Role.UNIT_HEAD} and not heads else 404), f"{about}: {unit}"
        assert {item["id"] for item in listed} == {
            one for unit, (_, *both) in world.cases.items() for one, kept in zip(both, (False, True), strict=True)
            if person.reaches(unit, team, kept)
        }, about  # fmt: skip
        assert {item["id"] for item in visits} == {
            case[0] for unit, case in world.cases.items() if person.reaches(unit, team, False)
        }, about  # fmt: skip
        erasures = await world.get(person, "/intake/v1/erasures?limit=200")
        settling = {role for role, _ in person.carried()} & {Role.REVIEWER, Role.AUDITOR}
        if settling:
            seen = {item["event"] for item in erasures.json()["items"]}
            assert seen == {
                one for unit, (_, *both) in world.cases.items() for one, kept in zip(both, (False, True), strict=True)
                if person.reaches(unit, None, kept) & settling
            }, about  # fmt: skip
        else:
            assert erasures.status_code == 403


async def test_reports_read_by_the_same_rule(world):
    quarter = quarter_of(local_date(datetime.now(UTC)))
    for person in await people(world):
        about = f"{person.posts} {person.account}"
        cards = (await world.get(person, f"/reports/v1/scorecards/{quarter}")).json()["cards"]
        reached = {
            unit
            for unit in REACHED
            if any(place in REACHED[unit] for role, place in person.carried() if role in READERS)
        }
        assert {card["unit"] for card in cards} == reached, about
        for unit in ("xa-a", "xa-cu"):
            answer = await world.get(person, f"/reports/v1/scorecards/{quarter}/{unit}")
            assert answer.status_code == (200 if unit in reached else 404), f"{about}: {unit}"
        heading = [place for role, place in person.carried() if role in (Role.UNIT_HEAD, Role.REVIEWER)]
        alerts = await world.get(person, "/reports/v1/alerts?limit=200")
        if not heading:
            assert alerts.status_code == 403, about
            continue
        # an alert is of the post that answers now: no longer the predecessor's, nor of those above it
        answering = REACHED | {"xa-cu": {None, "xa-moi", "huyen-moi"}}
        assert {item["unit"] for item in alerts.json()["items"]} == {
            unit for unit in INSPECTED if any(place in answering[unit] for place in heading)
        }, about
        assert "C04" not in alerts.text


@pytest.mark.parametrize("browser", [False, True], ids=["token", "browser"])
async def test_a_head_changes_nothing_of_what_is_kept_from_him_whatever_else_he_is(world, browser):
    opened, late, now = fresh(), fresh(), datetime.now(UTC).isoformat()
    await world.put("an", f"inspections/{opened}", {
        "unit": "xa-a", "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV", "opened_at": now,
        "team": [],
    })  # fmt: skip
    picture = jpeg(scene(64, 48))
    filed = {
        "inspection": opened, "code": "F04", "count": 1, "captured_at": now, "private": {"narrative": "Đơn."},
        "photos": [listed(picture)],
    }  # fmt: skip
    await world.put("an", f"findings/{late}", filed)
    reason = {"private": {"reason": "Theo hồ sơ."}}

    async def tried(person: Person, path: str, body: dict[str, Any]) -> int:
        headers = {"authorization": f"Bearer {person.token}"}
        if person.browser:
            headers = {"cookie": f"{COOKIE}={person.token}", "x-kycuong": "1", "sec-fetch-site": "same-origin"}
        return (await world.client.put(f"/intake/v1/{path}", json=body, headers=headers)).status_code

    for role in (Role.LEAD, Role.REVIEWER):
        for place in ("xa-a", "tinh"):
            person = await world.person((role, None), (Role.UNIT_HEAD, place), browser=browser)
            write = (
                f"findings/{late}/withdrawal/{fresh()}" if role is Role.LEAD else f"findings/{late}/decision/{fresh()}"
            )
            outcome = {} if role is Role.LEAD else {"outcome": "unfounded"}
            assert await tried(person, write, outcome | reason) == 404
            if role is Role.LEAD and not browser:
                photo = f"/intake/v1/findings/{late}/photos/1"
                headers = {"authorization": f"Bearer {person.token}", "content-type": "image/jpeg"}
                for method, content in (("HEAD", None), ("PUT", picture)):
                    answer = await world.client.request(method, photo, content=content, headers=headers)
                    assert answer.status_code == 404
            if role is Role.REVIEWER:
                asked = {"event": late, "parts": ["narrative"], **reason}
                assert await tried(person, f"erasures/{fresh()}", asked) == 404
    erasure = fresh()
    await world.put("phan", f"erasures/{erasure}", {"event": late, "parts": ["narrative"], **reason})
    auditor = await world.person((Role.AUDITOR, None), (Role.UNIT_HEAD, "xa-a"), browser=browser)
    assert await tried(auditor, f"erasures/{erasure}/approval/{fresh()}", {}) == 404
    stranger = await world.person((Role.REVIEWER, None), (Role.UNIT_HEAD, "khac"), browser=browser)
    assert await tried(stranger, f"findings/{late}/decision/{fresh()}", {"outcome": "unfounded", **reason}) == 201


async def test_what_cannot_be_shown_in_part_is_the_provinces(world):
    for place, status in ((None, 200), ("tinh", 403)):
        auditor = await world.person((Role.AUDITOR, place))
        assert (await world.get(auditor, "/audit/tile/entries/000.p/1")).status_code == status
    head = await world.person((Role.AUDITOR, None), (Role.UNIT_HEAD, "xa-a"))
    refused = await world.get(head, "/audit/tile/entries/000.p/1")
    assert refused.status_code == 403, "severity 4 of his own unit is in there"
    assert (await world.get(head, f"/audit/v1/entries/{world.events[0].id}")).status_code == 200
    phones = {}
    for unit in ("xa-a", "khac"):
        for account in ("binh",) if unit == "xa-a" else ("chi",):
            token = world.tokens.get(account) or (await world.person((Role.INSPECTOR, unit), account=account)).token
            device = fresh()
            await world.put(token, f"devices/{device}", {"key": Phone().public})
            phones[account] = device

    async def seen(role: Role, place: str | None) -> set[str]:
        person = await world.person((role, place))
        return {item["device"] for item in (await world.get(person, "/intake/v1/devices")).json()["items"]}

    for role in (Role.REVIEWER, Role.AUDITOR, Role.ADMIN):
        assert await seen(role, None) == set(phones.values())
        assert await seen(role, "xa-a") == {phones["binh"]}  # in the team of an inspection there; `chi` in none
        assert await seen(role, "xa-moi") == {phones["binh"]}


async def test_a_disabled_account_is_out_of_all_three_services_at_once(world):
    person = await world.person((Role.AUDITOR, None), account="ke-toan")
    paths = (
        "/intake/v1/me",
        "/intake/v1/findings",
        f"/audit/v1/entries/{world.events[0].id}",
        "/reports/v1/scorecards/2026-Q3",
    )
    assert {(await world.get(person, path)).status_code for path in paths} == {200}
    connection = await asyncpg.connect(world.house.settings.dsn("intake_app"))
    try:
        await accounts.set_disabled(connection, "ke-toan", disabled=True)
    finally:
        await connection.close()
    assert {(await world.get(person, path)).status_code for path in paths} == {401}
