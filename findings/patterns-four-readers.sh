#!/usr/bin/env bash
# pydantic 2.14.3 with FastAPI 0.165.0, whose description is read by jsonschema 4.26.0, jsonschema_rs 0.60.3 and ajv 8.20.0 (Node),
# seen 2026-11-30.
#
# FastAPI publishes a field's `pattern` to the letter, and JSON Schema says what dialect that is: ECMA 262's. The service itself checks by
# Rust's, a Python client by Python's, a browser by its own, so that one text has four answers, and the two that know the rule differ too:
# - `^\w+$` is a word in Viet Nam, "đạt", to the service and to jsonschema; to those who read the description as it is to be read it is
#   none. A form that checks before it sends refuses what the service takes, and a client that checks answers refuses the service's own.
#   `\d` takes figures of every script in the same two.
# - `$` is the end; to jsonschema it is also before a last line feed: a code or a date with one behind it is valid to it alone.
# - `.` is anything but a line feed; to ajv neither is it a carriage return or U+2028, which the three others let through.
# - `\S` to jsonschema and the service takes U+FEFF, which pasted text begins with, and not U+0085; to the two others it is the reverse.
# - Steps of a tenth (`multiple_of=0.1`): 0.3 is one to the service and to jsonschema_rs, and none to jsonschema and ajv.
#
# Seen: as asserted below. Write classes out, `[0-9]`, `[^\n]`; count in whole steps; and try what is published with the tools of others.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pydantic==2.14.3 fastapi==0.165.0 jsonschema==4.26.0 jsonschema_rs==0.60.3
npm install --silent --no-audit --no-fund --prefix "$place" ajv@8.20.0 >/dev/null
cd "$place"
cat > three.py <<'PY'
import json
from typing import Annotated

import jsonschema
import jsonschema_rs
from fastapi import FastAPI
from pydantic import BaseModel, Field, ValidationError, create_model

CASES = [
    (str, {"pattern": r"^\w+$"}, "đạt"),
    (str, {"pattern": r"^\d{4}$"}, "２０２６"),
    (str, {"pattern": r"^\d{4}$"}, "2026\n"),
    (str, {"pattern": r"^.*$"}, "a\u2028b"),
    (str, {"pattern": r"^.*$"}, "a\rb"),
    (str, {"pattern": r"^\S+$"}, "\ufeffa"),
    (str, {"pattern": r"^\S+$"}, "a\u0085"),
    (float, {"multiple_of": 0.1}, 0.3),
    (str, {"pattern": r"^[0-9]{4}$"}, "2026"),
]


def published(model: type[BaseModel]) -> dict:
    app = FastAPI()

    def put(body):  # noqa: ANN001
        """What the model is of."""

    put.__annotations__["body"] = model
    app.put("/")(put)
    return app.openapi()["components"]["schemas"]["Sent"]["properties"]["it"]


def taken(model: type[BaseModel], value: object) -> bool:
    try:
        model.model_validate_json(json.dumps({"it": value}))
    except ValidationError:
        return False
    return True


told = []
for kind, limits, value in CASES:
    model = create_model("Sent", it=(Annotated[kind, Field(**limits)], ...))
    schema = published(model)
    told.append({
        "schema": schema,
        "value": value,
        "service": taken(model, value),
        "jsonschema": jsonschema.Draft202012Validator(schema).is_valid(value),
        "jsonschema_rs": jsonschema_rs.Draft202012Validator(schema).is_valid(value),
    })
print(json.dumps(told))
PY
venv/bin/python three.py > told.json
cat > four.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";

const ajv = new Ajv.default();
const seen = {};
for (const { schema, value, ...told } of JSON.parse(readFileSync("told.json", "utf8"))) {
  const { pattern, multipleOf } = schema;
  const who = Object.entries({ ...told, ajv: ajv.validate(schema, value) }).filter(([, valid]) => valid).map(([name]) => name);
  const what = `${pattern ?? multipleOf} ${JSON.stringify(value)}`;
  seen[what] = who.join(" ");
  console.log(what, "is valid to:", seen[what]);
}
assert.deepEqual(Object.values(seen), [
  "service jsonschema",
  "service jsonschema",
  "jsonschema",
  "service jsonschema jsonschema_rs",
  "service jsonschema jsonschema_rs",
  "service jsonschema",
  "jsonschema_rs ajv",
  "service jsonschema_rs",
  "service jsonschema jsonschema_rs ajv",
]);
JS
node four.mjs
