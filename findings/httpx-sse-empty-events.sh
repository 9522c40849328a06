#!/usr/bin/env bash
# httpx-sse 0.4.3 with httpx 0.28.1, beside sseclient-py 1.9.0 (PyPI) and eventsource 4.1.1 (npm, with Node), seen 2026-12-01.
#
# A comment keeps a quiet stream of server-sent events open, and the standard has whoever reads it say nothing: a block without `data` is no event.
# httpx-sse gives an event for each blank line that comes once any event had an `id`, and also for `retry` alone: of the kind "message", with the
# last event's id and no data. Most servers write a comment as ":" and an empty line, so that the reader of a stream which is silent gets
# an event every few seconds, and `json()` of it raises, not at the first one and not in a trial without ids.
# The two others give what was sent. With its comments and `retry` as lines of the next block, without an empty line of their own, the
# stream is the same by all three.
#
# Seen: as asserted below. Leave out events without data; and a server may write comments as single lines.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" eventsource@4.1.1 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q httpx-sse==0.4.3 httpx==0.28.1 sseclient-py==1.9.0
cd "$place"
cat > read.mjs <<'JS'
import { EventSource } from "eventsource";

const seen = [];
const source = new EventSource(process.argv[2]);
for (const kind of ["notice", "message"])
  source.addEventListener(kind, ({ type, lastEventId, data }) => {
    seen.push([type, lastEventId, data]);
  });
source.addEventListener("error", () => { // the stream's end
  source.close();
  console.log(JSON.stringify(seen));
});
JS
"$place/venv/bin/python" - <<'PY'
import json
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import httpx_sse
import sseclient

EVENT = 'id: {0}\nevent: notice\ndata: {{"n":{0}}}\n\n'
STREAMS = {
    "/blocks": "retry: 2000\n\n:\n\n" + EVENT.format(1) + ":\n\n:\n\n" + EVENT.format(2) + ":\n\n",
    "/lines": "retry: 2000\n:\n" + EVENT.format(1) + ":\n:\n" + EVENT.format(2) + ":\n",
}
SENT = [["notice", str(n), f'{{"n":{n}}}'] for n in (1, 2)]


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(STREAMS[self.path].encode())

    def log_message(self, *_):
        pass


def by_httpx(url):
    with httpx.Client() as client, httpx_sse.connect_sse(client, "GET", url) as source:
        return list(source.iter_sse())


def by_sseclient(url):
    with httpx.stream("GET", url) as answer:
        return [[event.event, event.id, event.data] for event in sseclient.SSEClient(answer.iter_bytes()).events()]


def by_node(url):
    return json.loads(subprocess.run(["node", "read.mjs", url], check=True, stdout=subprocess.PIPE, timeout=60).stdout)


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
for path in STREAMS:
    url = f"http://127.0.0.1:{server.server_port}{path}"
    events = by_httpx(url)
    seen = [[event.event, event.id, event.data] for event in events]
    print(path, seen)
    assert by_sseclient(url) == by_node(url) == SENT
    empty = [["message", "", ""], SENT[0], ["message", "1", ""], ["message", "1", ""], SENT[1], ["message", "2", ""]]
    assert seen == (SENT if path == "/lines" else empty), seen
    try:
        [event.json() for event in events]
    except json.JSONDecodeError as error:
        assert path == "/blocks"
        print(error)
    else:
        assert path == "/lines"
server.shutdown()
PY
