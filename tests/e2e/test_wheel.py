"""The wheel alone, without its checkout: built, installed into an empty environment elsewhere, it runs and verifies.

Only what it depends on is not installed again: the environment is pointed at the same packages that the suite runs on.
"""

import os
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.instance import ROOT, Instance
from tests.support.traffic import fresh, now, opening

UV = Path(sys.executable).with_name("uv")
UNIT = "xa-tan-hoa"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def wheel(open_tmp: Path) -> Path:
    """The wheel, built by the backend that is installed here."""
    build = (UV, "build", "--wheel", "--no-build-isolation", "--offline", "--python", sys.executable)
    run(*build, "--out-dir", open_tmp / "dist", cwd=ROOT)
    (wheel,) = (open_tmp / "dist").glob("*.whl")
    return wheel


@pytest.fixture
def installed(wheel: Path, open_tmp: Path) -> Path:
    """The folder of an environment with the wheel in it; what it depends on is found where the suite finds it."""
    environment = open_tmp / "elsewhere"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=open_tmp)
    run(UV, "pip", "install", "--offline", "--no-deps", "--python", environment, wheel, cwd=open_tmp)
    (packages,) = environment.glob("lib/python*/site-packages")
    # a plain path: the .pth files in there, the checkout's own among them, are not read
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    found = run(environment / "bin/python", "-c", "import services; print(services.__file__)", cwd=open_tmp)
    assert found.strip() == str(packages / "services/__init__.py")
    return environment


def test_the_wheel_holds_what_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.startswith("kycuong-")}
    folders = ((ROOT / "services", "services"), (ROOT / "schemas", "services/schemas"))
    wanted = {f"{place}/{path.relative_to(folder)}" for folder, place in folders for path in folder.rglob("*.*")}
    assert held == {name for name in wanted if "__pycache__" not in name}


def test_an_installed_wheel_runs_takes_a_finding_and_verifies_its_log(installed: Path, open_tmp: Path) -> None:
    program = str(installed / "bin/kycuong")
    instance = Instance(open_tmp / "data", program=[program])
    try:
        instance.start()
        finding = file_a_finding(instance)
        admin = instance.client(instance.token("auditor"))
        assert admin.get(f"/audit/v1/receipts/{finding}?wait=30").status_code == 200
        said = subprocess.run(
            [program, "log", "verify", f"{instance.url}/audit/", "--vkey", instance.client().get("/audit/vkey").text,
             "--token", instance.token("auditor"), "--state", "none"],
            capture_output=True, text=True, cwd=open_tmp, env=dict(os.environ),
        )  # fmt: skip
        assert said.returncode == 0, said.stdout + said.stderr
        instance.stop()
    finally:
        instance.cleanup()


def file_a_finding(instance: Instance) -> str:
    """Register a unit, open an inspection and file a finding in it; the finding's id."""
    unit, inspection, finding = fresh(), fresh(), fresh()
    writes = (
        ("admin", f"unit-changes/{unit}", {
            "change": "register", "unit": UNIT, "name": "UBND xã Tân Hòa", "group": "xa", "parent": None, "staff": 34,
            "valid_from": "2025-07-01",
        }),
        ("lead", f"inspections/{inspection}", opening(UNIT)),
        ("lead", f"findings/{finding}", {"inspection": inspection, "code": "A01", "count": 3, "captured_at": now(-1)}),
    )  # fmt: skip
    for role, path, body in writes:
        answer = instance.client(instance.token(role)).put(f"/intake/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
    return finding
