"""Deduplication, order, holding and refusing, against a plain model and against any delivery whatever."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from services.audit.arrange import Arrangement, arrange
from services.audit.records import Event
from services.kernel.log.merkle import leaf_hash
from tests.support.events import event_id

SOURCE = "//kycuong.local/x/intake"


def made(number: int, unit: str, unitseq: int, text: str = "", source: str = SOURCE) -> Event:
    raw = f"{number}/{unit}/{unitseq}/{text}".encode()
    return Event(event_id(number), unit, unitseq, source, raw, leaf_hash(raw))


class Log:
    """What a log keeps between batches, moved as the sequencer's transaction moves it."""

    def __init__(self) -> None:
        self.entries: list[Event] = []
        self.held: dict[str, Event] = {}
        self.refused: list[tuple[str, str]] = []

    def batch(self, events: list[Event]) -> Arrangement:
        units = dict.fromkeys({e.unit for e in events}, 0)
        for entry in self.entries:
            units[entry.unit] = max(units.get(entry.unit, 0), entry.unitseq)
        names, ids = {e.unit for e in events}, {e.id for e in events}
        plan = arrange(
            events,
            known={e.id: e.leaf for e in self.entries},
            units=units,
            waiting=[e for e in self.held.values() if e.unit in names or e.id in ids],
            source=SOURCE,
        )
        for released in plan.released:
            del self.held[released]
        for held in plan.held:
            assert held.id not in self.held
            self.held[held.id] = held
        self.entries += plan.appended
        self.refused += [(r.id, r.reason) for r in plan.refusals]
        return plan


def numbers(log: Log) -> list[tuple[str, int]]:
    return [(e.unit, e.unitseq) for e in log.entries]


def test_the_next_of_each_unit_is_appended() -> None:
    log = Log()
    plan = log.batch([made(1, "xa-a", 1), made(2, "xa-b", 1), made(3, "xa-a", 2)])
    assert numbers(log) == [("xa-a", 1), ("xa-b", 1), ("xa-a", 2)]
    assert plan.units == {"xa-a": 2, "xa-b": 1}


def test_the_same_event_again_changes_nothing() -> None:
    log = Log()
    log.batch([made(1, "xa-a", 1), made(1, "xa-a", 1)])
    plan = log.batch([made(1, "xa-a", 1)])
    assert plan == Arrangement()
    assert numbers(log) == [("xa-a", 1)]


def test_other_bytes_under_a_known_id_are_a_conflict() -> None:
    log = Log()
    log.batch([made(1, "xa-a", 1)])
    log.batch([made(1, "xa-a", 1, "other"), made(1, "xa-b", 1)])
    assert log.refused == [(event_id(1), "conflict"), (event_id(1), "conflict")]
    assert numbers(log) == [("xa-a", 1)]


def test_a_later_one_waits_for_the_missing_and_follows_it() -> None:
    log = Log()
    first = log.batch([made(3, "xa-a", 3), made(2, "xa-a", 2)])
    assert (first.appended, {e.unitseq for e in first.held}) == ([], {2, 3})
    log.batch([made(3, "xa-a", 3)])
    second = log.batch([made(1, "xa-a", 1)])
    assert numbers(log) == [("xa-a", 1), ("xa-a", 2), ("xa-a", 3)]
    assert (set(second.released), log.held) == ({event_id(2), event_id(3)}, {})


def test_a_held_id_with_other_bytes_is_a_conflict() -> None:
    log = Log()
    log.batch([made(2, "xa-a", 2)])
    log.batch([made(2, "xa-b", 1), made(2, "xa-a", 2, "other")])
    assert log.refused == [(event_id(2), "conflict")] * 2
    assert numbers(log) == []


def test_an_unknown_id_at_or_below_the_last_number_is_stale() -> None:
    log = Log()
    log.batch([made(1, "xa-a", 1), made(2, "xa-a", 2)])
    log.batch([made(9, "xa-a", 2), made(8, "xa-a", 1)])
    assert log.refused == [(event_id(9), "stale"), (event_id(8), "stale")]


def test_of_two_that_wait_for_one_place_the_first_has_it() -> None:
    log = Log()
    log.batch([made(2, "xa-a", 2), made(3, "xa-a", 2)])
    log.batch([made(1, "xa-a", 1)])
    assert [e.id for e in log.entries] == [event_id(1), event_id(2)]
    assert (log.refused, log.held) == ([(event_id(3), "stale")], {})


def test_an_event_of_another_origin_is_foreign_whatever_its_number() -> None:
    log = Log()
    log.batch([made(1, "xa-a", 1, source="//other/intake"), made(2, "xa-a", 9, source="//other/intake")])
    assert log.refused == [(event_id(1), "foreign"), (event_id(2), "foreign")]
    assert (log.entries, log.held) == ([], {})


@given(st.data())
def test_any_delivery_gives_each_event_once_and_each_unit_in_order(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    events = [made(100 * u + n, f"xa-{u:03d}", n) for u, length in enumerate(lengths) for n in range(1, length + 1)]
    again = data.draw(st.lists(st.sampled_from(events), max_size=10))
    delivered = data.draw(st.permutations(events + again))
    log = Log()
    while delivered:
        size = data.draw(st.integers(1, len(delivered)))
        log.batch(list(delivered[:size]))
        delivered = delivered[size:]
    assert (log.refused, log.held) == ([], {})
    per_unit: dict[str, list[int]] = defaultdict(list)
    for unit, number in numbers(log):
        per_unit[unit].append(number)
    assert per_unit == {f"xa-{u:03d}": list(range(1, length + 1)) for u, length in enumerate(lengths)}


@given(
    st.lists(
        st.lists(
            st.builds(
                made,
                st.integers(1, 6),
                st.sampled_from(["xa-a", "xa-b"]),
                st.integers(1, 4),
                st.sampled_from(["", "other"]),
                st.sampled_from([SOURCE, SOURCE, SOURCE, "//other/intake"]),
            ),
            min_size=1,
            max_size=6,
        ),
        max_size=6,
    )
)
def test_whatever_comes_the_log_stays_a_log(batches: list[list[Event]]) -> None:
    log = Log()
    for batch in batches:
        log.batch(batch)
    ids = [e.id for e in log.entries]
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(log.held)
    for unit in ("xa-a", "xa-b"):
        found = [n for u, n in numbers(log) if u == unit]
        assert found == list(range(1, len(found) + 1))
        assert all(e.unitseq > len(found) + 1 for e in log.held.values() if e.unit == unit)
    told = len(log.entries) + len(log.held) + len(log.refused)
    assert told <= sum(map(len, batches))
