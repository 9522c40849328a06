"""The pure parts of reports beside scoring: directory and lineage, rule book, CSV, chart, Vietnamese order."""

import csv
import io
import json
import random
from datetime import date
from typing import Any

import pytest

from services.domain.codes import code_names, group_names
from services.domain.rulefiles import genesis
from services.reports.alerts.alert import alert_id
from services.reports.exports.table import csv_bytes
from services.reports.facts.directory import AMENDED, CLOSED, REGISTERED, SUCCEEDED, Directory
from services.reports.facts.facts import CATALOGUE, SCORING
from services.reports.pages.chart import HEIGHT, TOP, chart
from services.reports.pages.collation import vietnamese_key
from services.reports.pages.quarter import figures, ordered
from services.reports.scoring.cards import TreeHead
from services.reports.scoring.method import BadRules
from services.reports.scoring.rulebook import Rulebook

TODAY = date(2026, 11, 23)


class Tree:
    """A directory and the events it is made of."""

    def __init__(self) -> None:
        self.directory = Directory()
        self._index = 0

    def add(self, event_type: str, unit: str, **data: Any) -> None:
        self.directory.apply(self._index, event_type, unit, data)
        self._index += 1

    def register(self, unit: str, parent: str | None = None, since: str = "2025-07-01") -> None:
        self.add(REGISTERED, unit, name=unit.upper(), group="xa", parent=parent, staff=3, valid_from=since)

    def succeed(self, kind: str, old: list[str], new: list[str], since: str, **more: str) -> None:
        data = {"kind": kind, "from": old, "to": new, "valid_from": since, **more}
        for side, units in (("from", old), ("to", new)):
            for unit in units:
                self.add(SUCCEEDED, unit, **data, side=side)


@pytest.fixture
def tree() -> Tree:
    tree = Tree()
    tree.register("huyen")
    tree.register("xa-a", "huyen")
    tree.register("xa-b", "huyen")
    tree.register("tram", "xa-a")
    return tree


def test_parents_climb_to_the_top(tree: Tree) -> None:
    assert tree.directory.chain("tram", TODAY) == ("tram", "xa-a", "huyen")


def test_a_change_holds_from_its_day(tree: Tree) -> None:
    tree.add(AMENDED, "xa-a", valid_from="2026-05-01", parent=None)
    assert tree.directory.chain("tram", date(2026, 4, 30)) == ("tram", "xa-a", "huyen")
    assert tree.directory.chain("tram", date(2026, 5, 1)) == ("tram", "xa-a")


def test_a_change_dated_back_does_not_undo_a_later_one(tree: Tree) -> None:
    tree.add(AMENDED, "xa-a", valid_from="2026-05-01", name="Mới")
    tree.add(AMENDED, "xa-a", valid_from="2026-01-01", name="Giữa", group="phuong")
    names = [tree.directory.details("xa-a", date(2026, month, 1)).name for month in (1, 4, 5, 12)]
    assert names == ["Giữa", "Giữa", "Mới", "Mới"]
    assert tree.directory.details("xa-a", TODAY).group == "phuong"


def test_a_loop_of_parents_ends(tree: Tree) -> None:
    tree.add(AMENDED, "huyen", valid_from="2026-01-01", parent="tram")
    assert set(tree.directory.chain("tram", TODAY)) == {"tram", "xa-a", "huyen"}


def test_units_of_a_quarter(tree: Tree) -> None:
    tree.add(CLOSED, "xa-b", valid_to="2026-06-30")
    tree.register("moi", since="2026-09-30")
    assert tree.directory.units_in("2026-Q2") == ["huyen", "tram", "xa-a", "xa-b"]
    assert tree.directory.units_in("2026-Q3") == ["huyen", "moi", "tram", "xa-a"]
    assert tree.directory.units_in("2025-Q2") == []
    assert tree.directory.card_day("xa-b", "2026-Q2") == date(2026, 6, 30)
    assert tree.directory.card_day("xa-a", "2026-Q2") == date(2026, 6, 30)


def test_a_merger_ends_the_old_units_and_passes_their_cases_on(tree: Tree) -> None:
    tree.register("xa-c", since="2026-10-01")
    tree.succeed("merge", ["xa-a", "xa-b"], ["xa-c"], "2026-10-01")
    assert tree.directory.units_in("2026-Q4") == ["huyen", "tram", "xa-c"]
    assert tree.directory.holders("xa-a", date(2026, 9, 30)) == {"xa-a", "huyen"}
    assert tree.directory.holders("xa-a", date(2026, 10, 1)) == {"xa-c"}
    assert tree.directory.inherited("xa-c", TODAY) == {"xa-a", "xa-b", "xa-c"}
    assert {unit for unit in tree.directory if "xa-c" in tree.directory.holders(unit, TODAY)} == {
        "xa-a",
        "xa-b",
        "xa-c",
    }
    assert tree.directory.card_readers("xa-a", "2026-Q3", TODAY) == {"xa-a", "huyen", "xa-c"}


