"""Sealing, opening, and the commitment's exact bytes."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.intake.vault.sealing import Sealed, Vault, commitment

EVENT = "01990f3c-8000-7000-8000-000000000001"


def test_the_commitment_is_the_design_s_to_the_byte():
    salt = bytes(range(32))
    message = b"kycuong/c/1" + EVENT.encode() + b"\0\0\0\x09narrative" + b"\0\0\0\x02" + b"\xc4\x83"
    assert commitment(salt, EVENT, "narrative", "ă".encode()) == hmac.new(salt, message, hashlib.sha256).digest()


@given(st.binary(max_size=200), st.sampled_from(["narrative", "persons", "photo.1"]))
def test_what_is_sealed_opens_and_matches_its_commitment(content, group):
    vault = Vault(b"k" * 32)
    sealed, committed = vault.seal(EVENT, group, content)
    salt, opened = vault.open(sealed)
    assert opened == content and commitment(salt, EVENT, group, content) == committed
    assert len(content) < 4 or content not in sealed.sealed


def test_two_seals_of_the_same_words_share_nothing():
    vault = Vault(b"k" * 32)
    (one, first), (two, second) = vault.seal(EVENT, "text", b"x"), vault.seal(EVENT, "text", b"x")
    assert first != second and one.sealed != two.sealed and one.wrapped_key != two.wrapped_key


def test_a_part_opens_only_in_its_place_whole_and_with_its_key():
    vault = Vault(b"k" * 32)
    sealed, _ = vault.seal(EVENT, "text", b"x")
    moved = Sealed(EVENT, "reason", sealed.wrapped_key, sealed.sealed)
    altered = Sealed(EVENT, "text", sealed.wrapped_key, sealed.sealed[:-1] + bytes([sealed.sealed[-1] ^ 1]))
    for part, keeper in ((moved, vault), (altered, vault), (sealed, Vault(b"q" * 32))):
        with pytest.raises(InvalidTag):
            keeper.open(part)
