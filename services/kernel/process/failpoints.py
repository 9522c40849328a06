"""Named points at which a test may kill this process, as a power cut would: no handler, no flush."""

import os
import signal

_NAME, _, _HIT = os.environ.get("KYCUONG_FAILPOINT", "").partition(":")
_left = int(_HIT or 1)


def failpoint(name: str) -> None:
    """Die here by SIGKILL if `KYCUONG_FAILPOINT` names this point (`name`, or `name:n` for the n-th time)."""
    global _left
    if name != _NAME:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
