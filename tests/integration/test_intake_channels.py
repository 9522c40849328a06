"""Where people and programs want to be told: addresses, hooks, subscriptions, silences; what is secret stays so."""

import json
from base64 import b64decode
from datetime import timedelta
from urllib.parse import quote

import pytest
import pytest_asyncio

from services.kernel.identity.channels import Seal
from tests.support.intake import UNIT, fresh, populate, running_intake

HOOK = {"url": "https://hooks.example/kycuong", "unit": UNIT, "kinds": ["findings", "lapse"]}
KEYS = {"p256dh": "B" * 87, "auth": "a" * 22}


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings.model_copy(update={"webhook_allow": "127.0.0.0/8"})) as intake:
        yield await populate(intake)


def pointers(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["pointer"] for error in answer.json()["errors"]]


async def sealed(intake, channel):
    row = await intake.service.pool.fetchrow("SELECT sealed FROM identity.channel WHERE id = $1::uuid", channel)
    return Seal.of(intake.service.settings.folder).open(channel, row["sealed"])


async def secrets(intake, channel):
    """The secrets of a hook, the newest first."""
    row = await intake.service.pool.fetchrow("SELECT previous FROM identity.channel WHERE id = $1::uuid", channel)
    previous = Seal.of(intake.service.settings.folder).open(channel, row["previous"])
    return [one["secret"] for one in (await sealed(intake, channel), previous, *previous["before"])]


async def test_a_hooks_secret_is_shown_once_and_stands_nowhere_in_the_clear(intake):
    made = fresh()
    first = (await intake.put("head", f"webhooks/{made}", HOOK)).json()
    assert first["secret"].startswith("whsec_") and (first["unit"], first["state"]) == (UNIT, "registered")
    assert len(b64decode(first["secret"].removeprefix("whsec_"), validate=True)) == 33 and "=" not in first["secret"]
    assert "event" not in first and "receipt" not in first
    again = (await intake.put("head", f"webhooks/{made}", HOOK, 200)).json()
    assert again == {name: value for name, value in first.items() if name != "secret"}
    [listed] = (await intake.get("head", "/intake/v1/webhooks"))["items"]
    assert (listed["id"], listed["url"], listed["kinds"]) == (made, HOOK["url"], HOOK["kinds"])
    assert first["secret"] not in json.dumps(listed)
    stored = str(
        [tuple(row) for row in await intake.service.pool.fetch("SELECT * FROM identity.channel, intake.write")]
    )
    assert first["secret"] not in stored and HOOK["url"] not in stored
    assert (await sealed(intake, made))["secret"] == first["secret"]
    assert all("channel" not in event["subject"] for event in await intake.events())


async def test_a_rotation_keeps_the_old_secret_for_a_day_and_a_removal_keeps_nothing(intake):
    made = fresh()
    old = (await intake.put("head", f"webhooks/{made}", HOOK)).json()["secret"]
    turn = fresh()
    new = (await intake.put("head", f"webhooks/{made}/rotation/{turn}", {})).json()
    assert new["state"] == "rotated" and new["secret"] != old
    assert "secret" not in (await intake.put("head", f"webhooks/{made}/rotation/{turn}", {}, 200)).json()
    pool = intake.service.pool
    row = await pool.fetchrow("SELECT previous, previous_until FROM identity.channel WHERE id = $1::uuid", made)
    assert Seal.of(intake.service.settings.folder).open(made, row["previous"])["secret"] == old
    assert row["previous_until"] == intake.clock.now() + timedelta(hours=24)
    intake.clock.set(intake.clock.now() + timedelta(hours=23))
    newer = (await intake.put("head", f"webhooks/{made}/rotation/{fresh()}", {})).json()["secret"]
    assert await secrets(intake, made) == [newer, new["secret"], old]  # an answer was lost: none that holds is dropped
    intake.clock.set(intake.clock.now() + timedelta(hours=2))
    await intake.put("head", f"webhooks/{made}/rotation/{fresh()}", {})
    assert (await secrets(intake, made))[1:] == [newer, new["secret"]]
    await intake.put("head", f"webhooks/{made}/removal/{fresh()}", {})
    gone = await pool.fetchrow("SELECT sealed, previous FROM identity.channel WHERE id = $1::uuid", made)
    assert tuple(gone) == (b"", None)
    refused = await intake.put("head", f"webhooks/{made}/removal/{fresh()}", {}, 409)
    assert refused.json()["type"] == "/problems/wrong-state"
    assert (await intake.get("head", "/intake/v1/webhooks"))["items"] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://0.0.0.0/",
        "https://[fc00::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://0x0a.1/", "https://167772161/",
        "https://224.0.0.1/", "https://100.64.0.1/", "http://hooks.example/", "ftp://hooks.example/", "https://a@hooks.example/",
        "https://hooks.example/#x", "hooks.example", "", "https://", "javascript:alert(1)", "https://hooks.example:0/",
    ],
)  # fmt: skip
async def test_an_address_that_is_not_global_or_none_is_refused_by_name(intake, url):
    assert pointers(await intake.put("head", f"webhooks/{fresh()}", HOOK | {"url": url}, 422)) == ["/url"]


async def test_what_the_operator_allows_is_taken_and_by_http_too(intake):
    for url in ("http://127.0.0.1:8080/x", "https://127.0.0.1/"):
        await intake.put("head", f"webhooks/{fresh()}", HOOK | {"url": url})


