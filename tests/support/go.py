"""Programs that others wrote in Go: skips loudly where they cannot be had, fails there when KYCUONG_REQUIRE_GO=1."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

PATIENCE = 600  # seconds to fetch and build one


def go_program(package: str, folder: Path) -> Path:
    """The program of a package at a version, built by the machine's Go, or the environment's, into a folder."""
    go = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if go is None:
        missing(package, "there is no go on the path, and `make ground` has brought none")
    environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    built = subprocess.run(
        [go, "install", package], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if built.returncode != 0:
        missing(package, built.stderr[-500:])
    return folder / package.partition("@")[0].rpartition("/")[2]


def missing(package: str, why: str) -> NoReturn:
    """Skip loudly, or fail where it is required."""
    if os.environ.get("KYCUONG_REQUIRE_GO") == "1":
        pytest.fail(f"KYCUONG_REQUIRE_GO=1, but {package} cannot be had: {why}")
    pytest.skip(f"MISSING: {package}, so nobody else's program has looked at the log: {why}")
