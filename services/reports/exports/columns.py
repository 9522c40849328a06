"""The columns of exports: what stands under which head, and as what; from the JSON that a GET answers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.reports.scoring.method import GROUPS

Kind = Literal["text", "code", "integer", "number", "boolean", "date"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name for programs, its Vietnamese head, what its values are, and where a row has them."""

    name: str
    head: str
    kind: Kind
    of: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; `name` for programs, `head` for people."""

    name: str
    head: str
    columns: Sequence[Column]
    rows: Sequence[Row]


def _at(*path: str | int) -> Callable[[Row], Any]:
    """What stands at a path within a row; None where a part of it is missing or null."""

    def value(row: Row) -> Any:
        found: Any = row
        for name in path:
            if found is None:
                return None
            found = found[name] if isinstance(name, int) else found.get(name)
        return found

    return value


def _first_survey(name: str, *rest: int) -> Callable[[Row], Any]:
    """Of the first source by name; every source stands in the table of surveys."""

    def value(row: Row) -> Any:
        return _at(name, *rest)(row["survey"][0]) if row.get("survey") else None

    return value


def _joined(name: str) -> Callable[[Row], Any]:
    """A list in one cell."""
    return lambda row: " ".join(row[name] or ()) if name in row else None


def _window(row: Row) -> str | None:
    return " ".join(row["comparison"]["window"]) if row.get("comparison") else None


def _rank(*path: str | int) -> Callable[[Row], Any]:
    return _at("comparison", "rank", *path)


OF = (
    Column("quarter", "Quý", "code", _at("quarter")),
    Column("edition", "Bản", "code", _at("edition")),
)
UNIT = (
    Column("unit", "Mã đơn vị", "code", _at("unit")),
    Column("unit_name", "Đơn vị", "text", _at("unit_name")),
    Column("group", "Loại đơn vị", "code", _at("group")),
)
FIGURES = (
    Column("inspections", "Số cuộc kiểm tra", "integer", _at("exposure", "inspections")),
    Column("persons_checked", "Lượt người được kiểm tra", "integer", _at("exposure", "persons_checked")),
    Column("files_checked", "Hồ sơ được kiểm tra", "integer", _at("exposure", "files_checked")),
    Column("score", "Điểm", "number", _at("score")),
    Column("band", "Mã xếp loại", "code", _at("band")),
    Column("band_label", "Xếp loại", "text", _at("band_label")),
    Column("gates", "Giới hạn xếp loại", "code", _joined("gates")),
    Column("bonus", "Điểm cộng", "number", _at("bonus")),
    *(Column(f"deduction_{group}", f"Trừ nhóm {group}", "number", _at("deductions", group)) for group in GROUPS),
    Column("pending_findings", "Ghi nhận chờ kết luận", "integer", _at("pending", "findings")),
    Column("score_if_upheld", "Điểm nếu được xác nhận hết", "number", _at("pending", "score_if_upheld")),
)
STANDS_AT = (
    Column("rules", "Thang điểm", "code", _at("rules")),
    Column("log_size", "Số mục nhật ký", "integer", _at("log", "size")),
    Column("log_root", "Mã gốc nhật ký", "code", _at("log", "root")),
)
COMPARED = (
    Column("comparison_peer_group", "So với loại", "code", _at("comparison", "peer_group")),
    Column("comparison_units", "Số đơn vị trong nhóm", "integer", _at("comparison", "units")),
    Column("comparison_window", "Các quý được xét", "code", _window),
    Column("observed", "Số vi phạm được xét", "integer", _at("comparison", "observed")),
    Column("exposure", "Lượt người được xét", "integer", _at("comparison", "exposure")),
    Column("expected", "Số vi phạm kỳ vọng", "number", _at("comparison", "expected")),
    Column("rate", "Tỷ lệ trên 100 lượt người", "number", _at("comparison", "rate")),
    Column("rate_low", "Tỷ lệ, cận dưới 95 %", "number", _at("comparison", "interval", 0)),
    Column("rate_high", "Tỷ lệ, cận trên 95 %", "number", _at("comparison", "interval", 1)),
    Column("z", "Độ lệch z", "number", _at("comparison", "z")),
    Column("standing", "Vị trí so với nhóm", "code", _at("comparison", "standing")),
    Column("better", "Tốt hơn nhóm", "boolean", _at("comparison", "better")),
    Column("fdr", "Còn lại sau FDR", "boolean", _at("comparison", "fdr")),
    Column("rank", "Thứ hạng kỳ vọng", "number", _rank("expected")),
    Column("rank_low", "Thứ hạng, từ", "integer", _rank("interval", 0)),
    Column("rank_high", "Thứ hạng, đến", "integer", _rank("interval", 1)),
    Column("random_share", "Tỷ lệ cuộc ngẫu nhiên", "number", _at("comparison", "random_share")),
    Column("improved", "Xác suất đã cải thiện", "number", _at("comparison", "trend", "improved")),
)
SURVEYED = (
    Column("survey_source", "Khảo sát: nguồn", "code", _first_survey("source")),
    Column("survey_answered", "Khảo sát: số trả lời", "integer", _first_survey("answered")),
    Column("survey_satisfied", "Khảo sát: số hài lòng", "integer", _first_survey("satisfied")),
    Column("survey_share", "Khảo sát: % hài lòng", "number", _first_survey("share")),
    Column("survey_low", "Khảo sát: cận dưới 95 %", "number", _first_survey("interval", 0)),
    Column("survey_high", "Khảo sát: cận trên 95 %", "number", _first_survey("interval", 1)),
)
CARDS = (*OF, *UNIT, *FIGURES, *STANDS_AT, *COMPARED, *SURVEYED)
"""A card's line in a list; the first program's columns come first, in its order."""
ITEMS = (
    Column("inspection", "Mã cuộc kiểm tra", "code", _at("inspection")),
    Column("date", "Ngày kiểm tra", "date", _at("date")),
    Column("inspection_score", "Điểm của cuộc", "number", _at("inspection_score")),
    Column("code", "Mã ghi nhận", "code", _at("code")),
    Column("count", "Số lượng", "integer", _at("count")),
    Column("severity", "Mức", "integer", _at("severity")),
    Column("factor", "Hệ số", "number", _at("factor")),
    Column("points", "Điểm trừ", "number", _at("points")),
    Column("remedied", "Đã khắc phục đúng hạn", "boolean", _at("remedied")),
    Column("index", "Số mục nhật ký của ghi nhận", "integer", _at("index")),
    Column("finding", "Mã của ghi nhận", "code", _at("finding")),
)
CAPS = (
    Column("item_group", "Nhóm ghi nhận", "code", _at("group")),
    Column("cap", "Trần trừ điểm", "integer", _at("cap")),
    Column("deduction", "Điểm trừ", "number", _at("deduction")),
)
SURVEYS = (
    Column("unit", "Mã đơn vị", "code", _at("unit")),
    Column("unit_name", "Đơn vị", "text", _at("unit_name")),
    Column("source", "Nguồn", "code", _at("source")),
    Column("answered", "Số trả lời", "integer", _at("answered")),
    Column("satisfied", "Số hài lòng", "integer", _at("satisfied")),
    Column("share", "% hài lòng", "number", _at("share")),
    Column("low", "Cận dưới 95 %", "number", _at("interval", 0)),
    Column("high", "Cận trên 95 %", "number", _at("interval", 1)),
)
DIFFERENCES = (
    Column("unit", "Mã đơn vị", "code", _at("unit")),
    Column("field", "Trường", "code", _at("field")),
    Column("was", "Bản trước", "text", _at("was")),
    Column("is", "Bản này", "text", _at("is")),
)
