"""Which working calendar is in force: the program's, a newer program's, an administrator's; and when it ends."""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from services.domain.rulefiles import SCHEMAS, BadRuleFile, calendar_files
from services.intake import app as intake_app
from services.intake.calendars import watch as calendar_watch
from services.intake.cli import calendar
from services.intake.replay import genesis
from services.kernel.envelope import genesis_id
from services.kernel.process.settings import Settings
from services.run import remember_database
from tests.support.intake import Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.schemas import validate_event
from tests.support.telemetry import Heard, latest

AUGUST = datetime(2026, 8, 20, 3, tzinfo=UTC)  # two days before the worked Saturday
BY_THE_FIRST, BY_THE_SECOND = "2026-08-27T16:59:59.999Z", "2026-08-26T16:59:59.999Z"
CURRENT = json.loads(dict(calendar_files())["2026.2"])


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings, AUGUST) as intake:
        yield await populate(intake)


async def ending(intake: Intake, day: date) -> date | None:
    async with intake.service.pool.acquire() as connection:
        return await calendar_watch.ending(intake.service, connection, day)


def with_files(folder: Path, *versions: str) -> Path:
    """The rule files of an earlier program: only these calendars."""
    schemas = folder / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    for path in (schemas / "calendar").glob("[0-9]*.json"):
        if path.stem not in versions:
            path.unlink()
    return schemas


def brings(monkeypatch: pytest.MonkeyPatch, schemas: Path) -> None:
    """Have the next start find these rule files."""
    publish = genesis.publish_rules
    monkeypatch.setattr(
        intake_app.genesis, "publish_rules", lambda pool, source, now: publish(pool, source, now, schemas)
    )


async def due_of_a_closing(intake: Intake, at: datetime) -> tuple[str, str]:
    """An inspection closed at a moment: its id, and when the reply is due."""
    intake.clock.set(at)
    inspection, seen = fresh(), (at - timedelta(hours=1)).isoformat()
    await intake.put("inspector", f"inspections/{inspection}", opening(opened_at=seen))
    await intake.put("inspector", f"findings/{fresh()}", recording(inspection, captured_at=seen))
    answer = await intake.put(
        "inspector", f"inspections/{inspection}/closing/{fresh()}", closing(closed_at=at.isoformat())
    )
    return inspection, answer.json()["reply_due"]


async def publish(intake: Intake, status: int | None = 201, **changes: Any) -> dict[str, Any]:
    text = json.dumps(CURRENT | {"version": "2026.3"} | changes, ensure_ascii=False)
    answer = await intake.put("admin", f"calendars/{fresh()}", {"file": text}, status)
    return dict(answer.json())


async def published(intake: Intake) -> list[dict[str, Any]]:
    return [event for event in await intake.events() if event["type"] == "kycuong.calendar.published.v1"]


async def test_a_new_folder_has_both_calendars_and_goes_by_the_second(intake: Intake) -> None:
    assert [event["data"]["version"] for event in await published(intake)] == ["2026.1", "2026.2"]
    assert (await due_of_a_closing(intake, AUGUST))[1] == BY_THE_SECOND


