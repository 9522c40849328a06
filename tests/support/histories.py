"""Legal histories of a unit's inspections, drawn by hypothesis and told event by event, so that they can be mixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from services.domain.case import SCORED, Command, Outcome, State, outcomes, step
from tests.support.reports_log import CODES, SEVERITY, MadeLog

DUE = "2026-09-09T16:59:59.999Z"


@dataclass
class Arriving(MadeLog):
    """A log whose ids are those of the unit that is told of, whoever's events come between."""

    teller: int = 0
    _drawn: dict[int, int] = field(default_factory=dict)

    def new_id(self) -> str:
        self._drawn[self.teller] = self._drawn.get(self.teller, 0) + 1
        return f"01990400-0000-7000-8{self.teller:03x}-{self._drawn[self.teller]:012x}"


@dataclass(frozen=True)
class Found:
    """A finding; `late`: recorded after the closing. Its moves choose among what is legal where it stands."""

    code: str
    count: int
    late: bool
    moves: tuple[int, ...]


@dataclass(frozen=True)
class Visited:
    """An inspection."""

    day: int
    selection: str
    persons: int
    found: tuple[Found, ...]
    corrected: bool
    voided: bool


FOUND = st.builds(
    Found, st.sampled_from(CODES), st.integers(1, 60), st.booleans(),
    st.lists(st.integers(0, 40), max_size=8).map(tuple),
)  # fmt: skip
VISITED = st.builds(
    Visited, st.integers(1, 28), st.sampled_from(["random", "scheduled", "targeted"]), st.integers(1, 60),
    st.lists(FOUND, max_size=3).map(tuple), st.booleans(), st.sampled_from([False, False, False, True]),
)  # fmt: skip
HISTORY = st.lists(VISITED, min_size=1, max_size=3)


@dataclass
class Case:
    """A finding under way, as intake knows it."""

    unit: str
    inspection: str
    key: str
    code: str
    state: State = State.RECORDED
    released: bool = False
    outcome: str | None = None
    reported: bool = False
    overdue: int = 0

    @property
    def severity(self) -> int:
        return int(SEVERITY[self.code])

    @property
    def quiet(self) -> bool:
        """Upheld, and of no remedy under way."""
        upheld = self.state is State.DECIDED and self.outcome == Outcome.UPHELD and self.severity in SCORED
        return upheld and not self.reported and not self.overdue

    def moves(self) -> list[str]:
        """What may happen now."""
        commands = [
            Command.REPLY, Command.LAPSE, Command.APPEAL, Command.REOPENING, Command.CORRECTION, Command.WITHDRAWAL,
            Command.RELEASE,
        ]  # fmt: skip
        can = [str(one) for one in commands if isinstance(step(self.severity, self.state, one, self.released), State)]
        remedy = self.state is State.DECIDED and self.outcome == Outcome.UPHELD and self.severity in (2, 3)
        late = ["overdue"] if self.overdue < 2 else []
        can += (["verify", "refuse"] if self.reported else ["report", "late", *late]) if remedy else []
        may = outcomes(self.severity, self.state, self.released)
        return [*can, *may, *(one for one in may if one == Outcome.UPHELD for _ in range(4))]

    def move(self, made: MadeLog, move: str) -> None:
        """Tell one event."""
        of = (self.unit, self.inspection, self.key)
        if move in list(Outcome):
            made.decide(*of, move)
            self.state, self.outcome, self.reported = State.DECIDED, move, False
            return
        match move:
            case "report" | "late":
                made.remedied(*of, in_time=move == "report")
                self.reported = True
            case "verify" | "refuse":
                (made.verify if move == "verify" else made.refuse)(*of)
                self.reported = False
                self.overdue = 0 if move == "verify" else self.overdue
            case "overdue":
                self.overdue += 1
                made.overdue(*of, n=self.overdue)
            case Command.REPLY:
                made.reply(*of, len(self.key + self.code) % 2 == 0)
            case Command.CORRECTION:
                self.code = next(code for code in CODES if SEVERITY[code] == self.severity)
                made.put_right(*of, self.code, 2)
            case _:
                tell = {
                    Command.LAPSE: made.lapse, Command.APPEAL: made.appeal, Command.REOPENING: made.reopen,
                    Command.WITHDRAWAL: made.withdraw, Command.RELEASE: made.release,
                }  # fmt: skip
                tell[Command(move)](*of)
        self._follow(move)

    def _follow(self, move: str) -> None:
        if move == Command.RELEASE:
            self.released = True
        elif move in list(Command):
            there = step(self.severity, self.state, Command(move), self.released)
            self.state = there if isinstance(there, State) else self.state


def telling(made: Arriving, number: int, unit: str, history: Sequence[Visited], cases: list[Case]) -> Iterator[None]:
    """A unit's history, an event at each step; the cases are where it left them."""
    for visited in history:
        made.teller = number
        at = f"2026-09-{visited.day:02d}T08:00:00+07:00"
        inspection = made.open(unit, at, visited.selection)
        yield
        told: list[Case] = []
        for late in (False, True):
            for found in (one for one in visited.found if one.late is late):
                made.teller = number
                told.append(Case(unit, inspection, made.record(unit, inspection, found.code, found.count), found.code))
                yield
            if not late:
                made.teller = number
                made.close(unit, inspection, visited.persons)
                yield
        yield from _moving(made, number, told, sorted(visited.found, key=lambda one: one.late))
        if visited.corrected:
            made.teller = number
            made.correct(unit, inspection, visited.persons + 1)
            yield
        if visited.voided:
            made.teller = number
            made.void(unit, inspection)
            yield
        else:
            cases += told


def _moving(made: Arriving, number: int, told: Sequence[Case], found: Sequence[Found]) -> Iterator[None]:
    for case, one in zip(told, found, strict=True):
        for chosen in one.moves:
            may = case.moves()
            if may:
                made.teller = number
                case.move(made, may[chosen % len(may)])
                yield
