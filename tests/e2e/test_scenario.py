"""The whole path as a new user tries it: a finding travels from a phone to a verified scorecard, on both transports."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uuid_utils

from services.kernel.log.merkle import leaf_hash, verify_inclusion
from services.kernel.log.note import Checkpoint, Verifier, open_note
from services.kernel.quarters import local_date, quarter_of
from tests.support.instance import Instance, running
from tests.support.schemas import validate_event

UNIT = "xa-tan-hoa"


def fresh() -> str:
    return str(uuid_utils.uuid7())


def soon(check, patience=60.0):
    """Poll until `check` gives something; the promise is 3 s."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if (found := check()) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came")


class Province:
    """An instance with its people, and the words they send."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.admin = instance.client(instance.printed_token("admin"))
        self.put(self.admin, f"unit-changes/{fresh()}", 201, {
            "change": "register", "unit": UNIT, "name": "UBND xã Tân Hòa", "group": "xa", "parent": None, "staff": 60,
            "valid_from": "2025-07-01",
        })  # fmt: skip
        self.inspector = instance.client(instance.printed_token("inspector"))
        self.head = instance.client(instance.printed_token("unit_head", UNIT))
        self.reviewer = instance.client(instance.printed_token("reviewer"))
        self.auditor = instance.client(instance.printed_token("auditor"))
        self.answers: list[dict] = []
        self.opened = datetime.now(UTC) - timedelta(minutes=5)
        self.quarter = quarter_of(local_date(self.opened))

    def put(self, client, path, status, body):
        answer = client.put(f"/intake/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        if status in (200, 201):
            self.__dict__.setdefault("answers", []).append(answer.json())
        return answer

    def at(self, minutes):
        return (self.opened + timedelta(minutes=minutes)).isoformat()

    def card(self):
        answer = self.reviewer.get(f"/reports/v1/scorecards/{self.quarter}/{UNIT}")
        return answer.json() if answer.status_code == 200 else None

    def card_with_pending(self, findings):
        card = self.card()
        return card if card is not None and card["pending"]["findings"] == findings else None


@pytest.fixture(params=["embedded", "kafka"])
def instance(request, open_tmp):
    env = {}
    if request.param == "kafka":
        broker = request.getfixturevalue("kafka")
        env = {"KYCUONG_KAFKA": broker.address, "KYCUONG_TOPIC_PREFIX": broker.prefix()}
    with running(open_tmp / "data", warm=True, **env) as instance:
        yield instance


def test_a_finding_travels_from_a_phone_to_a_verified_scorecard(instance, tmp_path):
    province = Province(instance)
    inspection, findings = fresh(), {}
    province.put(province.inspector, f"inspections/{inspection}", 201, {
        "unit": UNIT, "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV", "opened_at": province.at(0),
        "team": [],
    })  # fmt: skip
    for code, count in (("A01", 3), ("A03", 1), ("B04", 2)):
        findings[code] = fresh()
        body = {"inspection": inspection, "code": code, "count": count, "captured_at": province.at(1)}
        first = province.put(province.inspector, f"findings/{findings[code]}", 201, body)
        again = province.put(province.inspector, f"findings/{findings[code]}", 200, body)
        assert first.content == again.content

    check_receipt(instance, province, first.json())
    before = province.admin.get("/audit/checkpoint").text
    province.put(province.inspector, f"inspections/{inspection}/closing/{fresh()}", 201, {
        "closed_at": province.at(3), "assigned": 45, "present": 43, "excused": {"leave": 1, "duty": 1}, "unexcused": 0,
        "late": 3, "persons_checked": 45, "files_checked": 0, "signed": True,
        "private": {"opinion": "Đơn vị tiếp thu."},
    })  # fmt: skip
    (alert,) = soon(lambda: province.head.get(f"/reports/v1/alerts?unit={UNIT}&open=true").json()["items"] or None)
    assert alert["inspection"] == inspection and {item["code"] for item in alert["findings"]} == set(findings)
    assert province.admin.get("/audit/checkpoint").text != before

    pending = soon(lambda: province.card_with_pending(3))
    assert (pending["score"], pending["pending"]["score_if_upheld"]) == ("100.00", "94.00")
    province.put(province.head, f"inspections/{inspection}/acknowledgement/{fresh()}", 201, {})
    refused = province.put(province.reviewer, f"findings/{findings['A01']}/decision/{fresh()}", 409, decision())
    assert refused.json()["type"] == "/problems/reply-window-open"
    for finding in findings.values():
        reply = {"accepts": False, "private": {"text": "Có lý do."}}
        province.put(province.head, f"findings/{finding}/reply/{fresh()}", 201, reply)
        province.put(province.reviewer, f"findings/{finding}/decision/{fresh()}", 201, decision())

    card = soon(lambda: province.card_with_pending(0))
    assert (card["score"], card["band"], card["band_label"]) == ("94.00", "good", "Tốt")
    deductions = {group["group"]: group["deduction"] for group in card["groups"]}
    assert deductions == {"A": "4.00", "B": "2.00", "C": "0.00", "D": "0.00", "E": "0.00", "F": "0.00", "H": "0.00"}
    verify_log(instance, tmp_path)
    for answer in province.answers:
        validate_event(base64.b64decode(answer["event"]))
    survives_a_restart(instance, province, card)


def decision():
    return {"outcome": "upheld", "private": {"reason": "Đủ căn cứ."}}


def check_receipt(instance, province, answer):
    """Inclusion from the answer's `event` and the receipt alone: no other word of the server is believed."""
    proof = province.inspector.get(answer["receipt"] + "?wait=30")
    assert proof.status_code == 200, proof.text
    head, _, note = proof.text.partition("\n\n")
    lines = head.splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    index = int(lines[1].removeprefix("index "))
    hashes = [base64.b64decode(line) for line in lines[2:]]
    verifier = Verifier.parse(instance.client().get("/audit/vkey").text.strip())
    checkpoint = Checkpoint.parse(open_note(note, [verifier]))
    leaf = leaf_hash(base64.b64decode(answer["event"]))
    verify_inclusion(leaf, index, checkpoint.size, hashes, checkpoint.root)
    event = json.loads(base64.b64decode(answer["event"]))
    assert event["id"] == answer["id"] and event["unitseq"] == answer["unit_seq"]


def verify_log(instance, tmp_path: Path):
    vkey = instance.client().get("/audit/vkey").text.strip()
    token = instance.printed_token("auditor")
    done = instance.command("log", "verify", f"{instance.url}/audit/", "--vkey", vkey, "--token", token, "--json")
    assert json.loads(done.stdout)["ok"] is True, done.stdout


def survives_a_restart(instance, province, card):
    instance.stop()  # how fast each of these is: tests/bench/bench_ready.py
    assert not (instance.data / "postgres/data/postmaster.pid").exists()
    instance.start()
    assert soon(province.card)["score"] == card["score"]
    instance.kill()
    instance.start()
    assert soon(province.card)["inspections"] == card["inspections"]
