"""The service dies as a signed item is stored: its place in the chain is noted with the write, or neither is."""

from typing import Any

import httpx
import pytest

from tests.support.case_world import opening, registration
from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.intake import fresh
from tests.support.people import UNIT
from tests.support.phone import Phone
from tests.support.postgres import Cluster

CHAIN = {"intake.links_noted": 1, "intake.before_commit": 1, "intake.after_commit": 2}


def put(instance: Instance, role: str, path: str, body: dict[str, Any]) -> httpx.Response:
    return instance.client(instance.token(role)).put(f"/intake/v1/{path}", json=body)


def noted(instance: Instance) -> tuple[int, int]:
    """How far the chain came, and how many inspections the server knows."""
    client = instance.client(instance.token("reviewer"))
    [phone] = client.get("/intake/v1/devices").json()["items"]
    return phone["last_n"], len(client.get("/intake/v1/inspections").json()["items"])


def test_killed_before_and_after_the_commit(cluster: Cluster) -> None:
    with installed(cluster) as instance:
        phone = Phone()
        put(instance, "admin", f"unit-changes/{fresh()}", registration(UNIT, None)).raise_for_status()
        put(instance, "lead", f"devices/{phone.id}", {"key": phone.public}).raise_for_status()
        paths = [f"inspections/{fresh()}" for _ in range(2)]
        bodies = [phone.sign(path, opening() | {"team": []}) for path in paths]
        put(instance, "lead", paths[0], bodies[0]).raise_for_status()
        for failpoint, expected in CHAIN.items():
            instance.stop()
            instance.start(KYCUONG_FAILPOINT=failpoint)
            with pytest.raises(httpx.TransportError):
                put(instance, "lead", paths[1], bodies[1])
            assert instance.process is not None
            instance.process.wait(60)
            instance.start()
            assert noted(instance) == (expected, expected), failpoint
        assert put(instance, "lead", paths[1], bodies[1]).status_code == 200
        assert noted(instance) == (2, 2)
