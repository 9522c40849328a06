"""What an operator does with a real log: rotate its key, give a monitor a token, and be stopped from forking it."""

import json
import subprocess
from collections.abc import Iterator

import pytest
import uuid_utils

from services.kernel.log.note import Checkpoint, Signer, Verifier, split_note
from tests.support.installation import installed, prepared
from tests.support.instance import Instance
from tests.support.postgres import Cluster


@pytest.fixture
def instance(cluster: Cluster) -> Iterator[Instance]:
    with prepared(cluster) as instance:
        yield instance


def register(instance: Instance, token: str) -> str:
    """A write, and its receipt's text: intake, stream, log and publication all go on."""
    write = str(uuid_utils.uuid7())
    body = {
        "change": "register", "unit": f"xa-{write[-6:]}", "name": "Xã", "group": "xa", "parent": None, "staff": 9,
        "valid_from": "2025-07-01",
    }  # fmt: skip
    client = instance.client(token)
    assert client.put(f"/intake/v1/unit-changes/{write}", json=body).status_code == 201
    receipt = client.get(f"/audit/v1/receipts/{write}?wait=30")
    assert receipt.status_code == 200, receipt.text
    return receipt.text


def log(instance: Instance, *arguments: str, data: bool = True) -> subprocess.CompletedProcess[str]:
    options = ["--data", str(instance.data)] if data else []
    return instance.command("log", *arguments, *options, check=False)


def verified(instance: Instance, reader: str, *vkeys: str) -> tuple[int, dict]:
    keys = [option for vkey in vkeys for option in ("--vkey", vkey)]
    result = log(
        instance, "verify", f"{instance.url}/audit/", *keys, "--token", reader, "--json", "--state", "none", data=False
    )
    return result.returncode, json.loads(result.stdout or "{}")


def test_a_key_is_rotated_with_overlap_and_nobody_is_shut_out(instance: Instance) -> None:
    instance.start()
    admin = instance.token("admin")
    reader = log(instance, "reader", "add", "giam-sat").stdout.strip()
    old = instance.client().get("/audit/vkey").text.strip()
    register(instance, admin)

    added = log(instance, "key", "add", "--url", instance.url, "--token", admin)
    assert added.returncode == 0, added.stderr
    new = added.stdout.strip()
    assert Verifier.parse(new).name == Verifier.parse(old).name and new != old
    receipt = register(instance, admin)
    note = receipt.partition("\n\n")[2]
    assert len(split_note(note)[1]) == 2, "both sign"
    for vkey in (old, new):
        Checkpoint.open(note, Verifier.parse(vkey))
    assert instance.client().get("/audit/v1/keys").json() == {"signing": [old, new], "known": [old, new]}
    code, verdict = verified(instance, reader, old)
    assert (code, verdict["keys_added"]) == (0, [new]), "whoever pins the old key learns of the new one from the log"
    again = log(instance, "key", "add", "--url", instance.url, "--token", admin)
    assert again.stdout.strip() != new, "the first is announced, so this is a third"

    old_id = old.split("+")[1]
    retired = log(instance, "key", "retire", old_id)
    assert retired.stdout.strip() == new
    note = register(instance, admin).partition("\n\n")[2]
    assert verified(instance, reader, new)[0] == 0
    assert verified(instance, reader, old)[0] == 1
    assert instance.client().get("/audit/vkey").text.strip() == new
    instance.kill()
    instance.start()
    register(instance, admin)
    listed = log(instance, "key", "list").stdout
    assert listed.count("signs") == 2 and listed.count("retired") == 1
    assert log(instance, "key", "retire", "00000000").returncode == 2
    assert log(instance, "key", "retire", new.split("+")[1]).returncode == 0
    last = log(instance, "key", "retire", again.stdout.strip().split("+")[1])
    assert last.returncode == 1 and "khóa nào khác" in last.stderr


def test_a_readers_token_reads_bundles_and_nothing_else_until_it_is_taken_back(instance: Instance) -> None:
    instance.start()
    token = log(instance, "reader", "add", "giam-sat").stdout.strip()
    register(instance, instance.token("admin"))
    client = instance.client(token)
    bundle = "/audit/tile/entries/000.p/1"
    assert client.get(bundle).status_code == 200
    assert client.get("/audit/v1/receipts/" + str(uuid_utils.uuid7())).status_code == 401
    assert client.get("/intake/v1/units").status_code == 401
    assert log(instance, "reader", "list").stdout.split() == ["giam-sat"]
    assert log(instance, "reader", "remove", "giam-sat").returncode == 0
    assert client.get(bundle).status_code == 401
    assert log(instance, "reader", "remove", "giam-sat").returncode == 2
    assert log(instance, "reader", "add", "../x").returncode == 2


def start(instance: Instance) -> subprocess.CompletedProcess[str]:
    """A start that is to fail."""
    return instance.command("run", "--data", str(instance.data), "--port", str(instance.port), check=False)


def test_what_might_fork_the_log_refuses_to_start_and_says_what_to_do(instance: Instance) -> None:
    instance.start()
    register(instance, instance.token("admin"))
    instance.stop()
    guard = instance.data / "log/guard/checkpoint"
    kept = guard.read_text()
    guard.unlink()
    refused = start(instance)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "kycuong log trust" in refused.stderr.splitlines()[-1] and "thiếu tệp canh giữ" in refused.stderr
    trusted = log(instance, "trust", "--yes")
    assert trusted.returncode == 0, trusted.stderr
    assert guard.read_text() == kept
    instance.start()
    register(instance, instance.token("admin"))
    instance.stop()

    secret = instance.data / "secrets/log_key"
    secret.chmod(0o644)
    refused = start(instance)
    assert refused.returncode == 1 and "chmod 600" in refused.stderr.splitlines()[-1]
    secret.chmod(0o600)
    (instance.data / "witness-policy").write_text("quorum nobody\n")
    refused = start(instance)
    assert refused.returncode == 1 and "line 1" in refused.stderr.splitlines()[-1]
    (instance.data / "witness-policy").unlink()
    instance.start()


def test_a_key_in_the_environment_signs_and_no_file_is_made(cluster: Cluster) -> None:
    key = Signer.generate("nhat-ky.example/an-son").private_text()
    with installed(cluster, KYCUONG_LOG_KEY=key, KYCUONG_LOG_ORIGIN="nhat-ky.example/an-son") as instance:
        register(instance, instance.token("admin"))
        assert not (instance.data / "secrets/log_key").exists()
        assert instance.client().get("/audit/vkey").text.startswith("nhat-ky.example/an-son+")
