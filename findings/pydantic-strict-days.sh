#!/usr/bin/env bash
# pydantic 2.14.3 with FastAPI 0.165.0 and jsonschema 4.26.0 (with its format checks), seen 2026-11-30.
#
# A strict model takes a text for a time only as RFC 3339 writes it, one thinks: "2026-11-30" is refused with strict=True, and the
# description that FastAPI publishes says `format: date-time`. But a text of figures alone is taken too, as seconds since 1970, strict
# or not, and also where a zone is demanded. ISO 8601's own short form of a day, which Python and PostgreSQL read as that day, is
# then another one: "20261130" is 23 August 1970; a bare year is half an hour after midnight of New
# Year 1970. Nothing is refused and the zone is UTC, so that no later check sees it. The number itself, without quotation
# marks, is refused when strict.
#
# Seen: as asserted below. Keep the text and parse it oneself, or bound the years.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pydantic==2.14.3 fastapi==0.165.0 "jsonschema[format]==4.26.0" rfc3339-validator==0.1.4
cd "$place"
"$place/venv/bin/python" - <<'PY'
import json
from datetime import UTC, date, datetime

from fastapi import FastAPI
from jsonschema import Draft202012Validator
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError


class Finding(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    at: AwareDatetime


app = FastAPI()


@app.put("/")
def put(finding: Finding) -> None: ...


published = app.openapi()["components"]["schemas"]["Finding"]["properties"]["at"]
checks = Draft202012Validator(published, format_checker=Draft202012Validator.FORMAT_CHECKER)


def read(value):
    try:
        return Finding.model_validate_json(json.dumps({"at": value})).at
    except ValidationError as refusal:
        return refusal.errors()[0]["type"]


VALUES = ("2026-11-30T08:00:00+07:00", "2026-11-30", "20261130", "2026", "-1", 20261130)
seen = {value: (read(value), checks.is_valid(value)) for value in VALUES}
for value, (found, valid) in seen.items():
    print(repr(value), "is", found, "| by the published description it is", "valid" if valid else "no date-time")
assert published["format"] == "date-time" and date.fromisoformat("20261130") == date(2026, 11, 30)
assert [valid for _, valid in seen.values()] == [True, False, False, False, False, False]
assert seen["2026-11-30"][0] == "datetime_parsing" and seen[20261130][0] == "datetime_type", seen
assert seen["20261130"][0] == datetime(1970, 8, 23, 12, 5, 30, tzinfo=UTC)
assert seen["2026"][0] == datetime(1970, 1, 1, 0, 33, 46, tzinfo=UTC)
assert seen["-1"][0] == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
PY
