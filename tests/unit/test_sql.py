import re
from pathlib import Path

import pytest

from services.kernel.store.sql import load_queries

SERVICES = Path(__file__).parents[2] / "services"
each_file = pytest.mark.parametrize(
    "path", sorted(SERVICES.rglob("queries.sql")), ids=lambda path: str(path.relative_to(SERVICES))
)


@each_file
def test_every_statement_is_named_and_described(path):
    queries = load_queries(path)
    assert queries.names()
    for name in queries.names():
        assert getattr(queries, name).startswith("-- "), f"{path}: {name} has no description"


@each_file
def test_statements_are_used(path):
    """By a program of the same service."""
    service = SERVICES / path.relative_to(SERVICES).parts[0]
    sources = "".join(source.read_text() for source in service.rglob("*.py"))
    unused = [name for name in load_queries(path).names() if not re.search(rf"\.{name}\b", sources)]
    assert not unused


def test_an_unknown_name_says_which_file(tmp_path):
    path = tmp_path / "queries.sql"
    path.write_text("-- name: one\n-- a description\nSELECT 1;\n")
    with pytest.raises(AttributeError, match=r"queries\.sql has no query named two"):
        _ = load_queries(path).two


def test_a_doubled_name_is_refused(tmp_path):
    path = tmp_path / "queries.sql"
    path.write_text("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n")
    with pytest.raises(ValueError, match="twice"):
        load_queries(path)
