"""The administrator tells the log of a further key that will sign it."""

import base64

import pytest
import pytest_asyncio

from services.kernel.log.note import Signer
from tests.support.intake import fresh, populate, running_intake
from tests.support.schemas import validate_event


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest.fixture
def vkey(settings):
    return Signer.generate(settings.origin).vkey


async def test_a_key_becomes_an_event_of_no_unit(intake, vkey):
    added = fresh()
    answer = (await intake.put("admin", f"log-keys/{added}", {"vkey": vkey})).json()
    event = validate_event(base64.b64decode(answer["event"]))
    assert (answer["state"], answer["unit"], event["id"], event["unit"]) == ("added", "-", added, "-")
    assert event["subject"] == f"log-key/{vkey.split('+')[1]}" and event["data"]["vkey"] == vkey
    assert event["data"]["by"]["role"] == "admin"
    again = await intake.put("admin", f"log-keys/{added}", {"vkey": vkey}, 200)
    assert again.json() == answer


async def test_a_key_is_told_of_once(intake, vkey, settings):
    await intake.put("admin", f"log-keys/{fresh()}", {"vkey": vkey})
    answer = await intake.put("admin", f"log-keys/{fresh()}", {"vkey": vkey}, 409)
    assert answer.json()["type"] == "/problems/key-known"
    other = {"vkey": Signer.generate(settings.origin).vkey}
    lines = [(f"log-keys/{fresh()}", other), (f"log-keys/{fresh()}", other)]
    assert [line["status"] for line in await intake.batch("admin", lines)] == [201, 409]


async def test_only_an_administrator_adds_keys(intake, vkey):
    for who in ("inspector", "lead", "head", "reviewer", "auditor"):
        await intake.put(who, f"log-keys/{fresh()}", {"vkey": vkey}, 403)
    await intake.put("nobody", f"log-keys/{fresh()}", {"vkey": vkey}, 401)


async def test_what_is_no_key_of_this_log_is_named(intake, vkey, settings):
    name, key_id, blob = vkey.split("+", 2)
    key = base64.b64decode(blob)
    untyped = Signer.generate(settings.origin).verifier
    cosigner = base64.b64encode(b"\x04" + untyped.public).decode()
    for wrong in (
        "",
        name,
        f" {vkey}",
        f"{vkey}\n",
        f"{name}+00000000+{blob}",
        f"{name}+{key_id}+{base64.b64encode(key[:-1]).decode()}",
        f"{name}+{untyped.key_id.hex()}+{cosigner}",
        Signer.generate(settings.origin).private_text(),
        Signer.generate("other.example/log").vkey,
        "x" * 301,
        7,
        None,
    ):
        answer = (await intake.put("admin", f"log-keys/{fresh()}", {"vkey": wrong}, 422)).json()
        assert [error["pointer"] for error in answer["errors"]] == ["/vkey"], wrong
    answer = (await intake.put("admin", f"log-keys/{fresh()}", {}, 422)).json()
    assert [error["pointer"] for error in answer["errors"]] == ["/vkey"]
