"""Every process is killed at every named step, and the database too; nothing accepted is lost, nothing comes twice.

One installation of three processes lives through the whole file, with phones filing all the time. The last test looks
at what is left: each accepted write once in the log with the bytes its sender was given, no number missing, cards as
the log says.
"""

import asyncio
import base64
import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.kernel.envelope import Envelope
from services.kernel.log.note import Verifier
from services.kernel.quarters import local_date, quarter_of
from tests.support.cards import expected_card
from tests.support.checklog import check_entries, read_log
from tests.support.processes import SERVICES, Trio, running_trio
from tests.support.receipts import documented_check
from tests.support.traffic import Filer, Phone, fresh, now, opening
from tests.support.warm import ROOT
from tests.support.witness import TestWitness, witnessing_apart

FILED = ("xa-tan-hoa", "phuong-binh-minh")
LAPSING = "xa-phu-lam"
SETTLED_WITHIN = 90.0
DEAD_WITHIN = 90.0
ENOUGH = 12  # findings of a unit, for the story's end
SLEEP = {"audit": 4.0, "intake": 1.5, "reports": 1.5}  # seconds; the sequencer's lease is 3
# steps that this story never comes to, and the tests that kill there
ELSEWHERE = {
    "intake.before_part_commit": "test_photo_kills.py", "intake.after_part_commit": "test_photo_kills.py",
    "intake.before_draw": "test_round_kills.py",
    "intake.before_told": "test_reminder_kills.py",
    "reports.deliveries_taken": "test_delivery_kills.py", "reports.delivery_sent": "test_delivery_kills.py",
}  # fmt: skip
FAILPOINT = re.compile(r'\bfailpoint\("([a-z_.]+)"\)')


def _failpoints() -> list[tuple[str, str]]:
    """Every (process, failpoint) of the source."""
    found = {
        (process, name)
        for path in (ROOT / "services").rglob("*.py")
        for name in FAILPOINT.findall(path.read_text(encoding="utf-8"))
        if name not in ELSEWHERE or name not in (Path(__file__).parent / ELSEWHERE[name]).read_text(encoding="utf-8")
        for process in _processes(path)
    }
    assert {process for process, _ in found} == set(SERVICES), "every service has a step at which it may be killed"
    return sorted(found)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _processes(path: Path) -> list[str]:
    """A service's own module runs in that service, the kernel's in those that import it."""
    owner = path.relative_to(ROOT / "services").parts[0]
    if owner in SERVICES:
        return [owner]
    told = f"from {_module(path)} import"
    sources = {name: (ROOT / "services" / name).rglob("*.py") for name in SERVICES}
    running = [name for name in SERVICES if any(told in one.read_text(encoding="utf-8") for one in sources[name])]
    assert running, f"no service runs {path}, so nothing is killed in it"
    return running


