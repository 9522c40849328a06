"""An installation with people of every role, one closed case to read, and as many new ones as a test asks for."""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from secrets import token_bytes
from typing import Any

import httpx
import uuid_utils

from services.domain.rulefiles import calendar_files
from services.kernel.log.note import Signer, Verifier
from services.kernel.process.folder import Folder
from services.kernel.quarters import local_date, quarter_of
from tests.support.authorities import AUTHORITIES
from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.people import EVERYBODY, OTHER, PARENT, UNIT, reading_token_of, spoiled_tokens_of, tokens_of
from tests.support.photos import jpeg, listed, scene
from tests.support.postgres import Cluster

FROZEN, PUBLISHED = "2026-Q2", "2025-Q4"
PICTURE = jpeg(scene(64, 48))


def fresh() -> str:
    """A new write id."""
    return str(uuid_utils.uuid7())


def now(minutes: float = 0) -> str:
    """The phone's time, `minutes` from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


class World:
    """An installation with one closed case to read, and new cases to write to."""

    def __init__(self, instance: Instance) -> None:
        folder = Folder(instance.data)
        self.url = instance.url
        self.client = httpx.Client(base_url=instance.url, timeout=40, trust_env=False, verify=AUTHORITIES)
        self.tokens = tokens_of(folder, ("admin",))
        for unit, parent in ((PARENT, None), (UNIT, PARENT), (OTHER, PARENT)):
            self.done("admin", f"unit-changes/{fresh()}", registration(unit, parent))
        self.tokens |= tokens_of(folder, EVERYBODY) | spoiled_tokens_of(folder)
        self.tokens["spreadsheet"] = reading_token_of(folder)
        self.quarter = quarter_of(local_date(datetime.now(UTC)))
        self.inspection, self.finding = self.closed_case()
        self.done("reviewer", f"quarters/{FROZEN}/closing/{fresh()}", {"edition": "official"})
        self.calendars = 0
        self._until_seen()
        self.publish()

    def send(self, who: str, method: str, path: str, **content: Any) -> httpx.Response:
        """A request as somebody."""
        headers = {} if who == "nobody" else {"authorization": f"Bearer {self.tokens[who]}"}
        return self.client.request(method, path, headers=headers | content.pop("headers", {}), **content)

    def done(self, who: str, path: str, body: Any) -> None:
        """A write that must succeed, to set the scene."""
        answer = self.send(who, "PUT", f"/intake/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text

    def open_case(self) -> tuple[str, str]:
        """A new inspection of the inspector's with the colleague in the team, and a finding."""
        inspection, finding = fresh(), fresh()
        self.done("inspector", f"inspections/{inspection}", opening())
        self.done("inspector", f"findings/{finding}", recording(inspection))
        return inspection, finding

    def closed_case(self) -> tuple[str, str]:
        """The same, closed."""
        inspection, finding = self.open_case()
        self.done("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
        return inspection, finding

    def pictured(self) -> tuple[str, str]:
        """A new inspection, and a finding whose manifest names a photo that is still to come."""
        inspection, _ = self.open_case()
        finding = fresh()
        self.done("inspector", f"findings/{finding}", recording(inspection) | {"photos": [listed(PICTURE)]})
        return inspection, finding

    @cached_property
    def complete(self) -> str:
        """A finding whose only photo is held."""
        _, finding = self.pictured()
        path = f"/intake/v1/findings/{finding}/photos/1"
        answer = self.send("inspector", "PUT", path, content=PICTURE, headers={"content-type": "image/jpeg"})
        assert answer.json()["state"] == "complete", answer.text
        return finding

    @cached_property
    def size(self) -> int:
        """A signed checkpoint's size."""
        return int(self.client.get("/audit/v1/checkpoints").json()["items"][0]["size"])

    @cached_property
    def notice(self) -> str:
        """The head's first notice."""
        return str(self.send("head", "GET", "/reports/v1/notices").json()["items"][0]["id"])

    def round(self) -> tuple[str, str]:
        """A new round with one chosen unit: its id, twice."""
        planned = fresh()
        self.done("reviewer", f"rounds/{planned}", planning())
        return planned, planned

    @cached_property
    def planned(self) -> str:
        """A round to read."""
        return self.round()[0]

    @cached_property
    def spare(self) -> str:
        """A unit that nothing else is about."""
        unit = f"xa-{fresh()[-12:]}"
        self.done("admin", f"unit-changes/{fresh()}", registration(unit, PARENT) | {"name": "UBND xã mới"})
        return unit

    @cached_property
    def planned_entry(self) -> str:
        """One whose plan is in the log."""
        # plans go out one by one, each once the log has all before it
        self._wait(lambda: self.send("auditor", "GET", f"/audit/v1/receipts/{self.planned}?wait=20"), 90)
        return self.planned

    def open_request(self) -> tuple[str, str]:
        """A finding with private parts, and a request to erase them."""
        finding, erasure = self.erasable()[0], fresh()
        self.done("reviewer", f"erasures/{erasure}", asking(finding))
        return finding, erasure

    def replied(self) -> str:
        """The path of a new reply that names a file which is still to come."""
        _, finding = self.open_case()
        path = f"findings/{finding}/reply/{fresh()}"
        self.done("head", path, {"accepts": False, "files": [listed(PICTURE)]})
        return f"/intake/v1/{path}/files/1"

    @cached_property
    def filed(self) -> str:
        """The path of a file of a reply that is held."""
        path = self.replied()
        answer = self.send("head", "PUT", path, content=PICTURE, headers={"content-type": "image/jpeg"})
        assert answer.json()["state"] == "complete", answer.text
        return path

    def erasable(self) -> tuple[str, str]:
        """A finding with private parts, and its inspection."""
        inspection, _ = self.open_case()
        finding = fresh()
        body = recording(inspection) | {"private": {"narrative": "Bàn trống."}}
        self.done("inspector", f"findings/{finding}", body)
        return finding, inspection

    def publish(self) -> None:
        """Close another quarter, and publish it."""
        self.done("reviewer", f"quarters/{PUBLISHED}/closing/{fresh()}", {"edition": "flash"})
        path = f"/reports/v1/scorecards/{PUBLISHED}?edition=flash"
        listing = self._wait(lambda: self.send("reviewer", "GET", path)).json()
        told = {"closing": listing["closing"], "cards_root": listing["cards_root"]}
        self.done("reviewer", f"quarters/{PUBLISHED}/publication/{fresh()}", told)
        self._wait(lambda: self.send("admin", "GET", path))

    def closing_of(self, quarter: str) -> dict[str, Any]:
        """A new publication of a cut: the id of its closing, and some root."""
        listed = self.send("reviewer", "GET", f"/reports/v1/editions?quarter={quarter}").json()
        return {"closing": listed["items"][0]["closing"], "cards_root": b64encode(token_bytes(32)).decode()}

    def next_calendar(self) -> dict[str, Any]:
        """A calendar as the one in force, with another version."""
        content = json.loads(calendar_files()[-1][1])
        self.calendars += 1
        return {"file": json.dumps(content | {"version": f"2027.{self.calendars}"})}

    def _wait(self, ask: Callable[[], httpx.Response], seconds: float = 60) -> httpx.Response:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (answer := ask()).status_code == 200:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"not seen within {seconds} s: {answer.text}")

    def _until_seen(self) -> None:
        """Wait until log and cards have it all."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            alerts = self.send("reviewer", "GET", "/reports/v1/alerts").json()["items"]
            frozen = self.send("reviewer", "GET", f"/reports/v1/scorecards/{FROZEN}?edition=official")
            if frozen.status_code == 200 and self.inspection in {alert["inspection"] for alert in alerts}:
                return
            time.sleep(0.1)
        raise AssertionError("the case was not seen within 60 s")


def registration(unit: str, parent: str | None) -> dict[str, Any]:
    """A unit's registration."""
    return {
        "change": "register", "unit": unit, "name": f"UBND {unit}", "group": "xa", "parent": parent, "staff": 30,
        "valid_from": "2025-07-01",
    }  # fmt: skip


