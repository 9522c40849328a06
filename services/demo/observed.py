"""What a visit finds at a unit: codes, counts and a roll that adds up. Pure, drawn from a given source of chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from services.demo.tree import Kind, Unit
from services.domain.catalogue import Code

_ANYWHERE = {
    "A01": 10.0, "A02": 4.0, "A03": 3.0, "A04": 3.0, "A06": 3.0, "B01": 7.0, "B02": 3.0, "B03": 2.0, "B04": 3.0,
    "B05": 3.0, "C01": 0.4, "C03": 0.8, "C05": 0.1, "D05": 1.5, "E01": 0.2, "E02": 1.5, "E03": 0.8, "F01": 0.4,
    "F02": 1.5, "F03": 1.0, "F05": 0.2, "H01": 1.5, "H02": 2.0, "H03": 0.3,
}  # fmt: skip
_WITH_FILES = {"A05": 1.2, "C02": 2.5, "D01": 3.5, "D02": 2.0, "D03": 0.4, "D04": 2.0, "D06": 1.0}
_WITH_REPEAT = {"H04": 2.5, "H05": 2.5}
_GRAVE_CODES = frozenset(
    {"A03", "A05", "A06", "C01", "C03", "D01", "D03", "D06", "E01", "E02", "F01", "F03", "F05", "H02", "H03"}
)
_FILE_CODES = frozenset({"D01", "D02", "D03"})
_FILE_KINDS = frozenset({Kind.DEPARTMENT, Kind.COMMUNE, Kind.DESK})

_TROUBLED_UNITS = 0.07
_GRAVE = 4.0  # how much likelier what is grave comes up at a troubled unit

# The example of the scoring rules: 45 checked, 3 late, 1 absent, 2 without name plate make 94,00.
EXAMPLE = {"A01": 3, "A03": 1, "B04": 2}
EXAMPLE_PERSONS = 45


@dataclass(frozen=True, slots=True)
class Roll:
    """The attendance of a closing: present + excused + unexcused = assigned."""

    assigned: int
    present: int
    excused: Mapping[str, int]
    unexcused: int
    late: int


@dataclass(frozen=True, slots=True)
class Observed:
    """A visit's result; without counts the unit was clean."""

    counts: Mapping[str, int]
    roll: Roll
    files_checked: int


@dataclass(frozen=True, slots=True)
class Habits:
    """A unit's own bent for all time: how likely a visit finds something, and whether that is grave."""

    chance: float
    troubled: bool


def habits_of(unit: str, seed: int) -> Habits:
    """Most units are found clean more often than not; one in fourteen is in trouble."""
    random = Random(f"{seed}/habits/{unit}")
    chance = 0.08 + 0.62 * random.betavariate(2.0, 2.2)
    return Habits(0.9, True) if random.random() < _TROUBLED_UNITS else Habits(chance, False)


def observe(unit: Unit, random: Random, habits: Habits, *, recheck: bool) -> Observed:
    """Draw what is seen; a recheck finds less, but it may find that nothing was remedied."""
    files = random.randint(8, 40) if unit.kind in _FILE_KINDS else 0
    chance = habits.chance / 2 if recheck else habits.chance
    codes = _draw_codes(unit, random, habits, recheck=recheck) if random.random() < chance else []
    if not recheck and not codes and random.random() < 0.04:
        codes = ["K04"]
    return _observed(unit, random, codes, files)


def observe_codes(unit: Unit, random: Random, codes: list[str]) -> Observed:
    """A visit that sees exactly these codes."""
    return _observed(unit, random, codes, 20 if unit.kind in _FILE_KINDS else 0)


def observe_example(random: Random) -> Observed:
    """The visit of the scoring rules' example."""
    excused = {"leave": 1, "duty": 1}
    present = EXAMPLE_PERSONS - sum(excused.values()) - EXAMPLE["A03"]
    roll = Roll(EXAMPLE_PERSONS, present, excused, EXAMPLE["A03"], EXAMPLE["A01"])
    return Observed(EXAMPLE, roll, random.randint(12, 30))


def _draw_codes(unit: Unit, random: Random, habits: Habits, *, recheck: bool) -> list[str]:
    weights = _ANYWHERE | (_WITH_FILES if unit.kind in _FILE_KINDS else {}) | (_WITH_REPEAT if recheck else {})
    sizes, odds = (1, 2, 3, 4), (45, 30, 15, 10)
    if habits.troubled:
        weights = {code: weight * (_GRAVE if code in _GRAVE_CODES else 1.0) for code, weight in weights.items()}
        sizes, odds = (4, 7, 10, 14), (35, 30, 20, 15)
    drawn: list[str] = []
    for _ in range(random.choices(sizes, odds)[0]):
        code = random.choices(list(weights), list(weights.values()))[0]
        del weights[code]
        drawn.append(code)
    return sorted(drawn)


def _observed(unit: Unit, random: Random, codes: list[str], files: int) -> Observed:
    assigned = unit.staff if unit.staff <= 60 else random.randint(30, 60)
    excused = _excused(assigned, random)
    unexcused = _few(random, assigned // 8) if "A03" in codes else 0
    present = assigned - sum(excused.values()) - unexcused
    late = _few(random, present // 5) if "A01" in codes else 0
    counts = {code: _count(code, random, present, files) for code in codes}
    counts |= {code: exact for code, exact in (("A01", late), ("A03", unexcused)) if code in counts}
    return Observed(counts, Roll(assigned, present, excused, unexcused, late), files)


def _excused(assigned: int, random: Random) -> dict[str, int]:
    """Up to a third of a unit is away with a reason; most days almost nobody."""
    reasons = {"leave": 0.02, "meeting": 0.02, "duty": 0.02, "study": 0.01, "sickness": 0.008, "maternity": 0.008}
    away = {reason: sum(random.random() < rate for _ in range(assigned)) for reason, rate in reasons.items()}
    room = assigned // 3
    kept: dict[str, int] = {}
    for reason, count in away.items():
        count = min(count, room - sum(kept.values()))
        if count > 0:
            kept[reason] = count
    return kept


def _few(random: Random, most: int) -> int:
    """One more often than two, two more often than three."""
    return min(max(1, most), random.choices((1, 2, 3, 4), (50, 28, 15, 7))[0])


def _count(code: str, random: Random, present: int, files: int) -> int:
    if code in _FILE_CODES:
        return _few(random, files)
    if code in {"A02", "A04", "B01", "B03", "B04", "F02", "F03"}:
        return _few(random, max(1, present // 5))
    return 1


def narrative(code: Code, count: int) -> str:
    """What the inspector writes: nobody is named."""
    return f"{code.name_vi}: {count} trường hợp, đoàn và đại diện đơn vị cùng xác nhận."


def posts(code: Code, count: int, random: Random) -> list[str]:
    """Role codes of the posts concerned; a reminder (severity 1) is a count only."""
    if code.per != "person" or code.severity < 2:
        return []
    return sorted(f"VTVL-{number:02d}" for number in random.sample(range(1, 60), min(count, 12)))
