#!/usr/bin/env bash
# uvloop 0.23.0 beside asyncio of Python 3.11, seen 2026-11-30.
#
# A loop is held up for a moment while it reads from one socket. Meanwhile the bytes that another reader waits for arrive, and
# the timer that bounds his waiting falls due. Under asyncio the reader gets his bytes: a turn of its loop looks at the
# sockets first and at the timers after. Under uvloop the timer comes first, and what lay ready in time is taken for what
# never came. A guard against senders who stall so ends honest ones whenever the service itself was slow; a suite on
# asyncio's loop never sees it.
#
# Seen: the order in which the two are told is "bytes, timer" on asyncio and "timer, bytes" on uvloop.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q uvloop==0.23.0
"$place/venv/bin/python" - <<'PY'
import asyncio
import socket
import time

import uvloop

DUE, HELD_UP = 0.2, 0.4  # seconds


async def order() -> list[str]:
    loop, told = asyncio.get_running_loop(), []
    (busy, wakes), (waits, sends) = socket.socketpair(), socket.socketpair()
    with busy, wakes, waits, sends:

        def heard() -> None:
            waits.recv(1)
            told.append("bytes")

        def hold_up() -> None:
            busy.recv(1)
            sends.send(b"x")  # well before the other is out of time
            time.sleep(HELD_UP)

        loop.add_reader(waits, heard)
        loop.add_reader(busy, hold_up)
        loop.call_later(DUE, told.append, "timer")
        wakes.send(b"x")
        while len(told) < 2:
            await asyncio.sleep(0.05)
        loop.remove_reader(waits)
        loop.remove_reader(busy)
    return told


told = {"asyncio": asyncio.run(order()), "uvloop": uvloop.run(order())}
print(told)
assert told == {"asyncio": ["bytes", "timer"], "uvloop": ["timer", "bytes"]}, told
PY
