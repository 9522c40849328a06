"""What is signed, which addresses may be called, and when a delivery is tried again."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP, SMTPUTF8, EmailPolicy, compat32

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from services.domain.notices import Kind
from services.kernel.identity.vapid import padded, private_key, unpadded
from services.kernel.web.reachable import allowed, networks, reachable, read_url
from services.reports.delivery.mail.letter import _SAID, letter
from services.reports.delivery.port import Message
from services.reports.delivery.push.sealing import authorization, sealed
from services.reports.delivery.waiting import pause
from services.reports.delivery.webhook.signing import headers, signature
from services.reports.delivery.wording import WHY, why


def test_the_signature_is_that_of_the_standards_vector() -> None:
    secret, key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    at, body = 1674087231, b'{"test": 2432232314}'
    expected = "v1,AQG81rX2n4rTN1fkXoqILSHO9gAOcwya9dP41rhrQDI="
    assert signature(secret, key, at, body) == signature("whsec_" + secret, key, at, body) == expected
    told = dict(headers([secret, secret], key, at, body))
    assert told[b"webhook-signature"].decode() == f"{expected} {expected}"
    assert (told[b"webhook-id"], told[b"webhook-timestamp"]) == (key.encode(), b"1674087231")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
        "255.255.255.255",
    ],
)  # fmt: skip
def test_an_address_that_is_not_global_is_not_called_unless_it_is_named(address: str) -> None:
    assert not reachable(address, [])
    assert reachable(address, networks("0.0.0.0/0,::/0"))
    assert not allowed(address, networks("203.0.113.0/24"))


def test_global_addresses_are_called() -> None:
    assert reachable("8.8.8.8", []) and reachable("2606:4700::1111", [])


def test_an_address_is_read_as_browsers_read_it() -> None:
    assert [read_url(text).host for text in ("https://0x7f.1/", "https://2130706433", "https://127.1")] == [
        "127.0.0.1"
    ] * 3
    for text in ("https://a:b@h/", "https://h/#x", "ftp://h/", "https://", "x", "https://h:0/"):
        assert read_url(text) is None


def test_the_second_try_comes_after_five_seconds_and_the_last_after_days() -> None:
    assert pause(1, 0.9) == timedelta(seconds=5)
    assert timedelta(minutes=5) <= pause(2, 0.5) < timedelta(minutes=6)
    waits = [pause(attempt, 0.0) for attempt in range(1, 10)]
    assert waits == sorted(waits) and waits[-1] == timedelta(days=1)
    assert pause(10, 0.0) is None
    assert pause(1, 0.0, asked=900) == timedelta(minutes=15)
    assert pause(1, 0.0, asked=10**7) == timedelta(days=1)


def test_every_kind_has_its_sentence_and_every_outcome_its_words() -> None:
    assert set(_SAID) == set(Kind)
    assert all(all(words) for words in WHY.values()) and why("something") == WHY["status"]


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What a browser makes of a sealed message, written from RFC 8291 apart from the sender."""

    def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
        return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")[:length]

    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    point, sealed_part = body[21 : 21 + length], body[21 + length :]
    assert (size, length) == (4096, 65)
    own = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    secret = hkdf(auth, shared, b"WebPush: info\0" + own + point, 32)
    plain = AESGCM(hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)).decrypt(
        hkdf(salt, secret, b"Content-Encoding: nonce\0", 12), sealed_part, None
    )
    assert plain[-1] == 2
    return plain[:-1]


@pytest.mark.parametrize("policy", [SMTP, SMTPUTF8])
def test_no_word_of_a_long_subject_grows_into_the_next(policy: EmailPolicy) -> None:
    unit = "Trung tâm Phục vụ hành chính công phường Đông Hòa thuộc Ủy ban nhân dân thành phố Cần Thơ"
    names = [unit[:end] for end in range(20, len(unit)) if unit[end] == " "]
    for name in [*names, "Sở Nội vụ thành phố Cần Thơ", unit]:
        mail = letter(_of(name), "Sở Nội vụ <noreply@so.example>", "a@b.example", datetime(2026, 11, 30, tzinfo=UTC))
        told = message_from_bytes(mail.as_bytes(policy=policy), policy=policy)
        assert told["Subject"] == f"Kỷ Cương: {name}"


def test_no_word_of_a_long_sender_grows_into_the_next() -> None:
    """As RFC 2047 reads it (6.2); Python's newer reader before 3.13 puts blanks of its own into names."""
    unit = "Trung tâm Phục vụ hành chính công phường Đông Hòa thuộc Ủy ban nhân dân thành phố Cần Thơ"
    for sender in (unit[:end] for end in range(5, len(unit)) if unit[end] == " "):
        mail = letter(_of("x"), f"{sender} <noreply@so.example>", "a@b.example", datetime(2026, 11, 30, tzinfo=UTC))
        told = message_from_bytes(mail.as_bytes(), policy=compat32)["From"]
        assert str(make_header(decode_header(told))).replace("\n", "") == f"{sender} <noreply@so.example>"


def _of(name: str) -> Message:
    return Message(
        id="n", kind="decision", unit="u", unit_name=name, inspection="i", finding=None, findings=1,
        created_at="2026-11-30T08:00:00.000Z", due=None, due_on=None, link="https://so.example/",
    )  # fmt: skip


def test_a_push_message_is_opened_by_its_browser_alone() -> None:
    key, auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    point = unpadded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    body = sealed("đi muộn".encode(), point, unpadded(auth))
    assert opened(body, key, auth) == "đi muộn".encode()
    with pytest.raises(InvalidTag):
        opened(body, ec.generate_private_key(ec.SECP256R1()), auth)
    with pytest.raises(ValueError):
        sealed(b"", unpadded(b"x" * 65), unpadded(auth))


def test_the_word_to_a_push_service_is_a_signed_one_of_the_key_it_names() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value.to_bytes(32, "big")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text in (unpadded(number), pem):
        said = authorization(private_key(text), "https://push.example", "mailto:a@so.example", 1_700_000_000)
        token, point = re.fullmatch(r"vapid t=([^,]+), k=(.+)", said).groups()
        head, body, signature = token.split(".")
        assert json.loads(padded(body)) == {
            "aud": "https://push.example", "exp": 1_700_043_200, "sub": "mailto:a@so.example",
        }  # fmt: skip
        raw = padded(signature)
        signed = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), padded(point))
        public.verify(signed, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
