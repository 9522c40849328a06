"""A quarter's list as a table for spreadsheets. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from services.kernel.web.downloads import csv_cell
from services.reports.scoring.cards import TreeHead
from services.reports.scoring.method import GROUPS

CSV_COLUMNS = (
    "quarter", "edition", "unit", "unit_name", "group", "inspections", "persons_checked", "files_checked",
    "score", "band", "band_label", "gates", "bonus", *(f"deduction_{group}" for group in GROUPS),
    "pending_findings", "score_if_upheld", "rules", "log_size", "log_root",
)  # fmt: skip


def csv_bytes(
    rows: Iterable[Mapping[str, Any]], *, quarter: str, edition: str, rules: str | None, head: TreeHead
) -> bytes:
    """The quarter's list as CSV for spreadsheets: UTF-8 with a mark, CRLF, dot decimals, no cell that is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        writer.writerow([csv_cell(value) for value in _csv_values(row, quarter, edition, rules, head)])
    return out.getvalue().encode("utf-8-sig")


def _csv_values(row: Mapping[str, Any], quarter: str, edition: str, rules: str | None, head: TreeHead) -> list[Any]:
    exposure, pending = row["exposure"], row["pending"]
    return [
        quarter, edition, row["unit"], row["unit_name"], row["group"],
        exposure["inspections"], exposure["persons_checked"], exposure["files_checked"],
        row["score"], row["band"], row["band_label"], " ".join(row["gates"]), row["bonus"],
        *(row["deductions"][group] for group in GROUPS),
        pending["findings"], pending["score_if_upheld"], rules, head.size, head.root,
    ]  # fmt: skip
