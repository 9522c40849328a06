"""What stood in a quarter's list before: the quarter that a list is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.kernel.identity.callers import Caller
from services.kernel.problems import NotFound
from services.kernel.quarters import quarters_until
from services.reports.reading import access
from services.reports.reading.editions import newest
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.snapshot import Snapshot


async def list_before(
    snapshot: Snapshot, caller: Caller, now: datetime, quarter: str, edition: str, earlier: str | None = None
) -> Listing | None:
    """The list of an earlier quarter (else the one before): live beside a live one, else its newest published edition.

    None when there is no such edition, or a live card of it is still stale.
    """
    than = earlier or quarters_until(quarter, 2)[0]
    if edition == LIVE and not snapshot.all_rendered(than):
        return None
    try:
        kind = LIVE if edition == LIVE else await newest(snapshot, than)
        return await access.listing_of(snapshot, caller, now, quarter=than, edition=kind, group=None)
    except NotFound:
        return None


def by_unit(listing: Listing | None) -> Mapping[str, Mapping[str, Any]]:
    """A list's rows by unit; none of no list."""
    return {} if listing is None else {row["unit"]: row for row in listing.parsed()}
