#!/usr/bin/env bash
# uvloop 0.23.0, seen 2026-11-30.
#
# A protocol is told of its connection with a transport. Under asyncio that is an asyncio.Transport; under uvloop it has the same
# methods and is none: neither derived from it nor registered with it. A check by class, such as a type checker asks for
# (connection_made gets a BaseTransport, write is a Transport's), holds in a suite that runs on asyncio's loop and fails in the
# service, which uvicorn runs on uvloop; the failed check is only logged, and whoever waits for an answer waits.
#
# Seen: isinstance(transport, asyncio.BaseTransport) is True on asyncio's loop and False on uvloop's.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q uvloop==0.23.0
"$place/venv/bin/python" - <<'PY'
import asyncio

import uvloop


async def seen() -> bool:
    found = asyncio.get_running_loop().create_future()

    class Waits(asyncio.Protocol):
        def connection_made(self, transport):
            assert callable(transport.write) and callable(transport.abort)
            found.set_result(isinstance(transport, asyncio.BaseTransport))

    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    await asyncio.get_running_loop().create_connection(Waits, "127.0.0.1", server.sockets[0].getsockname()[1])
    return await found


told = {"asyncio": asyncio.run(seen()), "uvloop": uvloop.run(seen())}
print(told)
assert told == {"asyncio": True, "uvloop": False}, told
PY
