"""Photos: only what the manifest names is kept, as a picture alone, and the last one completes the finding."""

import asyncio
import base64
import hashlib
import hmac
import io
import json

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from services.intake.evidence.imaging import Darkroom
from services.intake.vault.sealing import Sealed
from tests.support.intake import (
    UNIT,
    Intake,
    closing,
    fresh,
    opening,
    populate,
    recording,
    running_intake,
)
from tests.support.photos import corners, exif, is_black, jpeg, listed, scene
from tests.support.schemas import validate_event

ONE, TWO = jpeg(exif=exif(6), comment=b"CANARY-COMMENT"), jpeg(scene(320, 240))
WHY = {"private": {"reason": "Ghi nhầm người."}}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def intake(cluster, tmp_path_factory):
    """One installation for all of them: each test files a finding of its own."""
    folder = tmp_path_factory.mktemp("photos") / "data"
    async with cluster.database(folder) as settings, running_intake(settings) as intake:
        await populate(intake)
        await intake.token("inspector", account="stranger")
        yield intake


async def file(intake: Intake, *photos: bytes) -> str:
    """A finding of an inspector and a colleague, with a manifest of these photos."""
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening(team=["colleague"]))
    body = recording(inspection, code="A03", count=1, photos=[listed(raw) for raw in photos])
    await intake.put("inspector", f"findings/{finding}", body)
    return finding


@pytest_asyncio.fixture(loop_scope="module")
async def finding(intake):
    return await file(intake, ONE, TWO)


async def send(intake: Intake, who: str, path: str, raw: bytes, status: int = 201, **headers: str) -> httpx.Response:
    return await intake.put(who, f"findings/{path}", raw, status, **{"content-type": "image/jpeg"} | headers)


async def show(intake: Intake, who: str, path: str, status: int = 200) -> httpx.Response:
    headers = {"authorization": f"Bearer {intake.tokens.get(who, who)}"}
    answer = await intake.client.get(f"/intake/v1/findings/{path}", headers=headers)
    assert answer.status_code == status, answer.text
    return answer


async def kept(intake: Intake, finding: str) -> list[int]:
    """The places of the photos that lie in the vault."""
    rows = await intake.service.pool.fetch(
        "SELECT place FROM intake.vault_photo WHERE finding = $1 ORDER BY place", finding
    )
    return [row["place"] for row in rows]


async def completions(intake: Intake, finding: str) -> list[dict]:
    told = [event for event in await intake.events() if event["subject"] == f"finding/{finding}"]
    return [event for event in told if event["type"] == "kycuong.finding.completed.v1"]


def slug(answer: httpx.Response) -> str:
    return answer.json()["type"].removeprefix("/problems/")


async def erase(intake: Intake, finding: str, part: str) -> None:
    erasure = fresh()
    await intake.put("reviewer", f"erasures/{erasure}", {"event": finding, "parts": [part], **WHY})
    await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})


async def test_the_last_photo_completes_the_finding_and_the_log_is_told(intake, finding):
    first = (await send(intake, "inspector", f"{finding}/photos/2", TWO)).json()
    told = {"id": finding, "unit": UNIT, "state": "incomplete", "flags": [], "photo": 2, "missing": [1]}
    assert first == told | {"received_at": first["received_at"]}
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert (shown["photos"], shown["photos_held"], shown["complete"]) == (2, [2], False)
    before = await intake.event_bytes()
    last = (await send(intake, "inspector", f"{finding}/photos/1", ONE)).json()
    assert (last["state"], last["missing"]) == ("complete", [])
    (raw,) = (await intake.event_bytes())[len(before) :]
    event = validate_event(raw)
    assert (event["type"], event["data"]["photos"]) == ("kycuong.finding.completed.v1", 2)
    assert event["unitseq"] == validate_event(before[-1])["unitseq"] + 1
    for path in (f"/intake/v1/findings/{finding}", f"/intake/v1/findings?inspection={shown['inspection']}"):
        shown = await intake.get("reviewer", path)
        shown = shown["items"][0] if "items" in shown else shown
        assert (shown["photos"], shown["photos_held"], shown["complete"]) == (2, [1, 2], True)


