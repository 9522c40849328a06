"""Each service's statements name its own schema, and of others only what schema `identity` shows of them."""

import re
from pathlib import Path

import pytest

SCHEMAS = ("audit", "intake", "reports")
SERVICES = Path(__file__).parents[2] / "services"
FILES = [path for service in SCHEMAS for path in sorted((SERVICES / service).rglob("queries.sql"))]
_NAMED = re.compile(r"\b(audit|identity|intake|reports|stream|vault)\.[a-z_]+")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_statements_name_their_own_schema(path: Path) -> None:
    own = path.relative_to(SERVICES).parts[0]
    statements = re.sub("--.*", "", path.read_text(encoding="utf-8"))
    assert {found[1] for found in _NAMED.finditer(statements)} <= {own, "identity"}
