"""The lines printed in docs/verify.md accept true receipts of every shape and nothing else, and compute true cards."""

import base64
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from services.kernel.log.merkle import CompactRange, inclusion_proof, leaf_hash, node_hash
from services.kernel.log.note import Checkpoint, Signer
from services.reports.reading.editions import editions, frozen_card, frozen_listing
from tests.integration.test_reports_fold import QUARTER, UNIT, busy, fold_all, made, pool
from tests.support.receipts import PAGE, documented, documented_check
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import read as answered

__all__ = ["made", "pool"]

ORIGIN = "kycuong.local/3f9a0c1d2e4b"
SIGNER = Signer.generate(ORIGIN)
ENTRIES = [f'{{"n":{number}}}'.encode() for number in range(34)]


def _node(level: int, number: int) -> bytes:
    if level == 0:
        return leaf_hash(ENTRIES[number])
    return node_hash(_node(level - 1, 2 * number), _node(level - 1, 2 * number + 1))


def _receipt(index: int, size: int, extra: str = "") -> str:
    tree = CompactRange()
    tree.extend(map(leaf_hash, ENTRIES[:size]))
    note = SIGNER.sign(Checkpoint(ORIGIN, size, tree.root()).text())
    path = (base64.b64encode(digest).decode() for digest in inclusion_proof(index, size, _node))
    return "\n".join(["c2sp.org/tlog-proof@v1", *([extra] if extra else []), f"index {index}", *path, "", note])


@pytest.mark.parametrize("size", range(1, len(ENTRIES) + 1))
def test_every_index_of_every_size_is_accepted(size: int) -> None:
    check = documented_check()
    for index in range(size):
        assert check(ENTRIES[index], _receipt(index, size), SIGNER.vkey) == index
        with pytest.raises(AssertionError):
            check(ENTRIES[index] + b" ", _receipt(index, size), SIGNER.vkey)


def test_an_extra_line_is_passed_over() -> None:
    assert documented_check()(ENTRIES[3], _receipt(3, 7, extra="extra AAAA"), SIGNER.vkey + "\n") == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("index 3", "index 2"),
        lambda text: text.replace("\n20\n", "\n21\n"),
        lambda text: text.replace("tlog-proof@v1", "tlog-proof@v2"),
        lambda text: text.replace(ORIGIN, "kycuong.local/000000000000"),
        lambda text: "\n".join(line for number, line in enumerate(text.split("\n")) if number != 3),
        lambda text: text.split("\n\n")[0] + "\n\n" + "\n\n".join(_receipt(3, 19).split("\n\n")[1:]),
    ],
    ids=["index", "size", "format", "origin", "a hash less", "another checkpoint"],
)
def test_a_changed_receipt_is_refused(change: Callable[[str], str]) -> None:
    receipt = _receipt(3, 20)
    changed = change(receipt)
    assert changed != receipt
    with pytest.raises(Exception):  # noqa: B017 - the page promises an exception, of whatever kind
        documented_check()(ENTRIES[3], changed, SIGNER.vkey)


def test_another_key_of_the_same_name_is_refused() -> None:
    with pytest.raises(AssertionError):
        documented_check()(ENTRIES[3], _receipt(3, 20), Signer.generate(ORIGIN).vkey)


def assert_same(computed: dict[str, Any], served: dict[str, Any]) -> None:
    """Everything that the printed lines compute is what is served; of names and tree heads they say nothing."""
    assert {name: served[name] for name in computed} == computed
    assert served.keys() - computed.keys() == {
        "unit_name", "group", "edition", "log", "band_label", "comparison", "survey",
    }  # fmt: skip


