"""A queue handed over as a sealed file: opened by the server alone, counted once, credited to its signer."""

import base64
import json
from typing import Any

import pytest
import pytest_asyncio

from services.intake.handover.keys import Keys
from services.kernel.process.folder import Folder
from tests.support.intake import Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.phone import Phone, handed_over
from tests.support.photos import jpeg, listed, scene

PICTURE = jpeg(scene(320, 240))


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.token("inspector", account="an.kt")
        yield intake


@pytest_asyncio.fixture
async def phone(intake: Intake) -> Phone:
    """The phone of an.kt."""
    phone = Phone()
    await intake.put("an.kt", f"devices/{phone.id}", {"key": phone.public})
    return phone


def queue(phone: Phone) -> list[tuple[str, Any]]:
    """An inspection with a finding, its photo, and the closing."""
    inspection, finding = fresh(), fresh()
    body = recording(inspection, code="A03", private={"narrative": "CANARY-words"}, photos=[listed(PICTURE)])
    writes = [
        (f"inspections/{inspection}", opening()),
        (f"findings/{finding}", body),
        (f"inspections/{inspection}/closing/{fresh()}", closing()),
    ]
    return [*((path, phone.sign(path, one)) for path, one in writes), (f"findings/{finding}/photos/1", PICTURE)]


async def key_of(intake: Intake) -> dict[str, str]:
    return await intake.get("colleague", "/intake/v1/handover-key")


async def send(intake: Intake, who: str, raw: bytes, status: int = 200, media: str = "text/plain") -> Any:
    answer = await intake.client.post(
        "/intake/v1/handovers", content=raw,
        headers={"content-type": media, "authorization": f"Bearer {intake.tokens.get(who, who)}"},
    )  # fmt: skip
    assert answer.status_code == status, answer.text
    return [json.loads(line) for line in answer.text.splitlines()] if status == 200 else answer.json()


def statuses(lines: list[dict[str, Any]]) -> list[int]:
    return [line["status"] for line in lines]


async def test_a_colleague_brings_it_and_it_is_the_signers(intake: Intake, phone: Phone) -> None:
    items = queue(phone)
    raw = handed_over(await key_of(intake), items)
    assert b"CANARY" not in raw and b"occurred_at" not in raw  # long words: three letters turn up in base64 by chance
    lines = await send(intake, "elsewhere", raw)
    assert statuses(lines) == [201, 201, 201, 201]
    told = {"id", "state", "received_at", "receipt"}
    assert all(line["body"].keys() <= told and "state" in line["body"] for line in lines)  # no word of a sealed file
    finding = await intake.get("reviewer", f"/intake/v1/{items[1][0]}")
    assert (finding["filer"], finding["complete"]) == ("an.kt", True)
    assert statuses(await send(intake, "elsewhere", raw)) == [200, 200, 200, 200]
    for path, body in items[:3]:
        await intake.put("an.kt", path, body, 200)
    own = {"content-type": "image/jpeg"}
    await intake.put("an.kt", items[3][0], PICTURE, 200, **own)
    [device] = (await intake.get("reviewer", "/intake/v1/devices"))["items"]
    assert (device["last_n"], device["missing_count"]) == (3, 0)


async def test_what_the_owner_sent_first_is_not_counted_again(intake: Intake, phone: Phone) -> None:
    items = queue(phone)
    for path, body in items[:2]:
        await intake.put("an.kt", path, body)
    assert statuses(await send(intake, "colleague", handed_over(await key_of(intake), items))) == [200, 200, 201, 201]
    assert len((await intake.get("reviewer", "/intake/v1/findings"))["items"]) == 1