def test_a_merger_into_one_of_the_merged(tree: Tree) -> None:
    tree.succeed("merge", ["xa-a", "xa-b"], ["xa-a"], "2026-10-01")
    assert tree.directory.valid_on("xa-a", TODAY)
    assert not tree.directory.valid_on("xa-b", TODAY)
    assert tree.directory.holders("xa-b", TODAY) == {"xa-a", "huyen"}


def test_a_split_passes_cases_to_the_one_named(tree: Tree) -> None:
    for unit in ("xa-c", "xa-d"):
        tree.register(unit, since="2026-10-01")
    tree.succeed("split", ["xa-a"], ["xa-c", "xa-d"], "2026-10-01", cases_to="xa-d")
    assert tree.directory.heirs("xa-a", TODAY) == {"xa-d"}


def test_a_unit_that_survives_its_split_keeps_its_cases(tree: Tree) -> None:
    tree.register("xa-c", since="2026-10-01")
    tree.succeed("split", ["xa-a"], ["xa-a", "xa-c"], "2026-10-01", cases_to="xa-a")
    assert tree.directory.valid_on("xa-a", TODAY)
    assert tree.directory.heirs("xa-a", TODAY) == frozenset()
    assert tree.directory.holders("xa-a", TODAY) == {"xa-a", "huyen"}


def test_lineage_goes_on_through_generations_and_survives_a_loop(tree: Tree) -> None:
    for unit in ("xa-c", "xa-d"):
        tree.register(unit, since="2026-01-01")
    tree.succeed("rename", ["xa-a"], ["xa-c"], "2026-04-01")
    tree.succeed("rename", ["xa-c"], ["xa-d"], "2026-07-01")
    assert tree.directory.holders("xa-a", TODAY) == {"xa-d"}
    tree.succeed("rename", ["xa-d"], ["xa-a"], "2026-10-01")
    assert tree.directory.holders("xa-a", TODAY) == {"xa-a", "huyen"}


def test_a_unit_registered_twice_is_refused(tree: Tree) -> None:
    with pytest.raises(ValueError, match="twice"):
        tree.register("xa-a")


def rule_data(kind: str, version: str, since: str) -> dict[str, Any]:
    data = next(one.data for one in genesis() if one.type == kind)
    return dict(data) | {"version": version, "valid_from": since}


def test_the_version_in_force_on_the_quarters_first_day_rules() -> None:
    book = Rulebook()
    assert (book.rules("2026-Q3"), book.catalogue("2026-Q3")) == (None, None)
    for index, (version, since) in enumerate(
        [("2026.1", "2026-01-01"), ("2026.3", "2026-10-01"), ("2026.2", "2026-07-01")]
    ):
        book.apply(index, CATALOGUE, rule_data(CATALOGUE, version, since))
        book.apply(index + 10, SCORING, rule_data(SCORING, version, since))
    expected = {"2025-Q4": None, "2026-Q1": "2026.1", "2026-Q2": "2026.1", "2026-Q3": "2026.2", "2026-Q4": "2026.3"}
    assert {quarter: book.catalogue(quarter) for quarter in expected} == expected
    assert {quarter: (rules.version if (rules := book.rules(quarter)) else None) for quarter in expected} == expected


def test_a_later_publication_for_the_same_day_rules() -> None:
    book = Rulebook()
    for index, version in enumerate(["2026.2", "2026.1"]):
        book.apply(index, SCORING, rule_data(SCORING, version, "2026-01-01"))
    rules = book.rules("2026-Q1")
    assert rules is not None and rules.version == "2026.1"


def test_a_catalogue_group_without_a_cap_is_refused() -> None:
    data = rule_data(CATALOGUE, "2026.9", "2026-01-01")
    data["codes"] = [*data["codes"], {"code": "G01", "group": "G", "severity": 1, "per": "unit", "per_case": False}]
    with pytest.raises(ValueError, match="G"):
        Rulebook().apply(0, CATALOGUE, data)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(BadRules):
        Rulebook().apply(0, SCORING, rule_data(SCORING, "2027.1", "2027-01-01") | {"method": "card/9"})


