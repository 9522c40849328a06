"""The service dies as a photo is stored: it is there with the event that it completes the finding, or nothing is."""

import httpx
import pytest

from services.kernel.envelope import derived_id
from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.photos import jpeg, listed, scene
from tests.support.postgres import Cluster
from tests.support.traffic import fresh, now, opening

UNIT = "xa-tan-hoa"
PICTURE = jpeg(scene(320, 240))


def scene_of(instance: Instance) -> str:
    """A finding that waits for its only photo."""
    admin, lead = instance.client(instance.token("admin")), instance.client(instance.token("lead"))
    inspection, finding = fresh(), fresh()
    for client, path, body in (
        (admin, f"unit-changes/{fresh()}", {
            "change": "register", "unit": UNIT, "name": "UBND xã Tân Hòa", "group": "xa", "parent": None, "staff": 45,
            "valid_from": "2025-07-01",
        }),
        (lead, f"inspections/{inspection}", opening(UNIT)),
        (lead, f"findings/{finding}", {
            "inspection": inspection, "code": "A03", "count": 1, "captured_at": now(), "photos": [listed(PICTURE)],
        }),
    ):  # fmt: skip
        answer = client.put(f"/intake/v1/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
    return finding


def test_killed_before_and_after_the_commit(cluster: Cluster) -> None:
    with installed(cluster) as instance:
        finding = scene_of(instance)
        token = instance.token("lead")
        path, held = f"/intake/v1/findings/{finding}/photos/1", f"/intake/v1/findings/{finding}"
        for failpoint, expected in (("intake.before_commit", []), ("intake.after_commit", [1])):
            instance.stop()
            instance.start(KYCUONG_FAILPOINT=failpoint)
            with pytest.raises(httpx.TransportError):
                instance.client(token).put(path, content=PICTURE, headers={"content-type": "image/jpeg"})
            assert instance.process is not None
            instance.process.wait(60)
            instance.start()
            assert instance.client(token).get(held).json()["photos_held"] == expected
        client = instance.client(token)
        answer = client.put(path, content=PICTURE, headers={"content-type": "image/jpeg"})
        assert (answer.status_code, answer.json()["state"]) == (200, "complete")
        assert client.get(path).headers["content-type"] == "image/jpeg"
        auditor = instance.client(instance.token("auditor"))
        receipt = auditor.get("/audit/v1/receipts/" + completed(finding), params={"wait": "30"})
        assert receipt.status_code == 200  # its event came through to the log


def test_killed_before_and_after_a_part_is_durable(cluster: Cluster) -> None:
    half = len(PICTURE) // 2
    with installed(cluster) as instance:
        path = f"/intake/v1/findings/{scene_of(instance)}/photos/1"
        token = instance.token("lead")

        def part(first: int, end: int) -> httpx.Response:
            headers = {"content-type": "image/jpeg", "content-range": f"bytes {first}-{end - 1}/{len(PICTURE)}"}
            return instance.client(token).put(path, content=PICTURE[first:end], headers=headers)

        for failpoint, expected in (("intake.before_part_commit", 0), ("intake.after_part_commit", half)):
            instance.stop()
            instance.start(KYCUONG_FAILPOINT=failpoint)
            with pytest.raises(httpx.TransportError):
                part(0, half)
            assert instance.process is not None
            instance.process.wait(60)
            instance.start()
            assert instance.client(token).head(path).headers["upload-offset"] == str(expected)
        assert part(0, half).json() == {"received": half}
        # the last part is durable, but not yet the photo that it makes whole
        instance.stop()
        instance.start(KYCUONG_FAILPOINT="intake.after_part_commit")
        with pytest.raises(httpx.TransportError):
            part(half, len(PICTURE))
        instance.process.wait(60)
        instance.start()
        assert instance.client(token).head(path).headers["upload-offset"] == str(len(PICTURE))
        last = part(len(PICTURE) - 1, len(PICTURE))
        assert (last.status_code, last.json()["state"]) == (201, "complete")


def completed(finding: str) -> str:
    """The completing event's id, as the event schema says: derived from the finding's."""
    return derived_id(finding, "kycuong.finding.completed.v1", 1)
