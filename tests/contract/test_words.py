"""One table of words: what scripts and templates carry says what services/domain/words.py says."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from services.domain import words
from services.domain.words import Words, headed
from services.intake.plain.entries import ASKED

ROOT = Path(__file__).parents[2]
INTAKE = ROOT / "services/intake"
# labels that a form asks by, where the log names what was written
ASKED_OTHERWISE = {"basis", "code", "outcome", "team", "parts"}


def carried(name: str, table: str) -> dict[str, Words]:
    """The words of a table in a script, by key."""
    path = next(INTAKE.rglob(name))
    body = re.search(rf"const {table} = \{{(.*?)\n?\}};", path.read_text(encoding="utf-8"), re.DOTALL)
    assert body is not None, f"{path} has no {table}"
    found = re.findall(r'(\w+): \[?t\("([^"]+)", "([^"]+)"\)', body[1])
    assert found, f"{path}: no word in {table}"
    return {key: (vi, en) for key, vi, en in found}


def labels(table: Mapping[Any, Words]) -> dict[str, Words]:
    return {str(key): headed(one) for key, one in table.items()}


@pytest.mark.parametrize(
    ("script", "table", "said"),
    [
        ("terms.js", "KIND", labels(words.KINDS)),
        ("terms.js", "STATE", labels(words.STATES)),
        ("terms.js", "SEVERITY", labels({key: words.severity_words(key) for key in words.SEVERITIES})),
        ("labels.js", "OUTCOME", labels(words.OUTCOMES)),
        ("labels.js", "ROLE", labels(words.ROLES)),
        ("labels.js", "GROUP", labels(words.GROUPS)),
        ("labels.js", "PART", dict(words.PARTS)),
    ],
)
def test_a_scripts_table_is_the_domains(script: str, table: str, said: dict[str, Words]) -> None:
    assert carried(script, table) == said


def test_a_form_calls_a_field_as_the_log_does() -> None:
    asked = carried("terms.js", "FIELD")
    same = (asked.keys() & words.FIELDS.keys()) - ASKED_OTHERWISE
    assert len(same) > 10
    assert {key: asked[key] for key in same} == {key: words.FIELDS[key] for key in same}


def test_the_desk_calls_editions_as_the_cards_do() -> None:
    told = {key: vi for key, (vi, _) in carried("desk/editions.js", "KIND").items()}
    assert told == {key: words.EDITIONS[key][0] for key in ("flash", "official")}


@pytest.mark.parametrize(
    ("template", "pattern", "table", "as_shown"),
    [
        ("form.html", r'tally\("(\w+)", "/excused/\w+", "([^"]+)"', words.EXCUSED, headed),
        ("form.html", r'name="kind" value="(\w+)"[^>]*> \{\{ t\("([^"]+)"', words.KINDS, headed),
        ("minutes.html", r'"(leave|meeting|duty|study|sickness|maternity)": t\("([^"]+)"', words.EXCUSED, tuple),
    ],
)
def test_a_template_says_what_the_domain_says(
    template: str, pattern: str, table: Mapping[str, Words], as_shown: Callable[[Words], Words]
) -> None:
    text = next(INTAKE.rglob(template)).read_text(encoding="utf-8")
    assert dict(re.findall(pattern, text)) == {key: as_shown(one)[0] for key, one in table.items()}


def asked_by_plain_forms() -> Iterator[Words]:
    """All that the forms without a script say, but of files, which the desk takes one by one."""
    cases: list[dict[str, Any]] = [
        {"severity": severity, "remedy": remedy, "deadlines": [], "outcomes": list(words.OUTCOMES)}
        for severity, remedy in ((1, "declined"), (4, "reported"))
    ]
    for asking in ASKED.values():
        yield from filter(None, (asking.title, asking.button, asking.note))
        for entry in (one for one in asking.entries if one.kind != "files"):
            yield from filter(None, (entry.label, entry.missing, entry.hint))
            for case in cases:
                for _, called, effect in entry.options(case):
                    yield from filter(None, (called, effect))


def test_a_form_without_a_script_asks_as_the_desk_does() -> None:
    """Word for word; a day's example goes before, and a sentence of the desk may say more before it."""
    desk = "".join((INTAKE / f"static/desk/{name}.js").read_text(encoding="utf-8") for name in ("acts", "labels"))
    said = [(vi.lower(), en.lower()) for vi, en in re.findall(r'(?="([^"\n]+)", "([^"\n]+)")', desk)]
    told = {
        (vi.removeprefix("Như 15/12/2026. "), en.removeprefix("As 15/12/2026. ")) for vi, en in asked_by_plain_forms()
    }
    told = {(vi, en) for vi, en in told if not vi.startswith("Như ")}  # the desk names the very day
    assert len(told) > 60
    assert {
        one for one in told
        if not any(vi.endswith(one[0].lower()) and en.endswith(one[1].lower()) for vi, en in said)
    } == set()  # fmt: skip


def test_the_glossary_and_the_table_call_a_value_alike() -> None:
    """A row that names a value of the wire, as `flash` or role `auditor`, gives the table's word for it."""
    known = {**words.ROLES, **words.EDITIONS, **words.OUTCOMES, **words.KINDS, **words.BANDS}
    compared = 0
    for row in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        for value in re.findall(r"`(\w+)`", cells[2]) if len(cells) > 3 else ():
            if value in known:
                vi, en = headed(known[value])
                assert cells[0] == vi and cells[1].startswith(en), row
                compared += 1
    assert compared >= 8
