#!/usr/bin/env bash
# ajv 8.20.0 with ajv-formats 3.0.1 (npm, with Node), jsonschema 4.26.0 with rfc3339-validator 0.1.4, jsonschema-rs 0.61.2, fastjsonschema 2.22.3, seen
# 2026-12-01.
#
# `format: date-time` is one format of one RFC, and a sender that has its messages validated by the receiver's schema expects them to be taken.
# Of four validators, each told to look at formats, no two agree on what is often written for a moment in Viet Nam:
# - "+07" alone and a blank in place of the T are good to ajv, which the RFC's grammar has not; "+0700" to ajv and fastjsonschema;
# - a leap second is good to three, and bad to the fourth, for which every minute ends at 59;
# - ajv takes `urn:uuid:…` for a UUID, too.
# The usual form ("T", seconds, "+07:00" or "Z") is good to all, and 30 February to none, so what one tries first shows nothing.
#
# Seen: as asserted below. Write moments as `YYYY-MM-DDTHH:MM:SS+07:00`; who receives parses them, a schema does not.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" ajv@8.20.0 ajv-formats@3.0.1 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q jsonschema==4.26.0 rfc3339-validator==0.1.4 jsonschema-rs==0.61.2 fastjsonschema==2.22.3
cd "$place"
cat > by_ajv.cjs <<'JS'
const ajv = require("ajv-formats").default(new (require("ajv/dist/2020").default)());
const checks = { "date-time": ajv.compile({ type: "string", format: "date-time" }), uuid: ajv.compile({ type: "string", format: "uuid" }) };
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(([format, text]) => checks[format](text))));
JS
"$place/venv/bin/python" - <<'PY'
import json
import subprocess

import fastjsonschema
import jsonschema
import jsonschema_rs

Validator = jsonschema.Draft202012Validator
AJV, PYTHON, RUST, FAST = "ajv", "jsonschema", "jsonschema-rs", "fastjsonschema"
ALL = {AJV, PYTHON, RUST, FAST}
TEXTS = {
    ("date-time", "2026-11-30T08:00:00+07:00"): ALL, ("date-time", "2026-11-30T01:00:00.123Z"): ALL,
    ("date-time", "2026-02-30T08:00:00+07:00"): set(), ("date-time", "2026-11-30T08:00:00"): set(), ("date-time", "2026-11-30T08:00+07:00"): set(),
    ("date-time", "2026-11-30 08:00:00+07:00"): {AJV}, ("date-time", "2026-11-30T08:00:00+07"): {AJV},
    ("date-time", "2026-11-30T08:00:00+0700"): {AJV, FAST}, ("date-time", "2016-12-31T23:59:60Z"): ALL - {PYTHON},
    ("uuid", "0192d0b2-3c5a-7c3e-9a4e-000000000001"): ALL, ("uuid", "urn:uuid:0192d0b2-3c5a-7c3e-9a4e-000000000001"): {AJV},
}


def fast(format, text):
    try:
        fastjsonschema.validate({"type": "string", "format": format}, text)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


by = {
    PYTHON: lambda format, text: Validator({"format": format}, format_checker=Validator.FORMAT_CHECKER).is_valid(text),
    RUST: lambda format, text: jsonschema_rs.Draft202012Validator({"format": format}, validate_formats=True).is_valid(text),
    FAST: fast,
}
raw = subprocess.run(["node", "by_ajv.cjs", json.dumps(list(TEXTS))], check=True, stdout=subprocess.PIPE).stdout
for (format, text), ajv, good in zip(TEXTS, json.loads(raw), TEXTS.values(), strict=True):
    taken = {name for name, check in by.items() if check(format, text)} | ({AJV} if ajv else set())
    print(f"{text:46}", *sorted(taken))
    assert taken == good, (text, taken)
PY
