"""A quarter's list and a card in the words of a paper (NĐ 30/2020). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from services.domain.words import GROUP, STANDINGS, headed
from services.kernel.paper.sheet import Bars, Grid, Part, Sheet, day_in_words
from services.kernel.quarters import local_date, quarter_name
from services.reports.exports.columns import Row
from services.reports.exports.source import PART, Office, Source
from services.reports.exports.tables import as_row
from services.reports.scoring.masks import masked
from services.reports.scoring.method import BAND_LABELS, GROUPS

_GATES = {"overdue": "quá hạn khắc phục"}
_ORDER = {group: place for place, group in enumerate(GROUP)}
_NONE = "–"
_LIST_WIDTHS = (1.0, 5.0, 1.2, 1.5, 1.7, 2.7, *(1.25,) * len(GROUPS), 1.2, 2.5)


def list_sheet(listing: Mapping[str, Any], source: Source, office: Office, names: Mapping[str, str]) -> Sheet:
    """Of a list as GET answers it: figures, two charts, and every unit in a table; `names` of groups and codes."""
    rows = sorted((masked(row) for row in listing["cards"]), key=lambda row: (_ORDER[row["group"]], row["unit"]))
    scope = [f"{PART}."] if source.part else []
    return _sheet(
        source, office, wide=True, subtitle=source.edition_name, opening=[*scope, _province(rows, source)],
        parts=[
            Part("I. Kết quả chung", bars=_bands(rows)),
            Part("II. Các nhóm ghi nhận bị trừ điểm", [_MEAN], bars=_deducted(rows, names)),
            Part("III. Phiếu điểm của các đơn vị", [_READING], grid=_units(rows)),
        ],
    )  # fmt: skip


def card_sheet(card: Mapping[str, Any], source: Source, office: Office, names: Mapping[str, str]) -> Sheet:
    """Of a card as GET answers it: its figures, its groups, what counts, the comparison; `names` as above."""
    row = as_row(card)
    parts = [
        Part("I. Kết quả", grid=_figures(row, card, names)),
        Part("II. Điểm trừ theo nhóm ghi nhận", bars=_caps(card["groups"], names)),
        Part("III. Ghi nhận được tính", *_items(card, names)),
    ]
    if compared := _compared(row):
        parts.append(Part("IV. So với các đơn vị cùng nhóm", compared))
    if surveyed := _surveyed(row):
        parts.append(Part(f"{'V' if compared else 'IV'}. Mức độ hài lòng (không tính vào điểm)", surveyed))
    return _sheet(
        source, office, wide=False, subtitle=f"{card['unit_name']} – {source.edition_name}",
        opening=[f"{_basis(source)}."], parts=parts,
    )  # fmt: skip


def _sheet(
    source: Source, office: Office, *, wide: bool, subtitle: str, opening: Sequence[str], parts: Sequence[Part]
) -> Sheet:
    day = local_date(source.cut)
    proof = [f"Số mục nhật ký: {_whole(source.size)}; mã gốc: {source.root}"]
    proof += [f"Mã gốc của các phiếu: {source.cards_root}"] if source.cards_root else []
    return Sheet(
        department=office.department.upper(), number="……/PĐ", title=source.title.upper(), subtitle=subtitle,
        place_and_day=f"{office.seat or '…………'}, {day_in_words(day)}", opening=opening, parts=parts,
        signer="THỦ TRƯỞNG CƠ QUAN", recipients=_recipients(source), proof=proof, address=source.address(office.site),
        mark=(source.cards_root or source.root)[:16], wide=wide, made_on=day,
    )  # fmt: skip


def _recipients(source: Source) -> list[str]:
    return [f"{source.unit_name};" if source.unit_name else "Các đơn vị có tên trong danh sách;", "Lưu: VT."]


def _basis(source: Source) -> str:
    rules = f"theo thang điểm {source.rules}" if source.rules else "khi chưa có thang điểm"
    return f"Số liệu tính đến {source.cut_in_words}, {rules}, từ {_whole(source.size)} mục đầu tiên của nhật ký"


def _province(rows: Sequence[Row], source: Source) -> str:
    exposed = [row["exposure"] for row in rows]
    inspected = sum(1 for one in exposed if one["inspections"])
    visits, persons = (sum(one[name] for one in exposed) for name in ("inspections", "persons_checked"))
    return (
        f"{_basis(source)}: {_whole(inspected)}/{_whole(len(rows))} đơn vị được kiểm tra, {_whole(visits)} cuộc, "
        f"{_whole(persons)} lượt người."
    )


_MEAN = "Điểm trừ trung bình của các đơn vị được kiểm tra, theo nhóm ghi nhận."
_READING = (
    "Cột A đến H là điểm trừ; “Chờ” là số ghi nhận chờ kết luận. Ô có dấu “–” là chưa có số liệu hoặc quá ít người "
    "được kiểm tra để nêu."
)


def _bands(rows: Sequence[Row]) -> Bars:
    counted = Counter(row["band"] for row in rows)
    most = max(counted.values(), default=1)
    return Bars(
        "Số đơn vị theo xếp loại",
        [(words[0], counted[band] / most, _whole(counted[band])) for band, words in BAND_LABELS.items()],
    )


def _deducted(rows: Sequence[Row], names: Mapping[str, str]) -> Bars:
    inspected = [row for row in rows if row["exposure"]["inspections"]]
    means = {
        group: sum((Decimal(row["deductions"][group]) for row in inspected), Decimal()) / max(len(inspected), 1)
        for group in GROUPS
    }
    most = max(means.values()) or Decimal(1)
    shown = {group: mean.quantize(Decimal("0.01"), ROUND_HALF_EVEN) for group, mean in means.items()}
    return Bars(
        "Điểm trừ trung bình",
        [(_named(group, names), float(means[group] / most), _number(str(shown[group]))) for group in GROUPS],
    )


def _units(rows: Sequence[Row]) -> Grid:
    heads = ("TT", "Đơn vị", "Số cuộc", "Lượt người", "Điểm", "Xếp loại", *GROUPS, "Chờ", "So với nhóm")
    figures = [at for at, head in enumerate(heads) if head not in ("Đơn vị", "Xếp loại", "So với nhóm")]
    return Grid(heads, _LIST_WIDTHS, [_line(at, row) for at, row in enumerate(rows, 1)], figures)


def _line(at: int, row: Row) -> list[str]:
    exposure, compared = row["exposure"], row.get("comparison")
    return [
        str(at), row["unit_name"], _whole(exposure["inspections"]), _whole(exposure["persons_checked"]),
        _number(row["score"]), row["band_label"], *(_number(row["deductions"][group]) for group in GROUPS),
        _whole(row["pending"]["findings"]), STANDINGS[compared["standing"]][0] if compared else _NONE,
    ]  # fmt: skip


def _figures(row: Row, card: Mapping[str, Any], names: Mapping[str, str]) -> Grid:
    exposure, pending = card["exposure"], card["pending"]
    lines = [
        ("Đơn vị", card["unit_name"]), ("Loại đơn vị", headed(GROUP[card["group"]])[0]),
        ("Kỳ", quarter_name(card["quarter"])), ("Điểm", _number(card["score"])), ("Xếp loại", card["band_label"]),
        ("Giới hạn xếp loại", ", ".join(_GATES.get(gate) or _named(gate, names) for gate in card["gates"]) or "không"),
        ("Điểm cộng", _number(row["bonus"])), ("Số cuộc kiểm tra", _whole(exposure["inspections"])),
        ("Lượt người, hồ sơ được kiểm tra",
         f"{_whole(exposure['persons_checked'])} người, {_whole(exposure['files_checked'])} hồ sơ"),
        ("Ghi nhận chờ kết luận", _whole(pending["findings"])),
        ("Điểm nếu được xác nhận hết", _number(pending["score_if_upheld"])),
        ("Ghi nhận không được xác nhận, đã rút", f"{_whole(card['overturned'])}, {_whole(card['withdrawn'])}"),
    ]  # fmt: skip
    return Grid(("Chỉ tiêu", "Số liệu"), (8.0, 8.4), lines)


def _caps(groups: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Bars:
    return Bars(
        "Điểm trừ so với trần của mỗi nhóm",
        [
            (
                _named(one["group"], names), float(Decimal(one["deduction"]) / one["cap"]) if one["cap"] else 0.0,
                f"{_number(one['deduction'])}/{_NONE if one['cap'] is None else one['cap']}",
            )
            for one in groups
        ],
    )  # fmt: skip


def _items(card: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Sequence[str], None, Grid | None]:
    """The part's words, no chart, and the table, if anything counts."""
    lines = [
        [f"{visit['date'][8:]}/{visit['date'][5:7]}/{visit['date'][:4]}", _named(item["code"], names),
         str(item["severity"]), _whole(item["count"]), _number(item["factor"]), _number(item["points"]),
         _whole(item["index"])]
        for visit in card["inspections"] for item in visit["items"]
    ]  # fmt: skip
    if not lines:
        return ["Không có ghi nhận nào được tính."], None, None
    heads = ("Ngày", "Ghi nhận", "Mức", "Số lượng", "Hệ số", "Điểm trừ", "Mục nhật ký")
    return [], None, Grid(heads, (2.2, 5.6, 1.5, 1.7, 1.7, 1.7, 2.0), lines, (2, 3, 4, 5, 6))