def planning() -> dict[str, Any]:
    """A round of one chosen unit: none overlaps it, for it draws nothing."""
    chosen = [{"unit": UNIT, "selection": "complaint"}]
    days = {"from": "2027-01-01", "to": "2027-03-31"}
    return {"basis": "15/KH-SNV", "kind": "unannounced", **days, "strata": [], "chosen": chosen}


def assigning() -> dict[str, Any]:
    """The inspector goes there with a colleague."""
    return {"unit": UNIT, "opener": "an", "team": ["binh"], "from": "2027-01-01", "to": "2027-01-08"}


def opening() -> dict[str, Any]:
    """An inspection's opening, with the colleague in the team."""
    return {
        "unit": UNIT, "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV", "opened_at": now(-2),
        "team": ["an", "binh"],
    }  # fmt: skip


def recording(inspection: str) -> dict[str, Any]:
    """A finding of severity 2."""
    return {"inspection": inspection, "code": "A03", "count": 1, "captured_at": now(-1)}


def asking(event: str) -> dict[str, Any]:
    """A request to erase what was written of a finding."""
    return {"event": event, "parts": ["narrative"], "private": {"reason": "Ghi nhầm người."}}


def new_key(world: World) -> str:
    """A verifier key of this log that nobody has seen yet."""
    return Signer.generate(Verifier.parse(world.client.get("/audit/vkey").text.strip()).name).vkey


def closing() -> dict[str, Any]:
    """A closing whose sums agree."""
    return {
        "closed_at": now(), "assigned": 30, "present": 30, "excused": {}, "unexcused": 0, "late": 0,
        "persons_checked": 30, "files_checked": 0, "signed": True,
    }  # fmt: skip


@contextmanager
def case_world(cluster: Cluster) -> Iterator[World]:
    """A started installation, gone afterwards."""
    with installed(cluster) as instance:
        world = World(instance)
        yield world
        world.client.close()
