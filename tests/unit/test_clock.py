"""A clock that jumps is believed only once it has stayed; a start at odds with the log only once it is confirmed."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.writing.timekeeping import Timekeeper
from services.kernel.process.clock import CONFIRM, SettableClock, SystemClock

START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class Machine:
    """A machine whose hands can be turned, and the clock made of it."""

    def __init__(self, start=START):
        self.hands = SettableClock(start)
        self.clock = SystemClock(self.hands.now, self.hands.ticks)

    def pass_(self, span, step=timedelta(seconds=5)):
        """Time passes, and somebody looks at the clock now and then."""
        while span > timedelta():
            self.hands.set(self.hands.now() + min(step, span))
            span -= step
            self.clock.now()

    def turn(self, span):
        self.hands.turn(self.hands.now() + span)
        return self.clock.now()


@pytest.mark.parametrize("jump", [40 * DAY, -40 * DAY, timedelta(hours=2), timedelta(seconds=-61)])
def test_a_jump_moves_nothing_until_it_has_stayed(jump):
    machine = Machine()
    assert machine.turn(jump) == START
    machine.pass_(CONFIRM - 5 * SECOND)
    assert machine.clock.now() == START + CONFIRM - 5 * SECOND and machine.clock.jump == jump
    machine.pass_(10 * SECOND)
    assert machine.clock.now() == START + jump + CONFIRM + 5 * SECOND and machine.clock.jump is None


def test_a_jump_that_goes_back_leaves_no_trace():
    machine = Machine()
    machine.turn(40 * DAY)
    machine.pass_(8 * SECOND)
    assert machine.turn(-40 * DAY) == START + 8 * SECOND and machine.clock.jump is None


def test_each_further_jump_begins_the_confirmation_anew():
    machine = Machine()
    for _ in range(5):
        machine.turn(40 * DAY)
        machine.pass_(CONFIRM - 10 * SECOND)
    assert machine.clock.now() == START + 5 * (CONFIRM - 10 * SECOND)


@pytest.mark.parametrize("slew", [timedelta(milliseconds=500), timedelta(seconds=-50), timedelta(seconds=60)])
def test_small_corrections_are_followed_at_once(slew):
    assert Machine().turn(slew) == START + slew


def test_a_start_that_fits_the_log_is_believed():
    for last in (None, START, START - DAY, START + timedelta(minutes=4)):
        keeper = Timekeeper(Machine().clock)
        keeper.judge(last)
        assert keeper.doubt() is None and keeper.certain() is None and keeper.floor == START


def test_after_a_long_silence_the_clock_is_confirmed_by_going_on(caplog):
    machine = Machine()
    keeper = Timekeeper(machine.clock)
    with caplog.at_level(logging.WARNING):
        keeper.judge(START - 21 * DAY)
        assert keeper.certain() == START - 21 * DAY
        machine.pass_(CONFIRM - 5 * SECOND)
        vietnamese, english = keeper.doubt()
        machine.pass_(5 * SECOND)
        assert keeper.doubt() is None and keeper.certain() is None
    assert "11/08/2026" in vietnamese and "2026-08-11" in english
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]  # once each


def test_a_clock_before_the_log_is_never_confirmed_by_staying():
    machine = Machine()
    keeper = Timekeeper(machine.clock)
    keeper.judge(START + 365 * DAY)
    machine.pass_(3 * CONFIRM)
    assert keeper.doubt() is not None
    assert keeper.floor == START + 365 * DAY  # a deadline given now counts from no day that is over
    machine.turn(366 * DAY)
    assert keeper.doubt() is not None and machine.clock.now() > START + 366 * DAY  # set right: followed at once
    machine.pass_(CONFIRM)
    assert keeper.doubt() is None


def test_an_entry_made_by_a_clock_that_was_wrong_does_not_hold_it_up_for_ever():
    machine = Machine()
    keeper = Timekeeper(machine.clock)
    keeper.judge(START + 40 * DAY)
    machine.pass_(CONFIRM)
    assert keeper.doubt() is not None
    keeper.hear(machine.clock.now())
    assert keeper.doubt() is None
