"""What the relay sends when: the rules without the database."""

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.flow.relay import IN_FLIGHT, RESENT, Ledger, Waiting


def rows(*ids: int, unit: str = "u") -> list[Waiting]:
    return [Waiting(i, unit) for i in ids]


def test_a_row_goes_again_when_its_own_last_send_is_too_long_ago_and_ever_later() -> None:
    ledger = Ledger(resend_after=30, top=3)
    ledger.note([1, 2], now=0)
    ledger.note([3], now=10)
    assert ledger.due(rows(1, 2, 3), now=29) == []
    assert ledger.due(rows(1, 2, 3), now=30) == [1, 2]
    ledger.note([1, 2], now=30)
    assert ledger.due(rows(1, 2, 3), now=40) == [3]
    ledger.note([3], now=40)
    assert ledger.due(rows(1, 2, 3), now=89) == []
    assert ledger.due(rows(1, 2, 3), now=90) == [1, 2]
    sent, gaps = 90.0, []
    for _ in range(6):
        ledger.note([1], now=sent)
        gaps.append(next(wait for wait in range(10_000) if 1 in ledger.due(rows(1), now=sent + wait)))
        sent += gaps[-1]
    assert gaps == [120, 240, 240, 240, 240, 240]


def test_what_has_its_receipt_is_forgotten_and_what_lies_beyond_the_listing_is_not() -> None:
    ledger = Ledger(resend_after=30, top=9)
    ledger.note(range(1, 10), now=0)
    ledger.forget_gone(rows(3, 5), whole=False)
    assert sorted(ledger.sent) == [3, 5, 6, 7, 8, 9]
    ledger.forget_gone(rows(3, 5), whole=True)
    assert sorted(ledger.sent) == [3, 5]
    ledger.forget_gone([], whole=True)
    assert not ledger.sent


def test_a_row_committed_late_goes_and_one_above_the_top_waits_for_its_page() -> None:
    ledger = Ledger(resend_after=30, top=5)
    ledger.note([1, 3, 5], now=0)
    assert ledger.due(rows(1, 2, 3, 4, 5, 6), now=1) == [2, 4]


def test_a_refused_row_never_goes_again() -> None:
    ledger = Ledger(resend_after=30, top=2)
    ledger.note([1, 2], now=0)
    listed = [Waiting(1, "u", refused=True), Waiting(2, "u")]
    ledger.forget_gone(listed, whole=True)
    assert ledger.due(listed, now=1000) == [2]


def test_a_barrier_waits_for_all_before_it_and_holds_back_its_own_unit_only() -> None:
    ledger = Ledger(resend_after=30, top=4)
    ledger.note([1], now=0)
    listed = [Waiting(1, "u"), Waiting(2, "-", barrier=True), Waiting(3, "-"), Waiting(4, "v")]
    assert ledger.due(listed, now=1) == [4]
    assert ledger.holds_back(3, "-")
    assert not ledger.holds_back(1, "-")
    assert ledger.due([Waiting(1, "u", refused=True), *listed[1:]], now=1) == [4]
    assert ledger.due(listed[1:], now=1) == [2, 4]
    ledger.note([2, 4], now=1)
    assert ledger.due(listed[1:], now=2) == [3]


def test_only_the_oldest_are_sent_again() -> None:
    ledger = Ledger(resend_after=30, top=IN_FLIGHT)
    ledger.note(range(1, IN_FLIGHT + 1), now=0)
    assert ledger.due(rows(*range(1, IN_FLIGHT + 1)), now=60) == list(range(1, RESENT + 1))


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_every_row_goes_at_last_and_in_order(present: set[int], barriers: set[int], late: set[int]) -> None:
    """Rows of one unit, some barriers, some committed late, receipts at once: each goes once."""
    ledger = Ledger(resend_after=30, top=40)
    ledger.note(present - barriers - late, now=0)
    waiting = sorted(present)
    went: list[int] = sorted(present - barriers - late)
    for turn in range(100):
        waiting = [i for i in waiting if i not in ledger.sent]
        listed = [Waiting(i, "u", barrier=i in barriers) for i in waiting]
        ledger.forget_gone(listed, whole=True)
        due = ledger.due(listed, now=turn / 10)
        assert due == sorted(due)
        for row_id in due:
            assert row_id not in barriers or row_id == waiting[0]
        ledger.note(due, now=turn / 10)
        went += due
    assert sorted(went) == sorted(present)
