"""The service dies between telling of some deadlines and of the others: all are told of in the end, each once."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.postgres import Cluster
from tests.support.traffic import fresh, now, opening

UNIT, PARENT = "xa-tan-hoa", "ubnd-tinh"
MANY = 2_300  # more than two transactions of the sweeper
WITHIN = 90.0  # seconds


class Office:
    """An installation with many findings that wait for the unit's reply."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        admin, self.lead = instance.client(instance.token("admin")), instance.client(instance.token("lead"))
        for unit, parent in ((PARENT, None), (UNIT, PARENT)):
            body = {"change": "register", "unit": unit, "name": f"UBND {unit}", "group": "xa", "parent": parent}
            self.done(admin, f"unit-changes/{fresh()}", body | {"staff": 45, "valid_from": "2025-07-01"})
        inspection = fresh()
        self.done(self.lead, f"inspections/{inspection}", opening(UNIT))
        seen = {"inspection": inspection, "code": "A03", "count": 1, "captured_at": now()}
        lines = [
            json.dumps({"method": "PUT", "path": f"/intake/v1/findings/{fresh()}", "body": seen}) for _ in range(MANY)
        ]
        answer = self.lead.post(
            "/intake/v1/batch", content="\n".join(lines), headers={"content-type": "application/x-ndjson"}
        )
        assert {json.loads(line)["status"] for line in answer.text.splitlines()} == {201}
        self.done(self.lead, f"inspections/{inspection}/closing/{fresh()}", {
            "closed_at": now(), "assigned": 45, "present": 45, "excused": {}, "unexcused": 0, "late": 0,
            "persons_checked": 45, "files_checked": 0, "signed": True,
        })  # fmt: skip

    def done(self, client: Any, path: str, body: Any) -> None:
        answer = client.put(f"/intake/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text

    def sql(self, statement: str) -> list[asyncpg.Record]:
        """Ask the database as its administrator."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.instance.env["KYCUONG_DATABASE_URL"])
            try:
                return await connection.fetch(statement)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def steps(self) -> Counter[str]:
        """How many steps of each kind there are, each event of its own."""
        rows = self.sql("SELECT event, type FROM intake.case_step")
        assert len({row["event"] for row in rows}) == len(rows)
        return Counter(row["type"] for row in rows)

    def killed_and_started_again(self, failpoint: str, deadlines: str) -> None:
        """Stop, move the deadlines, start with a death ahead, and once more without one."""
        self.instance.stop()
        self.sql(f"UPDATE intake.deadline SET {deadlines}")
        with contextlib.suppress(AssertionError):  # it may die before it is ready
            self.instance.start(KYCUONG_FAILPOINT=failpoint)
        process = self.instance.process
        assert process is not None
        process.wait(WITHIN)
        self.instance.start()


@pytest.fixture(scope="module")
def office(cluster: Cluster) -> Iterator[Office]:
    with installed(cluster) as instance:
        yield Office(instance)


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not check():
        assert time.monotonic() < deadline, f"not within {WITHIN} s"
        time.sleep(0.2)


def in_log(office: Office) -> Counter[str]:
    """The events of the log by type, each id once."""
    entries = [json.loads(row["bytes"]) for row in office.sql("SELECT bytes FROM audit.entry")]
    assert len({entry["id"] for entry in entries}) == len(entries)
    return Counter(entry["type"] for entry in entries)


@pytest.mark.timeout(400)
def test_killed_between_some_and_the_others(office: Office) -> None:
    reminded, lapsed, escalated = "finding.reminded", "finding.lapsed", "finding.escalated"
    office.killed_and_started_again("intake.before_told:3", "due = now() + interval '6 hours'")
    until(lambda: office.steps()[reminded] == MANY)
    late = "due = now() - interval '1 hour', lapse_after = now() - interval '1 hour'"
    office.killed_and_started_again("intake.before_told:2", late)
    until(lambda: office.steps()[escalated] == MANY)
    far = "due = now() - interval '40 days', lapse_after = now() - interval '40 days'"
    office.killed_and_started_again("intake.before_told:2", far)
    until(lambda: office.steps()[escalated] == 2 * MANY)
    assert office.steps() == {reminded: MANY, lapsed: MANY, escalated: 2 * MANY}
    until(lambda: office.sql("SELECT count(*) AS n FROM intake.outbox")[0]["n"] == 0)
    log = in_log(office)
    assert [log[f"kycuong.{kind}.v1"] for kind in (reminded, lapsed, escalated)] == [MANY, MANY, 2 * MANY]
