#!/usr/bin/env bash
# opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http 1.45.2: what a collector that is away costs at the exit,
# and what an empty OTEL_EXPORTER_OTLP_ENDPOINT means.
#
# A program with one BatchSpanProcessor and one PeriodicExportingMetricReader, both with the OTLP/HTTP exporter and all
# defaults, makes one span and one measurement, and ends. Its exit handlers then wait for the collector. The
# specification says that an empty variable is one that is not set; by the exporter it is port 4318 of this host either
# way, so a program that looks only whether the variable exists exports to nobody, and waits.
#
# Seen (seconds from the last line of the program to its end):
#   nothing listens: 12
#   it takes connections and never answers: 15
#   shutdown_on_exit=False: 0
#   endpoint of the exporter with OTEL_EXPORTER_OTLP_ENDPOINT="": http://localhost:4318/v1/traces
#
# Exits 0 while both waits are over 5 seconds and the empty variable means that address, 1 when it has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat >"$place/program.py" <<'PROGRAM'
import os, socket, subprocess, sys, time

END = """
import sys, time
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

on_exit = sys.argv[1] == "True"
traces = TracerProvider(shutdown_on_exit=on_exit)
traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
reader = PeriodicExportingMetricReader(OTLPMetricExporter())
metrics = MeterProvider(metric_readers=[reader], shutdown_on_exit=on_exit)
with traces.get_tracer("t").start_as_current_span("one"):
    metrics.get_meter("m").create_counter("c").add(1)
print(time.time(), flush=True)
"""


def seconds(port, on_exit=True):
    env = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
    done = subprocess.run(
        [sys.executable, "-c", END, str(on_exit)], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return time.time() - float(done.stdout)


with socket.socket() as nobody, socket.socket() as silent:
    nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
    silent.bind(("127.0.0.1", 0))
    silent.listen(50)
    waits = [seconds(nobody.getsockname()[1]), seconds(silent.getsockname()[1])]
    without = seconds(silent.getsockname()[1], on_exit=False)
print(f"nothing listens: {waits[0]:.1f} s; never answers: {waits[1]:.1f} s; without exit handlers: {without:.1f} s")
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = ""
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

empty = OTLPSpanExporter()._endpoint
print(f"an empty endpoint means {empty}")
sys.exit(0 if min(waits) > 5 > without and empty == "http://localhost:4318/v1/traces" else "this has changed")
PROGRAM
env -u OTEL_EXPORTER_OTLP_ENDPOINT "$place/venv/bin/python" "$place/program.py"