def _compared(row: Row) -> list[str]:
    one = row.get("comparison")
    if not one:
        return []
    if one["standing"] == "insufficient" or one["rate"] is None:
        return ["Chưa đủ số liệu để so sánh: quá ít lượt người, quá ít cuộc kiểm tra hoặc nhóm quá nhỏ."]
    low, high = one["interval"]
    return [
        f"{_whole(one['observed'])} vi phạm trong {_whole(one['exposure'])} lượt người; các đơn vị cùng nhóm có "
        f"kỳ vọng {_number(one['expected'])}. Sau khi trừ phần ngẫu nhiên: {_number(one['rate'])} trên 100 lượt người "
        f"({_number(low)}–{_number(high)}): {STANDINGS[one['standing']][0]}."
    ]


def _surveyed(row: Row) -> list[str]:
    return [
        f"{one['source']}: {_whole(one['satisfied'])}/{_whole(one['answered'])} phiếu hài lòng, "
        f"{_number(one['share'])} % (khoảng tin cậy 95 %: {_number(one['interval'][0])}–{_number(one['interval'][1])})."
        for one in row.get("survey") or ()
    ]


def _named(code: str, names: Mapping[str, str]) -> str:
    """A group or a code with its name, if it has one."""
    return f"{code} {names[code]}" if code in names else code


def _whole(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _number(value: str | None) -> str:
    return _NONE if value is None else value.replace(".", ",")
