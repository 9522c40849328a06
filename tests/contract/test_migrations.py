"""Each schema has one history: its files' numbers follow each other, and each names itself and the one before."""

import re

import pytest

from services.kernel.store.migrate import SCHEMAS, files_of, versions


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_has_one_history(schema: str) -> None:
    numbers = [f"{n:04d}" for n in range(1, len(files_of(schema)) + 1)]
    assert versions(schema) == numbers
    for file, number, before in zip(files_of(schema), numbers, [None, *numbers], strict=False):
        text = file.read_text(encoding="utf-8")
        assert file.name.startswith(number)
        assert re.findall(r'^revision = "(\d+)"$', text, re.MULTILINE) == [number]
        assert re.findall(r'^down_revision = "?(\w+)"?$', text, re.MULTILINE) == [before or "None"]
