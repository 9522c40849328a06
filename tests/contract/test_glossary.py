"""One word for one thing: what the glossary rules out stands nowhere where people read."""

import re
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# the catalogue is published and its bytes are pinned in the log: its words stand
READ = ("services/**/*.py", "services/**/*.js", "services/**/*.html", "services/**/*.typ")


def ruled_out() -> list[str]:
    """The last column of the table, a word each."""
    rows = [line for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    cells = [row.strip("| ").split(" | ") for row in rows[1:]]
    lists = [row.rpartition("|")[0].rpartition("|")[2] for row in rows[1:]]
    assert len(cells) > 20
    return [word.strip() for one in lists for word in one.split(",") if word.strip()]


def texts() -> list[tuple[str, str]]:
    found = [path for pattern in READ for path in ROOT.glob(pattern) if "migrations" not in path.parts]
    assert len(found) > 150
    return [
        (str(path.relative_to(ROOT)), unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))) for path in found
    ]


TEXTS = texts()


@pytest.mark.parametrize("word", ruled_out())
def test_a_word_that_the_glossary_rules_out_stands_nowhere(word: str) -> None:
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    assert [f"{name}: {found[0]}" for name, text in TEXTS for found in pattern.finditer(text)] == []
