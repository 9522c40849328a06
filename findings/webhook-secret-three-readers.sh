#!/usr/bin/env bash
# standardwebhooks 1.1.0 (PyPI), standardwebhooks 1.1.1 (npm, with Node), github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 (Go 1.26), seen
# 2026-12-01.
#
# A webhook's secret (`whsec_` and base64) comes to the receiver by a file, a variable or a form, and on the way gets a line end, loses its padding,
# or is written in the other alphabet. The standard's own libraries, which say the same of the secret as it was given out, part there:
# - with a line end behind it Python and Go take it; JavaScript refuses that of 32 bytes, whose base64 is padded, and takes that of 24;
# - without its padding Python and JavaScript take it, and Go refuses it;
# - with - and _, with a blank before it or in quotes the two refuse it, and Python leaves out what is not base64 and goes on with another key (of 24 bytes
#   only with - and _): it starts without an error, and then each message has "no matching signature".
# So what one team has tried in its language another cannot take over, and where it fails in Python one looks at the sender.
#
# Seen: as asserted below. Trim what was read, and compare the key's length (`len(b64decode(…, validate=True))`) with what was given out.
set -euo pipefail
place=$(mktemp -d); trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" standardwebhooks@1.1.1 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q standardwebhooks==1.1.0
cd "$place"
cat > sign.mjs <<'JS'
import { Webhook } from "standardwebhooks";

const sign = (secret) => {
  try {
    return new Webhook(secret).sign("msg_1", new Date(1_000_000_000_000), "{}");
  } catch {
    return "refused";
  }
};
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(sign)));
JS
cat > go.mod <<'MOD'
module finding

go 1.26.0

require github.com/standard-webhooks/standard-webhooks/libraries v0.0.1
MOD
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"os"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func sign(secret string) string {
	webhook, err := webhooks.NewWebhook(secret)
	if err != nil {
		return "refused"
	}
	signature, err := webhook.Sign("msg_1", time.Unix(1_000_000_000, 0), []byte("{}"))
	if err != nil {
		panic(err)
	}
	return signature
}

func main() {
	var secrets, signatures []string
	if err := json.Unmarshal([]byte(os.Args[1]), &secrets); err != nil {
		panic(err)
	}
	for _, secret := range secrets {
		signatures = append(signatures, sign(secret))
	}
	json.NewEncoder(os.Stdout).Encode(signatures)
}
GO
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPATH="$place/go"
go build -o sign . 2>/dev/null
"$place/venv/bin/python" - <<'PY'
import json
import subprocess
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime

from standardwebhooks import Webhook

OTHERS = {"Go": ["./sign"], "JavaScript": ["node", "sign.mjs"]}
NAMES = ("Python", *OTHERS)
KEYS = {32: bytes(range(220, 252)), 24: bytes((251, 239, 190, 255) * 6)}
RIGHT, REFUSED, ANOTHER = "right", "refused", "another key"


def written(key):
    text = b64encode(key).decode()
    return {
        "as given out": f"whsec_{text}", "without prefix": text, "line end": f"whsec_{text}\n", "no padding": f"whsec_{text.rstrip('=')}",
        "other alphabet": f"whsec_{urlsafe_b64encode(key).decode()}", "blank": f" whsec_{text}", "quotes": f'"whsec_{text}"',
    }


def by_python(secret):
    try:
        webhook = Webhook(secret)
    except ValueError:
        return "refused"
    return webhook.sign("msg_1", datetime.fromtimestamp(1_000_000_000, UTC), "{}")


def told(secrets):
    """What each library makes of each secret."""
    signed = {"Python": [by_python(secret) for secret in secrets.values()]}
    for name, program in OTHERS.items():
        raw = subprocess.run([*program, json.dumps(list(secrets.values()))], check=True, stdout=subprocess.PIPE).stdout
        signed[name] = json.loads(raw)
    right = signed["Python"][0]
    words = {right: RIGHT, "refused": REFUSED}
    return {way: tuple(words.get(signed[name][n], ANOTHER) for name in NAMES) for n, way in enumerate(secrets)}


BAD = (ANOTHER, REFUSED, REFUSED)
SAME = {"as given out": (RIGHT,) * 3, "without prefix": (RIGHT,) * 3, "other alphabet": BAD}
SEEN = {
    32: SAME | {"line end": (RIGHT, RIGHT, REFUSED), "no padding": (RIGHT, REFUSED, RIGHT), "blank": BAD, "quotes": BAD},
    24: SAME | dict.fromkeys(("line end", "no padding"), (RIGHT,) * 3) | dict.fromkeys(("blank", "quotes"), (REFUSED,) * 3),
}
for size, key in KEYS.items():
    for way, said in told(written(key)).items():
        print(f"{size} bytes, {way}:", dict(zip(NAMES, said)))
        assert said == SEEN[size][way]
PY
