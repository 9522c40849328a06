#!/usr/bin/env bash
# httpx 0.28.1 with orjson 3.13.0, rfc8785 0.1.4 and requests 2.34.2, seen 2026-11-30.
#
# JSON lines over HTTP: a JSON text has no line break in it, so one line is one text. JSON's writers may leave the signs U+2028, U+2029
# and U+0085 as they are within a string, and the canonical form (RFC 8785) must; text that somebody pasted from an office
# program has them. `iter_lines` of httpx ends a line at each of them, as str.splitlines does, and drops the sign: one valid
# entry becomes three pieces that are no JSON, in which a log's bytes cannot be found again. The line reader of requests, and a
# bytes' own splitlines, end lines at CR and LF alone. Python's json escapes the signs, so that its own lines come through.
#
# Seen: as asserted below. Split the bytes at b"\n".
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q httpx==0.28.1 orjson==3.13.0 rfc8785==0.1.4 requests==2.34.2
cd "$place"
"$place/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import orjson
import requests
import rfc8785

ENTRY = {"place": "Sở Nội vụ\u2028tầng 2", "words": "quầy\u0085trống", "n": 1}
WRITERS = {"orjson": orjson.dumps, "rfc8785": rfc8785.dumps, "json": lambda entry: json.dumps(entry).encode()}


class Lines(BaseHTTPRequestHandler):
    def do_GET(self):
        body = WRITERS[self.path[1:]](ENTRY) + b"\n" + WRITERS[self.path[1:]](ENTRY) + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): ...


server = HTTPServer(("127.0.0.1", 0), Lines)
threading.Thread(target=server.serve_forever, daemon=True).start()
counted = {}
for name in WRITERS:
    url = f"http://127.0.0.1:{server.server_port}/{name}"
    with httpx.Client(trust_env=False) as client, client.stream("GET", url) as answer:
        by_httpx = list(answer.iter_lines())
    with requests.Session() as session:
        session.trust_env = False
        by_requests = list(session.get(url, stream=True).iter_lines())
    assert [json.loads(line) for line in by_requests] == [ENTRY, ENTRY]
    counted[name] = len(by_httpx), len(by_requests)
server.shutdown()
print("lines of two entries, by httpx and by requests:", counted)
assert counted == {"orjson": (6, 2), "rfc8785": (6, 2), "json": (2, 2)}, counted
PY
