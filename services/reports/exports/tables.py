"""The tables of a quarter's list and of a card, as every format gives them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.reports.exports.columns import (
    CAPS,
    CARDS,
    COMPARED,
    DIFFERENCES,
    FIGURES,
    ITEMS,
    OF,
    SURVEYS,
    UNIT,
    Row,
    Table,
)
from services.reports.scoring.masks import masked
from services.reports.text import dump


def list_tables(listing: Mapping[str, Any]) -> list[Table]:
    """Of a list as GET answers it, for programs: every column of a card in one table."""
    rows = _rows(listing)
    return [Table("cards", "Phiếu điểm", CARDS, rows), *_beside(listing, rows)]


def list_sheets(listing: Mapping[str, Any]) -> list[Table]:
    """The same for people: the comparison in a table of its own, and nothing twice."""
    rows = _rows(listing)
    return [Table("cards", "Phiếu điểm", (*OF, *UNIT, *FIGURES), rows), _comparison(rows), *_beside(listing, rows)]


def card_tables(card: Mapping[str, Any]) -> list[Table]:
    """Of a card as GET answers it, for programs: a line for each item, or one line when there is none."""
    row = as_row(card)
    lines = [{**row, **item} for item in _items(card) or [{}]]
    return [Table("items", "Ghi nhận được tính", (*CARDS, *ITEMS), lines)]


def card_sheets(card: Mapping[str, Any]) -> list[Table]:
    """The same for people."""
    row = as_row(card)
    return [
        Table("cards", "Phiếu điểm", (*OF, *UNIT, *FIGURES), [row]),
        Table("groups", "Nhóm ghi nhận", CAPS, card["groups"]),
        Table("items", "Ghi nhận được tính", ITEMS, _items(card)), _comparison([row]),
        Table("surveys", "Khảo sát", SURVEYS, _surveys([row])),
    ]  # fmt: skip


def _rows(listing: Mapping[str, Any]) -> list[Row]:
    top = {name: listing[name] for name in ("quarter", "edition", "rules", "log")}
    return [{**masked(row), **top} for row in listing["cards"]]


def _comparison(rows: Sequence[Row]) -> Table:
    return Table("comparison", "So sánh", (*UNIT, *COMPARED), [row for row in rows if row.get("comparison")])


def _beside(listing: Mapping[str, Any], rows: Sequence[Row]) -> list[Table]:
    """What has lines of its own: surveys, and what a restatement says otherwise."""
    tables = [Table("surveys", "Khảo sát", SURVEYS, _surveys(rows))]
    if listing.get("differs") is not None:
        differs = [one | {side: _cell(one[side]) for side in ("was", "is")} for one in listing["differs"]]
        tables.append(Table("differences", "Khác bản trước", DIFFERENCES, differs))
    return tables


def as_row(card: Mapping[str, Any]) -> Row:
    """A card with what its line in a list has."""
    return masked(card) | {"deductions": {one["group"]: one["deduction"] for one in card["groups"]}}


def _items(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {**item, "inspection": visit["id"], "date": visit["date"], "inspection_score": visit["score"]}
        for visit in card["inspections"]
        for item in visit["items"]
    ]


def _surveys(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"unit": row["unit"], "unit_name": row["unit_name"], **survey}
        for row in rows
        for survey in row.get("survey") or ()
    ]


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else dump(value)
