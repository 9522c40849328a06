#!/usr/bin/env bash
# uuid7 0.1.0 beside uuid-utils 1.2.0 and uuid6 2025.0.1 (PyPI), and uuid 14.0.3 (npm, with Node), seen 2026-12-01.
#
# An id that a client makes is asked to be a UUIDv7: RFC 9562 has the milliseconds since 1970 in its first 48 bits, so that ids go by time whoever
# made them. The Python package of just that name makes them by a draft of before the RFC, whole seconds in the first 36 bits, and writes
# version 7 on them:
# - every check of version, variant and form takes them, and to whatever reads them by the RFC one made today is of the year 2203;
# - so one program's rows stand before all others in a list "newest first", are not in one of the last month, and every place behind which one reads
#   on is passed. Among themselves they go by time, so a trial with one program shows nothing;
# - the package's own reading takes a right id of today for one of 1983, without an error.
#
# Seen: as asserted below. Make ids with what follows RFC 9562 (Python 3.14 has `uuid.uuid7`), and look at the first 48 bits of one.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" uuid@14.0.3 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q uuid7==0.1.0 uuid-utils==1.2.0 uuid6==2025.0.1
cd "$place"
cat > made.mjs <<'JS'
import { v7 } from "uuid";
console.log(v7());
JS
"$place/venv/bin/python" - "$(node made.mjs)" <<'PY'
import sys
from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import uuid6
import uuid_extensions
import uuid_utils

now = datetime.now(UTC)
made = {
    "npm uuid": UUID(sys.argv[1]), "uuid-utils": UUID(str(uuid_utils.uuid7())), "uuid6": UUID(str(uuid6.uuid7())),
    "uuid7": uuid_extensions.uuid7(),
}
for name, one in made.items():
    when = datetime.fromtimestamp((one.int >> 80) / 1000, UTC)
    print(f"{name:11}", one, when.isoformat(" ", "seconds"))
    assert (one.version, one.variant) == (7, RFC_4122)
    assert uuid_utils.UUID(str(one)).timestamp == uuid6.UUID(str(one)).time == one.int >> 80
    if name == "uuid7":
        assert abs((one.int >> 92) - now.timestamp()) < 600 and when.year - now.year > 100, when
    else:
        assert abs(when - now).total_seconds() < 600, (name, when)
later = UUID(str(uuid_utils.uuid7()))
assert later > made["uuid-utils"] and later < made["uuid7"] < uuid_extensions.uuid7()
read = uuid_extensions.uuid_to_datetime(later)
print("a right one, read by uuid7:", read.isoformat(" ", "seconds"))
assert read.year < now.year - 30, read
PY
