"""What a reader holds already, and how it may be packed (RFC 9110 12.5.3, 13.1.2): pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from services.kernel.problems import weight

_JSON = ("application/json", "application/problem+json")
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def unchanged(if_none_match: str, etag: str) -> bool:
    """Whether the reader holds the representation that the strong `etag` names, or the same packed on its way."""
    packed = etag[:-1] + '.gz"'
    return if_none_match.strip() == "*" or not {etag, packed}.isdisjoint(_TAG.findall(if_none_match))


@lru_cache(maxsize=256)
def coding(accept_encoding: str, offered: Sequence[str]) -> str | None:
    """The offered content coding that the reader likes best (of equals the first), or None: the plain bytes."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip().removeprefix("x-")] = weight(parameter.strip())
    liked = {name: weights.get(name, weights.get("*", 0.0)) for name in offered}
    best = max(offered, key=liked.__getitem__)
    return best if liked[best] > 0 and liked[best] >= weights.get("identity", 0.0) else None


def wants_page(accept: str) -> bool:
    """Whether a reader names HTML and likes it better than JSON; of equals the first named."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        weights.setdefault(name, weight(next((each for each in parameters if each.startswith("q=")), "")))
    html = weights.get("text/html", 0.0)
    json = max((weights.get(name, 0.0) for name in _JSON), default=0.0)
    first = next((name for name in weights if name == "text/html" or name in _JSON), "")
    return html > json or (html == json > 0 and first == "text/html")