async def test_an_older_folder_gets_the_second_at_its_next_start_and_deadlines_given_stand(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        brings(earlier, with_files(tmp_path, "2026.1"))
        async with running_intake(settings, AUGUST) as intake:
            await populate(intake)
            inspection, due = await due_of_a_closing(intake, AUGUST)
            assert due == BY_THE_FIRST
            tokens = intake.tokens
    async with running_intake(settings, AUGUST + timedelta(hours=1)) as intake:
        intake.tokens = tokens
        first, second = await published(intake)
        assert second["id"] == genesis_id(second["type"], "2026.2")
        assert (second["data"]["version"], second["time"]) == ("2026.2", "2026-08-20T04:00:00.000Z")
        assert second["unitseq"] > first["unitseq"] and second["data"]["by"] == {"role": "system"}
        assert second["data"]["sha256"] == sha256((SCHEMAS / "calendar/2026.2.json").read_bytes()).hexdigest()
        assert (await due_of_a_closing(intake, AUGUST + timedelta(hours=2)))[1] == BY_THE_SECOND
        stands = await intake.service.pool.fetchval("SELECT reply_due FROM intake.inspection WHERE id = $1", inspection)
        assert stands.isoformat().startswith("2026-08-27T16:59:59.999")
        events = len(await intake.events())
    async with running_intake(settings, AUGUST) as intake:
        assert len(await intake.events()) == events  # a third start publishes nothing


async def test_a_folder_of_the_first_program_keeps_its_calendar_at_hand(settings: Settings, intake: Intake) -> None:
    """Its database never held the text of what it published."""
    tokens = intake.tokens
    owner = await asyncpg.connect(settings.dsn("intake_owner"))
    await owner.execute("DELETE FROM intake.calendar; UPDATE intake.directory SET calendars = 0")
    await owner.close()
    assert "calendar-ends" not in await desk(intake, "admin")  # nor does anything stumble before it is there
    assert await ending(intake, AUGUST.date()) is None
    async with running_intake(settings, AUGUST) as again:
        again.tokens = tokens
        assert (await due_of_a_closing(again, AUGUST))[1] == BY_THE_SECOND


@pytest.mark.parametrize("kind", ["calendar", "catalogue", "scoring"])
async def test_a_published_rule_file_that_was_changed_refuses_the_start(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with running_intake(settings):
        pass
    schemas = with_files(tmp_path, "2026.1", "2026.2")
    file = schemas / kind / "2026.1.json"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    brings(monkeypatch, schemas)
    with pytest.raises(BadRuleFile, match=rf"{kind}/2026\.1\.json khác với bản đã công bố.*other content needs"):
        async with running_intake(settings):
            pass


async def test_an_administrator_publishes_another_and_it_rules_at_once(intake: Intake) -> None:
    early, due = await due_of_a_closing(intake, AUGUST)
    off = [*CURRENT["holidays"], {"from": "2026-08-24", "to": "2026-08-25", "name": "Nghỉ tránh bão"}]
    text = json.dumps(CURRENT | {"version": "2026.3", "holidays": off}, ensure_ascii=False, indent=1)
    answer = (await intake.put("admin", f"calendars/{fresh()}", {"file": text})).json()
    assert (answer["unit"], answer["state"], answer["version"]) == ("-", "published", "2026.3")
    raw = base64.b64decode(answer["event"])
    event = validate_event(raw)
    assert event["data"]["by"]["role"] == "admin" and event["subject"] == "calendar/2026.3"
    assert event["data"]["sha256"] == sha256(text.encode()).hexdigest()
    assert event["data"]["holidays"] == off and event["data"]["until"] == "2027-12-31"
    _, later = await due_of_a_closing(intake, AUGUST + timedelta(minutes=5))
    assert (due, later) == (BY_THE_SECOND, "2026-08-28T16:59:59.999Z")
    stands = await intake.service.pool.fetchval("SELECT reply_due FROM intake.inspection WHERE id = $1", early)
    assert stands.isoformat().startswith("2026-08-26T16:59:59.999")


async def test_a_repeat_gets_its_first_answer_and_the_version_is_used_once(intake: Intake) -> None:
    path, body = f"calendars/{fresh()}", {"file": json.dumps(CURRENT | {"version": "2026.3"})}
    first = await intake.put("admin", path, body)
    assert (await intake.put("admin", path, body, 200)).content == first.content
    for version in ("2026.3", "2026.2", "2026.1", "2025.9"):
        refused = await publish(intake, 409, version=version)
        assert refused["type"] == "/problems/wrong-state" and "2026.3" in refused["detail"]
    await publish(intake, version="2026.10")  # by number, not by letters
    await publish(intake, 409, version="2026.9")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"version": "mới"}, "/file/version"),
        ({"version": "2026.03"}, "/file/version"),
        ({"version": "2026.٣"}, "/file/version"),
        ({"weekend": [7]}, "/file/weekend"),
        ({"weekend": [6, 8]}, "/file/weekend/1"),
        ({"reply_working_days": 4}, "/file/reply_working_days"),
        ({"until": "2027-12-30"}, "/file/until"),
        ({"until": "2027-02-30"}, "/file/until"),
        ({"until": None}, "/file/until"),
        ({"makeup": [*CURRENT["makeup"], "2027-02-06"]}, "/file/makeup/2"),  # within Tết
        ({"makeup": [*CURRENT["makeup"], "2026-09-03"]}, "/file/makeup/2"),  # a Thursday
        ({"makeup": [*CURRENT["makeup"], "2028-01-01"]}, "/file/makeup/2"),
        ({"makeup": [*CURRENT["makeup"], "2026-08-22"]}, "/file/makeup/2"),
        ({"makeup": ["2026-08-22"]}, "/file/holidays"),  # 10 January was worked
        ({"holidays": CURRENT["holidays"][6:]}, "/file/holidays"),  # Tết 2026 was off
        ({"holidays": [*CURRENT["holidays"], {"from": "2026-08-19", "to": "2026-08-19", "name": "Hôm qua"}]},
         "/file/holidays"),
        ({"holidays": [*CURRENT["holidays"], {"from": "2026-09-02", "to": "2026-09-03", "name": "Chồng"}]},
         "/file/holidays/13/from"),
        ({"holidays": [*CURRENT["holidays"], {"from": "2026-10-02", "to": "2026-10-01", "name": "Ngược"}]},
         "/file/holidays/13/to"),
        ({"until": "2099-12-31",
          "holidays": [*CURRENT["holidays"], {"from": "2028-01-22", "to": "2082-01-28", "name": "Tết"}]},
         "/file/holidays/13/to"),  # a year typed wrong would stop every closing
        ({"holidays": [*CURRENT["holidays"], {"from": "2027-12-01", "to": "2028-01-01", "name": "32 ngày"}]},
         "/file/holidays/13/to"),
        ({"weekend": [6, 7, 7]}, "/file/weekend"),
        ({"holidays": [*CURRENT["holidays"], {"from": "2028-01-01", "to": "2028-01-02", "name": "Sau"}]},
         "/file/holidays/13/to"),
        ({"holidays": [*CURRENT["holidays"], {"from": "2026-10-01", "to": "2026-10-01", "name": ""}]},
         "/file/holidays/13/name"),
        ({"holidays": [{"from": "2026-10-01", "name": "Thiếu"}]}, "/file/holidays/0/to"),
        ({"valid_from": "2027-01-01"}, "/file/valid_from"),
    ],
)  # fmt: skip
async def test_what_a_calendar_may_not_do_is_named(intake: Intake, changes: dict[str, Any], pointer: str) -> None:
    before = await intake.rows()
    refused = await publish(intake, 422, **changes)
    assert pointer in [error["pointer"] for error in refused["errors"]], refused
    assert await intake.rows() == before
    assert (await due_of_a_closing(intake, AUGUST))[1] == BY_THE_SECOND


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"version":"2026.3","version":"2026.4"}', "x" * 12_001, "\ud800"]
)
async def test_a_file_that_is_no_calendar_is_told_so(intake: Intake, text: str) -> None:
    refused = await intake.put("admin", f"calendars/{fresh()}", {"file": text}, None)
    assert refused.status_code in (400, 422) and "Traceback" not in refused.text


