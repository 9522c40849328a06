"""How far a caller sees."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.kernel.identity.callers import Grant


@dataclass(frozen=True, slots=True)
class Scope:
    """The units a caller is appointed to, None for the whole province."""

    posts: frozenset[str] | None

    @classmethod
    def of(cls, grants: Collection[Grant]) -> Scope:
        """The scope of appointments."""
        posts = frozenset(grant.unit for grant in grants if grant.unit is not None)
        return cls(None if any(grant.unit is None for grant in grants) else posts)

    def sees(self, readers: frozenset[str]) -> bool:
        """Whether a card or alert with these readers is in scope."""
        return self.posts is None or not self.posts.isdisjoint(readers)
