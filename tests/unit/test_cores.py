"""Work in processes of its own: none of them outlives who gave it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.instance import ROOT

_GIVING = """
import multiprocessing, os, sys
from services.reports.fold import cores
cores._context = lambda: multiprocessing.get_context(sys.argv[1])
if __name__ == "__main__":
    with cores.working(2, os.getppid) as submit:
        [submit().result() for _ in range(4)]
        print(*(one.pid for one in multiprocessing.active_children()), flush=True)
        sys.stdin.read()
"""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc: only Linux has it")
@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_the_processes_end_with_their_parent_even_when_it_is_killed(tmp_path: Path, way: str) -> None:
    """A copy of a database connection that lived on would hold what its transaction locks."""
    (tmp_path / "giving.py").write_text(_GIVING)
    asked = [sys.executable, str(tmp_path / "giving.py"), way]
    with subprocess.Popen(
        asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert children and all(map(_runs, children))
        parent.send_signal(signal.SIGKILL)
    for _ in range(600):
        if not any(map(_runs, children)):
            return
        time.sleep(0.1)
    pytest.fail(f"{children} still run")
