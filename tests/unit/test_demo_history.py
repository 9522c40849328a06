"""The demo's story: every line well-formed, in order of time, and true to the rules it will meet."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from services.demo.batches import MAX_LINES, PREFIX, Batch, waves
from services.demo.history import CLOSED_QUARTERS, CLOSINGS, DEFAULT_SEED, story
from services.demo.hours import hours_on
from services.demo.ids import Ids
from services.demo.observed import EXAMPLE, EXAMPLE_PERSONS
from services.demo.schedule import (
    EXAMPLE_DAY,
    GRAVE_DAYS,
    INSPECTORS,
    PHU_LAM,
    REFERRAL_DAYS,
    TAN_HOA,
    TooEarly,
    story_end,
    team_of,
)
from services.domain.rulefiles import load_calendar, load_catalogues
from services.intake.nouns import NOUNS
from services.intake.writing.commands import read_command
from services.intake.writing.forms import is_write_id
from services.kernel.quarters import local_date, quarter_of

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CALENDAR = load_calendar()
(CATALOGUE,) = load_catalogues()


def told(seed: int = DEFAULT_SEED, now: datetime = NOW) -> list[Batch]:
    return list(story(seed, now, CATALOGUE, CALENDAR))


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    return told()


@dataclass(frozen=True)
class Filed:
    """A line with its place."""

    batch: Batch
    noun: str
    parent: str
    id: str
    body: dict[str, Any]


def filed(batches: list[Batch], *nouns: str) -> Iterator[Filed]:
    for batch in batches:
        for line in batch.lines:
            found = NOUNS.find(PREFIX + line.path)
            assert found is not None, line.path
            noun, parent, write = found
            if not nouns or noun.name in nouns:
                yield Filed(batch, noun.name, parent, write, line.body)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_size_of_the_load(batches: list[Batch]) -> None:
    assert 7_000 <= sum(len(batch.lines) for batch in batches) <= 15_000
    assert all(0 < len(batch.lines) <= MAX_LINES for batch in batches)
    assert all(len(batch.body()) < 16 * 1024 * 1024 for batch in batches)


def test_every_line_is_a_write_that_intake_reads(batches: list[Batch]) -> None:
    for batch in batches:
        for raw in batch.body().splitlines():
            line = json.loads(raw)
            assert set(line) == {"method", "path", "body"}
            assert line["method"] == "PUT"
            noun, parent, write = NOUNS.find(line["path"]) or pytest.fail(line["path"])
            command = read_command(noun, parent, write, line["body"], b"")
            assert command.errors == [], line
            assert batch.sender.role in noun.roles


def test_ids_are_uuid7_and_used_once(batches: list[Batch]) -> None:
    ids = [one.id for one in filed(batches)]
    assert all(map(is_write_id, ids))
    assert len(ids) == len(set(ids))


def test_ids_carry_their_moment() -> None:
    ids = Ids(1)
    made = ids.at(NOW, "a")
    assert int(made.replace("-", "")[:12], 16) == int(NOW.timestamp() * 1000)
    assert made == ids.at(NOW, "a")
    assert made != ids.at(NOW, "b")
    assert made != Ids(2).at(NOW, "a")


def test_time_never_runs_back(batches: list[Batch]) -> None:
    clocks = [batch.clock for batch in batches]
    assert clocks == sorted(clocks)
    assert clocks[-1] <= NOW
    for wave in waves(iter(batches)):
        assert len({batch.sender for batch in wave}) == len(wave)


def test_the_same_seed_tells_the_same_story() -> None:
    def digest(batches: list[Batch]) -> str:
        return sha256(b"".join(batch.clock.isoformat().encode() + batch.body() for batch in batches)).hexdigest()

    assert digest(told()) == digest(told())
    assert digest(told()) != digest(told(seed=2))


def test_an_earlier_now_tells_a_beginning_of_it(batches: list[Batch]) -> None:
    """Only the last day is staged; all before it is the same, so a load may be resumed days later."""
    earlier = told(now=NOW - timedelta(days=11))
    last_day = story_end(NOW - timedelta(days=11), CALENDAR)
    settled = [batch.body() for batch in earlier if local_date(batch.clock) < last_day]
    assert settled == [batch.body() for batch in batches[: len(settled)]]


def test_now_before_the_last_chapter_is_refused() -> None:
    with pytest.raises(TooEarly, match="đồng hồ"):
        told(now=datetime(2026, 10, 1, tzinfo=UTC))


def test_a_later_year_ends_with_2026() -> None:
    last = told(now=datetime(2027, 5, 1, tzinfo=UTC))[-1]
    assert last.clock.year in (2026, 2027)
    assert all(
        moment(one.body["opened_at"]).date() <= date(2026, 12, 31)
        for one in filed(told(now=datetime(2027, 5, 1, tzinfo=UTC)), "inspections")
    )


def test_visits_keep_working_days_and_hours(batches: list[Batch]) -> None:
    for one in filed(batches, "inspections", "inspections/closing", "findings"):
        at = moment(next(one.body[name] for name in ("opened_at", "closed_at", "captured_at") if name in one.body))
        assert CALENDAR.is_working(local_date(at))
        assert hours_on(local_date(at)).cover(at)
        assert at <= one.batch.clock <= at + timedelta(days=1)


def test_all_is_seen_between_opening_and_closing(batches: list[Batch]) -> None:
    opened = {one.id: moment(one.body["opened_at"]) for one in filed(batches, "inspections")}
    closed = {one.parent: moment(one.body["closed_at"]) for one in filed(batches, "inspections/closing")}
    for one in filed(batches, "findings"):
        inspection = one.body["inspection"]
        seen = moment(one.body["captured_at"])
        assert opened[inspection] < seen <= closed.get(inspection, one.batch.clock)


def test_scripted_days_are_worked() -> None:
    assert all(CALENDAR.is_working(day) for day in (EXAMPLE_DAY, *REFERRAL_DAYS, *GRAVE_DAYS, *CLOSINGS))


def test_rolls_add_up(batches: list[Batch]) -> None:
    findings = _codes_of(batches)
    for one in filed(batches, "inspections/closing"):
        roll = one.body
        assert roll["present"] + sum(roll["excused"].values()) + roll["unexcused"] == roll["assigned"]
        assert 0 <= roll["late"] <= roll["present"]
        assert min(roll["excused"].values(), default=1) > 0
        assert findings[one.parent].get("A01", 0) == roll["late"]
        assert findings[one.parent].get("A03", 0) == roll["unexcused"]
        files = sum(findings[one.parent].get(code, 0) > roll["files_checked"] for code in ("D01", "D02", "D03"))
        assert files == 0


def _codes_of(batches: list[Batch]) -> dict[str, Counter[str]]:
    codes: dict[str, Counter[str]] = {}
    for one in filed(batches, "findings"):
        codes.setdefault(one.body["inspection"], Counter())[one.body["code"]] += one.body["count"]
    return codes


def test_every_inspection_says_what_it_found_and_most_are_clean(batches: list[Batch]) -> None:
    opened = [one.id for one in filed(batches, "inspections")]
    codes = _codes_of(batches)
    assert set(codes) == set(opened)
    clean = sum(set(found) == {"K00"} for found in codes.values())
    assert clean > len(opened) / 2
    assert all(found == {"K00": 1} for found in codes.values() if "K00" in found)


def test_reminders_name_no_post(batches: list[Batch]) -> None:
    for one in filed(batches, "findings"):
        if CATALOGUE.codes[one.body["code"]].severity < 2:
            assert "persons" not in one.body.get("private", {})


def test_kinds_selections_and_teams(batches: list[Batch]) -> None:
    kinds = Counter(one.body["kind"] for one in filed(batches, "inspections"))
    assert set(kinds) == {"planned", "unannounced", "recheck"}
    assert {one.body["selection"] for one in filed(batches, "inspections")} == {
        "random", "scheduled", "risk", "complaint",
    }  # fmt: skip
    for one in filed(batches, "inspections"):
        assert one.batch.sender.account in one.body["team"]
        assert set(one.body["team"]) <= set(INSPECTORS)
    assert [sorted(sum((team_of(quarter, n) for n in range(3)), ())) for quarter in CLOSED_QUARTERS] == [
        sorted(INSPECTORS)
    ] * 2


def test_replies_come_in_time_from_the_own_head(batches: list[Batch]) -> None:
    unit = {one.id: one.body["unit"] for one in filed(batches, "inspections")}
    finding = {one.id: one for one in filed(batches, "findings")}
    gone = {one.parent: one.batch.clock for one in filed(batches, "findings/withdrawal")}
    replies = list(filed(batches, "findings/reply"))
    assert {one.body["accepts"] for one in replies} == {True, False}
    for one in replies:
        about = finding[one.parent]
        assert one.batch.sender.unit == unit[about.body["inspection"]]
        assert about.batch.clock < one.batch.clock <= CALENDAR.reply_due(about.batch.clock)
        assert CATALOGUE.codes[about.body["code"]].severity in (1, 2, 3)
        assert gone.get(one.parent, one.batch.clock + timedelta(1)) > one.batch.clock


def test_decisions_follow_a_reply_or_a_lapse_and_settle_the_closed_quarters(batches: list[Batch]) -> None:
    finding = {one.id: one for one in filed(batches, "findings")}
    answered = {one.parent: one.batch.clock for one in filed(batches, "findings/reply")}
    accepted = {one.parent for one in filed(batches, "findings/reply") if one.body["accepts"]}
    gone = {one.parent for one in filed(batches, "findings/withdrawal")}
    decided = {one.parent: one for one in filed(batches, "findings/decision")}
    assert not gone & set(decided)
    for key, one in decided.items():
        lapsed = CALENDAR.reply_due(finding[key].batch.clock) < one.batch.clock
        assert lapsed or answered.get(key, one.batch.clock) < one.batch.clock
        severity = CATALOGUE.codes[finding[key].body["code"]].severity
        assert (one.body["outcome"] == "referred") == (severity == 4)
    for key, one in finding.items():
        severity = CATALOGUE.codes[one.body["code"]].severity
        if quarter_of(local_date(one.batch.clock)) in CLOSED_QUARTERS and severity >= 2:
            assert key in decided or key in gone
        if severity == 1 and key in decided:
            assert key not in accepted


def test_every_outcome_a_referral_and_praise_in_each_closed_quarter(batches: list[Batch]) -> None:
    quarter = {one.id: quarter_of(local_date(one.batch.clock)) for one in filed(batches, "findings")}
    outcomes = {closed: set() for closed in CLOSED_QUARTERS}
    for one in filed(batches, "findings/decision"):
        outcomes.get(quarter[one.parent], set()).add(one.body["outcome"])
    every = {"upheld", "excused", "not_proven", "unfounded", "system_fault", "referred"}
    assert outcomes == dict.fromkeys(CLOSED_QUARTERS, every)
    praised = Counter(quarter_of(date.fromisoformat(one.body["date"])) for one in filed(batches, "commendations"))
    assert set(praised) == {*CLOSED_QUARTERS, "2026-Q4"}


def test_closings_flash_then_official(batches: list[Batch]) -> None:
    closings = [(one.parent, one.body["edition"]) for one in filed(batches, "quarters/closing")]
    assert closings == [(quarter, edition) for quarter in CLOSED_QUARTERS for edition in ("flash", "official")]


def test_a_round_of_the_last_quarter_is_planned_before_it_and_one_unit_assigned(batches: list[Batch]) -> None:
    [plan] = filed(batches, "rounds")
    [going] = filed(batches, "rounds/assignments")
    assert plan.batch.clock < moment(f"{plan.body['from']}T00:00:00+07:00") and going.parent == plan.id
    assert going.body["unit"] in [one["unit"] for one in plan.body["chosen"]]
    assert {going.body["opener"], *going.body["team"]} <= set(INSPECTORS)


def test_tan_hoa_is_the_example_and_its_fourth_quarter_is_untouched(batches: list[Batch]) -> None:
    visits = {one.id: local_date(moment(one.body["opened_at"])) for one in filed(batches, "inspections")
              if one.body["unit"] == TAN_HOA}  # fmt: skip
    example = [key for key, day in visits.items() if day == EXAMPLE_DAY]
    assert len(example) == 1
    assert [day for day in visits.values() if quarter_of(day) != "2026-Q2"] == [EXAMPLE_DAY]
    assert _codes_of(batches)[example[0]] == Counter(EXAMPLE)
    (closing,) = (one.body for one in filed(batches, "inspections/closing") if one.parent == example[0])
    assert closing["persons_checked"] == EXAMPLE_PERSONS
    assert not [one for one in filed(batches, "commendations") if one.body["unit"] == TAN_HOA]


def test_the_last_day_leaves_something_to_do(batches: list[Batch]) -> None:
    """An alert with its reply window open, and a visit that is still going on."""
    end = story_end(NOW, CALENDAR)
    fresh = [one for one in filed(batches, "inspections")
             if one.body["unit"] == PHU_LAM and local_date(one.batch.clock) == end]  # fmt: skip
    assert len(fresh) == 1
    assert not [one for one in filed(batches, "inspections/acknowledgement") if one.parent == fresh[0].id]
    assert CALENDAR.reply_due(fresh[0].batch.clock) > NOW
    opened = {one.id: one for one in filed(batches, "inspections")}
    going_on = set(opened) - {one.parent for one in filed(batches, "inspections/closing")}
    assert [opened[key].batch.sender.account for key in going_on] == [INSPECTORS[0]]


def test_what_is_upheld_is_appealed_now_and_then_and_put_right_in_time_late_or_never(batches: list[Batch]) -> None:
    unit = {one.id: one.body["unit"] for one in filed(batches, "inspections")}
    finding = {one.id: one for one in filed(batches, "findings")}
    decided: dict[str, list[Filed]] = {}
    for one in filed(batches, "findings/decision"):
        decided.setdefault(one.parent, []).append(one)
    appeals = {one.parent: one for one in filed(batches, "findings/appeal")}
    assert len(appeals) > 5
    for key, one in appeals.items():
        first, *again = decided[key]
        assert first.body["outcome"] == "upheld" and first.batch.clock < one.batch.clock
        assert one.batch.sender.unit == unit[finding[key].body["inspection"]]
        assert all(one.batch.clock < other.batch.clock for other in again)
        assert {other.batch.sender.account for other in again} <= {"reviewer-2"}
    assert {one.body["outcome"] for key in appeals for one in decided[key][1:]} == {"upheld", "not_proven"}
    upheld = {key: one[-1] for key, one in decided.items() if one[-1].body["outcome"] == "upheld"}
    reports = list(filed(batches, "findings/remedy-report"))
    late = {one.parent for one in reports
            if one.batch.clock > CALENDAR.due(upheld[one.parent].batch.clock, 15)}  # fmt: skip
    reported = {one.parent for one in reports}
    assert late and reported - late and set(upheld) - reported
    outcomes = Counter(one.body["outcome"] for one in filed(batches, "findings/remedy-verification"))
    assert outcomes["verified"] > outcomes["refused"] > 3
    assert not [one for one in reports if unit[finding[one.parent].body["inspection"]] == TAN_HOA]
