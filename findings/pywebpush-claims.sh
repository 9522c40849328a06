#!/usr/bin/env bash
# pywebpush 2.5.0 with py-vapid 1.9.6, seen 2026-11-30.
#
# `webpush` copies the `headers` that it is given ("so as not to leak") but writes into the `vapid_claims`: the first
# endpoint's origin stays there as `aud`. With one claims object for all subscribers, which is what its examples invite
# to, every later push service is told the first one's audience and refuses the token. The claims also keep the first `exp`,
# which is renewed only once it has passed: a message sent in its last second carries a token that is dead on arrival.
#
# Seen: two subscriptions at two push services, one claims object; both tokens say aud = the first service, and the
# caller's headers stay as they were. Give each call claims of its own.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pywebpush==2.5.0 py-vapid==1.9.6
cd "$place"
"$place/venv/bin/python" - <<'PY'
import base64
import json
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from pywebpush import webpush


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Sent:
    """Stands where a session of requests would: keeps the headers, sends nothing."""

    status_code, reason, text = 201, "Created", ""

    def post(self, endpoint, data, headers, timeout):
        self.headers = dict(headers)
        return self


def audience(endpoint, claims, headers):
    keys = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = keys.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    browser = {"endpoint": endpoint, "keys": {"p256dh": text(point), "auth": text(os.urandom(16))}}
    sent = Sent()
    webpush(browser, "x", key, claims, headers=headers, requests_session=sent, ttl=60)
    authorization = next(value for name, value in sent.headers.items() if name.lower() == "authorization")
    claimed = authorization.split("t=")[1].split(",")[0].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claimed + "=" * (-len(claimed) % 4)))["aud"]


key = Vapid02()
key.generate_keys()
shared, headers = {"sub": "mailto:office@example.org"}, {"Topic": "case"}
told = [audience(f"https://{host}/send/1", shared, headers) for host in ("one.example.org", "two.example.org")]
print("one claims object:", told, "claims afterwards:", sorted(shared), "headers afterwards:", headers)
assert told == ["https://one.example.org"] * 2
assert sorted(shared) == ["aud", "exp", "sub"] and headers == {"Topic": "case"}
apart = [audience(f"https://{host}/send/1", dict(sub=shared["sub"]), headers) for host in ("one.example.org", "two.example.org")]
assert apart == ["https://one.example.org", "https://two.example.org"]
PY