class World:
    """The installation, its people, and the phones that never stop."""

    def __init__(self, trio: Trio, policy: Path) -> None:
        self.trio, self.policy = trio, policy
        self.admin, self.lead, self.reviewer = (Phone(trio, trio.token(role)) for role in ("admin", "lead", "reviewer"))
        self.auditor = trio.token("auditor")
        self.approver = Phone(trio, self.auditor)
        self.inspections = {unit: self._open(unit) for unit in (*FILED, LAPSING)}
        self.heads = {unit: Phone(trio, trio.token("unit_head", unit)) for unit in FILED}
        self.filers = [Filer(Phone(trio, trio.token("lead")), self.inspections[unit], unit) for unit in FILED]
        self.unanswered = [fresh() for _ in range(3)]
        for finding in self.unanswered:
            body = {"inspection": self.inspections[LAPSING], "code": "A01", "count": 2, "captured_at": now()}
            self.lead.put(f"findings/{finding}", body)
        self.close(LAPSING)

    def _register(self, unit: str) -> None:
        self.admin.put(f"unit-changes/{fresh()}", {
            "change": "register", "unit": unit, "name": "UBND xã mới", "group": "xa", "parent": None, "staff": 60,
            "valid_from": "2025-07-01",
        })  # fmt: skip

    def _open(self, unit: str) -> str:
        self._register(unit)
        inspection = fresh()
        self.lead.put(f"inspections/{inspection}", opening(unit))
        return inspection

    def close(self, unit: str) -> None:
        """Close the unit's inspection, 45 persons checked."""
        self.lead.put(f"inspections/{self.inspections[unit]}/closing/{fresh()}", {
            "closed_at": now(), "assigned": 45, "present": 43, "excused": {"leave": 2}, "unexcused": 0, "late": 3,
            "persons_checked": 45, "files_checked": 0, "signed": True,
        })  # fmt: skip

    def deadlines_pass(self) -> None:
        """Move the stored deadlines of the unanswered findings into the past, once their alert is in the log."""
        lapsing = "FROM intake.deadline WHERE finding = ANY($1::uuid[]) AND lapse_after IS NOT NULL"
        _until(lambda: len(self.sql(f"SELECT finding {lapsing}", self.unanswered)) == len(self.unanswered))
        self.sql("UPDATE intake.deadline SET lapse_after = now() WHERE finding = ANY($1::uuid[])", self.unanswered)

    def praise(self) -> None:
        """A card changes, of a unit of its own: what phones file meanwhile is of inspections that are not closed."""
        unit, today = f"xa-{fresh()[-12:]}", local_date(datetime.now(UTC)).isoformat()
        self._register(unit)
        self.reviewer.put(f"commendations/{fresh()}", {"unit": unit, "code": "K01", "date": today})

    def kill_everything(self) -> None:
        """Services and database at once, and start them again."""
        for service in self.trio.services.values():
            service.kill()
        self.trio.kill_database()
        self.trio.start_database()
        for service in self.trio.services.values():
            service.launch()
        for service in self.trio.services.values():
            service.await_ready()

    def all_has_happened(self) -> None:
        """What the story's end asks about, if none of the other tests came before it."""
        if not any(phone.interrupted for phone in self.phones):
            self.kill_everything()
            self.flows()
        if not self.lapsed():
            self.deadlines_pass()
        _until(lambda: self.lapsed() == len(self.unanswered))
        _until(lambda: all(len(filer.findings) > ENOUGH for filer in self.filers))

    def lapsed(self) -> int:
        """How many of the unanswered findings the server has let lapse."""
        return len(
            self.sql("SELECT 1 FROM intake.finding WHERE id = ANY($1::uuid[]) AND state = 'lapsed'", self.unanswered)
        )

    def ask_erasure(self) -> tuple[str, str]:
        """Ask that the words of a finding be erased which its phone may send again at any time; finding and request."""
        phone = self.filers[0].phone
        finding = _until(lambda: next((one for one in list(self.filers[0].findings) if one in phone.accepted), None))
        erasure, reason = fresh(), {"reason": "Ghi nhầm người."}
        self.reviewer.put(f"erasures/{erasure}", {"event": finding, "parts": ["narrative"], "private": reason})
        return finding, erasure

    def erased(self, finding: str, erasure: str) -> tuple[bool, bool, int]:
        """Whether the key is gone, the request settled, and how many events say so."""
        (part,) = self.sql("SELECT wrapped_key FROM intake.vault_part WHERE event_id = $1", finding)
        (request,) = self.sql("SELECT state FROM intake.erasure WHERE id = $1", erasure)
        said = self.sql("SELECT 1 FROM intake.write WHERE id = ANY($1::uuid[])", list(self.approver.accepted))
        return part["wrapped_key"] is None, request["state"] == "erased", len(said)

    @property
    def phones(self) -> list[Phone]:
        office = [self.admin, self.lead, self.reviewer, self.approver]
        return [*office, *self.heads.values(), *(filer.phone for filer in self.filers)]

    @property
    def accepted(self) -> dict[str, bytes]:
        """The answer to every accepted write that the log tells of."""
        answers = {write: answer for phone in self.phones for write, answer in dict(phone.accepted).items()}
        return {write: answer for write, answer in answers.items() if "event" in json.loads(answer)}

    def flows(self) -> None:
        """Wait until each phone files again and what it filed has its receipt."""
        before = [len(filer.findings) for filer in self.filers]
        try:
            _until(lambda: self._filed_since(before))
            for filer in self.filers:
                latest = list(filer.phone.accepted)[-1]
                _until(lambda latest=latest: self._has_receipt(latest))
        except AssertionError as stuck:
            raise AssertionError(f"{stuck}\n{self._state()}") from stuck

    def _filed_since(self, before: list[int]) -> bool:
        """Whether each phone files again; AssertionError with the reason of one that has given up."""
        for filer in self.filers:
            assert filer.failure is None, f"{filer.name} gave up: {filer.failure}"
        return all(len(filer.findings) > seen + 2 for filer, seen in zip(self.filers, before, strict=True))

    def _state(self) -> str:
        """What a stuck pipeline looks like from inside."""
        asked = {
            "outbox": "SELECT unit, min(unitseq), max(unitseq), count(*) FROM intake.outbox GROUP BY unit",
            "held": "SELECT unit, min(unitseq), max(unitseq), count(*) FROM audit.held GROUP BY unit",
            "numbers": "SELECT unit, last_seq FROM intake.unit_sequence",
            "positions": "SELECT * FROM audit.stream_position",
        }
        told = [f"{name}: {[tuple(row) for row in self.sql(statement)]}" for name, statement in asked.items()]
        return "\n".join([*told, *(f"{name}\n{service.tail()}" for name, service in self.trio.services.items())])

    def _has_receipt(self, id: str) -> bool:
        try:
            return self.reviewer.get(f"/audit/v1/receipts/{id}", wait="5").status_code == 200
        except OSError:
            return False

    def sql(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database as its administrator."""
        return asyncio.run(_fetch(self.trio.database.url, statement, *arguments))


async def _fetch(url: str, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


def _until(check: Callable[[], Any], within: float = SETTLED_WITHIN) -> Any:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within} s")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Every checkpoint needs the word of a witness, who would notice if the log told two stories."""
    place = tmp_path_factory.mktemp("witness")
    witness, policy = TestWitness("witness.example/w", place / "kept.json"), place / "policy"
    with witnessing_apart(witness), contextlib.ExitStack() as stack:
        policy.write_text(f"{witness.line}\nquorum {witness.name}\n")
        trio = stack.enter_context(running_trio(KYCUONG_WITNESS_POLICY=str(policy)))
        witness.trusted.append(Verifier.parse(trio.folder.vkey() or ""))
        world = World(trio, policy)
        for filer in world.filers:
            filer.start()
        try:
            yield world
        finally:
            for phone in world.phones:
                phone.close()


@pytest.mark.parametrize(("process", "failpoint"), _failpoints())
def test_killed_at_a_step(world: World, process: str, failpoint: str) -> None:
    if failpoint == "intake.parts_erased":
        return _killed_between_key_and_event(world, failpoint)
    service = world.trio.services[process]
    service.end()
    if failpoint == "intake.before_lapse":
        world.deadlines_pass()
    if failpoint.endswith("_rendered"):
        world.praise()
    service.launch(failpoint)
    service.await_death(DEAD_WITHIN)
    service.launch()
    service.await_ready()
    return world.flows()


def _killed_between_key_and_event(world: World, failpoint: str) -> None:
    """An erasure has happened with its event or not at all; asked again it is complete, once."""
    service, (finding, erasure) = world.trio.services["intake"], world.ask_erasure()
    service.end()
    service.launch(failpoint)
    path = f"erasures/{erasure}/approval/{fresh()}"
    approving = threading.Thread(target=world.approver.put, args=(path, {}), daemon=True)
    approving.start()
    service.await_death(DEAD_WITHIN)
    assert world.erased(finding, erasure) == (False, False, 0)
    service.launch()
    service.await_ready()
    approving.join(SETTLED_WITHIN)
    assert world.erased(finding, erasure) == (True, True, 1)
    world.flows()


@pytest.mark.parametrize("process", SERVICES)
def test_killed_in_the_midst_of_work(world: World, process: str) -> None:
    service = world.trio.services[process]
    service.kill()
    service.launch()
    service.await_ready()
    world.flows()


def test_the_database_is_killed(world: World) -> None:
    for _ in range(2):
        world.trio.kill_database()
        world.trio.start_database()
        world.flows()


def test_everything_is_killed_at_once(world: World) -> None:
    world.kill_everything()
    world.flows()


@pytest.mark.parametrize("process", SERVICES)
def test_a_process_sleeps_while_its_twin_takes_over(world: World, process: str) -> None:
    service, twin = world.trio.services[process], world.trio.twin(process)
    try:
        twin.launch()
        twin.await_ready()
        service.pause()
        time.sleep(SLEEP[process])
        service.resume()  # it believes that nothing happened
        world.flows()
    finally:
        twin.discard()
    world.flows()


@pytest.mark.story_end
def test_nothing_was_lost_and_nothing_came_twice(world: World) -> None:
    world.all_has_happened()
    for filer in world.filers:
        filer.finish()
    assert sum(phone.interrupted for phone in world.phones) > 0, "no phone noticed anything: nothing was tested"
    for unit, filer in zip(FILED, world.filers, strict=True):
        _answer(world, unit, list(filer.findings))
        world.close(unit)
    events = _settled(world)
    accepted = world.accepted
    caused = {event.id for event in events if event.data["by"] != {"role": "system"}}
    assert caused == accepted.keys()
    _check_bytes(world, accepted)
    _check_chains(world)
    _check_program_agrees(world)
    lapsed = [event.data["finding"] for event in events if event.type == "kycuong.finding.lapsed.v1"]
    assert sorted(lapsed) == sorted(world.unanswered)
    cards = {unit: _check_card(world, unit, events) for unit in (*FILED, LAPSING)}
    world.trio.command("rebuild", "--data", str(world.trio.folder.path))
    assert {unit: _check_card(world, unit, events) for unit in cards} == cards


def _check_chains(world: World) -> None:
    """Of what the phones signed the server noted every item, each with its write: whatever was killed in between."""
    shown = world.reviewer.get("/intake/v1/devices").json()["items"]
    told = {one["device"]: (one["last_n"], one["missing_count"], one["broken"], one["forked"]) for one in shown}
    assert told == {filer.chain.id: (filer.chain.n, 0, [], []) for filer in world.filers}
    links = "SELECT 1 FROM intake.device_link LEFT JOIN intake.write ON id = write WHERE id IS NULL"
    assert not world.sql(links)


def _answer(world: World, unit: str, findings: list[str]) -> None:
    """Some findings admitted, some upheld, some overturned, one withdrawn, the rest left open."""
    assert len(findings) > ENOUGH
    head, reason = world.heads[unit], {"reason": "Theo hồ sơ."}
    for finding in findings[:4]:
        head.put(f"findings/{finding}/reply/{fresh()}", {"accepts": True})
    for finding in findings[4:8]:
        head.put(f"findings/{finding}/reply/{fresh()}", {"accepts": False, "private": {"text": "Đi công tác."}})
        world.reviewer.put(f"findings/{finding}/decision/{fresh()}", {"outcome": "upheld", "private": reason})
    for finding in findings[8:10]:
        world.reviewer.put(f"findings/{finding}/decision/{fresh()}", {"outcome": "unfounded", "private": reason})
    world.lead.put(f"findings/{findings[10]}/withdrawal/{fresh()}", {"private": reason})


def _settled(world: World) -> list[Envelope]:
    """The log's events, once every accepted write is in it and has come back to the outbox."""
    base = world.trio.url("/audit/")
    _until(lambda: not world.sql("SELECT 1 FROM intake.outbox LIMIT 1"))
    assert not world.sql("SELECT 1 FROM audit.held LIMIT 1")
    _, entries = read_log(base, world.auditor)
    return check_entries(entries)


def _check_bytes(world: World, accepted: dict[str, bytes]) -> None:
    """What the log holds is, byte for byte, what each sender was given."""
    _, entries = read_log(world.trio.url("/audit/"), world.auditor)
    logged = {json.loads(entry)["id"]: entry for entry in entries}
    told = {write: base64.b64decode(json.loads(answer)["event"]) for write, answer in accepted.items()}
    assert {write: logged[write] for write in told} == told
    vkey = world.reviewer.get("/audit/vkey").text
    for write in sorted(told)[::25]:
        receipt = world.reviewer.get(f"/audit/v1/receipts/{write}").text
        assert entries[documented_check()(told[write], receipt, vkey)] == told[write]


def _check_program_agrees(world: World) -> None:
    vkey = world.reviewer.get("/audit/vkey").text.strip()
    options = ["--vkey", vkey, "--token", world.auditor, "--policy", str(world.policy)]
    world.trio.command("log", "verify", world.trio.url("/audit/"), *options)


def _check_card(world: World, unit: str, events: list[Envelope]) -> dict[str, Any]:
    quarter = quarter_of(local_date(datetime.now(UTC)))
    path = f"/reports/v1/scorecards/{quarter}/{unit}"
    card = _until(lambda: (found := world.reviewer.get(path).json())["log"]["size"] >= len(events) and found)
    expected = expected_card(events, unit)
    assert card["score"] == expected["score"] != "100.00"
    told = {"pending": card["pending"]["findings"], "overturned": card["overturned"], "withdrawn": card["withdrawn"]}
    assert told == {name: expected[name] for name in told}
    scored = [item["finding"] for inspection in card["inspections"] for item in inspection["items"]]
    assert sorted(scored) == expected["counted"]
    # the comparison is fitted behind the card, and may not be there yet
    return {name: value for name, value in card.items() if name not in ("log", "comparison")}
