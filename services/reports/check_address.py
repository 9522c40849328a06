"""Where anyone checks a paper: files and printed pages carry this address as a code. Pure."""

from __future__ import annotations


def check_address(site: str, quarter: str, edition: str, size: int, root: str, cards_root: str | None) -> str:
    """The page that says whether what is printed is what the log has; `site` ends in a slash, roots are base64."""
    cards = f"&cards={_in_address(cards_root)}" if cards_root else ""
    return f"{site}reports/check?quarter={quarter}&edition={edition}&size={size}&root={_in_address(root)}{cards}"


def _in_address(root: str) -> str:
    """A root in the letters that an address takes as they are."""
    return root.rstrip("=").replace("+", "-").replace("/", "_")