async def test_whose_hooks_they_are(intake):
    assert pointers(await intake.put("head", f"webhooks/{fresh()}", HOOK | {"unit": None}, 422)) == ["/unit"]
    await intake.put("head", f"webhooks/{fresh()}", HOOK | {"unit": "xa-la"}, 404)
    everybodys = fresh()
    assert (await intake.put("admin", f"webhooks/{everybodys}", HOOK | {"unit": None})).json()["unit"] == "-"
    await intake.put("head", f"webhooks/{everybodys}/removal/{fresh()}", {}, 404)
    for who in ("inspector", "lead", "reviewer", "auditor"):
        await intake.put(who, f"webhooks/{fresh()}", HOOK, 403)
    assert len((await intake.get("auditor", "/intake/v1/webhooks"))["items"]) == 1
    assert pointers(await intake.put("head", f"webhooks/{fresh()}", HOOK | {"kinds": []}, 422)) == ["/kinds"]
    assert pointers(await intake.put("head", f"webhooks/{fresh()}", HOOK | {"kinds": ["all"]}, 422)) == ["/kinds/0"]


async def test_an_address_is_confirmed_by_get_alone_in_time_and_once(intake):
    made = fresh()
    answer = await intake.put("reviewer", f"addresses/{made}", {"mail": "an@so.example", "digest": "weekly"})
    assert "secret" not in answer.text and answer.json()["confirmed"] is False
    link = f"addresses/{made}/confirmation?secret="
    confirm = (await sealed(intake, made))["confirm"]
    for wrong in ("", "x", quote(confirm[:-2], safe="")):
        assert (await intake.client.get(f"/intake/v1/{link}{wrong}")).status_code == 404
    await intake.client.head(f"/intake/v1/{link}{quote(confirm, safe='')}")
    assert (await intake.get("reviewer", "/intake/v1/addresses"))["items"][0]["confirmed"] is False
    assert (await intake.client.get(f"/intake/v1/{link}{quote(confirm, safe='')}")).status_code == 200
    assert (await intake.client.get(f"/intake/v1/{link}{quote(confirm, safe='')}")).status_code == 404
    assert (await intake.get("reviewer", "/intake/v1/addresses"))["items"][0]["confirmed"] is True
    assert (await intake.get("head", "/intake/v1/addresses"))["items"] == []
    await intake.put("head", f"addresses/{made}/removal/{fresh()}", {}, 404)
    await intake.put("reviewer", f"addresses/{made}/removal/{fresh()}", {})
    late = fresh()
    await intake.put("reviewer", f"addresses/{late}", {"mail": "an@so.example"})
    await intake.service.pool.execute(
        "UPDATE identity.channel SET confirm_until = created_at WHERE id = $1::uuid", late
    )
    secret = quote((await sealed(intake, late))["confirm"], safe="")
    assert (await intake.client.get(f"/intake/v1/addresses/{late}/confirmation?secret={secret}")).status_code == 404


NO_MAILS = (
    "", "an", "an@", "@so.example", "a b@so.example", "an@so.example\n", "an@so..example", "a..b@x.y",
    "An <an@so.example>", "an@so.example, x@y.z", "ấn@so.example", "a" * 65 + "@x.y",
)  # fmt: skip


@pytest.mark.parametrize("mail", NO_MAILS)
async def test_what_is_no_mail_address_is_refused(intake, mail):
    body = {"mail": mail, "digest": "none"}
    assert pointers(await intake.put("head", f"addresses/{fresh()}", body, 422)) == ["/mail"]


async def test_silences_have_a_reason_and_an_end_and_leave_what_must_be_heard(intake):
    now = intake.clock.now()
    quiet = {"kinds": ["findings", "reminder"], "until": (now + timedelta(days=20)).date().isoformat(),
             "private": {"reason": "Đang nghỉ Tết."}}  # fmt: skip
    made = fresh()
    assert (await intake.put("head", f"silences/{made}", quiet)).json()["unit"] == UNIT
    assert (await intake.get("head", "/intake/v1/silences"))["items"][0]["reason"] == "Đang nghỉ Tết."
    for kind in ("lapse", "overdue", "escalation"):
        answer = await intake.put("head", f"silences/{fresh()}", quiet | {"kinds": ["findings", kind]}, 422)
        assert pointers(answer) == ["/kinds/1"]
    late = (now + timedelta(days=30, minutes=1)).isoformat()  # an instant has no rest of its day
    for until in (*((now + timedelta(days=days)).date().isoformat() for days in (-1, 31)), late):
        assert pointers(await intake.put("head", f"silences/{fresh()}", quiet | {"until": until}, 422)) == ["/until"]
    for until in ((now + timedelta(days=30)).date().isoformat(), (now + timedelta(days=30)).isoformat()):
        await intake.put("head", f"silences/{fresh()}", quiet | {"until": until})
    assert pointers(await intake.put("head", f"silences/{fresh()}", quiet | {"private": {}}, 422)) == [
        "/private/reason"
    ]
    await intake.put("reviewer", f"silences/{fresh()}", quiet, 403)
    for one in (await intake.get("head", "/intake/v1/silences"))["items"]:
        await intake.put("head", f"silences/{one['id']}/removal/{fresh()}", {})
    assert (await intake.get("head", "/intake/v1/silences"))["items"] == []


async def test_without_keys_nothing_is_pushed(intake):
    for name, key in (("p256dh", "B" * 86), ("p256dh", "C" * 87), ("auth", "a" * 21), ("auth", "a" * 43)):
        wrong = {"endpoint": "https://push.example/x", "keys": KEYS | {name: key}}
        refused = await intake.put("head", f"push-subscriptions/{fresh()}", wrong, 422)
        assert pointers(refused) == [f"/keys/{name}"]
    answer = await intake.put(
        "head", f"push-subscriptions/{fresh()}", {"endpoint": "https://push.example/x", "keys": KEYS}, 409
    )
    assert answer.json()["type"] == "/problems/wrong-state" and "KYCUONG_VAPID_KEY" in answer.json()["detail"]
