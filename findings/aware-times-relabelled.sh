#!/usr/bin/env bash
# python-docx 1.2.0, XlsxWriter 3.3.1, openpyxl 3.1.5 and standardwebhooks 1.1.0, seen 2026-11-30.
#
# Four libraries take a datetime that knows its zone and keep only what its clock showed: 08:00+07:00 is written, or signed, as
# 08:00Z. None refuses it, none says that it wants UTC, and where the machine and the office keep UTC nothing shows.
# - The properties of a document are instants in the format itself: an office program adds its own zone and shows a paper made
#   at eight as made at three in the afternoon, later than now. A time without a zone, which one may think is "as on the wall", is
#   written with the same Z, so that handing over the local time is no way out either.
# - `Webhook.sign` puts another second into the signature than the one that the caller, rightly, sends beside it: no
#   receiver can verify it. Its own `verify`, next to it, reckons right.
#
# Seen: as asserted below. Hand over UTC: `when.astimezone(UTC)`, without the zone for XlsxWriter and openpyxl.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q python-docx==1.2.0 xlsxwriter==3.3.1 openpyxl==3.1.5 standardwebhooks==1.1.0
cd "$place"
"$place/venv/bin/python" - <<'PY'
import re
import zipfile
from datetime import UTC, datetime, timedelta, timezone

import openpyxl
import xlsxwriter
from docx import Document
from standardwebhooks import Webhook, WebhookVerificationError

HANOI = timezone(timedelta(hours=7))
when = datetime(2026, 11, 30, 8, 0, tzinfo=HANOI)


def by_docx(moment):
    document = Document()
    document.core_properties.created = moment
    document.save("written")


def by_xlsxwriter(moment):
    book = xlsxwriter.Workbook("written")
    book.add_worksheet()
    book.set_properties({"created": moment})
    book.close()


def by_openpyxl(moment):
    book = openpyxl.Workbook()
    book.properties.created = moment
    book.save("written")


def created(write, moment):
    write(moment)
    core = zipfile.ZipFile("written").read("docProps/core.xml").decode()
    return re.search(r"<dcterms:created[^>]*>([^<]*)<", core)[1]


for write in (by_docx, by_xlsxwriter, by_openpyxl):
    seen = [created(write, moment) for moment in (when, when.replace(tzinfo=None), when.astimezone(UTC))]
    print(write.__name__, *seen)
    assert seen == ["2026-11-30T08:00:00Z", "2026-11-30T08:00:00Z", "2026-11-30T01:00:00Z"], seen

hook = Webhook("whsec_" + "A" * 32)


def verified(moment):
    second = str(int(moment.timestamp()))
    headers = {"webhook-id": "m1", "webhook-timestamp": second, "webhook-signature": hook.sign("m1", moment, "{}")}
    try:
        return hook.verify("{}", headers) == {}
    except WebhookVerificationError as refusal:
        return str(refusal)


signed = verified(datetime.now(HANOI)), verified(datetime.now(UTC))
print("signed at +07:00:", signed[0], "| at UTC:", signed[1])
assert signed == ("No matching signature found", True), signed
PY
