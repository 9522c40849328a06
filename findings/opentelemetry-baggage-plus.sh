#!/usr/bin/env bash
# opentelemetry-api 1.45.2 (Python), @opentelemetry/core 2.12.1 with @opentelemetry/api 1.9.0 (npm, with Node), go.opentelemetry.io/otel v1.38.0
# (Go 1.26), seen 2026-12-01.
#
# What one service puts into the baggage of a request is there for all behind it: a unit, a moment. In W3C's header values are percent-encoded,
# where a blank is %20 and "+" is a plus; Python's propagator encodes and decodes them as forms do, where a blank is "+". The libraries of
# one project then do not understand each other, and no one hears of it:
# - Go sends a time with an offset as it is, for the sign is allowed: Python's baggage has "2026-10-01T00:30:00 07:00";
# - Python sends "xã Tân Hòa" with plus signs: Go and JavaScript have "xã+Tân+Hòa", and hand that on.
# Python with Python, or Go with JavaScript, is right; so are values of letters and digits, with which one tries it.
#
# Seen: as asserted below. Put into baggage what needs no encoding (ids, UTC with Z), or hand on the trace context alone.
set -euo pipefail
place=$(mktemp -d); trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" @opentelemetry/core@2.12.1 @opentelemetry/api@1.9.0 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q opentelemetry-api==1.45.2
cd "$place"
cat > handed.mjs <<'JS'
import { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, propagation } from "@opentelemetry/api";
import { W3CBaggagePropagator } from "@opentelemetry/core";

const [sent, got] = process.argv.slice(2);
const propagator = new W3CBaggagePropagator();
const carrier = {};
propagator.inject(propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ it: { value: sent } })), carrier, defaultTextMapSetter);
const baggage = propagation.getBaggage(propagator.extract(ROOT_CONTEXT, { baggage: got }, defaultTextMapGetter));
console.log(JSON.stringify([carrier.baggage, baggage.getEntry("it").value]));
JS
cat > go.mod <<'MOD'
module finding

go 1.26.0

require go.opentelemetry.io/otel v1.38.0
MOD
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"os"

	"go.opentelemetry.io/otel/baggage"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	sent := must(baggage.New(must(baggage.NewMemberRaw("it", os.Args[1]))))
	got := must(baggage.Parse(os.Args[2])).Member("it")
	json.NewEncoder(os.Stdout).Encode([]string{sent.String(), got.Value()})
}
GO
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPATH="$place/go"
go build -o handed . 2>/dev/null
"$place/venv/bin/python" - <<'PY'
import json
import subprocess

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context

OTHERS = {"Go": ["./handed"], "JavaScript": ["node", "handed.mjs"]}
propagator = W3CBaggagePropagator()


def by_python(value):
    carrier = {}
    propagator.inject(carrier, baggage.set_baggage("it", value, Context()))
    return carrier["baggage"]


def read_by_python(header):
    return baggage.get_baggage("it", propagator.extract({"baggage": [header]}, Context()))


seen = {}
for value in ("2026-10-01T00:30:00+07:00", "xã Tân Hòa", "xa-tan-hoa"):
    header = by_python(value)
    assert read_by_python(header) == value
    headers = {}
    for name, program in OTHERS.items():
        raw = subprocess.run([*program, value, header], check=True, stdout=subprocess.PIPE).stdout
        headers[name], seen[value, "Python", name] = json.loads(raw)
        seen[value, name, "Python"] = read_by_python(headers[name])
    for name, header in headers.items():
        for program in OTHERS.values():
            raw = subprocess.run([*program, value, header], check=True, stdout=subprocess.PIPE).stdout
            assert json.loads(raw)[1] == value, (name, header)
wrong = {way: got for way, got in seen.items() if way[0] != got}
for (value, sender, reader), got in wrong.items():
    print(f"{value}, from {sender} to {reader}: {got}")
assert wrong == {
    ("2026-10-01T00:30:00+07:00", "Go", "Python"): "2026-10-01T00:30:00 07:00",
    ("xã Tân Hòa", "Python", "Go"): "xã+Tân+Hòa",
    ("xã Tân Hòa", "Python", "JavaScript"): "xã+Tân+Hòa",
}, seen
PY
