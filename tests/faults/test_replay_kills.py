"""Intake dies while it rebuilds its database from the log, or its database is replaced under it: it goes on, whole."""

import json
import subprocess
import time
from datetime import UTC, datetime

import httpx
import pytest

from services.kernel.process.settings import Settings
from tests.support import restore
from tests.support.authorities import AUTHORITIES
from tests.support.intake import fresh, put_line
from tests.support.processes import running_trio

UNIT = "xa-tan-hoa"
MANY = 2_600  # more than one transaction of a rebuild
WITHIN = 60.0


class Office:
    """A unit, people, and what they write."""

    def __init__(self, trio):
        self.trio = trio
        self.settings = Settings(data=trio.folder.path, database_url=trio.database.url)
        self.put(trio.token("admin"), f"unit-changes/{fresh()}", {
            "change": "register", "unit": UNIT, "name": "UBND xã Tân Hòa", "group": "xa", "parent": None, "staff": 34,
            "valid_from": "2025-07-01",
        })  # fmt: skip
        self.lead = trio.token("lead")

    def send(self, token, method, path, **content):
        headers = {"authorization": f"Bearer {token}", **content.pop("headers", {})}
        return httpx.request(
            method,
            self.trio.url(f"/intake/v1/{path}"),
            headers=headers,
            timeout=40,
            trust_env=False,
            verify=AUTHORITIES,
            **content,
        )

    def put(self, token, path, body, status=201):
        answer = self.send(token, "PUT", path, json=body)
        assert answer.status_code == status, answer.text
        return answer

    def visit(self, findings=1):
        """An open inspection with findings."""
        inspection, now = fresh(), datetime.now(UTC).isoformat()
        opened = {"unit": UNIT, "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV", "team": []}
        self.put(self.lead, f"inspections/{inspection}", opened | {"opened_at": now})
        seen = {"inspection": inspection, "code": "A01", "count": 1, "captured_at": now}
        lines = [put_line(f"findings/{fresh()}", seen) for _ in range(findings)]
        media = {"content-type": "application/x-ndjson"}
        answer = self.send(self.lead, "POST", "batch", content=b"\n".join(lines), headers=media)
        assert {json.loads(line)["status"] for line in answer.text.splitlines()} == {201}

    def number(self, query):
        done = subprocess.run(
            [restore.PROGRAMS / "psql", self.trio.database.url, "-Atc", query],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    def settled(self):
        """Until the log has everything and has told so."""
        deadline = time.monotonic() + WITHIN
        while self.number("SELECT count(*) FROM intake.outbox"):
            assert time.monotonic() < deadline, self.trio.services["intake"].tail()
            time.sleep(0.1)

    def counts(self):
        """What there is of each kind, and the unit's last number."""
        tables = ("write", "inspection", "finding")
        return [self.number(f"SELECT count(*) FROM intake.{table}") for table in tables] + [
            self.number(f"SELECT last_seq FROM intake.unit_sequence WHERE unit = '{UNIT}'")
        ]

    def log_verifies(self):
        vkey = httpx.get(self.trio.url("/audit/vkey"), timeout=40, trust_env=False, verify=AUTHORITIES).text.strip()
        options = ["--vkey", vkey, "--token", self.trio.token("auditor")]
        self.trio.command("log", "verify", self.trio.url("/audit/"), *options)


@pytest.mark.timeout(300)
def test_killed_in_the_middle_of_a_rebuild(tmp_path):
    with running_trio() as trio:
        office, intake = Office(trio), trio.services["intake"]
        office.visit()
        office.settled()
        copy = restore.dump(office.settings, tmp_path / "dump")
        office.visit(MANY)
        office.settled()
        before = office.counts()
        intake.end()
        restore.restore(office.settings, copy)
        trio.command("migrate", "--data", str(trio.folder.path))
        for failpoint in ("intake.before_receipts:2", "intake.before_opening"):
            intake.launch(failpoint)
            intake.await_death(WITHIN)
            assert office.number("SELECT until - size FROM intake.log_position") >= 0  # it knows that it is behind
        intake.launch()
        intake.await_ready()
        assert office.counts() == before
        office.visit()
        office.settled()
        assert office.number("SELECT count(*) FROM audit.refusal") == 0
        office.log_verifies()


@pytest.mark.timeout(300)
def test_an_older_database_takes_over_while_intake_runs(tmp_path):
    """What was accepted before that was noticed is refused by the log, and enters it under other numbers."""
    with running_trio() as trio:
        office = Office(trio)
        office.visit()
        office.settled()
        copy = restore.dump(office.settings, tmp_path / "dump")
        office.visit(3)
        office.settled()
        trio.services["audit"].pause()  # the log is away, so nothing is noticed yet
        restore.restore_rows(office.settings, copy)
        office.visit(2)
        accepted = office.number("SELECT count(*) FROM intake.outbox")
        assert accepted == 3
        trio.services["audit"].resume()
        deadline = time.monotonic() + WITHIN
        while not office.number("SELECT count(*) FROM audit.refusal WHERE reason = 'stale'"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        office.settled()
        assert office.number("SELECT count(*) FROM intake.finding") == 1 + 3 + 2
        assert office.number("SELECT count(*) FROM intake.outbox WHERE refused IS NOT NULL") == 0
        last = office.number(f"SELECT max(unitseq) FROM audit.entry WHERE unit = '{UNIT}'")
        assert office.counts()[3] == last == office.number(f"SELECT count(*) FROM audit.entry WHERE unit = '{UNIT}'")
        trio.services["intake"].await_ready()
        office.visit()
        office.settled()
        office.log_verifies()
