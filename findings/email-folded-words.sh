#!/usr/bin/env bash
# The email package of Python 3.11.7 (3.12.1 alike), read by postal-mime 4.0.0 and mailparser 3.14.2, seen 2026-11-30.
#
# A subject that is longer than a line and not ASCII is written as several encoded words. The blank at which it is cut belongs into one of
# them: readers drop what stands between two (RFC 2047, 6.2). `EmailMessage` puts it between them at some cuts and within at others, so
# that of names of one sort some come out as written and some with two words grown together. Vietnamese, where nearly every word has a sign
# and most titles are longer than a line, is hit at about one subject in ten; a short one, or one in Western letters, never shows it.
# Python 3.13.0 writes these rightly. The older `Header` does so everywhere.
# With a name beside an address Python's own reader errs in the other direction: where a name was cut within a word, which is
# allowed and which it does itself, it puts a blank there; the two others read that one rightly.
#
# Seen: as asserted below, by Python's reader and by both others. Write the subject by `Header` in a MIMEText, and read one back in a test.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" postal-mime@4.0.0 mailparser@3.14.2 >/dev/null
cd "$place"
cat > write.py <<'PY'
import json
import sys
from email import message_from_bytes, policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.mime.text import MIMEText

SUBJECTS = (
    "Nhắc hạn: Sở Nội vụ thành phố Cần Thơ",
    "Nhắc hạn: Ủy ban nhân dân phường Ninh Kiều",
    "Nhắc hạn: Trung tâm Phục vụ hành chính công xã Kỳ Anh",
)
NAME = "Trung tâm Phục vụ hành chính công phường Đông Hòa"


def letter(subject):
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"], mail["From"] = subject, Address(NAME, addr_spec="office@example.org")
    mail.set_content("x")
    return mail.as_bytes()


def older(subject):
    mail = MIMEText("x", "plain", "utf-8")
    mail["Subject"] = Header(subject, "utf-8", header_name="Subject")
    return mail.as_bytes()


def told(raw):
    mail = message_from_bytes(raw, policy=policy.default)
    return str(mail["Subject"]), mail["From"].addresses[0].display_name if mail["From"] else ""


sent = [(name, subject, write(subject)) for name, write in (("new", letter), ("old", older)) for subject in SUBJECTS]
print(sys.version.split()[0], file=sys.stderr)
json.dump([{"by": by, "subject": subject, "name": NAME, "raw": raw.decode("ascii"), "python": told(raw)} for by, subject, raw in sent], sys.stdout)
PY
python3 write.py > sent.json
cat > read.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const subjects = { new: [], old: [] };
for (const { by, subject, name, raw, python } of JSON.parse(readFileSync("sent.json", "utf8"))) {
  const postal = await PostalMime.parse(raw);
  const parsed = await simpleParser(raw);
  const read = [python[0], postal.subject, parsed.subject];
  assert.equal(new Set(read).size, 1, "they read alike");
  console.log(by, read[0] === subject ? "as written:" : "otherwise: ", read[0]);
  subjects[by].push(read[0] === subject);
  if (by === "new") {
    assert.equal(postal.from.name, name);
    assert.equal(parsed.from.value[0].name, name);
    assert.equal(python[1], name.replace("phường", "ph ường"));
  }
}
assert.deepEqual(subjects, { new: [false, true, false], old: [true, true, true] });
JS
node read.mjs
