"""`kycuong demo` as a new user runs it: killed in the middle, started again, looked at, stopped, opened again."""

import json
import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from services.demo.accounts import ACCOUNTS, FILE
from services.kernel.log.tiles import bundle_path, bundles_of, decode_bundle
from tests.support.authorities import AUTHORITIES
from tests.support.instance import PROGRAM, ROOT, Instance
from tests.support.receipts import documented


class Demo(Instance):
    """`kycuong demo` instead of `kycuong run`: it says more before it is ready."""

    def launch(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        with open(self.log, "a") as sink:
            self.process = subprocess.Popen(
                [*PROGRAM, "demo", "--data", str(self.data), "--port", str(self.port)],
                stdout=subprocess.PIPE, stderr=sink, text=True, env=self.env, cwd=ROOT,
            )  # fmt: skip

    def said(self, patience: float = 240) -> str:
        """Everything up to the line that says it is ready."""
        assert self.process is not None
        assert self.process.stdout is not None
        said, end = b"", time.monotonic() + patience
        while f"ready {self.url}/\n".encode() not in said:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert more, f"not ready\n{said.decode()}{self.tail()}"
            said += more
        return said.decode()

    def cleanup(self) -> None:
        super().cleanup()
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def until_in_the_log(self, size: int) -> None:
        """Wait until the log has so many entries."""
        end = time.monotonic() + 200
        while self._size() < size:
            assert time.monotonic() < end, self.tail()
            time.sleep(0.05)

    def _size(self) -> int:
        try:
            answer = httpx.get(f"{self.url}/audit/checkpoint", timeout=40, trust_env=False, verify=AUTHORITIES)
            return int(answer.text.splitlines()[1]) if answer.status_code == 200 else 0
        except httpx.HTTPError:
            return 0


@pytest.fixture
def demo(open_tmp: Path):
    instance = Demo(open_tmp / "data")
    try:
        yield instance
    finally:
        instance.cleanup()


@pytest.mark.timeout(600)
def test_a_demo_killed_half_way_goes_on_and_is_whole(demo: Demo) -> None:
    demo.launch()
    demo.until_in_the_log(3_000)
    demo.kill()
    demo.launch()
    said = demo.said()
    lines, again = (int(number.replace(".", "")) for number in re.findall(r"([\d.]+) dòng", said)[:2])
    assert 0 < again < lines
    _is_whole(demo)
    _recomputes(demo)
    _people_sign_in(demo, said)
    demo.stop()
    demo.launch()
    assert "Đã nạp" not in demo.said()
    _is_whole(demo)
    demo.stop()


def _is_whole(demo: Demo) -> None:
    with demo.client(demo.token("reviewer")) as reviewer:
        for path in ("2026-Q2?edition=flash", "2026-Q2?edition=official", "2026-Q3?edition=official", "2026-Q4"):
            listing = reviewer.get(f"/reports/v1/scorecards/{path}").json()
            assert len(listing["cards"]) == 504
            bands = {card["band"] for card in listing["cards"]}
            assert {"good", "fair", "insufficient"} <= bands
        card = reviewer.get("/reports/v1/scorecards/2026-Q3/xa-tan-hoa").json()
        assert (card["score"], card["band_label"], card["exposure"]["persons_checked"]) == ("94.00", "Tốt", 45)
        untouched = reviewer.get("/reports/v1/scorecards/2026-Q4/xa-tan-hoa").json()
        assert (untouched["score"], untouched["exposure"]["inspections"]) == (None, 0)
        assert reviewer.get("/reports/v1/alerts", params={"open": "true"}).json()["items"]
    with demo.client(demo.token("unit_head", "xa-phu-lam")) as head:
        fresh = head.get("/reports/v1/alerts", params={"open": "true"}).json()["items"]
        assert "xa-phu-lam" in {alert["unit"] for alert in fresh}
        assert head.get("/reports/v1/scorecards/2026-Q2/latest").status_code == 307  # published, the next one not yet
        assert head.get("/reports/v1/scorecards/2026-Q3/latest").status_code == 404
    vkey = httpx.get(f"{demo.url}/audit/vkey", timeout=40, trust_env=False, verify=AUTHORITIES).text.strip()
    verified = demo.command("log", "verify", f"{demo.url}/audit/", "--vkey", vkey, "--token", demo.token("auditor"))
    assert verified.returncode == 0


def _recomputes(demo: Demo) -> None:
    """Every card, live and frozen, is what the lines of docs/verify.md compute from the log alone."""
    read, card, root = documented("read"), documented("card"), documented("cards_root")
    with demo.client(demo.token("auditor")) as auditor, demo.client(demo.token("reviewer")) as reviewer:
        size = int(auditor.get("/audit/checkpoint").text.splitlines()[1])
        entries: list[bytes] = []
        for number, width in bundles_of(size):
            entries += decode_bundle(auditor.get(f"/audit/{bundle_path(number, width)}").content)
        for path in ("2026-Q2?edition=flash", "2026-Q2?edition=official", "2026-Q3?edition=official", "2026-Q4"):
            quarter, _, query = path.partition("?")
            listing = reviewer.get(f"/reports/v1/scorecards/{path}").json()
            units = [row["unit"] for row in listing["cards"]]
            served = [reviewer.get(f"/reports/v1/scorecards/{quarter}/{unit}?{query}").content for unit in units]
            log = read(entries[: listing["log"]["size"]])
            for unit, body in zip(units, served, strict=True):
                computed, shown = card(log, unit, quarter), json.loads(body)
                assert {name: shown[name] for name in computed} == computed
            if query:
                assert root(served) == listing["cards_root"]


def _people_sign_in(demo: Demo, said: str) -> None:
    kept = demo.data / FILE
    assert kept.stat().st_mode & 0o777 == 0o600
    for entry in json.loads(kept.read_text()):
        assert f"{entry['account']} " in said
        assert entry["password"] in said
        login = {"account": entry["account"], "password": entry["password"]}
        answer = httpx.post(f"{demo.url}/intake/login", json=login, timeout=40, trust_env=False, verify=AUTHORITIES)
        assert answer.status_code == 204, answer.text
    assert len(json.loads(kept.read_text())) == len(ACCOUNTS)


def test_a_folder_with_real_data_is_not_made_a_demo(open_tmp: Path) -> None:
    instance = Demo(open_tmp / "data")
    (instance.data / "secrets").mkdir(parents=True)
    (instance.data / "secrets/database_url").write_text("postgresql://elsewhere/")
    refused = instance.command("demo", "--data", str(instance.data), check=False)
    assert refused.returncode == 1
    assert "hãy chọn thư mục khác" in refused.stderr
    assert not (instance.data / "demo").exists()


def test_ctrl_c_during_the_load_ends_it_and_keeps_the_note(demo: Demo) -> None:
    demo.launch()
    demo.until_in_the_log(600)
    assert demo.process is not None
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) in (0, 1)
    assert (demo.data / "demo-loading").exists()
