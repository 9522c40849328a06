"""Deliveries to real receivers: signed, retried, recorded; the dead delay nobody, a rebuild sends nothing."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.kernel.identity.channels import Seal
from services.kernel.identity.vapid import unpadded
from services.kernel.process.clock import SettableClock
from services.kernel.process.settings import Settings
from services.kernel.quarters import rfc3339
from services.kernel.web.reachable import networks
from services.reports.delivery import outward
from services.reports.delivery import queue as queue_module
from services.reports.delivery.mail.sender import MailChannel
from services.reports.delivery.port import Message, Passing, Receiver
from services.reports.delivery.webhook.signing import signature
from services.reports.fold.fold import Fold
from tests.support.certificates import Authority
from tests.support.deliveries import OTHER, SECRET, UNIT, Sending, sending
from tests.support.reports_http import NOW
from tests.support.sinks import Hooks, hooks, postbox

FIRST = "whsec_" + "WllY" * 8


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Hooks]:
    async with hooks() as sink:
        yield sink


@pytest_asyncio.fixture
async def post(settings: Settings) -> AsyncIterator[Sending]:
    async with sending(settings.model_copy(update={"webhook_allow": "127.0.0.1"})) as post:
        yield post


async def test_ten_findings_are_one_signed_message_with_the_notices_id(post: Sending, sink: Hooks) -> None:
    await post.hook(f"{sink.url}/ok", UNIT)
    await post.hook(f"{sink.url}/all")
    await post.hook(f"{sink.url}/other", OTHER)
    await post.hook(f"{sink.url}/kinds", UNIT, ["decision"])
    inspection, _ = await post.visit(*["A01"] * 10)
    [(headers, body)] = await sink.until("/ok", 1)
    [notice] = (await post.house.ask("/reports/v1/notices", "unit_head", UNIT)).json()["items"]
    told = json.loads(body)
    assert told["type"] == "kycuong.notice.findings" and told["timestamp"] == notice["created_at"]
    about = {"id": notice["id"], "unit": UNIT, "inspection": inspection, "finding": None, "findings": 10}
    assert told["data"] == about | {"due": notice["due"]}
    assert headers["webhook-id"] == notice["id"]
    stamp = int(headers["webhook-timestamp"])
    assert abs(stamp - time.time()) < 60
    assert headers["webhook-signature"] == signature(SECRET, notice["id"], stamp, body)
    await sink.until("/all", 1)
    assert not sink.at("/other") and not sink.at("/kinds")
    sent = await post.settled("sent", 2)
    assert {(one["via"], one["kind"], one["unit"], one["attempts"]) for one in sent} == {
        ("webhook", "findings", UNIT, 1)
    }


async def test_410_ends_it_redirects_fail_and_waiting_is_as_asked(post: Sending, sink: Hooks) -> None:
    for path in ("gone", "elsewhere", "busy"):
        await post.hook(f"{sink.url}/{path}")
    await post.visit()
    [gone] = await post.settled("failed", why="gone")
    assert gone["last"]["status"] == 410
    [moved] = await post.settled("waiting", why="redirect")
    assert moved["last"]["status"] == 307 and not sink.at("/ok")
    [busy] = [one for one in await post.settled("waiting", 2) if one["last"]["status"] == 503]
    assert busy["next_at"] >= (NOW + timedelta(seconds=900)).isoformat()[:19]
    await post.visit()
    await sink.until("/elsewhere", 2)
    assert (await post.resend(gone["id"])).status_code == 200
    async with asyncio.timeout(60):
        while (again := (await post.settled("failed"))[0])["attempts"] != 2 or again["last"]["status"]:
            await asyncio.sleep(0.05)
    assert again["last"]["why"] == "gone" and len(sink.at("/gone")) == 1  # not that somebody had removed it


async def test_a_receiver_that_hangs_or_sends_100_mb_delays_nobody(
    post: Sending, sink: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outward, "_WHOLE", 2.0)
    await post.hook(f"{sink.url}/hang")
    await post.hook(f"{sink.url}/huge")
    await post.hook("http://127.0.0.1:9/nobody")
    await post.hook(f"{sink.url}/ok")
    began = time.monotonic()
    for _ in range(3):
        await post.visit()
    await sink.until("/ok", 3)
    await post.settled("sent", 6)
    assert time.monotonic() - began < 20
    await post.settled("waiting", 3, why="timeout")
    await post.settled("waiting", 3, why="unreachable")


async def test_a_name_that_leads_to_a_private_address_is_refused_where_the_socket_opens(
    settings: Settings, sink: Hooks
) -> None:
    async with sending(settings) as post:
        port = sink.url.rpartition(":")[2]
        await post.hook(f"https://localhost:{port}/ok")
        await post.hook(f"http://127.0.0.1:{port}/ok")
        await post.visit()
        refused = await post.settled("failed", 2, why="private")
        assert len(refused) == 2 and not sink.came


async def test_what_is_wrong_with_a_receivers_tls_is_said_so(sink: Hooks, tmp_path: Path) -> None:
    away = outward.Outward(networks("127.0.0.1"))
    served = await asyncio.start_server(lambda _, answer: answer.close(), "127.0.0.1", 0, ssl=_untrusted(tmp_path))
    async with served:
        port = served.sockets[0].getsockname()[1]
        for url, why in ((f"https://127.0.0.1:{port}/", "certificate"), (f"https{sink.url[4:]}/ok", "insecure")):
            with pytest.raises(Passing) as refused:
                await away.post(url, [], b"{}")
            assert refused.value.why == why


def _untrusted(folder: Path) -> ssl.SSLContext:
    return Authority().context("127.0.0.1", folder)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("box", [{}, {"authenticator": lambda *_: AuthResult(success=False, handled=False)}])
async def test_a_password_that_the_mail_server_does_not_take_is_no_fault_of_the_letter(box: dict[str, Any]) -> None:
    asks = {"auth_required": True, "auth_require_tls": False, **box}
    message = Message(
        id="1", kind="findings", unit=UNIT, unit_name=UNIT, inspection=None, finding=None, findings=1,
        created_at="2026-09-01T00:00:00.000Z", due=None, due_on=None, link="",
    )  # fmt: skip
    with postbox(**asks) as server:
        user = "user:wrong@" if box else ""
        mail = MailChannel(f"smtp://{user}127.0.0.1:{server.port}", "bao@so.example", SettableClock(NOW))
        with pytest.raises(Passing) as refused:
            await mail.send(message, Receiver(id="1", private=[{"mail": "a@xa.example"}]))
    assert refused.value.why == "credentials" and refused.value.status in (530, 535)


async def test_every_secret_signs_for_its_day_while_it_is_being_replaced(post: Sending, sink: Hooks) -> None:
    key = await post.hook(f"{sink.url}/ok")
    seal = Seal.of(post.house.settings.folder)
    ends = [rfc3339(NOW + timedelta(minutes=minutes)) for minutes in (30, -30)]
    before = [{"secret": secret, "until": until} for secret, until in zip((FIRST, "whsec_QUFB"), ends, strict=True)]
    old = {"url": f"{sink.url}/ok", "secret": SECRET, "before": before}
    new = {"url": f"{sink.url}/ok", "secret": "whsec_" + "QUJD" * 8}
    await post.database.execute(
        "UPDATE identity.channel SET previous = $4, previous_until = $2, sealed = $3 WHERE id = $1::uuid",
        key, NOW + timedelta(hours=1), seal.close(key, new), seal.close(key, old),
    )  # fmt: skip
    await post.visit()
    [(headers, body)] = await sink.until("/ok", 1)
    stamp = int(headers["webhook-timestamp"])
    expected = [signature(secret, headers["webhook-id"], stamp, body) for secret in (new["secret"], SECRET, FIRST)]
    assert headers["webhook-signature"].split(" ") == expected
    post.pass_time(7200)
    await post.visit()
    assert len((await sink.until("/ok", 2))[1][0]["webhook-signature"].split(" ")) == 1


async def test_a_rebuild_and_another_process_send_nothing_twice(post: Sending, sink: Hooks) -> None:
    await post.hook(f"{sink.url}/ok")
    for _ in range(5):
        await post.visit()
    await sink.until("/ok", 5)
    await post.settled("sent", 5)
    pool = post.house.app.state.service.pool
    await Fold(pool).rebuild(post.house.made.covered())
    await asyncio.sleep(1)
    assert len(sink.at("/ok")) == 5


async def test_a_silence_keeps_back_what_it_names_and_the_inbox_shows_it(post: Sending, sink: Hooks) -> None:
    await post.hook(f"{sink.url}/ok", UNIT, ["findings", "lapse"])
    head = await post.account("unit_head", UNIT)
    await post.add("silence", head, {"reason": "x"}, unit=UNIT, kinds=["findings"], until=NOW + timedelta(days=1))
    inspection, [finding] = await post.visit()
    first = len(post.house.made.entries)
    post.house.made.append(
        "finding.lapsed", f"finding/{finding}", UNIT,
        {"by": {"role": "system"}, "finding": finding, "inspection": inspection, "due": "2026-11-22T16:59:59.999Z"},
    )  # fmt: skip
    await post.house.grow(first)
    [(_, body)] = await sink.until("/ok", 1)
    assert json.loads(body)["type"] == "kycuong.notice.lapse"
    kinds = [one["kind"] for one in (await post.house.ask("/reports/v1/notices", "unit_head", UNIT)).json()["items"]]
    assert kinds == ["findings", "lapse"]


async def test_who_sees_deliveries_and_of_which_units(post: Sending, sink: Hooks) -> None:
    await post.hook(f"{sink.url}/ok")
    await post.visit(unit=UNIT)
    await post.visit(unit=OTHER)
    await post.settled("sent", 2)
    assert {one["unit"] for one in await post.deliveries("auditor")} == {UNIT, OTHER}
    assert [one["unit"] for one in await post.deliveries("unit_head", OTHER)] == [OTHER]
    assert (await post.house.ask(f"/reports/v1/deliveries?unit={UNIT}", "unit_head", OTHER)).status_code == 404
    assert (await post.house.ask("/reports/v1/deliveries", "inspector")).status_code == 403
    page = (await post.house.ask("/reports/v1/deliveries?limit=1", "admin")).json()
    rest = (await post.house.ask(f"/reports/v1/deliveries?limit=1&cursor={page['next']}", "admin")).json()
    assert page["items"] != rest["items"] and rest["next"] is None
    assert sink.url not in json.dumps(page)


async def test_mail_says_unit_count_date_and_link_and_nothing_else(settings: Settings) -> None:
    with postbox() as box:
        set_up = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "Kỷ Cương <bao@so.example>"}
        async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
            head = await post.account("unit_head", UNIT)
            await post.add("address", head, {"mail": "chu-tich@xa.example", "confirm": "s"}, confirmed_at=NOW)
            inspection, [finding, _] = await post.visit("A01", "A02")
            [mail] = await box.until(1)
            [notice] = (await post.house.ask("/reports/v1/notices", "unit_head", UNIT)).json()["items"]
            assert mail["Message-ID"] == f"<{notice['id']}@so.example>"
            assert (mail["To"], mail["Auto-Submitted"]) == ("chu-tich@xa.example", "auto-generated")
            assert (mail.get_content_type(), mail["Content-Transfer-Encoding"]) == ("text/plain", "quoted-printable")
            text = mail.get_payload(decode=True).decode()
            assert "UBND xa-tan-hoa có 2 ghi nhận" in text and "hạn hết ngày 09/09/2026" in text
            assert f"/reports/notices/{notice['id']}" in text
            for word in ("A01", "A02", "đi muộn", head):
                assert word not in text
            first = len(post.house.made.entries)
            post.house.made.decide(UNIT, inspection, finding, "upheld")
            await post.house.grow(first)
            [_, second] = await box.until(2)
            assert second["References"] == mail["References"] == f"<{inspection}@so.example>"


async def test_an_address_that_is_not_confirmed_gets_its_link_once_and_nothing_else(settings: Settings) -> None:
    with postbox() as box:
        set_up = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "bao@so.example"}
        async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
            head = await post.account("unit_head", UNIT)
            private = {"mail": "a@xa.example", "confirm": "a+b/c="}
            key = await post.add("address", head, private, confirm_until=NOW + timedelta(days=1), confirm_hash=b"x")
            [mail] = await box.until(1)
            text = mail.get_payload(decode=True).decode()
            assert f"/intake/v1/addresses/{key}/confirmation?secret=a%2Bb%2Fc%3D\r\n" in text
            await post.visit()
            await asyncio.sleep(1)
            assert len(box.mails) == 1


async def test_a_mail_server_that_is_away_is_said_so(settings: Settings) -> None:
    set_up = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "bao@so.example"}
    async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
        head = await post.account("unit_head", UNIT)
        await post.add("address", head, {"mail": "a@xa.example"}, confirmed_at=NOW)
        await post.visit()
        [waiting] = await post.settled("waiting", why="unreachable")
        assert waiting["via"] == "address"


async def test_a_delivery_whose_process_died_is_taken_again_after_its_lease(
    post: Sending, sink: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await post.hook(f"{sink.url}/ok")
    await post.visit()
    await post.settled("sent")
    # as a process leaves it that was killed between taking and recording
    await post.database.execute(
        "UPDATE reports.delivery SET state = 'waiting', next_at = $2 WHERE channel = $1::uuid",
        key,
        NOW + queue_module.LEASE,
    )
    await asyncio.sleep(0.6)
    assert len(sink.at("/ok")) == 1
    post.pass_time(queue_module.LEASE.total_seconds() + 1)
    again = await sink.until("/ok", 2)
    assert again[0][0]["webhook-id"] == again[1][0]["webhook-id"]


async def test_a_weekly_digest_says_how_much_is_unread_once_a_week(settings: Settings) -> None:
    with postbox() as box:
        set_up = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "bao@so.example"}
        async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
            head = await post.account("unit_head", UNIT)
            await post.visit()
            await post.visit()
            mail = {"mail": "a@xa.example"}
            await post.add("address", head, mail, confirmed_at=NOW, digest=True)
            await post.add("address", await post.account("unit_head", OTHER), mail, confirmed_at=NOW, digest=True)
            post.pass_time(7 * 86_400)
            [digest] = await box.until(1)
            assert "Bạn có 2 thông báo chưa đọc." in digest.get_payload(decode=True).decode()
            await asyncio.sleep(1)
            assert len(box.mails) == 1
            post.pass_time(7 * 86_400)
            await box.until(2)


async def test_a_browser_is_pushed_to_and_one_that_has_gone_no_more(settings: Settings, sink: Hooks) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    number = unpadded(key.private_numbers().private_value.to_bytes(32, "big"))
    set_up = {"webhook_allow": "127.0.0.1", "vapid_key": number, "vapid_subject": "mailto:a@so.example"}
    point = unpadded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    keys = {"p256dh": point, "auth": unpadded(b"0123456789abcdef")}
    sink.answers["/push"], sink.answers["/expired"] = 201, 404
    async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
        head = await post.account("unit_head", UNIT)
        for path in ("push", "expired"):
            await post.add("push", head, {"endpoint": f"{sink.url}/{path}", "keys": keys})
        await post.visit()
        [(headers, body)] = await sink.until("/push", 1)
        assert (headers["ttl"], headers["content-encoding"]) == ("86400", "aes128gcm")
        assert headers["authorization"].startswith("vapid t=") and b"UBND" not in body
        [gone] = await post.settled("failed", why="gone")
        assert gone["last"]["status"] == 404
        await post.visit()
        await sink.until("/push", 2)
        assert len(sink.at("/expired")) == 1


async def test_letters_are_files_that_one_can_read_where_nobody_sends_them(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    set_up = {"mail_folder": folder, "mail_from": "Kỷ Cương <bao@so.example>"}
    async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
        head = await post.account("unit_head", UNIT)
        await post.add("address", head, {"mail": "a@xa.example"}, confirmed_at=NOW, digest=True)
        await post.visit("A01", "A02")
        await post.settled("sent")
        post.pass_time(61)  # who asked for a digest after Monday has this week's, too
        await post.settled("sent", 2)
    letters = {path.name.partition("-")[0]: path.read_text() for path in folder.iterdir()}
    assert set(letters) == {"findings", "digest"}
    assert "From: Kỷ Cương <bao@so.example>" in letters["findings"]
    assert "UBND xa-tan-hoa có 2 ghi nhận" in letters["findings"]
    assert "Bạn có 1 thông báo chưa đọc." in letters["digest"]