async def test_what_is_kept_is_the_picture_and_what_the_log_commits_to(intake, finding):
    for place, raw in ((1, ONE), (2, TWO)):
        await send(intake, "inspector", f"{finding}/photos/{place}", raw)
    answer = await show(intake, "reviewer", f"{finding}/photos/1")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == f'attachment; filename="{finding}-1.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers.get_list("content-security-policy")
    assert b"CANARY" in ONE and b"CANARY" not in answer.content
    assert corners(answer.content) == ("white", "red", "lime", "blue")  # orientation 6, turned upright
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (480, 640) and not image.getexif()
    (event,) = await completions(intake, finding)
    row = await intake.service.pool.fetchrow(
        "SELECT * FROM intake.vault_photo WHERE place = 1 AND finding = $1", finding
    )
    salt, _ = intake.service.vault.open(Sealed(event["id"], "photo.1", row["wrapped_key"], row["sealed"]))
    parts = (b"photo.1", answer.content)
    message = b"kycuong/c/1" + event["id"].encode() + b"".join(len(one).to_bytes(4, "big") + one for one in parts)
    assert event["data"]["commitments"]["photo.1"] == hmac.digest(salt, message, "sha256").hex()


async def test_a_photo_sent_twice_is_kept_once_and_gets_the_same_answer(intake, finding):
    twins = await asyncio.gather(*(send(intake, "inspector", f"{finding}/photos/1", ONE, None) for _ in range(4)))
    assert sorted(twin.status_code for twin in twins) == [200, 200, 200, 201]
    assert len({twin.content for twin in twins}) == 1
    await send(intake, "inspector", f"{finding}/photos/2", TWO)
    events = await intake.event_bytes()
    for who in ("inspector", "colleague", "lead"):  # whoever of the team carries it
        assert (await send(intake, who, f"{finding}/photos/1", ONE, 200)).content == twins[0].content
    assert await kept(intake, finding) == [1, 2] and await intake.event_bytes() == events
    assert slug(await send(intake, "inspector", f"{finding}/photos/1", TWO, 422)) == "invalid"


async def test_other_bytes_than_the_manifests_are_refused_and_never_decoded(intake, finding, monkeypatch):
    def never(_):
        raise AssertionError("decoded")

    monkeypatch.setattr(intake.service.part(Darkroom), "reencode", never)
    for raw in (TWO, ONE + b"\0", b"", b"<html>"):
        answer = await send(intake, "inspector", f"{finding}/photos/1", raw, 422)
        (error,) = answer.json()["errors"]
        assert error["pointer"] == "" and "SHA-256" in error["detail"]
    assert await kept(intake, finding) == []


