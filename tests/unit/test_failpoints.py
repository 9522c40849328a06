import signal
import subprocess
import sys

import pytest

PROGRAM = """\
from services.kernel.process.failpoints import failpoint
for n in range(3): failpoint('a.b'); print(n, flush=True)
"""


@pytest.mark.parametrize(
    ("name", "printed"),
    [("a.b", ""), ("a.b:2", "0\n"), ("a.b:9", "0\n1\n2\n"), ("other", "0\n1\n2\n"), ("", "0\n1\n2\n")],
)
def test_a_failpoint_kills_at_the_named_hit_only(name, printed):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={"KYCUONG_FAILPOINT": name}
    )
    assert done.stdout == printed
    assert done.returncode == (0 if printed.endswith("2\n") else -signal.SIGKILL)