def quirks(made: MadeLog) -> None:
    """What a hasty reader gets wrong: bonus, its end by a severity 3, gates, the U rule, halves, other days' rules."""
    for unit in ("xa-khen", "xa-nang", "xa-lap", "xa-le", "xa-trong", "xa-cuoi"):
        made.register(unit)
    for code in ("K01", "K02", "K03", "K01", "K01", "K01"):
        made.commend("xa-khen", code)
    made.close("xa-khen", visit := made.open("xa-khen"))
    made.decide("xa-khen", visit, made.record("xa-khen", visit, "A03", 9), "upheld")
    made.commend("xa-nang")
    visit = made.open("xa-nang")
    made.decide("xa-nang", visit, made.record("xa-nang", visit, "H03"), "upheld")
    made.close("xa-nang", visit)
    visit = made.open("xa-lap")
    for code in ("H01", "H01", "D01", "D01", "A05", "A05"):
        made.decide("xa-lap", visit, made.record("xa-lap", visit, code, 2), "upheld")
    made.record("xa-lap", visit, "H04")
    made.close("xa-lap", visit, persons=0)
    for persons in (48, 64, 96):  # 30 of 48, 64, 96: thirds and halves in every place
        visit = made.open("xa-le", f"2026-09-{persons - 40 if persons < 70 else 2:02d}T08:00:00+07:00")
        for code in ("A01", "A02", "B01", "E02"):
            made.decide("xa-le", visit, made.record("xa-le", visit, code), "upheld")
        made.close("xa-le", visit, persons=persons)
    made.commend("xa-trong")
    made.close("xa-cuoi", made.open("xa-cuoi", "2026-09-30T23:59:59+07:00"))
    made.close("xa-cuoi", made.open("xa-cuoi", "2026-10-01T00:00:00+07:00"))
    rules = next(json.loads(raw) for raw in made.entries if b"scoring.published" in raw)["data"]["rules"]
    late = {"rules": rules | {"points": {"1": 9, "2": 9, "3": 9, "4": 0}}}
    made.rules("scoring", "2026.4", "2026-10-01", "2026-11-01T00:00:00Z", **late)
    made.rules("scoring", "2026.5", "2026-07-01", "2026-10-01T00:00:00Z", **late)  # the last, and not in force


@pytest.mark.parametrize(("seed", "second"), [(1, False), (2, False), (3, True), (4, True)])
async def test_a_card_is_what_the_printed_lines_compute(
    pool: asyncpg.Pool, made: MadeLog, seed: int, second: bool
) -> None:
    if second:
        made.second_method()
    busy(made, seed, visits=60)
    quirks(made)
    cut = made.close_quarter()
    busy_after = made.open(UNIT)
    made.close(UNIT, busy_after)
    await fold_all(pool, made)
    read, card, root = documented("read"), documented("card"), documented("cards_root")
    listing = await answered(pool, frozen_listing, QUARTER, "official")
    (edition,) = [one for one in await answered(pool, editions, QUARTER, reviewer=True) if one.kind == "official"]
    log = read(made.entries[: edition.head.size])
    bodies = [await answered(pool, frozen_card, QUARTER, "official", row["unit"]) for row in listing.parsed()]
    for row, body in zip(listing.parsed(), bodies, strict=True):
        assert_same(card(log, row["unit"], QUARTER), json.loads(body))
    assert second == any(b'"remedied":true' in body for body in bodies)
    assert root(bodies) == listing.frozen.cards_root
    assert edition.head.size <= cut + 1


def test_the_quirks_are_there(made: MadeLog) -> None:
    quirks(made)
    log, card = documented("read")(made.entries), documented("card")
    cards = {unit: card(log, unit, QUARTER) for unit in ("xa-khen", "xa-nang", "xa-lap", "xa-le", "xa-trong")}
    assert (cards["xa-khen"]["bonus"], cards["xa-khen"]["score"]) == ("5.00", "87.00")
    assert (cards["xa-nang"]["bonus"], cards["xa-nang"]["gates"], cards["xa-nang"]["band"]) == ("0.00", ["H03"], "fair")
    repeated = [item["points"] for item in cards["xa-lap"]["inspections"][0]["items"]]
    assert repeated == ["1.00", "0.00", "6.00", "6.00", "6.00", "0.00"]
    assert cards["xa-trong"]["bonus"] is None and cards["xa-le"]["rules"] == "2026.1"
    assert card(log, "xa-cuoi", "2026-Q4")["rules"] == "2026.4"


@pytest.mark.parametrize("size", range(18))
def test_the_printed_root_is_that_of_rfc_6962(size: int) -> None:
    tree = CompactRange()
    tree.extend(map(leaf_hash, ENTRIES[:size]))
    assert documented("cards_root")(ENTRIES[:size]) == base64.b64encode(tree.root()).decode()


def test_the_page_names_what_a_card_follows_from() -> None:
    """The words that were missing once."""
    words = " ".join(PAGE.read_text(encoding="utf-8").split())
    for said in ("not the last one published", "half-even", "the U rule", "bonus", "gate", "cards_root", "pending"):
        assert said in words
