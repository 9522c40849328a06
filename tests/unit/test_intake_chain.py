"""A phone's chain: what is signed, what names it, and which keys are keys."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.intake.writing.chain import key_at, read_point, read_signed, verifies
from tests.support.phone import Phone

PATH = "/intake/v1/findings/x"
POINT, SPKI = (Encoding.X962, PublicFormat.UncompressedPoint), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
P256, UNKNOWN = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d03017f")  # a curve's name in the key


def signed_by(phone: Phone, body: dict[str, Any]) -> Any:
    return read_signed(PATH, phone.sign("findings/x", body))


def test_a_phones_signature_holds_for_its_words_its_place_and_its_address_only() -> None:
    phone = Phone()
    body = phone.sign("findings/x", {"count": 1, "private": {"narrative": "Vắng"}})
    point = read_point(phone.public)
    assert point is not None
    signed = read_signed(PATH, body)
    assert signed is not None and verifies(key_at(point), signed)
    for changed in (
        body | {"count": 2}, body | {"private": {"narrative": "Vang"}}, body | {"device": body["device"] | {"n": 2}},
        body | {"device": body["device"] | {"nonce": "AAAA"}}, body | {"device": body["device"] | {"prev": "AAAA"}},
    ):  # fmt: skip
        other = read_signed(PATH, changed)
        assert other is not None and not verifies(key_at(point), other), changed
    elsewhere = read_signed(PATH + "y", body)
    assert elsewhere is not None and not verifies(key_at(point), elsewhere)


def test_each_link_names_the_one_before_and_what_is_unsent_is_not_signed() -> None:
    phone = Phone()
    first, second = signed_by(phone, {"count": 1}), signed_by(phone, {"count": 1})
    assert (first.n, first.prev, second.n, second.prev) == (1, None, 2, first.link)
    assert first.link != second.link
    body = phone.sign("findings/x", {"count": 1}, waiting=7)
    body["device"]["waiting"] = 3
    signed, point = read_signed(PATH, body), read_point(phone.public)
    assert signed is not None and point is not None
    assert signed.waiting == 3 and verifies(key_at(point), signed)


def test_a_signature_may_come_as_der() -> None:
    phone = Phone()
    body = phone.sign("findings/x", {"count": 1})
    raw = base64.b64decode(body["device"]["sig"])
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    signed = read_signed(PATH, body | {"device": body["device"] | {"sig": base64.b64encode(der).decode()}})
    point = read_point(phone.public)
    assert signed is not None and point is not None and verifies(key_at(point), signed)


@pytest.mark.parametrize(
    "device",
    [
        None, "x", {}, {"id": 1, "n": 1, "sig": ""}, {"id": "x", "n": 0, "sig": ""}, {"id": "x", "n": True, "sig": ""},
        {"id": "x", "n": 2**53, "sig": ""}, {"id": "x", "n": 1, "sig": "?"},
        {"id": "x", "n": 1, "sig": "", "prev": 1.5}, {"id": "x", "n": 1, "sig": "", "prev": "\0"},
        {"id": "x", "n": 1, "sig": "", "prev": "Ông A vắng"}, {"id": "x", "n": 1, "sig": "", "prev": "x" * 201},
    ],
)  # fmt: skip
def test_what_claims_no_checkable_place_has_none(device: Any) -> None:
    assert read_signed(PATH, {"count": 1, "device": device}) is None


def test_a_key_is_a_point_of_p256_in_any_usual_form() -> None:
    key = Phone().key.public_key()
    point = key.public_bytes(*POINT)
    forms = (point, key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint), key.public_bytes(*SPKI))
    for raw in forms:
        assert read_point(base64.b64encode(raw).decode()) == point


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"x" * 65, b"\x04" + bytes(64),
        ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(*SPKI),
        ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(*SPKI),
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*SPKI).replace(P256, UNKNOWN),
    ],
    ids=["nothing", "noise", "off the curve", "another curve", "another kind", "a curve nobody knows"],
)  # fmt: skip
def test_anything_else_is_no_key(raw: bytes) -> None:
    assert read_point(base64.b64encode(raw).decode()) is None
