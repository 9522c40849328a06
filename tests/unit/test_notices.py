"""What the log tells to whom: kinds, recipients by post and lineage, joining, and what is told to nobody."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.domain.notices import Kind
from services.kernel.envelope import read_envelope
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.quarters import parse_instant
from services.reports.facts.directory import UNIT_EVENTS, Directory
from services.reports.facts.facts import Entry
from services.reports.notices.notice import (
    VACANT,
    Hearers,
    Notice,
    Post,
    day_of,
    notice_id,
    place,
    read_place,
)
from services.reports.notices.telling import SPEAKING, Known, notices_of
from tests.support.reports_log import MadeLog

UNIT, PARENT, OTHER = "xa-tan-hoa", "huyen-ba", "xa-khac"
LONG_AGO, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def post(
    account: str, role: Role, unit: str | None = None, since: datetime = LONG_AGO, to: datetime | None = None
) -> Post:
    return Post(account, Grant(role, unit, since, to))


POSTS = (
    post("head", Role.UNIT_HEAD, UNIT), post("above", Role.UNIT_HEAD, PARENT), post("other", Role.UNIT_HEAD, OTHER),
    post("lead", Role.LEAD, UNIT), post("lead-of-other", Role.LEAD, OTHER), post("review", Role.REVIEWER),
    post("gone", Role.UNIT_HEAD, UNIT, to=datetime(2025, 1, 1, tzinfo=UTC)),
)  # fmt: skip


@pytest.fixture
def made() -> MadeLog:
    made = MadeLog(checked=False, now=datetime(2026, 9, 1, 3, tzinfo=UTC))
    made.register(PARENT, group="other")
    made.register(UNIT, parent=PARENT)
    made.register(OTHER)
    return made


def told(made: MadeLog, posts: tuple[Post, ...] = POSTS) -> list[Notice]:
    """All notices of a log."""
    entries = [Entry(index, read_envelope(raw)) for index, raw in enumerate(made.entries)]
    directory = Directory()
    for entry in entries:
        if entry.event.type in UNIT_EVENTS:
            directory.apply(entry.index, entry.event.type, entry.event.unit, entry.event.data)
    speaking = [entry for entry in entries if entry.event.type in SPEAKING]
    return notices_of(speaking, Known(), Hearers(directory, posts))


def who(notices: list[Notice], kind: Kind) -> list[str]:
    return [notice.account for notice in notices if notice.kind is kind]


def about(made: MadeLog, kind: str, inspection: str, finding: str, **said: Any) -> int:
    data = {"by": {"role": "system"}, "inspection": inspection, "finding": finding, **said}
    return made.append(kind, f"finding/{finding}", UNIT, data)


def void(made: MadeLog, inspection: str) -> None:
    data = {"by": {"role": "lead"}, "inspection": inspection}
    made.append("inspection.voided", f"inspection/{inspection}", UNIT, data)


def visited(made: MadeLog, *codes: str) -> tuple[str, list[str]]:
    """A closed inspection with findings."""
    inspection = made.open(UNIT)
    found = [made.record(UNIT, inspection, code) for code in codes]
    made.close(UNIT, inspection)
    return inspection, found


def test_ten_findings_are_one_message_at_the_closing(made: MadeLog) -> None:
    inspection = made.open(UNIT)
    for _ in range(10):
        made.record(UNIT, inspection, "A01")
    assert told(made) == []  # a visit under way is told to nobody
    index = made.close(UNIT, inspection)
    closing = json.loads(made.entries[index])
    [notice] = told(made)
    assert notice.id == notice_id(closing["id"], "findings", "head")
    assert (notice.account, notice.unit, notice.inspection, notice.finding) == ("head", UNIT, inspection, None)
    assert (notice.created_at, notice.due) == (closing["time"], "2026-09-09T16:59:59.999Z")
    assert (notice.index, notice.number) == (index, 0)


def test_a_late_finding_joins_and_moves_it_and_reaches_who_heads_the_unit_by_then(made: MadeLog) -> None:
    inspection, _ = visited(made, "A01")
    [first] = told(made)
    since = parse_instant(json.loads(made.entries[-1])["time"])
    made.record(UNIT, inspection, "A02")
    notices = told(made, (*POSTS, post("heir", Role.UNIT_HEAD, UNIT, since=since.replace(microsecond=999_000))))
    assert who(notices, Kind.FINDINGS) == ["head", "heir"]
    assert notices[0].id == first.id
    assert {notice.event for notice in notices} == {first.event}
    assert {notice.created_at for notice in notices} == {first.created_at}
    assert [notice.index for notice in notices] == [len(made.entries) - 1] * 2


def test_a_clean_check_and_what_is_kept_from_the_unit_are_in_no_notice_of_their_own(made: MadeLog) -> None:
    inspection, [grave] = visited(made, "F04")
    made.record(UNIT, inspection, "K04")
    about(made, "finding.corrected", inspection, grave, severity=4)
    made.decide(UNIT, inspection, grave, "referred")
    assert [notice.kind for notice in told(made)] == [Kind.FINDINGS]  # which lists nothing, so nobody sees it
    about(made, "finding.released", inspection, grave, reply_due="2026-09-20T16:59:59.999Z")
    made.decide(UNIT, inspection, grave, "upheld")
    assert [notice.kind for notice in told(made)][1:] == [Kind.RELEASE, Kind.DECISION]


REVIEW, HEAD, BOTH = ["review"], ["head"], ["head", "review"]


@pytest.mark.parametrize(
    ("event", "said", "kind", "accounts", "due"),
    [
        ("finding.reminded", {"due": "D", "n": 1}, "reminder", HEAD, "D"),
        ("remedy.reminded", {"due": "D", "n": 1}, "reminder", HEAD, "D"),
        ("finding.lapsed", {"due": "D"}, "lapse", HEAD, None),
        ("finding.decided", {"outcome": "upheld", "remedy_due": "D"}, "decision", HEAD, "D"),
        ("finding.extension_requested", {"of": "reply", "until": "U"}, "extension", REVIEW, None),
        ("remedy.extension_requested", {"of": "remedy", "until": "U"}, "extension", REVIEW, None),
        ("finding.extended", {"until": "U", "reply_due": "D"}, "extension", HEAD, "D"),
        ("remedy.extended", {"until": "U", "remedy_due": "D"}, "extension", HEAD, "D"),
        ("finding.corrected", {"severity": 1}, "correction", HEAD, None),
        ("finding.appealed", {}, "appeal", REVIEW, None),
        ("finding.answered", {}, "appeal", ["lead", "review"], None),
        ("finding.reopened", {"reply_due": "D"}, "reopening", HEAD, "D"),
        ("remedy.planned", {"feasible": False}, "remedy", REVIEW, None),
        ("remedy.reported", {"in_time": True}, "remedy", ["lead", "review"], None),
        ("remedy.verified", {}, "remedy", HEAD, None),
        ("remedy.refused", {"remedy_due": "D"}, "remedy", HEAD, "D"),
        ("remedy.overdue", {"due": "D", "n": 1}, "overdue", BOTH, "D"),
        ("finding.escalated", {"to": "parent", "due": "D"}, "escalation", ["above"], "D"),
        ("finding.escalated", {"to": "department", "due": "D"}, "escalation", REVIEW, "D"),
    ],
)
def test_what_becomes_of_a_case_is_told(
    made: MadeLog, event: str, said: dict[str, Any], kind: str, accounts: list[str], due: str | None
) -> None:
    inspection, [finding] = visited(made, "A01")
    index = about(made, event, inspection, finding, **said)
    _, *notices = told(made)
    assert [notice.account for notice in notices] == accounts
    assert {(notice.kind, notice.finding, notice.due, notice.index) for notice in notices} == {
        (kind, finding, due, index)
    }
    assert [notice.number for notice in notices] == list(range(len(accounts)))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("remedy.planned", {"feasible": True}),
        ("finding.withdrawn", {}),
        ("finding.second_reviewed", {"outcome": "upheld"}),
    ],
)
def test_the_rest_is_told_to_nobody(made: MadeLog, event: str, said: dict[str, Any]) -> None:
    inspection, [finding] = visited(made, "A01")
    about(made, event, inspection, finding, **said)
    assert len(told(made)) == 1


def test_a_voiding_is_told_once_to_whoever_knew_of_the_inspection(made: MadeLog) -> None:
    inspection, _ = visited(made, "A01", "A02")
    made.append(
        "inspection.voided", f"inspection/{inspection}", UNIT, {"by": {"role": "lead"}, "inspection": inspection}
    )
    assert who(told(made), Kind.VOIDING) == ["head"]
    clean, _ = visited(made, "K04")
    void(made, clean)
    assert len(who(told(made), Kind.VOIDING)) == 1


def test_the_heir_of_a_merged_unit_hears_of_its_cases(made: MadeLog) -> None:
    made.succeed("merge", [UNIT], [OTHER], "2026-09-01")
    visited(made, "A01")
    assert who(told(made), Kind.FINDINGS) == ["other"]


def test_a_vacant_post_still_makes_the_notice_that_receivers_without_a_person_get(made: MadeLog) -> None:
    visited(made, "A01")
    [notice] = told(made, (post("gone", Role.UNIT_HEAD, UNIT, to=END),))
    assert notice.account == VACANT


def test_places_are_read_back_and_what_is_none_is_refused() -> None:
    assert read_place(place(812, 3)) == (812, 3)
    assert [read_place(text) for text in ("", "1", "1.", ".1", "1.x", "-1.2", "٣.1", f"{2**63}.0", f"1.{2**31}")] == [
        None
    ] * 9


def test_the_day_of_an_entry_is_the_provinces() -> None:
    made = MadeLog(checked=False, now=datetime(2026, 9, 1, 18, tzinfo=UTC))
    made.register(UNIT)
    assert day_of(Entry(0, read_envelope(made.entries[0]))) == date(2026, 9, 2)
