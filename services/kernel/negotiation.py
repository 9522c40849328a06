"""What a reader holds already, and how it may be packed (RFC 9110 12.5.3, 13.1.2): pure."""

from __future__ import annotations

import re

from services.kernel.problems import weight

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def unchanged(if_none_match: str, etag: str) -> bool:
    """Whether the reader holds the representation that the strong `etag` names."""
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def gzip_asked(accept_encoding: str) -> bool:
    """Whether the reader asked for gzip and does not like the plain bytes better."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = weight(parameter.strip())
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)