async def test_unsigned_foreign_or_altered_lines_are_refused_and_the_rest_goes_on(intake: Intake, phone: Phone) -> None:
    items, stranger = queue(phone), Phone()
    inspection = items[0][0].split("/")[1]
    unsigned, unknown = f"findings/{fresh()}", f"findings/{fresh()}"
    altered = (items[1][0], items[1][1] | {"count": 99})
    odd = [(unsigned, recording(inspection)), (unknown, stranger.sign(unknown, recording(inspection))), altered]
    raw = handed_over(await key_of(intake), [items[0], *odd, *items[1:]])
    lines = await send(intake, "colleague", raw)
    assert statuses(lines) == [201, 422, 422, 422, 201, 201, 201]
    assert {line["body"]["errors"][0]["pointer"] for line in lines[1:4]} == {"/device/sig"}


async def test_a_photo_of_no_manifest_or_of_an_unknown_finding_is_kept_nowhere(intake: Intake, phone: Phone) -> None:
    items = queue(phone)
    other = jpeg(scene(300, 200))
    early = [items[3], (items[3][0], other), ("findings/x/photos/1", PICTURE), ("findings/../1", PICTURE)]
    lines = await send(intake, "colleague", handed_over(await key_of(intake), early))
    assert statuses(lines) == [409, 409, 422, 404]
    lines = await send(intake, "colleague", handed_over(await key_of(intake), [*items[:2], (items[3][0], other)]))
    assert statuses(lines) == [201, 201, 422]


@pytest.mark.parametrize(
    "damage", ["cut", "bit", "header", "armour", "no file", "empty", "deep", "short", "list", "words"]
)
async def test_a_damaged_file_is_refused_whole_in_words(intake: Intake, phone: Phone, damage: str) -> None:
    raw = handed_over(await key_of(intake), queue(phone))
    broken = {
        "cut": raw[:-200],
        "bit": raw[:300] + (b"A" if raw[300:301] != b"A" else b"B") + raw[301:],
        "header": raw.replace(b'"items": 4', b'"items": 5'),
        "armour": raw + b"?",
        "no file": b'{"method":"PUT"}\n{}\n',
        "empty": b"",
        "deep": raw.split(b"\n")[0] + b"\n" + b"[" * 200_000 + b"\nAAAA",
        "short": b"\n".join(raw.split(b"\n")[:2]) + b"\nAAAA",
        "list": raw.split(b"\n")[0] + b"\n[]\nAAAA",
        "words": raw.split(b"\n")[0] + b"\nkey\nAAAA",
    }[damage]
    problem = await send(intake, "colleague", broken, 422)
    assert problem["errors"][0]["detail"]
    assert (await intake.get("reviewer", "/intake/v1/inspections"))["items"] == []


async def test_a_file_for_another_installation_says_so(intake: Intake, phone: Phone, tmp_path) -> None:
    theirs = Keys.of(Folder(tmp_path / "other").prepare()).public()
    problem = await send(intake, "colleague", handed_over(theirs, queue(phone)), 422)
    assert "hệ thống khác" in problem["errors"][0]["detail"]


async def test_an_earlier_key_still_opens_what_was_sealed_to_it(intake: Intake, phone: Phone) -> None:
    folder = intake.service.settings.folder
    raw = handed_over(await key_of(intake), queue(phone))
    path = folder.secrets_dir / "handover_key"
    fresh_line = Keys.of(folder).private[0]
    older = path.read_text()
    path.unlink()
    newer = Keys.of(folder).public()
    path.write_text(path.read_text().strip() + "\n" + older)
    intake.service.parts = {**intake.service.parts, Keys: Keys.of(folder)}
    assert intake.service.part(Keys).public() == newer != {"key": fresh_line}
    assert statuses(await send(intake, "colleague", raw)) == [201] * 4


async def test_who_may_and_in_what_form(intake: Intake, phone: Phone) -> None:
    raw = handed_over(await key_of(intake), queue(phone))
    for who, status in (("nobody", 401), ("head", 403), ("reviewer", 403), ("auditor", 403), ("admin", 403)):
        await send(intake, who, raw, status)
    await send(intake, "colleague", raw, 415, "application/json")
    await send(intake, "colleague", b"x" * (24 * 1024 * 1024 + 1), 413)
    assert len(base64.b64decode((await key_of(intake))["key"])) == 65