@pytest.mark.parametrize("raw", [ONE[:-2000], b"no picture at all", b"\x89PNG\r\n\x1a\n"], ids=["cut", "text", "png"])
async def test_a_declared_file_that_is_no_picture_is_refused_and_leaves_the_finding_incomplete(intake, raw):
    finding = await file(intake, raw)
    before = await intake.rows()
    answer = await send(intake, "inspector", f"{finding}/photos/1", raw, 422)
    assert "không đọc được ảnh" in answer.json()["errors"][0]["detail"]
    assert await intake.rows() == before
    assert not (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["complete"]


async def test_refusals_come_in_the_contracts_order(intake, finding):
    one, huge = f"{finding}/photos/1", bytes(10_000_001)
    assert slug(await send(intake, "nobody", one, huge, 413)) == "too-large"
    assert slug(await send(intake, "nobody", one, b"{}", 415, **{"content-type": "application/json"})) == "not-json"
    await send(intake, "nobody", one, ONE, 401)
    for who in ("head", "reviewer", "auditor", "admin"):
        await send(intake, who, "x/photos/0", ONE, 403)
    for path, pointer in (("x/photos/1", "/finding"), (f"{finding}/photos/0", "/n"), (f"{finding}/photos/100", "/n")):
        answer = await send(intake, "inspector", path, ONE, 422)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert slug(await send(intake, "inspector", f"{fresh()}/photos/1", ONE, 409)) == "not-yet-known"
    await send(intake, "elsewhere", one, ONE, 404)
    await send(intake, "stranger", one, ONE, 403)
    await send(intake, "inspector", f"{finding}/photos/3", ONE, 404)
    await send(intake, "inspector", one, ONE)


async def test_a_body_that_grows_too_long_is_cut_off_as_it_streams(intake, finding):
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 1
            yield bytes(1_000_000)

    headers = {"authorization": f"Bearer {intake.tokens['inspector']}", "content-type": "image/jpeg"}
    path = f"/intake/v1/findings/{finding}/photos/1"
    answer = await intake.client.put(path, content=_some(endless()), headers=headers)
    assert answer.status_code == 413 and read < 40


async def _some(pieces):
    """Forty pieces at most: what was not cut off would fill the memory."""
    for _ in range(40):
        yield await anext(pieces)


async def test_upheld_needs_every_photo_held(intake, finding):
    inspection = (await intake.get("lead", f"/intake/v1/findings/{finding}"))["inspection"]
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": False})
    upheld = {"outcome": "upheld", **WHY}
    for place, raw in ((1, ONE), (2, TWO)):
        refused = await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", upheld, 409)
        assert slug(refused) == "incomplete"
        await send(intake, "inspector", f"{finding}/photos/{place}", raw)  # after the closing too
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", upheld)


async def test_who_may_see_a_photo(intake, finding):
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    for who in ("inspector", "colleague", "lead", "reviewer", "head", "parent-head"):
        await show(intake, who, f"{finding}/photos/1")
    for who in ("stranger", "elsewhere", "other-head"):
        await show(intake, who, f"{finding}/photos/1", 404)
    await show(intake, "admin", f"{finding}/photos/1", 403)
    await show(intake, "nobody", f"{finding}/photos/1", 401)
    for absent in (f"{finding}/photos/2", f"{finding}/photos/0", f"{finding}/photos/9", f"{fresh()}/photos/1"):
        await show(intake, "reviewer", absent, 404)


async def test_an_auditor_gives_a_reason_and_every_opening_is_noted(intake, finding):
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    for path in (f"{finding}/photos/1", f"{finding}/photos/1?reason=%20"):
        answer = await show(intake, "auditor", path, 422)
        assert answer.json()["errors"][0]["pointer"] == "/reason"
    noting = "SELECT role, part, reason FROM intake.vault_read WHERE finding = $1 ORDER BY id"
    assert await intake.service.pool.fetch(noting, finding) == []
    await show(intake, "auditor", f"{finding}/photos/1?reason=Đối chiếu")
    await show(intake, "head", f"{finding}/photos/1")
    noted = await intake.service.pool.fetch(noting, finding)
    assert [tuple(row) for row in noted] == [("auditor", "photo.1", "Đối chiếu"), ("unit_head", "photo.1", None)]


async def test_an_erased_photo_is_gone_and_never_taken_again(intake, finding):
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    first = await send(intake, "inspector", f"{finding}/photos/1", ONE, 200)
    await erase(intake, finding, "photo.1")
    assert await kept(intake, finding) == []
    await show(intake, "reviewer", f"{finding}/photos/1", 404)
    for raw in (ONE, TWO):  # no answer tells a right guess from a wrong one
        assert (await send(intake, "inspector", f"{finding}/photos/1", raw, 200)).content == first.content
        assert slug(await send(intake, "inspector", f"{finding}/photos/3", raw, 404)) == "not-found"
    assert await kept(intake, finding) == []
    await erase(intake, finding, "photo.2")
    for raw in (ONE, TWO):
        assert slug(await send(intake, "inspector", f"{finding}/photos/2", raw, 409)) == "already-erased"
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert (shown["photos"], shown["photos_held"], shown["complete"]) == (2, [], True)  # nothing is waited for
    assert await completions(intake, finding) == []


async def test_the_event_commits_to_what_is_left_when_a_photo_was_erased_before(intake, finding):
    await erase(intake, finding, "photo.2")
    assert (await send(intake, "inspector", f"{finding}/photos/1", ONE)).json()["state"] == "complete"
    event = validate_event((await intake.event_bytes())[-1])
    assert list(event["data"]["commitments"]) == ["photo.1"] and event["data"]["photos"] == 2


async def test_photos_bytes_lie_sealed_and_only_sealed(intake, finding):
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    image = (await show(intake, "reviewer", f"{finding}/photos/1")).content
    row = await intake.service.pool.fetchrow("SELECT * FROM intake.vault_photo WHERE finding = $1", finding)
    for whole in (ONE, image):
        assert whole[200:264] not in row["sealed"]
    answer = (await send(intake, "inspector", f"{finding}/photos/1", ONE, 200)).content
    digests = [hashlib.sha256(whole).digest() for whole in (ONE, image)]
    log = b"".join(await intake.event_bytes()) + answer
    for digest in digests:
        for form in (digest, digest.hex().encode(), base64.b64encode(digest)):
            assert form not in log
    assert json.loads(answer)["photo"] == 1


async def test_a_batch_takes_no_photo(intake, finding):
    (answer,) = await intake.batch("inspector", [(f"findings/{finding}/photos/1", {})])
    assert answer["status"] == 404


BOXES = [{"x": 0, "y": 0, "width": 5000, "height": 5000}]


async def redact(intake: Intake, finding: str, n: int, boxes, status: int = 201, who: str = "reviewer"):
    return await intake.put(who, f"findings/{finding}/photos/{n}/redactions/{fresh()}", {"boxes": boxes}, status)


async def test_a_redacted_photo_is_shown_with_black_boxes_and_the_original_by_reason(intake, finding):
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    plain = (await show(intake, "reviewer", f"{finding}/photos/1")).content
    assert not is_black(plain, 0.2, 0.2)
    told = (await redact(intake, finding, 1, BOXES)).json()
    assert (told["state"], told["finding"], told["unit"]) == ("redacted", finding, UNIT)
    event = validate_event((await intake.event_bytes())[-1])
    assert event["type"] == "kycuong.photo.redacted.v1"
    assert (event["id"], event["data"]["photo"], event["data"]["boxes"]) == (told["id"], 1, BOXES)
    for who in ("inspector", "lead", "head", "reviewer"):
        covered = (await show(intake, who, f"{finding}/photos/1")).content
        assert is_black(covered, 0.2, 0.2) and is_black(covered, 0.49, 0.49) and not is_black(covered, 0.8, 0.8)
    await show(intake, "head", f"{finding}/photos/1?original=true&reason=xem", 403)
    refused = (await show(intake, "reviewer", f"{finding}/photos/1?original=true", 422)).json()
    assert refused["errors"][0]["pointer"] == "/reason"
    original = await show(intake, "auditor", f"{finding}/photos/1?original=true&reason=doi-chieu")
    assert original.content == plain
    readings = await intake.service.pool.fetch(
        "SELECT role, part, reason FROM intake.vault_read WHERE finding = $1 AND part LIKE 'photo.%' ORDER BY read_at",
        finding,
    )
    assert tuple(readings[-1].values()) == ("auditor", "photo.1", "doi-chieu")
    assert {row["part"] for row in readings[1:-1]} == {"photo.1.redacted"}
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert shown["redactions"] == [{"n": 1, "id": told["id"], "boxes": BOXES}] and shown["state"] == "recorded"
    assert shown["history"][-1]["type"] == "kycuong.photo.redacted.v1"


async def test_the_newest_redaction_stands(intake, finding):
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    await redact(intake, finding, 1, BOXES)
    await redact(intake, finding, 1, [{"x": 6000, "y": 6000, "width": 4000, "height": 4000}])
    covered = (await show(intake, "reviewer", f"{finding}/photos/1")).content
    assert is_black(covered, 0.9, 0.9) and not is_black(covered, 0.2, 0.2)


async def test_what_cannot_be_redacted_says_why(intake, finding):
    waiting = await redact(intake, finding, 1, BOXES, 409)
    assert slug(waiting) == "incomplete"
    await send(intake, "inspector", f"{finding}/photos/1", ONE)
    await redact(intake, finding, 3, BOXES, 404)
    for who in ("inspector", "lead", "head", "auditor", "admin"):
        await redact(intake, finding, 1, BOXES, 403, who)
    beyond = {"x": 9000, "y": 0, "width": 2000, "height": 1}
    for boxes, pointer in (
        ([], "/boxes"), (BOXES * 41, "/boxes"), ([BOXES[0], beyond], "/boxes/1/width"),
        ([BOXES[0] | {"x": 0.5}], "/boxes/0/x"), ([BOXES[0] | {"height": 0}], "/boxes/0/height"),
    ):  # fmt: skip
        assert (await redact(intake, finding, 1, boxes, 422)).json()["errors"][0]["pointer"] == pointer
    path = f"findings/{finding}/photos/0/redactions/{fresh()}"
    assert (await intake.put("reviewer", path, {"boxes": BOXES}, 422)).json()["errors"][0]["pointer"] == "/n"
    await erase(intake, finding, "photo.1")
    assert slug(await redact(intake, finding, 1, BOXES, 409)) == "already-erased"
    inspection = (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["inspection"]
    await intake.put("lead", f"inspections/{inspection}/voiding/{fresh()}", WHY)
    assert slug(await redact(intake, finding, 2, BOXES, 409)) == "wrong-state"