async def test_only_an_administrator_of_the_province_publishes(intake: Intake) -> None:
    await intake.token("admin", "xa-phu-lam", key="admin of one")
    body = {"file": json.dumps(CURRENT | {"version": "2026.3"})}
    for who in ("admin of one", "reviewer", "lead", "auditor", "head"):
        await intake.put(who, f"calendars/{fresh()}", body, 403)


async def command(intake: Intake, file: Path) -> Result:
    settings = intake.service.settings
    remember_database(settings.folder, settings.database_url)
    return await asyncio.to_thread(CliRunner().invoke, calendar, ["publish", str(file), "--data", str(settings.data)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
async def test_the_command_line_publishes_to_a_running_service(intake: Intake, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "2030.1.json"
    days = [*CURRENT["holidays"], {"from": "2099-01-01", "to": "2099-01-01", "name": "Tết Dương lịch"}]
    changed = CURRENT | {"version": "2030.1", "until": "2099-12-31", "holidays": days}
    text = json.dumps(changed, ensure_ascii=False)
    file.write_text(text, encoding=encoding)
    result = await command(intake, file)
    assert (result.exit_code, "2030.1" in result.output) == (0, True), result.output
    again = await command(intake, file)
    assert again.exit_code == 1 and "2030.1" in again.output and "Traceback" not in again.output
    event = (await published(intake))[-1]
    assert event["data"]["by"]["role"] == "admin"
    assert event["data"]["sha256"] == sha256(text.encode()).hexdigest()
    _, due = await due_of_a_closing(intake, datetime(2098, 12, 31, 3, tzinfo=UTC))
    assert due == "2099-01-08T16:59:59.999Z"  # the service that runs has noticed


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff", "UTF-8"),
        (b"{", "JSON"),
        (json.dumps(CURRENT | {"version": "2030.1", "until": "2026-12-31"}).encode(), "/until: "),
        (json.dumps(CURRENT | {"version": "2030.1", "makeup": ["2027-02-06"]}).encode(), "/makeup/0: "),
        (json.dumps(CURRENT | {"version": "2026.2"}).encode(), "2026.2"),
    ],
)
async def test_the_command_line_refuses_in_words(intake: Intake, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.json").write_bytes(content)
    result = await command(intake, tmp_path / "x.json")
    assert (result.exit_code, says in result.output) == (1, True), result.output
    assert "Traceback" not in result.output
    assert len(await published(intake)) == 2


async def test_past_its_end_no_deadline_is_given_and_nothing_is_taken(intake: Intake) -> None:
    late = datetime(2027, 12, 28, 3, tzinfo=UTC)
    intake.clock.set(late)
    inspection, seen = fresh(), late.isoformat()
    await intake.put("inspector", f"inspections/{inspection}", opening(opened_at=seen))
    await intake.put("inspector", f"findings/{fresh()}", recording(inspection, captured_at=seen))
    before, path = await intake.rows(), f"inspections/{inspection}/closing/{fresh()}"
    refused = await intake.put("inspector", path, closing(closed_at=seen), 503)
    assert refused.json()["type"] == "/problems/calendar-ended"
    assert "31/12/2027" in refused.json()["detail"] and int(refused.headers["retry-after"]) > 0
    [line] = await intake.batch("inspector", [(path, closing(closed_at=seen))])
    assert (line["status"], line["body"]["type"]) == (503, "/problems/calendar-ended")
    assert await intake.rows() == before
    await publish(intake, version="2028.1", until="2028-12-31")
    await intake.put("inspector", path, closing(closed_at=seen))  # the same write, once there is a calendar


@pytest.mark.parametrize(("day", "left"), [("2027-11-01", 60), ("2027-12-31", 0), ("2028-01-10", -10)])
async def test_an_end_within_60_days_alarms(
    settings: Settings, heard: Heard, caplog: pytest.LogCaptureFixture, day: str, left: int
) -> None:
    async with running_intake(settings, datetime.fromisoformat(f"{day}T03:00:00Z")) as intake:
        await populate(intake)
        assert await ending(intake, datetime.fromisoformat(day).date()) is not None
        assert latest(heard, "kycuong.calendar.days_left") == left
        for who, told in (("admin", True), ("reviewer", True), ("head", False), ("inspector", False)):
            assert ("calendar-ends" in await desk(intake, who)) is told, who
        assert "31/12/2027" in await desk(intake, "admin")
    assert f"ends on 2027-12-31, in {left} days" in caplog.text
    assert caplog.text.count("calendar publish FILE") == 1


async def test_a_longer_calendar_is_silent(settings: Settings, heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    async with running_intake(settings, datetime(2027, 10, 31, 3, tzinfo=UTC)) as intake:
        await populate(intake)
        assert "calendar-ends" not in await desk(intake, "admin")
        assert latest(heard, "kycuong.calendar.days_left") == 61
    assert "working calendar ends" not in caplog.text


async def desk(intake: Intake, who: str) -> str:
    headers = {"authorization": f"Bearer {intake.tokens[who]}"}
    return (await intake.client.get("/intake/desk/", headers=headers)).text
