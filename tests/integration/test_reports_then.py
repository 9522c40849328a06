"""What was published, what was known, what would be: the old folder's editions and cases, asked over HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest
import uuid_utils

from services.kernel.log.merkle import leaf_hash, verify_inclusion
from tests.integration.test_old_folder import Old, old
from tests.support.receipts import documented, documented_check

__all__ = ["old"]


async def ask(old: Old, path: str, who: str = "reviewer", **headers: str) -> httpx.Response:
    return await old.client.get(
        f"/reports/v1/scorecards/{path}", headers={"authorization": f"Bearer {old.tokens[who]}", **headers}
    )


async def a_frozen_quarter(old: Old) -> dict[str, Any]:
    """An edition that is frozen and not published yet."""
    items = (await old.get("reviewer", "/reports/v1/editions")).json()["items"]
    return dict(next(one for one in items if one["published_at"] is None))


async def publish(old: Old, edition: dict[str, Any]) -> None:
    body = {"closing": edition["closing"], "cards_root": edition["cards_root"]}
    path = f"quarters/{edition['quarter']}/publication/{uuid_utils.uuid7()}"
    assert await old.put("reviewer", path, body) == 201
    path = f"{edition['quarter']}?edition={edition['edition']}"
    while (await ask(old, path)).json()["published_at"] is None:
        await asyncio.sleep(0.1)


async def test_a_card_is_proven_down_to_the_signed_checkpoint(old: Old) -> None:
    edition = await a_frozen_quarter(old)
    quarter, kind = edition["quarter"], edition["edition"]
    listing = (await ask(old, f"{quarter}?edition={kind}")).json()
    units = [card["unit"] for card in listing["cards"]]
    assert (await ask(old, f"{quarter}/{units[0]}/proof?edition={kind}")).status_code == 404
    await publish(old, edition)
    vkey = (await old.client.get("/audit/vkey")).text
    for index, unit in enumerate(units):
        while (answer := await ask(old, f"{quarter}/{unit}/proof?edition={kind}", "xa-mot")).status_code == 404:
            await asyncio.sleep(0.1)  # until a public checkpoint covers the publication
        proof = answer.json()
        assert list(proof) == ["card", "index", "size", "path", "cards_root", "event", "receipt"]
        card, event = base64.b64decode(proof["card"]), base64.b64decode(proof["event"])
        assert card == (await ask(old, f"{quarter}/{unit}?edition={kind}")).content
        root = base64.b64decode(proof["cards_root"])
        path = [base64.b64decode(one) for one in proof["path"]]
        assert (proof["index"], proof["size"]) == (index, len(units))
        verify_inclusion(leaf_hash(card), index, len(units), path, root)
        told = json.loads(event)
        assert told["type"] == "kycuong.quarter.published.v1"
        assert (told["data"]["cards_root"], told["data"]["closing"]) == (proof["cards_root"], edition["closing"])
        card_of = documented("card_of")
        assert card_of(proof, documented_check(), vkey) == json.loads(card)
        other = base64.b64encode(card.replace(b'"edition"', b'"editiOn"')).decode()
        for wrong in (
            {"card": other},
            {"index": index + 1},
            {"cards_root": proof["receipt"]},
            {"path": proof["path"][1:]},
        ):
            with pytest.raises(AssertionError):
                card_of(proof | wrong, documented_check(), vkey)
    assert (await ask(old, f"{quarter}/xa-khong-co/proof?edition={kind}")).status_code == 404
    assert (await ask(old, f"{quarter}/{units[0]}/proof?edition=restated-1")).status_code == 404
    assert (await ask(old, f"{quarter}/{units[0]}/proof?edition=live")).status_code == 422


async def test_latest_leads_to_the_newest_published_edition(old: Old) -> None:
    edition = await a_frozen_quarter(old)
    await publish(old, edition)
    answer = await ask(old, f"{edition['quarter']}/latest?format=csv", "xa-mot")
    assert answer.status_code == 307
    assert answer.headers["location"] == (
        f"/reports/v1/scorecards/{edition['quarter']}?format=csv&edition={edition['edition']}"
    )
    assert (await ask(old, "2026-Q1/latest")).status_code == 404
    assert (await ask(old, "2026/latest")).status_code == 404


async def test_cards_as_known_at_every_signed_size(old: Old) -> None:
    quarter = "2026-Q4"
    live = await settled(old, quarter)
    signed = [one["size"] for one in (await old.client.get("/audit/v1/checkpoints?limit=1000")).json()["items"]]
    assert max(signed) == live["log"]["size"] and len(signed) > 2
    then = await ask(old, f"{quarter}/at/{max(signed)}")
    assert then.json() == fitted_then(live)
    assert any(row["comparison"]["exposure"] for row in live["cards"])  # what an earlier program folded is read again
    tag, kept = etag(then), then.headers["cache-control"]
    assert tag.startswith('"') and "immutable" in kept
    again = await ask(old, f"{quarter}/at/{max(signed)}", **{"if-none-match": tag})
    assert (again.status_code, etag(again)) == (304, tag)
    for card in live["cards"]:
        one = await ask(old, f"{quarter}/at/{max(signed)}/{card['unit']}")
        alone = (await ask(old, f"{quarter}/{card['unit']}")).json()
        assert one.json() == alone | {"comparison": without_size(alone)}
    before = (await ask(old, f"{quarter}/at/{min(signed)}")).json()
    assert before["log"]["size"] == min(signed) and before != live
    for size in (max(signed) + 1, next(size for size in range(1, max(signed)) if size not in signed)):
        assert (await ask(old, f"{quarter}/at/{size}")).status_code == 404
    for text in ("-1", "abc", f"{max(signed)}.0", f"0{max(signed)}", f"+{max(signed)}", f"1_{max(signed)}", "9" * 20):
        refused = await ask(old, f"{quarter}/at/{text}")
        assert refused.status_code == 404 and text in refused.json()["detail"]
    assert (await ask(old, f"2027-Q1/at/{max(signed)}")).status_code == 404
    own = (await ask(old, f"{quarter}/at/{max(signed)}", "xa-mot")).json()
    assert {card["unit"] for card in own["cards"]} < {card["unit"] for card in live["cards"]}
    kind = (await ask(old, f"{quarter}/at/{max(signed)}?group=xa")).json()
    assert kind["group"] == "xa" and "group" not in own
    assert kind["cards"] == [card for card in then.json()["cards"] if card["group"] == "xa"]
    assert (await ask(old, f"{quarter}/at/{max(signed)}?group=x")).status_code == 422
    assert (await ask(old, f"{quarter}/at/{max(signed)}", "inspector")).status_code == 403
    # a later entry changes the live cards, and nothing of what was known
    assert await old.put("inspector", f"inspections/{uuid_utils.uuid7()}", opening()) == 201
    assert etag(await ask(old, f"{quarter}/at/{max(signed)}")) == tag


async def settled(old: Old, quarter: str) -> dict[str, Any]:
    """The live list once the rules that this program brought are in the log, and every card is by them."""
    while (live := (await ask(old, quarter)).json())["rules"] != "2026.3" or not fitted(live):
        await asyncio.sleep(0.1)
    return dict(live)


def fitted(live: dict[str, Any]) -> bool:
    """Whether every comparison is of the size that the list shows."""
    return all(row["comparison"] and row["comparison"]["size"] == live["log"]["size"] for row in live["cards"])


def fitted_then(live: dict[str, Any]) -> dict[str, Any]:
    """The list as it is known at its size: fitted there, which needs no saying."""
    return live | {"cards": [row | {"comparison": without_size(row)} for row in live["cards"]]}


def without_size(card: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in card["comparison"].items() if name != "size"}


def etag(answer: httpx.Response) -> str:
    """Of the plain bytes."""
    return answer.headers["etag"].replace('.gz"', '"')


def opening() -> dict[str, Any]:
    return {
        "unit": "xa-nam", "kind": "unannounced", "selection": "random", "basis": "13/QĐ-SNV",
        "opened_at": "2026-11-30T04:00:00Z", "team": ["thanh.vien"],
    }  # fmt: skip


async def test_what_if_is_what_the_card_then_says(old: Old) -> None:
    listing = await settled(old, "2026-Q4")
    waiting = [card["unit"] for card in listing["cards"] if card["pending"]["findings"]]
    assert waiting
    for unit in waiting:
        told = (await ask(old, f"2026-Q4/{unit}/what-if")).json()
        card = (await ask(old, f"2026-Q4/{unit}")).json()
        assert len(told["findings"]) == card["pending"]["findings"]
        assert {one["now"] for one in told["findings"]} == {card["score"]}
        assert told["all_upheld"] == card["pending"]["score_if_upheld"]
        assert all(float(one["if_upheld"]) >= float(told["all_upheld"]) for one in told["findings"])
    assert (await ask(old, f"2026-Q4/{waiting[0]}/what-if", "inspector")).status_code == 403
    assert (await ask(old, "2026-Q4/xa-khong-co/what-if")).status_code == 404


async def test_the_list_goes_by_pages_when_asked_to(old: Old) -> None:
    whole = await settled(old, "2026-Q4")
    assert whole["next"] is None
    found, cursor = [], ""
    while cursor is not None:
        page = (await ask(old, f"2026-Q4?limit=2{cursor and f'&cursor={cursor}'}")).json()
        assert len(page["cards"]) <= 2
        found += page["cards"]
        cursor = page["next"]
    assert found == whole["cards"]
    assert (await ask(old, "2026-Q4?limit=0")).status_code == 422
    assert (await ask(old, "2026-Q4?limit=2&cursor=*")).status_code == 422
