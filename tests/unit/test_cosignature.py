"""Cosignatures: whose they are, when they were given, and which are false. The fixed vectors are in test_vectors."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.log.cosignature import Cosigner, cosignatures, cosigned_message
from services.kernel.log.note import ED25519, BadNote, Checkpoint, Signer, note_line, vkey_text

LOG = Signer("kycuong.local/0123456789ab", bytes(range(32)))
NOTE = LOG.sign(Checkpoint(LOG.name, 7, b"\x07" * 32).text())
TEXT = NOTE.partition("\n\n")[0] + "\n"
NOW = 1_790_000_000


class Hand:
    """A witness that signs what a test wants."""

    def __init__(self, seed: int, name: str = "witness.example/w1") -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self._key.public_key().public_bytes_raw()
        self.key = Cosigner(name, self.public)

    def signature(self, time: int = NOW, text: str = TEXT) -> bytes:
        return time.to_bytes(8) + self._key.sign(cosigned_message(text, time))

    def line(self, time: int = NOW, text: str = TEXT) -> str:
        return note_line(self.key.name, self.key.key_id + self.signature(time, text))


ONE, TWO = Hand(1), Hand(2, "witness.example/w2")


def test_a_key_survives_its_text_and_is_of_its_own_type() -> None:
    vkey = ONE.key.vkey
    assert Cosigner.parse(vkey) == ONE.key
    assert vkey != vkey_text(ONE.key.name, bytes([ED25519]) + ONE.public)
    for wrong in (LOG.vkey, vkey.replace("w1", "w2"), vkey[:-4], vkey_text("w", b"\x06" + bytes(1312)), ""):
        with pytest.raises(BadNote):
            Cosigner.parse(wrong)


def test_what_is_signed_reads_as_the_specification_prints_it() -> None:
    assert cosigned_message("a\n7\nb\n", 1679315147) == b"cosignature/v1\ntime 1679315147\na\n7\nb\n"


def test_each_known_witness_is_found_with_its_time_and_its_line() -> None:
    found = cosignatures(NOTE + TWO.line(NOW + 5) + ONE.line(), [ONE.key, TWO.key])
    assert {key: (word.time, word.line) for key, word in found.items()} == {
        ONE.key: (NOW, ONE.line()),
        TWO.key: (NOW + 5, TWO.line(NOW + 5)),
    }


def test_a_stranger_is_passed_over_whatever_it_writes() -> None:
    ml_dsa = note_line("witness.example/w3", b"\x01\x02\x03\x04" + bytes(8 + 2420))
    same_name = Hand(3, ONE.key.name)
    note = NOTE + ml_dsa + TWO.line(text="something else\n") + same_name.line(text="other\n") + ONE.line()
    assert list(cosignatures(note, [ONE.key])) == [ONE.key]
    assert cosignatures(note, []) == {}


def test_of_several_by_one_witness_the_latest_counts() -> None:
    note = NOTE + ONE.line(NOW + 1) + ONE.line(NOW + 9) + ONE.line(NOW + 4)
    assert cosignatures(note, [ONE.key])[ONE.key].time == NOW + 9


@pytest.mark.parametrize("time", [0, 2**63, 2**64 - 1])
def test_a_time_that_is_none_is_refused_though_it_is_signed(time: int) -> None:
    with pytest.raises(BadNote):
        cosignatures(NOTE + ONE.line(time), [ONE.key])
    assert cosignatures(NOTE + ONE.line(2**63 - 1), [ONE.key])


@pytest.mark.parametrize("length", [0, 8, 64, 71, 73, 8 + 2420])
def test_a_known_keys_line_of_another_length_is_false(length: int) -> None:
    with pytest.raises(BadNote):
        cosignatures(NOTE + note_line(ONE.key.name, ONE.key.key_id + bytes(length)), [ONE.key])


def test_one_false_word_of_a_known_witness_spoils_the_note() -> None:
    with pytest.raises(BadNote, match="w1"):
        cosignatures(NOTE + ONE.line() + ONE.line(text=TEXT.replace("7", "8", 1)), [ONE.key])


def test_the_logs_own_signature_is_no_cosignature() -> None:
    """The same key and name: another type, another key id, another message."""
    as_witness = Cosigner(LOG.name, LOG.verifier.public)
    assert cosignatures(NOTE, [as_witness]) == {}
    forged = note_line(LOG.name, as_witness.key_id + NOW.to_bytes(8) + NOTE.encode()[-64:])
    with pytest.raises(BadNote):
        cosignatures(NOTE + forged, [as_witness])


def test_what_the_log_adds_to_a_checkpoint_is_cosigned_with_it() -> None:
    longer = f"{TEXT}an extension\n"
    note = LOG.sign(longer)
    assert cosignatures(note + ONE.line(text=longer), [ONE.key])
    with pytest.raises(BadNote):
        cosignatures(note + ONE.line(), [ONE.key])


@given(st.integers(0, 71), st.integers(1, 255))
def test_no_byte_of_it_can_be_changed(place: int, change: int) -> None:
    signature = bytearray(ONE.signature())
    signature[place] ^= change
    with pytest.raises(BadNote):
        cosignatures(NOTE + note_line(ONE.key.name, ONE.key.key_id + bytes(signature)), [ONE.key])
