"""A photo that comes in parts: what was received stays, is gone on with, and is the manifest's photo or nothing."""

import asyncio
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from services.intake.evidence import parts as photo_parts
from tests.support.intake import Intake, fresh, opening, populate, recording, running_intake
from tests.support.photos import jpeg, listed, scene

PICTURE = jpeg(scene(640, 480), quality=90)
SIZE, THIRD = len(PICTURE), len(PICTURE) // 3
WHY = {"private": {"reason": "Ghi nhầm người."}}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def intake(cluster, tmp_path_factory):
    """One installation for all of them: each test files a finding of its own."""
    folder = tmp_path_factory.mktemp("parts") / "data"
    async with cluster.database(folder) as settings, running_intake(settings) as intake:
        await populate(intake)
        await intake.token("inspector", account="stranger")
        yield intake


@pytest_asyncio.fixture(loop_scope="module")
async def finding(intake):
    """A finding of an inspector and a colleague, whose manifest names one photo."""
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening(team=["colleague"]))
    await intake.put("inspector", f"findings/{finding}", manifest(inspection))
    return finding


def manifest(inspection: str) -> dict:
    return recording(inspection, code="A03", count=1, photos=[listed(PICTURE)])


async def send(
    intake: Intake, finding: str, first: int, end: int, status: int | None = 202, who: str = "inspector",
    raw: bytes = PICTURE, **headers: str,
) -> httpx.Response:  # fmt: skip
    """The bytes from `first` up to `end` of a picture."""
    said = {"content-type": "image/jpeg", "content-range": f"bytes {first}-{end - 1}/{len(raw)}"} | headers
    return await intake.put(who, f"findings/{finding}/photos/1", raw[first:end], status, **said)


async def offset(intake: Intake, finding: str, who: str = "inspector", status: int = 200) -> str | None:
    headers = {"authorization": f"Bearer {intake.tokens.get(who, who)}"}
    answer = await intake.client.head(f"/intake/v1/findings/{finding}/photos/1", headers=headers)
    assert (answer.status_code, answer.content) == (status, b"")
    return answer.headers.get("upload-offset")


