"""`kycuong` without its imports: a process that has made them forks for each start, which then takes a second less.

What begins so is a child of the test's own process as any other: it has its own number, signals, exit code, streams,
environment and folder. Tests that ask how the program starts begin it from its file.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[2]
ON_IMPORT = ("OTEL_", "PYTHON")
"""Of the environment's names, those that are read by imports: whoever sets one has the program begun from its file."""
_GIVE_ME_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
_LONGEST = 1 << 17  # bytes of the words, the folder and the environment
_turn = Lock()


class Warm(subprocess.Popen[Any]):
    """A command whose words, without the program's name, are `args`."""

    def _execute_child(self, args: list[str], *rest: Any) -> None:
        _, _, _, _, cwd, env, _, _, _, *ends = rest[:15]
        told = json.dumps([args, str(cwd or Path.cwd()), dict(os.environ if env is None else env)])
        streams = [number if end == -1 else end for number, end in enumerate((ends[0], ends[3], ends[5]))]
        try:
            with _turn:
                self.pid = _forked(_mother(), told.encode(), streams)
            self._child_created = True
        finally:
            self._close_pipe_fds(*ends)  # type: ignore[attr-defined]


def run(
    args: Sequence[str], *, timeout: float = 60, check: bool = False, **how: Any
) -> subprocess.CompletedProcess[str]:
    """What `subprocess.run` does, its output kept as text; `args` without the program's name, again."""
    with Warm(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **{"cwd": ROOT, **how}) as process:
        try:
            out, error = process.communicate(timeout=timeout)
        finally:
            process.kill()  # does nothing to one that has ended
    done = subprocess.CompletedProcess(args, process.returncode, out, error)
    if check:
        done.check_returncode()
    return done


@cache
def _mother() -> socket.socket:
    """The way to this process's own mother of starts, which ends when we do."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        command = [sys.executable, "-m", __name__, str(there.fileno())]
        mother = subprocess.Popen(
            command, cwd=ROOT, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
    atexit.register(lambda: (mother.terminate(), mother.wait()))
    return here


def _forked(mother: socket.socket, told: bytes, streams: list[int]) -> int:
    """The number of a new process, which is ours because who forked it ends before we hear of it."""
    ask = ctypes.CDLL(None, use_errno=True).prctl
    assert ask(_GIVE_ME_ORPHANS, 1, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
    try:
        socket.send_fds(mother, [told], streams)
        number = mother.recv(32)
        assert number, "the mother of starts has ended"
    except BaseException:  # a test that is out of time: an answer that comes later is not the next one's
        _mother.cache_clear()
        mother.close()
        raise
    finally:
        ask(_GIVE_ME_ORPHANS, 0, 0, 0, 0)
    return int(number)


def _bear(asked: socket.socket) -> None:
    """Fork for whoever asks, until nobody can any more; returns in what was forked, as it was told to be."""
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        told, streams, _, _ = socket.recv_fds(asked, _LONGEST, 3)
        if not told:
            sys.exit()
        back, number = os.pipe()
        between = os.fork()
        if between == 0:
            if child := os.fork():
                os.write(number, str(child).encode())
                os._exit(0)
            signal.signal(signal.SIGINT, interrupted)
            asked.close()
            for end in (back, number):
                os.close(end)
            return _become(streams, *json.loads(told))
        os.waitpid(between, 0)
        child = int(os.read(back, 32))
        try:
            asked.send(str(child).encode())
        except OSError:  # nobody waits for it any more
            os.kill(child, signal.SIGKILL)
            sys.exit()
        for end in (back, number, *streams):
            os.close(end)


def _become(streams: list[int], words: list[str], folder: str, environment: dict[str, str]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    if any(name.startswith(ON_IMPORT) and os.environ.get(name) != value for name, value in environment.items()):
        os.execve(sys.executable, [sys.executable, "-m", "services", *words], environment)
    os.environ.clear()
    os.environ.update(environment)
    importlib.reload(failpoints)  # of ours it alone reads the environment on import
    sys.argv[1:] = words


if __name__ == "__main__":
    from services import run
    from services.__main__ import main
    from services.kernel import command  # noqa: F401 - as a start imports it
    from services.kernel.process import failpoints

    run._load()
    with suppress(ImportError):
        import uvloop  # noqa: F401 - the same
    gc.collect()
    gc.freeze()
    _bear(socket.socket(fileno=int(sys.argv[1])))
    main()
