"""Named SQL: every statement of a service lives in its `queries.sql`, named and described.

The form is procrastinate's: `-- name: lock_units`, a comment that describes, the statement.
"""

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


class Queries:
    """The statements of one file, each an attribute."""

    def __init__(self, path: Path, statements: dict[str, str]) -> None:
        self._path = path
        self._statements = statements

    def __getattr__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._path} has no query named {name}") from None

    def names(self) -> list[str]:
        """The names, in the file's order."""
        return list(self._statements)


def load_queries(path: Path) -> Queries:
    """Read a `queries.sql`; ValueError when two statements share a name."""
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    names = parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{path}: a name stands twice")
    return Queries(path, dict(zip(names, (body.strip() for body in parts[2::2]), strict=True)))