async def held(intake: Intake, finding: str) -> list[int]:
    return (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["photos_held"]


async def parts(intake: Intake, finding: str) -> int:
    return await intake.service.pool.fetchval(
        "SELECT count(*) FROM intake.vault_upload_part WHERE target = $1", finding
    )


async def test_parts_one_after_the_other_are_the_photo(intake, finding):
    assert await offset(intake, finding) == "0"
    assert (await send(intake, finding, 0, THIRD)).json() == {"received": THIRD}
    assert await offset(intake, finding) == str(THIRD)
    assert (await send(intake, finding, THIRD, 2 * THIRD)).json() == {"received": 2 * THIRD}
    assert await held(intake, finding) == []
    last = await send(intake, finding, 2 * THIRD, SIZE, 201)
    assert (last.json()["state"], last.json()["missing"]) == ("complete", [])
    assert await held(intake, finding) == [1] and await parts(intake, finding) == 0
    assert await offset(intake, finding) == str(SIZE)
    # the last answer was lost: that part, and the whole, get the very same one
    assert (await send(intake, finding, 2 * THIRD, SIZE, 200)).content == last.content
    whole = await intake.put(
        "inspector", f"findings/{finding}/photos/1", PICTURE, 200, **{"content-type": "image/jpeg"}
    )
    assert whole.content == last.content
    told = [each for each in await intake.events() if each["subject"] == f"finding/{finding}"]
    assert [each["type"] for each in told].count("kycuong.finding.completed.v1") == 1


async def test_one_part_that_is_all_of_it_is_the_whole(intake, finding):
    assert (await send(intake, finding, 0, SIZE, 201)).json()["state"] == "complete"


async def test_a_gap_is_told_with_where_to_go_on(intake, finding):
    await send(intake, finding, 0, 100)
    gap = await send(intake, finding, 101, 200, 409)
    assert (gap.json()["type"], gap.json()["received"]) == ("/problems/upload-gap", 100)
    assert await offset(intake, finding) == "100"


async def test_what_comes_again_or_overlaps_changes_nothing_that_is_held(intake, finding):
    await send(intake, finding, 0, 200)
    assert (await send(intake, finding, 0, 200)).json() == {"received": 200}
    assert (await send(intake, finding, 50, 100)).json() == {"received": 200}
    assert (await send(intake, finding, 150, THIRD)).json() == {"received": THIRD}
    assert (await send(intake, finding, THIRD, SIZE, 201)).json()["state"] == "complete"


async def test_concurrent_twins_of_each_part_make_one_photo(intake, finding):
    for first, end in ((0, THIRD), (THIRD, 2 * THIRD)):
        twins = await asyncio.gather(*(send(intake, finding, first, end) for _ in range(4)))
        assert {twin.json()["received"] for twin in twins} == {end}
    twins = await asyncio.gather(*(send(intake, finding, 2 * THIRD, SIZE, None) for _ in range(4)))
    assert sorted(twin.status_code for twin in twins) == [200, 200, 200, 201]
    assert len({twin.content for twin in twins}) == 1
    assert await parts(intake, finding) == 0


async def test_other_bytes_are_refused_once_all_are_there_and_may_come_anew(intake, finding):
    other = PICTURE[:-1] + bytes([PICTURE[-1] ^ 1])
    await send(intake, finding, 0, THIRD, raw=other)
    refused = await send(intake, finding, THIRD, SIZE, 422, raw=other)
    assert "SHA-256" in refused.json()["errors"][0]["detail"]
    assert await offset(intake, finding) == "0"
    await send(intake, finding, 0, THIRD)
    assert (await send(intake, finding, THIRD, SIZE, 201)).json()["state"] == "complete"


async def test_nobody_goes_on_with_what_another_began(intake, finding):
    await send(intake, finding, 0, THIRD, raw=b"\0" * SIZE, who="colleague")
    assert (await offset(intake, finding), await offset(intake, finding, "colleague")) == ("0", str(THIRD))
    await send(intake, finding, 0, THIRD)
    assert (await send(intake, finding, THIRD, SIZE, 201)).json()["state"] == "complete"
    assert await parts(intake, finding) == 0  # also what the colleague had begun
    assert (await send(intake, finding, THIRD, SIZE, 200, who="colleague")).json()["state"] == "complete"


@pytest.mark.parametrize(
    "said",
    [
        "bytes 0-99", "bytes 0-98/1000", "bytes 0-100/1000", "bytes */1000", "bytes 99-0/1000", "items 0-99/1000",
        "bytes 0-99/100000", "bytes 950-1049/1000", "bytes 0-99/*", "",
        f"bytes 0-99/{SIZE - 1}", f"bytes 0-99/{SIZE + 1}",
    ],
)  # fmt: skip
async def test_a_range_that_is_none_of_this_photo_is_refused_in_words(intake, finding, said):
    refused = await send(intake, finding, 0, 100, 422, **{"content-range": said})
    assert refused.json()["type"] == "/problems/invalid" and refused.json()["errors"][0]["detail"]
    assert await parts(intake, finding) == 0


async def test_too_big_a_whole_is_refused_before_its_parts_come(intake, finding):
    await send(intake, finding, 0, 100, 413, **{"content-range": "bytes 0-99/10000001"})


async def test_parts_are_taken_from_whoever_may_send_the_photo_and_from_nobody_else(intake, finding):
    for who, status in (("stranger", 403), ("reviewer", 403), ("head", 403), ("elsewhere", 404), ("nobody", 401)):
        await send(intake, finding, 0, 100, status, who=who)
        await offset(intake, finding, who, status)
    assert await parts(intake, finding) == 0
    await send(intake, fresh(), 0, 100, 409)
    await offset(intake, fresh(), status=409)
    missing = await intake.client.put(
        f"/intake/v1/findings/{finding}/photos/2", content=b"x",
        headers={"authorization": f"Bearer {intake.tokens['inspector']}", "content-type": "image/jpeg",
                 "content-range": f"bytes 0-0/{SIZE}"},
    )  # fmt: skip
    assert missing.status_code == 404
    await send(intake, finding, 0, 100, who="lead")


async def test_what_is_held_of_a_photo_is_sealed(intake, finding):
    await send(intake, finding, 0, THIRD)
    sealed = await intake.service.pool.fetchval(
        "SELECT sealed FROM intake.vault_upload_part WHERE target = $1", finding
    )
    assert PICTURE[:16] not in sealed and PICTURE[40:56] not in sealed


async def test_parts_are_kept_seven_days_from_the_last_one_and_then_swept(intake, finding):
    began = intake.clock.now()
    await send(intake, finding, 0, 100)
    intake.clock.set(began + timedelta(days=5))
    await send(intake, finding, 100, 200)
    await photo_parts.sweep(intake.service, began + timedelta(days=12))
    assert await offset(intake, finding) == "200"
    await photo_parts.sweep(intake.service, began + timedelta(days=12, seconds=1))
    assert await offset(intake, finding) == "0"
    intake.clock.set(began)


async def test_an_erased_photo_takes_its_parts_along(intake, finding):
    await send(intake, finding, 0, THIRD)
    erasure = fresh()
    await intake.put("reviewer", f"erasures/{erasure}", {"event": finding, "parts": ["photo.1"], **WHY})
    await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})
    assert await parts(intake, finding) == 0
    gone = await send(intake, finding, THIRD, SIZE, 409)
    assert gone.json()["type"] == "/problems/already-erased"
    await offset(intake, finding, status=409)
