"""The desk's kept answers: to whom they are told again, how long, and what may change them without being counted."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.intake.reading.kept import _ROOM, KeptAnswers
from services.intake.reading.reach import Asking, Stands
from services.kernel.identity.callers import Caller, Grant
from services.kernel.identity.roles import Role
from services.kernel.store.sql import load_queries

NOW = datetime(2026, 9, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GRANT = Grant(Role.UNIT_HEAD, "xa", NOW - SECOND, NOW + 3 * SECOND)
CALLER = Caller("head", "bearer", NOW + timedelta(days=1), (GRANT,), (GRANT,))
ASKS = Asking(CALLER, CALLER.grants, NOW, Stands(1, 1, 7))
BODY = b"{}"
INTAKE = Path(__file__).parents[2] / "services" / "intake"
_SHOWN = "finding|inspection|deadline|case_step|second_review|vault_photo|vault_read"
_CHANGES = re.compile(rf"(?:INSERT INTO|UPDATE|DELETE FROM) intake\.(?:{_SHOWN})\b")


def kept(until: datetime = NOW + 2 * SECOND, body: bytes = BODY) -> KeptAnswers:
    answers = KeptAnswers()
    reader = SimpleNamespace(caller=CALLER, now=NOW, stands=ASKS.stands, until=until)
    assert answers.keep(reader, "todo", body).body == body  # type: ignore[arg-type]
    return answers


def test_the_same_question_is_answered_alike_till_an_instant_passes() -> None:
    answers = kept()
    for at in (NOW, NOW + 2 * SECOND):
        found = answers.known(replace(ASKS, now=at), "todo")
        assert found is not None and found.body == BODY
    for at in (NOW - SECOND, NOW + 3 * SECOND):
        assert answers.known(replace(ASKS, now=at), "todo") is None


@pytest.mark.parametrize("stands", [Stands(2, 1, 7), Stands(1, 2, 7), Stands(1, 1, 8)])
def test_anything_that_happens_ends_it(stands: Stands) -> None:
    assert kept().known(replace(ASKS, stands=stands), "todo") is None


def test_it_is_told_to_nobody_else_and_to_no_other_question() -> None:
    answers = kept(NOW + timedelta(days=900))
    other = replace(CALLER, account="another")
    assert answers.known(ASKS, "done") is None
    assert answers.known(replace(ASKS, caller=other), "todo") is None
    assert answers.known(replace(ASKS, caller=replace(CALLER, posts=())), "todo") is None
    assert answers.known(replace(ASKS, now=NOW + 3 * SECOND), "todo") is None  # his appointment ends
    assert answers.known(replace(ASKS, now=NOW + timedelta(hours=18)), "todo") is None  # another day


def test_what_changes_without_an_event_and_what_has_no_room_is_not_kept() -> None:
    assert kept(until=datetime.min.replace(tzinfo=UTC)).known(ASKS, "todo") is None
    assert kept(body=b" " * (_ROOM + 1)).known(ASKS, "todo") is None


def test_questions_without_an_answer_fill_no_memory() -> None:
    answers, many = KeptAnswers(), _ROOM // 1024
    reader = SimpleNamespace(caller=CALLER, now=NOW, stands=ASKS.stands, until=NOW)
    for word in range(many):
        answers.keep(reader, word, BODY)  # type: ignore[arg-type]
    assert answers.known(ASKS, 0) is not None and answers.known(ASKS, many - 1) is None


def test_what_the_desk_shows_is_changed_beside_an_event_or_never_kept() -> None:
    """Another statement that changes it belongs to a transaction that counts an event, or its rows are `unheard`."""
    changing = {
        f"{path.parent.name}.{name}"
        for path in INTAKE.glob("*/queries.sql")
        for queries in (load_queries(path),)
        for name in queries.names()
        if _CHANGES.search(getattr(queries, name))
    }
    assert changing == {
        "cases.draw_for_second_review", "cases.escalate", "cases.note_second_reviews", "cases.remind",
        "cases.add_steps_after", "concerned.add_step",
        "erasures.drop_photos", "erasures.forget_photos",
        "findings.add_steps", "findings.insert_findings", "findings.keep_deadlines", "findings.lapse_findings",
        "findings.open_windows", "findings.pass_deadlines", "findings.update_findings", "findings.void_findings",
        "inspections.store_inspections", "inspections.update_inspections", "replay.lose_photos",
        "cases.logged",  # sets what no list shows
        "evidence.store_photos",  # of a case that photos are missing of
        "people.recall_person",  # of one that names a lost person
        "reading.note_reading",  # of one drawn to be reviewed once more
    }  # fmt: skip
