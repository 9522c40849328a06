"""Files that a unit names in its reply: each comes to its place, is kept, and is given out as nothing but a file."""

import hashlib
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from services.intake.evidence import parts
from services.kernel.process.settings import Settings
from tests.support.intake import NOW, Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.photos import PLACE, exif, jpeg, scene

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n" + b"CANARY" * 400
JPEG = jpeg(scene(64, 48), exif=exif())


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    scene(64, 48).convert("RGBA").save(out, kind)
    return out.getvalue()


PNG, WEBP = picture("PNG"), picture("WEBP")
ALL = (("image/jpeg", JPEG), ("image/png", PNG), ("image/webp", WEBP), ("application/pdf", PDF))


def named(*files: tuple[str, bytes]) -> dict[str, Any]:
    """A reply that names files."""
    listed = [{"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "type": kind} for kind, raw in files]
    return {"accepts": False, "private": {"text": "Có quyết định đi công tác kèm theo."}, "files": listed}


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def finding(intake: Intake) -> str:
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03"))
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return finding


async def replied(intake: Intake, finding: str, *files: tuple[str, bytes]) -> str:
    """The path of a reply that names files."""
    path = f"findings/{finding}/reply/{fresh()}"
    await intake.put("head", path, named(*files))
    return path


async def send(
    intake: Intake, path: str, n: int, kind: str, raw: bytes, status: int = 201, who: str = "head", **headers: str
) -> httpx.Response:
    return await intake.put(who, f"{path}/files/{n}", raw, status, **{"content-type": kind} | headers)


async def read(intake: Intake, path: str, n: int, who: str, status: int = 200, **headers: str) -> httpx.Response:
    said = {"authorization": f"Bearer {intake.tokens[who]}"} | headers
    answer = await intake.client.get(f"/intake/v1/{path}/files/{n}", headers=said)
    assert answer.status_code == status, answer.text
    return answer


async def test_every_kind_is_kept_and_given_out_only_as_a_file(intake: Intake, finding: str) -> None:
    path = await replied(intake, finding, *ALL)
    for n, (kind, raw) in enumerate(ALL, start=1):
        answer = (await send(intake, path, n, kind, raw)).json()
        assert (answer["file"], answer["missing"]) == (n, list(range(n + 1, len(ALL) + 1)))
        assert (await send(intake, path, n, kind, raw, 200)).json() == answer
        shown = await read(intake, path, n, "reviewer")
        assert shown.headers["content-type"] == kind
        assert shown.headers["content-disposition"].startswith("attachment; filename=")
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["content-security-policy"].startswith("sandbox,")
        assert shown.headers["cache-control"] == "no-store"
    assert (await read(intake, path, 4, "head")).content == PDF
    plain = (await read(intake, path, 1, "head")).content
    assert PLACE.encode() in JPEG and PLACE.encode() not in plain
    for n, mode in ((1, "JPEG"), (2, "PNG"), (3, "WEBP")):
        again = Image.open(io.BytesIO((await read(intake, path, n, "head")).content))
        assert (again.format, again.size) == (mode, (64, 48))


async def test_the_event_has_a_commitment_to_each_file_and_no_hash(intake: Intake, finding: str) -> None:
    path = await replied(intake, finding, ("application/pdf", PDF), ("image/png", PNG))
    [*_, raw] = await intake.event_bytes()
    event = (await intake.events())[-1]
    assert sorted(event["data"]["commitments"]) == ["file.1", "file.2", "text"]
    assert "files" not in event["data"]
    assert hashlib.sha256(PDF).hexdigest() not in raw.decode()
    events = len(await intake.events())
    await send(intake, path, 1, "application/pdf", PDF)
    assert len(await intake.events()) == events
    # other files under the same id are another content; the same ones are a repeat
    await intake.put("head", path, named(("application/pdf", PDF), ("image/png", PNG)), 200)
    await intake.put("head", path, named(("application/pdf", PDF + b" "), ("image/png", PNG)), 409)


async def test_a_decision_does_not_wait_for_files_nor_they_for_it(intake: Intake, finding: str) -> None:
    path = await replied(intake, finding, ("application/pdf", PDF))
    reason = {"private": {"reason": "Theo hồ sơ."}}
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", {"outcome": "upheld", **reason})
    await send(intake, path, 1, "application/pdf", PDF)


@pytest.mark.parametrize(
    ("n", "kind", "raw", "status", "pointer"),
    [
        (1, "application/pdf", PDF + b"x", 422, ""),
        (1, "image/png", PNG, 422, ""),
        (2, "application/pdf", b"<script>alert(1)</script>", 422, ""),
        (3, "image/png", PDF, 422, ""),
        (4, "application/pdf", PDF, 404, None),
        (1, "text/html", PDF, 415, None),
        (1, "application/json", b"{}", 415, None),
        (0, "application/pdf", PDF, 422, "/n"),
        (1, "application/pdf", b"%PDF-" + bytes(10_000_000), 413, None),
    ],
)
async def test_only_what_was_named_is_kept(
    intake: Intake, finding: str, n: int, kind: str, raw: bytes, status: int, pointer: str | None
) -> None:
    bad = (("application/pdf", PDF), ("application/pdf", b"<script>alert(1)</script>"), ("image/png", PDF))
    path = await replied(intake, finding, *bad)
    refused = (await send(intake, path, n, kind, raw, status)).json()
    assert [error["pointer"] for error in refused.get("errors", [])] == ([] if pointer is None else [pointer])
    await read(intake, path, max(n, 1), "reviewer", 404)


@pytest.mark.parametrize(
    ("file", "pointer"),
    [
        ({"type": "text/html"}, "/files/0/type"),
        ({"bytes": 10_000_001}, "/files/0/bytes"),
        ({"bytes": 0}, "/files/0/bytes"),
        ({"sha256": "x"}, "/files/0/sha256"),
        ({"name": "Nguyễn Văn A.pdf"}, "/files/0/name"),
    ],
)
async def test_a_list_of_files_is_looked_at_field_by_field(
    intake: Intake, finding: str, file: dict[str, Any], pointer: str
) -> None:
    body = named(("application/pdf", PDF))
    body["files"][0] |= file
    refused = (await intake.put("head", f"findings/{finding}/reply/{fresh()}", body, 422)).json()
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_only_the_units_head_sends_and_only_readers_of_the_case_read(intake: Intake, finding: str) -> None:
    await intake.token("inspector", account="stranger")
    path = await replied(intake, finding, ("application/pdf", PDF))
    unknown = path.rsplit("/", 1)[0] + f"/{fresh()}"
    assert (await send(intake, unknown, 1, "application/pdf", PDF, 409)).json()["type"] == "/problems/not-yet-known"
    for who, status in (("inspector", 403), ("reviewer", 403), ("parent-head", 403), ("other-head", 404)):
        await send(intake, path, 1, "application/pdf", PDF, status, who)
    await send(intake, path, 1, "application/pdf", PDF)
    for who in ("inspector", "lead", "head", "parent-head", "reviewer"):
        await read(intake, path, 1, who)
    for who in ("stranger", "other-head"):
        await read(intake, path, 1, who, 404)
    await read(intake, path, 1, "auditor", 422)
    await read(intake, path, 1, "auditor", **{"kycuong-reason": "ki%E1%BB%83m%20tra"})
    rows = await intake.service.pool.fetch("SELECT account, part FROM intake.vault_read WHERE finding = $1", finding)
    assert [row["part"] for row in rows] == ["file.1"] * 6


async def test_a_file_comes_in_parts_and_is_gone_on_with(intake: Intake, finding: str) -> None:
    path, size, half = await replied(intake, finding, ("application/pdf", PDF)), len(PDF), len(PDF) // 2

    async def offset() -> str:
        headers = {"authorization": f"Bearer {intake.tokens['head']}"}
        answer = await intake.client.head(f"/intake/v1/{path}/files/1", headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        return str(answer.headers["upload-offset"])

    async def part(first: int, end: int, status: int) -> httpx.Response:
        said = {"content-range": f"bytes {first}-{end - 1}/{size}"}
        return await send(intake, path, 1, "application/pdf", PDF[first:end], status, **said)

    assert await offset() == "0"
    assert (await part(0, half, 202)).json() == {"received": half}
    assert (await part(half + 1, size, 409)).json()["received"] == half
    assert await offset() == str(half)
    assert (await part(half, size, 201)).json()["state"] == "complete"
    assert await offset() == str(size)
    assert (await part(half, size, 200)).json()["state"] == "complete"
    assert (await read(intake, path, 1, "reviewer")).content == PDF
    assert await intake.count("intake.vault_upload_part") == 0
    other = await replied(intake, await another(intake), ("application/pdf", PDF))
    await send(intake, other, 1, "application/pdf", PDF[:half], 202, **{"content-range": f"bytes 0-{half - 1}/{size}"})
    await parts.sweep(intake.service, NOW + timedelta(days=8))
    assert await intake.count("intake.vault_upload_part") == 0


async def another(intake: Intake) -> str:
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03"))
    return finding


async def test_an_erased_file_is_gone_with_its_hash(intake: Intake, finding: str) -> None:
    path, erasure = await replied(intake, finding, ("application/pdf", PDF)), fresh()
    await send(intake, path, 1, "application/pdf", PDF)
    write = path.rsplit("/", 1)[1]
    body = {"event": write, "parts": ["file.1"], "private": {"reason": "Có tên người."}}
    await intake.put("reviewer", f"erasures/{erasure}", body)
    await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})
    await read(intake, path, 1, "head", 404)
    row = await intake.service.pool.fetchrow("SELECT sha256, sealed, wrapped_key FROM intake.vault_file")
    assert tuple(row) == (None, None, None)
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    gone = {"type": "application/pdf", "bytes": len(PDF), "held": False, "awaited": False}
    assert shown["files"] == [{"of": "reply", "write": write, "n": 1, **gone}]


async def test_the_case_tells_its_files(intake: Intake, finding: str) -> None:
    path = await replied(intake, finding, ("application/pdf", PDF), ("image/png", PNG))
    await send(intake, path, 2, "image/png", PNG)
    shown = await intake.get("head", f"/intake/v1/findings/{finding}")
    files = [(one["of"], one["n"], one["held"], one["awaited"]) for one in shown["files"]]
    assert files == [("reply", 1, False, True), ("reply", 2, True, False)]
    for who in ("reviewer", "parent-head"):
        shown = await intake.get(who, f"/intake/v1/findings/{finding}")
        assert not any(one["awaited"] for one in shown["files"])
