"""`python measured.py PROGRAM…`: runs it, and prints its seconds of processor time and the most kilobytes it held.

A process of its own, and small: the kernel counts what whoever starts a program holds by then as the program's.
"""

import os
import subprocess
import sys
from pathlib import Path


def run(arguments: list[str], cwd: Path) -> tuple[float, int]:
    """Seconds of processor time, the program's and its processes', and its most memory in bytes."""
    told = subprocess.run(
        [sys.executable, "-I", "-S", __file__, *arguments], check=True, stdout=subprocess.PIPE, cwd=cwd
    ).stdout
    seconds, kilobytes = told.split()
    return float(seconds), int(kilobytes) * 1024


def main() -> int:
    """What the program left with; its own words are dropped."""
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
