"""The log over HTTP: tlog-tiles as others read it, receipts, entries by right, and what is refused."""

import asyncio
import json
from uuid import uuid4

import pytest
from tlog_scales import signing, tiles, tlog

from services.audit import cli
from services.audit.app import create_app
from services.audit.receipt import Receipt
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import verify_source
from services.kernel.log.note import Verifier
from services.kernel.log.tiles import decode_bundle
from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import Settings
from services.kernel.streams import StreamDown
from tests.support.audit_app import SIZE, App
from tests.support.events import decided, erasure, event_id, finding, many, record
from tests.support.kafka import KafkaBroker
from tests.support.log import Answered, Log, open_log


async def test_a_new_log_is_ready_with_an_empty_signed_checkpoint(app: App) -> None:
    checkpoint = await app.reach(0)
    assert checkpoint.size == 0
    async with asyncio.timeout(60):
        while (await app.get("readyz")).status_code != 200:
            await asyncio.sleep(0.02)
    assert (await app.get("healthz")).json() == {"status": "ok"}
    vkey = await app.get("vkey")
    assert Verifier.parse(vkey.text.strip()).name == app.log.origin == checkpoint.origin
    assert vkey.text == vkey.text.strip() + "\n" == (app.log.settings.folder.vkey() or "") + "\n"
    trust = Trust((app.log.signer.verifier,))
    assert (await asyncio.to_thread(verify_source, Answered(app.served), trust)).ok


