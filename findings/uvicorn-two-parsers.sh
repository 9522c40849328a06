#!/usr/bin/env bash
# uvicorn 0.54.0 with h11 0.16.0 and httptools 0.9.0, seen 2026-11-30.
#
# uvicorn reads requests with httptools where that is installed and with h11 where it is not: an extra of a package, or a wheel that is
# missing for a machine, changes the parser and, one thinks, only the speed. Two requests that every server must take reach
# the application as two others:
# - The absolute form, `GET http://host/path`, which RFC 9112 (3.2.2) has servers accept and proxies send: httptools gives the
#   path "/path", h11 gives "http://host/path" as the path, which no route has. With no path at all httptools refuses it.
# - Blanks behind a header's value, which are not of the value (RFC 9110, 5.5): h11 takes them off, httptools leaves them, so
#   that an idempotency key, a media type or an entity tag compared to the letter is another one.
#
# Seen: as asserted below. Take blanks off where values are compared; know by configuration (http=…) which parser it is.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q uvicorn==0.54.0 h11==0.16.0 httptools==0.9.0
cd "$place"
"$place/venv/bin/python" - <<'PY'
import asyncio
import json
import socket

import uvicorn


async def app(scope, receive, send):
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    body = json.dumps([scope["path"], headers.get("idempotency-key")]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def asked(port, first, more=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first + b" HTTP/1.1\r\nHost: example.org\r\n" + more + b"Connection: close\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return json.loads(body) if head.split()[1] == b"200" else int(head.split()[1])


async def seen(parser):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http=parser, loop="asyncio", lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.05)
        port = listening.getsockname()[1]
        told = [
            await asked(port, b"GET http://example.org/units?x=1"),
            await asked(port, b"GET http://example.org"),
            await asked(port, b"GET /units", b"Idempotency-Key:  k1 \t \r\n"),
        ]
        server.should_exit = True
        await serving
        return told


told = {parser: asyncio.run(seen(parser)) for parser in ("h11", "httptools")}
for parser, answers in told.items():
    print(parser, answers)
assert told["h11"] == [["http://example.org/units", None], ["http://example.org", None], ["/units", "k1"]]
assert told["httptools"] == [["/units", None], 400, ["/units", "k1 \t "]]
PY
