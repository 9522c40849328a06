"""The table of a case: every severity and state × every command, with what no program has ever known between them."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import remedy
from services.domain.case import (
    FREE,
    KEPT,
    OVERTURNING,
    SCORED,
    SEVERITIES,
    TABLE,
    Command,
    Outcome,
    Refusal,
    State,
    Turn,
    allows,
    deciding,
    is_counted,
    named,
    outcomes,
    settled,
    shown,
    step,
    turn,
)
from services.domain.remedy import Remedy
from services.domain.words import OUTCOMES, REMEDIES, STATES, case_label
from services.intake.cases.forms import DecideFinding

ANY_STATE = st.sampled_from(State) | st.sampled_from(["mediated", "", "Recorded", "Đã rút"]) | st.text(max_size=20)
ANY_SEVERITY = st.integers(-1, 9)
FINAL = (State.WITHDRAWN, State.VOIDED)


def test_every_command_is_answered_in_every_state():
    assert set(TABLE) == set(Command)
    assert all(set(row) == set(State) for row in TABLE.values())


@pytest.mark.parametrize("severity", sorted(SCORED))
def test_what_a_scored_case_takes(severity):
    taken = {state: {command for command in Command if allows(severity, state, command)} for state in State}
    undecided = {Command.DECISION, Command.WITHDRAWAL, Command.CORRECTION, Command.VOIDING}
    window = {Command.REPLY, Command.EXTENSION, Command.LAPSE}
    again = {Command.DECISION, Command.SECOND_REVIEW, Command.VOIDING}
    decided = {Command.APPEAL, Command.REOPENING, Command.HEARING, Command.SECOND_REVIEW, Command.VOIDING}
    assert taken == {
        State.RECORDED: undecided | window,
        State.REPLIED: undecided | {Command.UPHOLDING},
        State.LAPSED: undecided | {Command.UPHOLDING},
        State.DECIDED: decided,
        State.APPEALED: again | {Command.UPHOLDING},
        State.REOPENED: again | {Command.UPHOLDING},
        State.UNHEARD: again | window,
        State.WITHDRAWN: set(),
        State.VOIDED: set(),
    }


def test_what_the_unit_does_not_know_of_is_only_decided_or_withdrawn():
    assert {one for one in Command if allows(KEPT, "recorded", one)} == {
        Command.DECISION, Command.WITHDRAWAL, Command.CORRECTION, Command.RELEASE, Command.VOIDING,
    }  # fmt: skip
    assert step(KEPT, "recorded", Command.REPLY) is step(KEPT, "recorded", Command.LAPSE) is Refusal.UNTOLD
    assert Outcome.REFERRED in outcomes(KEPT, "recorded")
    assert not any(Outcome.UPHELD in outcomes(KEPT, state) for state in State)


def test_what_was_released_is_a_case_as_others_are_and_released_once():
    told = {one for one in Command if allows(KEPT, "recorded", one, released=True)}
    assert told == {one for one in Command if allows(2, "recorded", one)}
    assert step(KEPT, "recorded", Command.RELEASE, released=True) is Refusal.NOT_KEPT
    assert {Outcome.UPHELD, Outcome.REFERRED} <= set(outcomes(KEPT, "replied", released=True))


def test_a_decision_s_form_takes_the_outcomes_there_are():
    assert get_args(DecideFinding.model_fields["outcome"].annotation) == tuple(Outcome)


def test_what_is_free_is_only_taken_back_or_corrected():
    assert {one for one in Command if allows(FREE, "recorded", one)} == {
        Command.WITHDRAWAL, Command.CORRECTION, Command.VOIDING,
    }  # fmt: skip
    assert not outcomes(FREE, "recorded")


def test_upholding_waits_for_the_unit():
    assert step(2, "recorded", deciding("upheld")) is Refusal.WINDOW_OPEN
    assert outcomes(2, "recorded") == tuple(sorted(OVERTURNING, key=list(Outcome).index))
    assert outcomes(2, "replied") == outcomes(2, "lapsed") == (Outcome.UPHELD, *outcomes(2, "recorded"))


@given(ANY_SEVERITY, ANY_STATE, st.sampled_from(Command))
def test_nothing_is_without_an_answer(severity, state, command):
    answer = step(severity, state, command)
    assert isinstance(answer, State | Refusal)
    assert allows(severity, state, command) is isinstance(answer, State)
    if state not in list(State):
        assert answer in (Refusal.UNKNOWN, Refusal.NO_CASE, Refusal.UNTOLD, Refusal.NOT_KEPT)


@given(st.sampled_from(sorted(SEVERITIES)), st.lists(st.sampled_from(Command)))
def test_a_case_that_is_over_stays_over(severity, commands):
    state = State.RECORDED
    for command in commands:
        moved = step(severity, state, command)
        assert state not in FINAL or isinstance(moved, Refusal)
        state = moved if isinstance(moved, State) else state


@given(ANY_SEVERITY, ANY_STATE, st.sampled_from([None, False, True]))
def test_whose_turn_it_is_can_be_taken(severity, state, accepts):
    whose = turn(severity, state, accepts)
    assert shown(state) in {*State, state} - {State.UNHEARD} and state in named(shown(state))
    if whose is not Turn.NOTHING:
        assert allows(severity, state, Command(whose)) and is_counted(severity, state)
    if settled(severity, state, accepts):
        assert whose is Turn.NOTHING and severity == 1


def test_every_state_and_outcome_has_words_and_an_unknown_one_its_name():
    assert (set(STATES), set(OUTCOMES), set(REMEDIES)) == (set(State), set(Outcome), set(Remedy))
    assert case_label(1, "replied", True, None, "en") == "Counts (the unit agrees)"
    assert case_label(2, "replied", True, None, "vi") == "Đã giải trình"
    assert case_label(2, "decided", None, "upheld", "en") == "Upheld"
    assert case_label(2, "mediated", None, None, "en") == "mediated"
    assert case_label(2, "appealed", None, "upheld", "en") == "Under appeal"


def test_a_remedy_is_put_right_once_and_nothing_else_is():
    assert set(remedy.TABLE) == set(remedy.Command)
    assert all(set(row) == set(Remedy) for row in remedy.TABLE.values())
    taken = {state: {one for one in remedy.Command if remedy.step(state, one)} for state in [*Remedy, "halved"]}
    unmet = {remedy.Command.PLAN, remedy.Command.DECLINE, remedy.Command.REPORT, remedy.Command.EXTENSION}
    judged = {remedy.Command.VERIFICATION, remedy.Command.REFUSAL}
    assert taken == {one: set() for one in [*Remedy, "halved"]} | {
        Remedy.DUE: unmet, Remedy.PLANNED: unmet, Remedy.DECLINED: unmet | judged, Remedy.REPORTED: judged,
    }  # fmt: skip
    assert remedy.step(Remedy.DECLINED, remedy.Command.VERIFICATION) is Remedy.WAIVED