async def test_the_checkpoint_is_never_kept_but_may_be_checked_again(filled: App) -> None:
    first = await filled.get("checkpoint")
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    assert first.headers["cache-control"] == "no-store"
    again = await filled.get("checkpoint", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await filled.log.publish(many(1, filled.log.origin, SIZE))
    await filled.reach(SIZE + 1)
    grown = await filled.get("checkpoint", **{"if-none-match": first.headers["etag"]})
    assert grown.status_code == 200 and grown.headers["etag"] != first.headers["etag"]


FOREVER = "max-age=31536000, immutable"


async def test_full_tiles_are_immutable_and_growing_ones_are_not_kept(filled: App) -> None:
    for path, size in {
        "tile/0/000": 8192,
        "tile/0/001": 8192,
        "tile/0/002.p/88": 88 * 32,
        "tile/0/002.p/1": 32,
        "tile/0/000.p/255": 255 * 32,
        "tile/1/000.p/2": 64,
        "tile/1/000.p/1": 32,
    }.items():
        answer = await filled.get(path)
        assert (answer.status_code, len(answer.content)) == (200, size), path
        assert answer.headers["cache-control"] == ("no-store" if ".p/" in path else f"public, {FOREVER}")
        assert answer.headers["content-type"] == "application/octet-stream"
    for path in ("tile/0/002", "tile/0/002.p/89", "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1", "tile/0/x001/000"):
        assert await filled.problem(404, path) == "not-found"
        assert (await filled.get(path)).headers["cache-control"] == "no-store"


async def test_every_published_width_is_served_and_is_the_full_tiles_beginning(filled: App) -> None:
    whole = (await filled.get("tile/0/001")).content
    for width in range(1, 256):
        assert (await filled.get(f"tile/0/001.p/{width}")).content == whole[: 32 * width]


async def test_what_a_reader_holds_is_not_sent_again(filled: App) -> None:
    token = filled.log.settings.folder.read_token()
    tags = set()
    for path in ("tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"):
        first = await filled.get(path, token)
        etag = first.headers["etag"]
        assert etag.startswith('"'), "weak"
        tags.add(etag)
        for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = await filled.get(path, token, **{"if-none-match": held})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
            assert again.headers["cache-control"] == first.headers["cache-control"]
        assert (await filled.get(path, token, **{"if-none-match": '"other"'})).content == first.content
    assert len(tags) == 5
    for absent in ("tile/0/002", "tile/entries/002.p/89"):
        assert (await filled.get(absent, token, **{"if-none-match": "*"})).status_code == 404


async def test_head_tells_the_length_and_sends_nothing(filled: App) -> None:
    token = filled.log.settings.folder.read_token()
    for path in ("checkpoint", "vkey", "tile/0/000", "tile/0/002.p/88", "tile/entries/000", "tile/entries/002.p/88"):
        got = await filled.get(path, token, **{"accept-encoding": "identity"})
        headers = {"authorization": f"Bearer {token}", "accept-encoding": "identity"}
        head = await filled.client.head(f"/audit/{path}", headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(got.content))
        assert head.headers.get("etag") == got.headers.get("etag")


async def test_bundles_are_gzipped_only_for_those_who_ask(filled: App) -> None:
    token = filled.log.settings.folder.read_token()
    plain = await filled.get("tile/entries/000", token, **{"accept-encoding": ""})
    assert "content-encoding" not in plain.headers and plain.headers["vary"] == "Accept-Encoding"
    for asked in ("gzip", "deflate, GZIP;q=0.1", "x-gzip", "*", "br, *;q=0.5", "identity;q=0.5, gzip"):
        packed = await filled.get("tile/entries/000", token, **{"accept-encoding": asked})
        assert packed.headers["content-encoding"] == "gzip", asked
        assert packed.content == plain.content, "httpx unpacks it"
        assert int(packed.headers["content-length"]) < len(plain.content) / 4
        assert packed.headers["etag"] != plain.headers["etag"]
        assert packed.headers["cache-control"] == plain.headers["cache-control"] == f"private, {FOREVER}"
        crossed = await filled.get(
            "tile/entries/000", token, **{"accept-encoding": asked, "if-none-match": plain.headers["etag"]}
        )
        assert crossed.status_code == 200, "the plain form's tag is not the packed form's"
    for asked in ("identity", "deflate, br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=0.5, identity", "gzip;q=x"):
        answer = await filled.get("tile/entries/000", token, **{"accept-encoding": asked})
        assert "content-encoding" not in answer.headers, asked
        assert answer.content == plain.content
    tile = await filled.get("tile/0/000", **{"accept-encoding": "gzip"})
    assert "content-encoding" not in tile.headers and len(tile.content) == 8192


NO_TILES = (
    *("tile/0/0", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/a/000", "tile/0/000.p/0", "tile/0/000.p/256"),
    *("tile/0/000.p/", "tile/0/000/", "tile/0/000.p/1/1", "tile/0/", "tile/0/x000/001"),
)


async def test_what_names_no_tile_is_a_bad_request(app: App) -> None:
    await app.reach(0)
    for path in NO_TILES:
        assert await app.problem(400, path) == "bad-tile-path"


async def test_entry_bundles_are_for_auditors_and_the_read_token(filled: App) -> None:
    token = filled.log.settings.folder.read_token()
    whole = await filled.get("tile/entries/000", token)
    assert whole.headers["cache-control"] == f"private, {FOREVER}"
    assert decode_bundle(whole.content) == [r.value for r in many(256, filled.log.origin)]
    part = await filled.get("tile/entries/002.p/88", await filled.token("auditor"))
    assert part.headers["cache-control"] == "no-store"
    assert decode_bundle(part.content) == [r.value for r in many(88, filled.log.origin, 512)]
    assert await filled.problem(401, "tile/entries/000") == "unauthorized"
    assert await filled.problem(401, "tile/entries/000", "no-such-token") == "unauthorized"
    for role in ("inspector", "lead", "unit_head", "reviewer", "admin"):
        assert await filled.problem(403, "tile/entries/000", await filled.token(role)) == "forbidden"
    assert await filled.problem(404, "tile/entries/002", token) == "not-found"
    assert await filled.problem(404, "tile/entries/002.p/89", token) == "not-found"
    assert await filled.problem(400, "tile/entries/2", token) == "bad-tile-path"


async def test_bundles_of_a_public_log_are_for_anyone(filled: App) -> None:
    public = create_app(filled.log.settings.model_copy(update={"log_public_entries": True}))
    async with public.router.lifespan_context(public):
        answer = await App(public, filled.log).get("tile/entries/000")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, f"public, {FOREVER}")


async def test_a_receipt_proves_an_event_from_its_bytes_alone(filled: App) -> None:
    token = await filled.token("inspector", "xa-001")
    vkey = (await filled.get("vkey")).text.strip()
    for number in (0, 255, 256, 511, 512, 599):
        raw = finding(number, f"xa-{number % 500:03d}", number // 500 + 1, origin=filled.log.origin)
        answer = await filled.get(f"v1/receipts/{event_id(number)}", token)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        receipt = Receipt.parse(answer.text)
        assert (receipt.index, receipt.verify(raw, Verifier.parse(vkey)).size) == (number, SIZE)
        theirs = tlog.Checkpoint.from_text(receipt.note)
        theirs.verify(signing.Vkey.from_string(vkey))
        tlog.InclusionProof(number, theirs.size, list(receipt.proof)).check(tiles.leaf_hash(raw), theirs.root_hash)


async def test_receipts_are_for_the_signed_in_and_for_what_is_covered(filled: App) -> None:
    path = f"v1/receipts/{event_id(1)}"
    assert await filled.problem(401, path) == "unauthorized"
    for role in ("inspector", "lead", "unit_head", "reviewer", "auditor", "admin"):
        assert (await filled.get(path, await filled.token(role))).status_code == 200
    token = await filled.token("reviewer")
    assert await filled.problem(404, f"v1/receipts/{uuid4()}", token) == "not-found"
    assert await filled.problem(404, "v1/receipts/nonsense", token) == "not-found"
    assert await filled.problem(404, f"v1/receipts/{event_id(0xABC).upper()}", token) == "not-found"
    for wait in ("31", "-1", "x", "nan"):
        assert await filled.problem(422, f"{path}?wait={wait}", token) == "invalid"
    english = await filled.get(f"v1/receipts/{uuid4()}", token, **{"accept-language": "en"})
    assert english.json()["detail"].startswith("No published checkpoint covers")


async def test_a_receipt_waits_for_an_event_that_is_not_known_yet(app: App) -> None:
    token = await app.token("inspector")
    await app.reach(0)
    asking = asyncio.create_task(app.get(f"v1/receipts/{event_id(3)}?wait=30", token))
    await asyncio.sleep(0.5)
    await app.log.publish([record(finding(3, "xa-009", 1, origin=app.log.origin), "xa-009")])
    assert (await asking).status_code == 200
    assert await app.problem(404, f"v1/receipts/{uuid4()}?wait=0.3", token) == "not-found"


async def test_entries_are_read_by_whoever_may_read_what_they_are_about(app: App) -> None:
    await app.unit("so-noi-vu")
    await app.unit("xa-tan-hoa", "so-noi-vu")
    await app.unit("xa-khac")
    origin = app.log.origin
    events = {
        "plain": finding(1, "xa-tan-hoa", 1, origin=origin),
        "grave": finding(2, "xa-tan-hoa", 2, origin=origin, severity=4),
        "decided": decided(3, "xa-tan-hoa", 3, origin=origin, about=2),
        "nowhere": finding(4, "-", 1, origin=origin).replace(b"finding.recorded.v1", b"nothing.known.v1"),
        "erased": erasure(5, 1, "xa-tan-hoa", 4, "narrative", origin=origin),
        "grave erased": erasure(6, 2, "xa-tan-hoa", 5, "persons", origin=origin),
        "decision erased": erasure(7, 3, "xa-tan-hoa", 6, "reason", origin=origin),
    }
    await app.log.publish([record(raw, json.loads(raw)["unit"]) for raw in events.values()])
    await app.reach(7)
    await app.case(event_id(1), "xa-tan-hoa", 2, "an", "binh")
    await app.case(event_id(2), "xa-tan-hoa", 4, "an")
    path = {name: f"v1/entries/{json.loads(raw)['id']}" for name, raw in events.items()}

    async def readable(token: str) -> set[str]:
        seen = set()
        for name, raw in events.items():
            answer = await app.get(path[name], token)
            assert answer.status_code in (200, 404), answer.text
            if answer.status_code == 200:
                assert answer.content == raw
                seen.add(name)
        return seen

    everything, of_unit = set(events), set(events) - {"nowhere"}
    assert await readable(await app.token("auditor")) == everything
    assert await readable(await app.token("reviewer")) == everything
    assert await readable(await app.token("lead")) == everything
    assert await readable(await app.token("lead", "so-noi-vu")) == of_unit
    assert await readable(await app.token("inspector", "xa-tan-hoa")) == set()
    assert await readable(await app.token("inspector", "xa-tan-hoa", "an")) == of_unit
    assert await readable(await app.token("inspector", "so-noi-vu", "binh")) == {"plain", "erased"}
    assert await readable(await app.token("inspector", "xa-khac")) == set()
    for role in ("reviewer", "auditor"):
        assert await readable(await app.token(role, "xa-tan-hoa")) == of_unit
        assert await readable(await app.token(role, "xa-khac")) == set()
    assert await readable(await app.token("unit_head", "xa-tan-hoa")) == {"plain", "erased"}
    assert await readable(await app.token("unit_head", "so-noi-vu")) == {"plain", "erased"}
    assert await readable(await app.token("unit_head", "xa-khac")) == set()
    assert await app.problem(403, path["plain"], await app.token("admin")) == "forbidden"
    assert await app.problem(401, path["plain"]) == "unauthorized"
    assert await app.problem(404, f"v1/entries/{uuid4()}", await app.token("auditor")) == "not-found"
    assert await app.problem(404, "v1/entries/nonsense", await app.token("auditor")) == "not-found"


async def test_what_was_erased_since_is_told_with_the_entry(app: App) -> None:
    unit, origin, token = "xa-tan-hoa", app.log.origin, await app.token("auditor")
    events = [
        finding(1, unit, 1, origin=origin),
        finding(2, unit, 2, origin=origin),
        erasure(3, 1, unit, 3, "persons", "narrative", origin=origin),
        erasure(4, 1, unit, 4, "photo.1", origin=origin),
        finding(5, unit, 5, origin=origin),
    ]
    before = events[:2]
    await app.log.publish([record(raw, unit) for raw in before])
    await app.reach(2)
    assert "x-log-erased" not in (await app.get(f"v1/entries/{event_id(1)}", token)).headers
    await app.log.publish([record(raw, unit) for raw in events[2:]])
    await app.reach(5)
    answer = await app.get(f"v1/entries/{event_id(1)}", token)
    assert answer.content == events[0], "the log itself changes nothing"
    assert answer.headers["x-log-erased"] == "narrative,persons,photo.1"
    for number in (2, 3, 4, 5):
        assert "x-log-erased" not in (await app.get(f"v1/entries/{event_id(number)}", token)).headers


async def test_an_expired_token_is_refused(filled: App) -> None:
    token = await filled.token("auditor")
    await filled.log.admin.execute("UPDATE identity.session SET expires_at = now() - interval '1 second'")
    assert await filled.problem(401, "tile/entries/000", token) == "unauthorized"
    assert await filled.problem(401, f"v1/receipts/{event_id(1)}", token) == "unauthorized"


async def test_another_method_is_refused(filled: App) -> None:
    answer = await filled.client.put("/audit/checkpoint")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


async def test_the_explorer_shows_the_log_to_anyone(filled: App) -> None:
    page = await filled.get("")
    assert page.status_code == 200
    checkpoint = await filled.reach(SIZE)
    assert f'data-size="{SIZE}"' in page.text
    assert checkpoint.origin in page.text and filled.log.signer.vkey in page.text
    assert "Nhật ký kiểm chứng được" in page.text
    assert "Chưa cấu hình nhân chứng" in page.text
    assert "The verifiable log" in (await filled.get("?lang=en")).text


async def test_a_log_that_might_fork_refuses_to_start_until_an_operator_says_so(settings: Settings) -> None:
    async with open_log(settings) as log:
        await log.publish(many(10, log.origin))
        first = create_app(settings)
        async with first.router.lifespan_context(first):
            await App(first, log).reach(10)
        (settings.folder.log_dir / "guard/checkpoint").unlink()
        await log.publish(many(10, log.origin, 10))
        second = create_app(settings)
        with pytest.raises(StartRefused, match="kycuong log trust"):
            async with second.router.lifespan_context(second):
                pass
        assert await log.size() == 10, "what cannot be signed is not appended either"
        await cli.trust_log(settings)
        third = create_app(settings)
        async with third.router.lifespan_context(third):
            assert (await App(third, log).reach(20)).size == 20


async def test_a_log_whose_guard_goes_while_it_stands_by_says_so_and_goes_on_serving(settings: Settings) -> None:
    async with open_log(settings) as log:
        await log.publish(many(10, log.origin))
        await log.crown("another")
        standby = create_app(settings)
        async with standby.router.lifespan_context(standby):
            app = App(standby, log)
            (settings.folder.log_dir / "guard/checkpoint").unlink()
            async with asyncio.timeout(60):
                while not any("log trust" in reason for reason in (await app.get("readyz")).json()["reasons"]):
                    await asyncio.sleep(0.05)
            await cli.trust_log(settings)
            assert (await app.reach(10)).size == 10
            assert (await app.get("readyz")).status_code == 200
        await log.check(10)


async def test_a_second_process_stands_by_and_takes_over(settings: Settings) -> None:
    async with open_log(settings) as log:
        first, second = create_app(settings), create_app(settings)
        async with second.router.lifespan_context(second):
            await App(second, log).reach(0)
            async with first.router.lifespan_context(first):
                await log.publish(many(50, log.origin))
                assert (await App(first, log).reach(50)).size == 50
                assert (await App(second, log).reach(50)).size == 50
                assert (await App(first, log).get("readyz")).status_code == 200
                second.state.service.leading.cancel()  # as if it had died in an orderly way
                await log.publish(many(50, log.origin, 50))
                assert (await App(first, log).reach(100)).size == 100
        await log.check(100)


async def test_it_stops_while_readers_wait(settings: Settings) -> None:
    async with open_log(settings) as log:
        made = create_app(settings)
        async with made.router.lifespan_context(made):
            app = App(made, log)
            await app.reach(0)
            token = await app.token("auditor")
            waiting = asyncio.create_task(app.get(f"v1/receipts/{uuid4()}?wait=30", token))
            await asyncio.sleep(0.2)
        assert not waiting.done(), "it stopped before what was asked had waited for its 30 s"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await log.check(0)


async def test_the_same_on_kafka_also_when_its_disk_is_lost(settings: Settings, kafka: KafkaBroker) -> None:
    settings = settings.model_copy(update={"kafka": kafka.address, "topic_prefix": kafka.prefix()})
    async with open_log(settings) as log:
        made = create_app(settings)
        async with made.router.lifespan_context(made):
            app = App(made, log)
            await log.publish(many(300, log.origin))
            await app.reach(300)
            await kafka.wipe()
            await _insist_on_publishing(log, 310)
            checkpoint = await app.reach(310)
            async with asyncio.timeout(60):
                while checkpoint.text().encode() not in b"".join(r.value for r in await log.told()):
                    await asyncio.sleep(0.1)
        told = [r.headers.get("index") for r in await log.told()]
        indexes = [index for index in told if index is not None]
        # what was lost is not sent again but what was not yet acknowledged is, perhaps twice: readers go by the index
        assert indexes == sorted(indexes, key=int) and set(indexes) >= {str(i) for i in range(300, 310)}
        assert told[-1] is None
        await log.check(310)


async def _insist_on_publishing(log: Log, count: int) -> None:
    """As the relay does: everything without a receipt, again, until the stream has it."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await log.publish(many(count, log.origin))
            except StreamDown:
                await asyncio.sleep(0.2)
