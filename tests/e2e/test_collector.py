"""A collector that is away holds nothing up, and an empty endpoint is none."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.kernel.process import telemetry
from tests.support.installation import installed
from tests.support.instance import free_port

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
LONG = {"OTEL_EXPORTER_OTLP_TIMEOUT": "3600"}  # seconds that the SDK would give a collector, at the end too


@contextmanager
def silent():
    """It takes connections and requests, and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


@contextmanager
def refusing():
    yield free_port()


@contextmanager
def hearing(paths):
    """It takes what comes and keeps the paths."""

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("collector", [silent, refusing])
def test_a_stop_does_not_wait_for_a_collector_that_is_away(cluster, collector):
    with collector() as port, installed(cluster, **LONG, **{ENDPOINT: f"http://127.0.0.1:{port}"}) as instance:
        client = instance.client(instance.token("admin"))
        for _ in range(20):
            assert client.get("/intake/v1/me").status_code == 200
        instance.stop()


def test_what_was_traced_last_is_sent_before_the_end(cluster):
    paths: list[str] = []
    with hearing(paths) as port, installed(cluster, **{ENDPOINT: f"http://127.0.0.1:{port}"}) as instance:
        assert instance.client(instance.token("admin")).get("/intake/v1/me").status_code == 200
        instance.stop()
    assert {"/v1/traces", "/v1/metrics"} <= set(paths)


BOTH, NEITHER = {"TRACES", "METRICS"}, set()
CONFIGURED = [
    ({}, NEITHER),
    ({ENDPOINT: ""}, NEITHER),
    ({ENDPOINT: "  "}, NEITHER),
    ({ENDPOINT: "", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "\t"}, NEITHER),
    ({ENDPOINT: " http://c:4318 "}, BOTH),
    ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, {"TRACES"}),
    ({ENDPOINT: " ", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318/v1/metrics"}, {"METRICS"}),
    ({ENDPOINT: "http://c:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ""}, BOTH),
]


@pytest.mark.parametrize(("environment", "signals"), CONFIGURED)
def test_a_signal_is_exported_where_an_endpoint_is_set_and_not_empty(monkeypatch, environment, signals):
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    started, ended = [], []
    starts = {s: lambda service, s=s: started.append((s, service)) or (lambda: ended.append(s)) for s in BOTH}
    monkeypatch.setattr(telemetry, "_SIGNALS", starts)
    with telemetry.exporting("run"):
        assert {signal for signal, _ in started} == signals and not ended
    assert set(ended) == signals


def test_other_empty_variables_of_the_sdk_are_not_set_either():
    program = "from services.kernel.process.telemetry import exporting\nwith exporting('run'): print('well')"
    empty = dict.fromkeys(("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_TRACES_SAMPLER"), "")
    endpoint = {ENDPOINT: f"http://127.0.0.1:{free_port()}"}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **empty, **endpoint}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "well\n", "")
