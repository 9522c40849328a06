"""Signed notes: the specification's own vector, our keys, and what must be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import signing
from tlog_scales import tlog as other

from services.kernel.log.note import BadNote, Checkpoint, Signer, Verifier, open_note

GOLDEN_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SEED = bytes(range(32))
ORIGIN = "kycuong.local/0123456789ab"


def signer(name: str = ORIGIN, seed: bytes = SEED) -> Signer:
    return Signer(name, seed)


def signed(size: int = 7) -> tuple[Checkpoint, str]:
    checkpoint = Checkpoint(ORIGIN, size, b"\x07" * 32)
    return checkpoint, signer().sign(checkpoint.text())


def test_the_golden_key_reads_and_writes() -> None:
    verifier = Verifier.parse(GOLDEN_KEY)
    assert (verifier.name, verifier.key_id.hex(), verifier.vkey) == ("example.com/foo", "530d903a", GOLDEN_KEY)


@pytest.mark.parametrize(
    "broken",
    [
        GOLDEN_KEY.replace("530d903a", "530d903b"),
        GOLDEN_KEY.replace("530d903a", "530D903A"),
        GOLDEN_KEY.replace("foo", "bar"),
        GOLDEN_KEY.replace("+Aeky", "+AuKy"),
        GOLDEN_KEY[:-4],
        "example.com/foo",
        "",
        "two words+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_a_broken_key_is_refused(broken: str) -> None:
    with pytest.raises(BadNote):
        Verifier.parse(broken)


def test_a_signing_key_survives_its_text() -> None:
    made = Signer.generate(ORIGIN)
    again = Signer.parse(made.private_text())
    assert again.vkey == made.vkey
    assert again.sign("a\n") == made.sign("a\n")
    with pytest.raises(BadNote):
        Signer.parse(made.vkey)


def test_another_implementation_accepts_key_and_checkpoint() -> None:
    checkpoint, note = signed()
    theirs = other.Checkpoint.from_text(note)
    assert (theirs.origin, theirs.size, theirs.root_hash) == (checkpoint.origin, checkpoint.size, checkpoint.root)
    theirs.verify(signing.Vkey.from_string(signer().vkey))


def test_we_accept_what_another_implementation_signs() -> None:
    theirs = signing.PlainEd25519Signer(ORIGIN, SEED)
    unsigned = other.Checkpoint(ORIGIN, 9, b"\x09" * 32, [])
    note = other.Checkpoint(ORIGIN, 9, b"\x09" * 32, [theirs.sign(unsigned)]).serialize()
    assert Checkpoint.open(note, signer().verifier) == Checkpoint(ORIGIN, 9, b"\x09" * 32)


def test_unknown_signatures_are_passed_over_and_a_false_known_one_is_not() -> None:
    _, note = signed()
    stranger = signer("example.org/witness", b"\x01" * 32)
    line = stranger.sign(note.partition("\n\n")[0] + "\n").rpartition("\n\n")[2]
    both = note + line
    assert open_note(both, [signer().verifier]) == note.partition("\n\n")[0] + "\n"
    with pytest.raises(BadNote, match="no known key"):
        open_note(note, [stranger.verifier])
    false = note.replace("\n7\n", "\n8\n")
    with pytest.raises(BadNote, match="does not hold"):
        open_note(false, [signer().verifier])


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_any_change_of_a_note_is_refused(at: int, other_bytes: bytes) -> None:
    checkpoint, note = signed()
    raw = note.encode()
    at %= len(raw)
    changed = raw[:at] + other_bytes + raw[at + len(other_bytes) :]
    try:
        read = Checkpoint.open(changed.decode(), signer().verifier)
    except (BadNote, UnicodeDecodeError):
        return
    assert read == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "o\n01\nAAAA\n",
        "o\n-1\nAAAA\n",
        "o\n1\nAAAA\n",
        "o\n1\n" + "A" * 43 + "=",
        "o\n1\nA*\n",
        "\n1\nA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    foreign = signer().sign(Checkpoint("example.org/other", 1, b"\x00" * 32).text())
    with pytest.raises(BadNote, match="the key of"):
        Checkpoint.open(foreign, signer().verifier)


def test_control_characters_are_not_signed() -> None:
    for text in ("a\r\n", "a", "a\x00\n"):
        with pytest.raises(BadNote):
            signer().sign(text)
