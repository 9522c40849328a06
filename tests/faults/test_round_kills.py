"""The service dies as a round is drawn: it is drawn once, by the same event, however often that happens."""

import time

from services.kernel.envelope import derived_id
from tests.support.case_world import fresh, registration
from tests.support.installation import installed
from tests.support.postgres import Cluster

UNITS = ("xa-tan-hoa", "xa-phu-lam", "xa-yen-trach")
PLAN = {
    "basis": "15/KH-SNV", "kind": "planned", "from": "2027-01-01", "to": "2027-03-31",
    "strata": [{"group": "xa", "size": 2}],
}  # fmt: skip


def test_killed_as_it_is_drawn(cluster: Cluster) -> None:
    with installed(cluster) as instance:
        for unit in UNITS:
            answer = instance.client(instance.token("admin")).put(
                f"/intake/v1/unit-changes/{fresh()}", json=registration(unit, None) | {"group": "xa"}
            )
            assert answer.status_code == 201, answer.text
        reviewer, auditor = instance.token("reviewer"), instance.token("auditor")
        instance.stop()
        instance.start(KYCUONG_FAILPOINT="intake.before_draw")
        planned = fresh()
        assert instance.client(reviewer).put(f"/intake/v1/rounds/{planned}", json=PLAN).status_code == 201
        assert instance.process is not None
        instance.process.wait(60)  # its plan came into the log, and the draw was begun
        instance.start()
        deadline = time.monotonic() + 60
        while (shown := instance.client(reviewer).get(f"/intake/v1/rounds/{planned}").json())["drawn"] is None:
            assert time.monotonic() < deadline, shown
            time.sleep(0.1)
        drawn = derived_id(planned, "kycuong.round.drawn.v1", 1)
        receipt = instance.client(auditor).get(f"/audit/v1/receipts/{drawn}", params={"wait": "30"})
        assert receipt.status_code == 200, receipt.text
        entry = instance.client(auditor).get(f"/audit/v1/entries/{drawn}").json()
        assert (entry["data"]["drawn"], entry["data"]["size"]) == (shown["drawn"], shown["index"] + 1)
        assert entry["data"]["root"] == shown["root"] and len(shown["drawn"][0]["units"]) == 2
