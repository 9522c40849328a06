"""docs/cases.md draws the table of a case as the code has it."""

from itertools import product
from pathlib import Path

from services.domain import remedy
from services.domain.case import FREE, KEPT, SCORED, Command, Refusal, State, step, turn

DOCUMENT = Path(__file__).parents[2] / "docs" / "cases.md"
WORDS = {
    Refusal.STANDS: "wrong-state", Refusal.UNKNOWN: "wrong-state", Refusal.NO_CASE: "wrong-state",
    Refusal.WINDOW_OPEN: "reply-window-open", Refusal.UNTOLD: "404", Refusal.NOT_KEPT: "wrong-state",
}  # fmt: skip
KINDS = (("1–3", 2, False), ("4, not released", KEPT, False), ("4, released", KEPT, True), ("0", FREE, False))


def reached(severity: int, released: bool) -> list[State]:
    """The states that a case can come to, in their order."""
    found = {State.RECORDED}
    while more := {step(severity, one, by, released) for one, by in product(found, Command)} & set(State) - found:
        found |= {State(one) for one in more}
    return [state for state in State if state in found]


def drawn() -> str:
    """Each state × command as Markdown, and whose turn it then is."""
    rows = [["Severity", "State", *Command, "waits for"], ["---"] * (len(Command) + 3)]
    for kind, severity, released in KINDS:
        for state in (*reached(severity, released), "of a newer version"):
            told = [step(severity, state, command, released) for command in Command]
            cells = [f"→ {one}" if isinstance(one, State) else WORDS[one] for one in told]
            rows.append([kind, state, *cells, turn(severity, state, None, released)])
    return table(rows)


def put_right() -> str:
    """Each state of a remedy × command."""
    rows = [["Remedy", *remedy.Command], ["---"] * (len(remedy.Command) + 1)]
    for state in (*remedy.Remedy, "of a newer version"):
        moves = [remedy.step(state, command) for command in remedy.Command]
        rows.append([state, *(f"→ {one}" if one else "wrong-state" for one in moves)])
    return table(rows)


def table(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_table_is_the_codes():
    for severity, state, command in product(SCORED, State, Command):
        assert step(severity, state, command) == step(2, state, command)
    document = DOCUMENT.read_text(encoding="utf-8")
    assert drawn() in document, f"the table should be\n{drawn()}"
    assert put_right() in document, f"the table should be\n{put_right()}"