def row(unit: str, name: str, score: str | None = "94.00", band: str = "good", inspections: int = 1) -> dict[str, Any]:
    return {
        "unit": unit, "unit_name": name, "group": "xa", "score": score, "band": band, "band_label": "Tốt",
        "exposure": {"inspections": inspections, "persons_checked": 45 * inspections, "files_checked": 0},
        "gates": ["H03", "H04"], "bonus": "0.00", "deductions": dict.fromkeys("ABCDEFH", "0.00"),
        "pending": {"findings": 0, "score_if_upheld": None},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '"=1', "a\r\nb", "ă;ợ,Ỵ"])
def test_csv_cells_are_text_and_come_back(name: str) -> None:
    made = csv_bytes(
        [json.dumps(row("xa-a", name))], quarter="2026-Q3", edition="live", rules="2026.1", head=TreeHead(7, "+/==")
    )
    [read] = csv.DictReader(io.StringIO(made.decode("utf-8-sig"), newline=""))
    assert read["unit_name"] == ("'" + name if name[0] in "=+-@\t\r" else name)
    assert (read["gates"], read["score_if_upheld"], read["log_size"], read["log_root"]) == ("H03 H04", "", "7", "'+/==")


def test_vietnamese_order() -> None:
    names = [
        "An",
        "Ân",
        "Ăn",
        "Bà",
        "Ba",
        "Bá",
        "Dung",
        "Đan",
        "Da",
        "Ea",
        "Ơn",
        "Ôn",
        "On",
        "Ưng",
        "Ung",
        "Xã 10",
        "Xã 2",
    ]
    shuffled = random.Random(1).sample(names, len(names))
    assert sorted(shuffled, key=vietnamese_key) == [
        "An", "Ăn", "Ân", "Ba", "Bà", "Bá", "Da", "Dung", "Đan", "Ea", "On", "Ôn", "Ơn", "Ung", "Ưng", "Xã 2", "Xã 10",
    ]  # fmt: skip


def test_vietnamese_order_takes_any_text() -> None:
    assert min(["ﬁ", "٣", "", "Ω", "a\u0323\u0302"], key=vietnamese_key) == ""


def test_rows_without_a_score_come_last_either_way() -> None:
    rows = [row("a", "A", None, "insufficient", 0), row("b", "B", "80.00", "fair"), row("c", "C", "90.00")]
    assert [one["unit"] for one in ordered(rows, "score", descending=False)] == ["b", "c", "a"]
    assert [one["unit"] for one in ordered(rows, "score", descending=True)] == ["c", "b", "a"]


def test_figures_name_what_they_are_out_of() -> None:
    rows = [row("a", "A", None, "insufficient", 0), row("b", "B", "80.00", "fair", 2), row("c", "C", "91.00")]
    found = figures(rows)
    assert (found["units"], found["inspected"], found["coverage"], found["median"]) == (3, 2, "66.7", "85.50")
    assert (found["lowest"], found["highest"], found["inspections"]) == ("80.00", "91.00", 3)
    assert found["bands"] == {"good": 1, "fair": 1, "average": 0, "needs_correction": 0, "insufficient": 1}
    assert figures([])["coverage"] is None


def test_the_chart_counts_every_scored_unit_once() -> None:
    rows = [row("a", "A", score, band) for score, band in (
        ("100.00", "good"), ("95.00", "good"), ("94.99", "fair"), ("94.00", "good"), ("12.00", "needs_correction"),
    )] + [row("z", "Z", None, "insufficient", 0)]  # fmt: skip
    made = chart(rows)
    assert made is not None
    assert {bar.low: bar.count for bar in made.bars if bar.count} == {95: 2, 90: 2, 10: 1}
    ninety = next(bar for bar in made.bars if bar.low == 90)
    assert [block.band for block in ninety.blocks] == ["good", "fair"]
    assert min(block.y for bar in made.bars for block in bar.blocks) == pytest.approx(TOP)
    assert all(block.y + block.height <= HEIGHT for bar in made.bars for block in bar.blocks)
    assert chart([row("z", "Z", None, "insufficient", 0)]) is None


def test_every_code_and_group_has_words() -> None:
    codes = {code["code"] for code in genesis()[0].data["codes"]}
    assert codes <= code_names().keys()
    assert {code[0] for code in codes} <= group_names().keys()


def test_an_alerts_id_comes_from_its_inspection_alone() -> None:
    assert alert_id("01990401-7a1b-7c2d-8e3f-4a5b6c7d8e01") == alert_id("01990401-7a1b-7c2d-8e3f-4a5b6c7d8e01")
    assert alert_id("01990401-7a1b-7c2d-8e3f-4a5b6c7d8e01")[14] == "5"
