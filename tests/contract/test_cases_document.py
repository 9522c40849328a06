"""docs/cases.md draws the table of a case as the code has it."""

from itertools import product
from pathlib import Path

from services.domain.case import FREE, KEPT, SCORED, Command, Refusal, State, step, turn

DOCUMENT = Path(__file__).parents[2] / "docs" / "cases.md"
WORDS = {
    Refusal.STANDS: "wrong-state", Refusal.UNKNOWN: "wrong-state", Refusal.NO_CASE: "wrong-state",
    Refusal.WINDOW_OPEN: "reply-window-open", Refusal.UNTOLD: "404",
}  # fmt: skip
KINDS = (("1–3", 2), ("4, not released", KEPT), ("0", FREE))


def reached(severity: int) -> list[State]:
    """The states that a case can come to, in their order."""
    found = {State.RECORDED}
    while more := {step(severity, one, by) for one, by in product(found, Command)} & set(State) - found:
        found |= {State(one) for one in more}
    return [state for state in State if state in found]


def drawn() -> str:
    """Each state × command as Markdown, and whose turn it then is."""
    rows = [["Severity", "State", *Command, "waits for"], ["---"] * (len(Command) + 3)]
    for kind, severity in KINDS:
        for state in (*reached(severity), "of a newer version"):
            told = [step(severity, state, command) for command in Command]
            cells = [f"→ {one}" if isinstance(one, State) else WORDS[one] for one in told]
            rows.append([kind, state, *cells, turn(severity, state, None)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_table_is_the_codes():
    for severity, state, command in product(SCORED, State, Command):
        assert step(severity, state, command) == step(2, state, command)
    assert drawn() in DOCUMENT.read_text(encoding="utf-8"), f"the table should be\n{drawn()}"
