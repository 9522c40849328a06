"""Values that others printed, and fixed bytes of our own: a reader that drifts from the specifications is seen here.

`vectors/merkle.json` holds the numbers of transparency-dev/merkle's proof vectors. The receipt beside it was made once
from RFC 6962, signed-note, tlog-cosignature and tlog-proof with hashlib and Ed25519 alone, not with this program.
"""

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales import signing
from tlog_scales import tlog as other

from services.audit.receipt import Receipt
from services.kernel.log import merkle, tiles
from services.kernel.log.cosignature import Cosignature, Cosigner, cosignatures
from services.kernel.log.merkle import BadProof
from services.kernel.log.note import BadNote, Checkpoint, Signer, Verifier, open_note

VECTORS = Path(__file__).parent.parent / "vectors"


def one_note(text: str, *lines: str) -> str:
    """A note as a text file holds it."""
    return text + "\n" + "".join(f"{line}\n" for line in lines)


# signed-note.md, "Example"
KEY = Verifier.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
TEXT = "This is an example message.\n"
BLOB = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
LINE = f"— example.com/foo {BLOB}"
NOTE = one_note(TEXT, LINE)

# tlog-cosignature.md, its example: a log's signature and a witness's, whose keys are not printed
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_LINE = (
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeM"
    "cTOAYQ8="
)
SOFA_WITNESS = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+m"
    "bIUBkBIfZ+qnA=="
)

# the receipt's log: entries `event 0` to `event 10`, its key from the seed 00…1f, the witness's from 20…3f
LOG_KEY = "log.example/so-noi-vu+b860e210+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
WITNESS_KEY = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
LOG_SIGNER = Signer("log.example/so-noi-vu", bytes(range(32)))
EVENTS = [f"event {i}".encode() for i in range(11)]
RECEIPT = (VECTORS / "event-7-of-11.tlog-proof").read_text(encoding="utf-8")


def signature_line(name: str, payload: bytes) -> str:
    return f"— {name} {base64.b64encode(payload).decode()}"


def other_signature(number: int) -> str:
    """A line of a key nobody here knows; every other one is of the length of a cosignature."""
    return signature_line(f"stranger.example/{number}", sha256(b"%d" % number).digest() * 3)


def test_the_printed_note_is_signed_by_the_printed_key() -> None:
    assert open_note(NOTE, [KEY]) == TEXT


def test_a_text_may_hold_empty_lines_and_ends_at_the_last() -> None:
    text = "Sổ công vụ\n\nngày 1 tháng 9\n"
    assert open_note(LOG_SIGNER.sign(text), [LOG_SIGNER.verifier]) == text


@pytest.mark.parametrize("strangers", [15, 63])
def test_signatures_of_strangers_are_passed_over(strangers: int) -> None:
    lines = [other_signature(number) for number in range(strangers)]
    assert open_note(one_note(TEXT, *lines, LINE), [KEY]) == TEXT
    assert open_note(one_note(TEXT, LINE, *lines), [KEY]) == TEXT


def test_sixteen_signatures_of_known_keys_are_all_checked() -> None:
    signers = [Signer(f"key.example/{number}", bytes([number]) * 32) for number in range(16)]
    lines = [signer.sign(TEXT).removeprefix(TEXT + "\n").strip() for signer in signers]
    keys = [signer.verifier for signer in signers]
    assert open_note(one_note(TEXT, *lines), keys) == TEXT
    with pytest.raises(BadNote, match="does not hold"):
        open_note(one_note("Another text.\n", *lines), keys)


def test_a_key_is_known_by_name_and_id_together() -> None:
    payload = base64.b64decode(BLOB)
    same_name = signature_line(KEY.name, b"\0\0\0\0" + payload[4:])
    same_id = signature_line("example.com/bar", payload)
    assert open_note(one_note(TEXT, same_name, same_id, LINE), [KEY]) == TEXT
    for line in (same_name, same_id):
        with pytest.raises(BadNote, match="no known key"):
            open_note(one_note(TEXT, line), [KEY])


def test_one_false_signature_of_a_known_key_condemns_the_note() -> None:
    payload = base64.b64decode(BLOB)
    false = signature_line(KEY.name, payload[:-1] + bytes([payload[-1] ^ 1]))
    for lines in ([false], [LINE, false], [false, LINE]):
        with pytest.raises(BadNote, match="does not hold"):
            open_note(one_note(TEXT, *lines), [KEY])


@pytest.mark.parametrize("length", [4, 5, 63 + 4, 65 + 4])
def test_a_signature_of_another_length_does_not_hold(length: int) -> None:
    payload = (base64.b64decode(BLOB) + b"\0")[:length]
    with pytest.raises(BadNote):
        open_note(one_note(TEXT, signature_line(KEY.name, payload)), [KEY])


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(NOTE.replace("an example", "no example"), id="tampered text"),
        pytest.param(NOTE.replace("message.\n", "message. \n"), id="a space more"),
        pytest.param(NOTE.replace("Uw2QOkn8", "Uw2QOkn9"), id="tampered signature"),
        pytest.param("", id="nothing"),
        pytest.param(TEXT, id="text alone"),
        pytest.param(TEXT + "\n", id="no signature"),
        pytest.param(TEXT + LINE + "\n", id="no blank line"),
        pytest.param(NOTE[:-1], id="no last newline"),
        pytest.param(NOTE + "\n", id="a blank line more"),
        pytest.param(NOTE + "more\n", id="more than signatures"),
        pytest.param(one_note(TEXT, LINE, "", LINE), id="signatures in two blocks"),
        pytest.param("\n" + LINE + "\n", id="no text"),
        pytest.param(NOTE.replace("—", "-"), id="a hyphen for the dash"),
        pytest.param(NOTE.replace("— ", "—"), id="no space"),
        pytest.param(NOTE.replace("— ", "—  "), id="two spaces"),
        pytest.param(NOTE.replace(BLOB, BLOB + " "), id="a space after"),
        pytest.param(NOTE.replace("example.com/foo ", "example.com/f oo "), id="a space in the name"),
        pytest.param(NOTE.replace("example.com/foo ", "example.com/f+oo "), id="a plus in the name"),
        pytest.param(NOTE.replace("example.com/foo ", "example.com/f\u2003oo "), id="a wide space in the name"),
        pytest.param(NOTE.replace("aQM=", "aQN="), id="bits beside the base64"),
        pytest.param(NOTE.replace("aQM=", "aQM"), id="no padding"),
        pytest.param(NOTE.replace("aQM=", "aQM=="), id="too much padding"),
        pytest.param(NOTE.replace("aQM=", "aQ_="), id="base64 for addresses"),
        pytest.param(NOTE.replace("\n", "\r\n"), id="CR LF"),
    ],
)
def test_what_is_not_the_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        open_note(note, [KEY])


@pytest.mark.parametrize("control", [chr(code) for code in range(0x20) if code != 0x0A])
def test_control_characters_are_refused_even_when_signed(control: str) -> None:
    text = f"a{control}b\n"
    signature = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).sign(text.encode())
    signed = one_note(text, signature_line(LOG_SIGNER.name, LOG_SIGNER.verifier.key_id + signature))
    with pytest.raises(BadNote):
        open_note(signed, [LOG_SIGNER.verifier])
    with pytest.raises(BadNote):
        open_note(one_note(TEXT, LINE + control), [KEY])


def test_the_printed_checkpoint_reads_and_is_written_the_same() -> None:
    root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    read = Checkpoint.parse(SOFA)
    assert read == Checkpoint("example.com/behind-the-sofa", 20852163, root)
    assert read.text() == SOFA


@pytest.mark.parametrize("size", ["0", "1", "9223372036854775807"])
def test_sizes_as_they_may_be_written(size: str) -> None:
    assert Checkpoint.parse(SOFA.replace("20852163", size)).size == int(size)


@pytest.mark.parametrize(
    "size", ["", "00", "01", "020852163", "+1", "-1", "1.0", "1e3", "0x10", " 1", "1 ", "١", "１", "1_0", "1" * 30]
)
def test_sizes_as_they_may_not(size: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(SOFA.replace("20852163", size))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SOFA.replace("example.com/behind-the-sofa", ""), id="no origin"),
        pytest.param(SOFA[:-1], id="no last newline"),
        pytest.param(SOFA + "\n", id="an empty extension"),
        pytest.param(SOFA + "an extension\n\nanother\n", id="an empty line between extensions"),
        pytest.param("\n".join(SOFA.split("\n")[:2]) + "\n", id="no root"),
        pytest.param(SOFA.replace("2I=", "2J="), id="bits beside the base64"),
        pytest.param(SOFA.replace("2I=", "2I"), id="no padding"),
        pytest.param(SOFA.replace("/", "_").replace("example.com_", "example.com/"), id="base64 for addresses"),
        pytest.param("o\n1\n" + base64.b64encode(bytes(31)).decode() + "\n", id="31 bytes"),
        pytest.param("o\n1\n" + base64.b64encode(bytes(33)).decode() + "\n", id="33 bytes"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_extension_lines_are_signed_and_passed_over() -> None:
    text = Checkpoint(LOG_SIGNER.name, 7, bytes(32)).text() + "extension one\nextension two\n"
    assert Checkpoint.open(LOG_SIGNER.sign(text), LOG_SIGNER.verifier) == Checkpoint(LOG_SIGNER.name, 7, bytes(32))
    with pytest.raises(BadNote, match="does not hold"):
        Checkpoint.open(LOG_SIGNER.sign(text).replace("extension two", "extension 2"), LOG_SIGNER.verifier)


def test_the_printed_cosignature_is_a_signature_of_a_stranger() -> None:
    """Neither key is printed, so neither signature can be held to it; the lines must read all the same."""
    with pytest.raises(BadNote, match="no known key"):
        open_note(one_note(SOFA, SOFA_LINE, SOFA_WITNESS), [KEY])
    payload = base64.b64decode(SOFA_WITNESS.split(" ")[2])
    assert (payload[:4].hex(), int.from_bytes(payload[4:12]), len(payload[12:])) == ("8d66cf3f", 1679315147, 64)


def test_the_fixed_receipt_proves_its_event() -> None:
    receipt = Receipt.parse(RECEIPT)
    assert (receipt.index, len(receipt.proof), receipt.text()) == (7, 4, RECEIPT)
    assert receipt.verify(EVENTS[7], Verifier.parse(LOG_KEY)).size == 11
    with pytest.raises(BadProof):
        receipt.verify(EVENTS[6], Verifier.parse(LOG_KEY))


def test_the_fixed_receipt_is_what_this_log_would_write() -> None:
    leaves = [merkle.leaf_hash(event) for event in EVENTS]

    def node_at(level: int, index: int) -> bytes:
        return merkle.perfect_root(leaves[index << level : index + 1 << level])

    tree = merkle.CompactRange()
    tree.extend(leaves)
    note = LOG_SIGNER.sign(Checkpoint(LOG_SIGNER.name, 11, tree.root()).text())
    made = Receipt(7, merkle.inclusion_proof(7, 11, node_at), note).text()
    cosignature = RECEIPT.splitlines(keepends=True)[-1]
    assert (LOG_SIGNER.vkey, made + cosignature) == (LOG_KEY, RECEIPT)


def test_another_implementation_accepts_the_fixed_receipt_and_its_cosignature() -> None:
    receipt = Receipt.parse(RECEIPT)
    theirs = other.Checkpoint.from_text(receipt.note)
    for vkey in (LOG_KEY, WITNESS_KEY):
        theirs.verify(signing.Vkey.from_string(vkey))
    other.InclusionProof(7, 11, list(receipt.proof)).check(merkle.leaf_hash(EVENTS[7]), theirs.root_hash)


def test_the_fixed_cosignature_is_the_witnesses_word_at_its_time() -> None:
    note, witness = Receipt.parse(RECEIPT).note, Cosigner.parse(WITNESS_KEY)
    assert witness.vkey == WITNESS_KEY
    line = RECEIPT.splitlines(keepends=True)[-1]
    assert cosignatures(note, [witness]) == {witness: Cosignature(1679315147, line)}
    assert cosignatures(note.replace(line, ""), [witness]) == {}
    for old, new in (("\n11\n", "\n12\n"), ("AABkGFDL", "AABkGFDM"), ("GMpHDA==", "GMpHDQ==")):
        assert old in note
        with pytest.raises(BadNote):
            cosignatures(note.replace(old, new), [witness])


def test_the_form_of_the_specification_reads() -> None:
    """Its example, whose signatures are abridged: what comes before the checkpoint is read, the rest kept as is."""
    path = [
        "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=",
        "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=",
        "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=",
        "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=",
        "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=",
    ]
    extra = "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n"
    note = "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog …\n"
    for before in ("", extra):
        text = f"c2sp.org/tlog-proof@v1\n{before}index 73894\n" + "\n".join(path) + "\n\n" + note
        receipt = Receipt.parse(text)
        assert (receipt.index, receipt.note) == (73894, note)
        assert [base64.b64encode(node).decode() for node in receipt.proof] == path
    assert Receipt.parse(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}") == Receipt(0, [], note)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2", id="another version"),
        pytest.param("c2sp.org/tlog-proof@v1", " c2sp.org/tlog-proof@v1", id="a space before"),
        pytest.param("index 7", "index 07", id="a leading zero"),
        pytest.param("index 7", "index -7", id="a negative index"),
        pytest.param("index 7", "index  7", id="two spaces"),
        pytest.param("index 7", "index 7 ", id="a space after"),
        pytest.param("index 7", "index ٧", id="another digit"),
        pytest.param("index 7", "index seven", id="no number"),
        pytest.param("index 7\n", "", id="no index"),
        pytest.param("index 7", "index 7\nindex 7", id="two indexes"),
        pytest.param("index 7", "extra eA==\nextra eA==\nindex 7", id="two extra lines"),
        pytest.param("index 7", "index 7\nextra eA==", id="extra after the index"),
        pytest.param("index 7", "extra\nindex 7", id="extra without a space"),
        pytest.param("RuY=", "Ru==", id="31 bytes"),
        pytest.param("RuY=", "RuYA", id="33 bytes"),
        pytest.param("RuY=", "RuZ=", id="bits beside the base64"),
        pytest.param("RuY=", "RuY", id="no padding"),
        pytest.param("RuY=", "RuY= ", id="a space after a hash"),
        pytest.param("6Fbu9QYI", "6Fbu_QYI", id="base64 for addresses"),
        pytest.param("\n", "\r\n", id="CR LF"),
    ],
)
def test_what_is_no_receipt_is_refused(old: str, new: str) -> None:
    assert old in RECEIPT
    with pytest.raises(BadNote):
        Receipt.parse(RECEIPT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("index 7", "index 6", id="another index"),
        pytest.param("6Fbu9QYI", "6Fbu8QYI", id="another hash"),
        pytest.param("6Fbu9QYI6NXK/lRH9usb0/rwr8bz7lF7JmNRu5TfRuY=\n", "", id="a hash less"),
        pytest.param("\n11\n", "\n12\n", id="another size"),
        pytest.param("TSKDt8J7", "TSKDt8J8", id="another root"),
        pytest.param("uGDiEH7A", "uGDiEH7B", id="another signature"),
        pytest.param("log.example/so-noi-vu", "log.example/khac", id="another log"),
    ],
)
def test_a_receipt_changed_in_one_place_proves_nothing(old: str, new: str) -> None:
    assert old in RECEIPT
    with pytest.raises((BadNote, BadProof)):
        Receipt.parse(RECEIPT.replace(old, new)).verify(EVENTS[7], Verifier.parse(LOG_KEY))


@pytest.mark.parametrize(
    ("n", "width", "path"),
    [
        (0, 256, "000"),
        (67, 5, "067.p/5"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (1234067, 255, "x001/x234/067.p/255"),
    ],
)
def test_paths_of_the_specification(n: int, width: int, path: str) -> None:
    assert tiles.tile_path(0, n, width) == f"tile/0/{path}"
    assert tiles.tile_path(63, n, width) == f"tile/63/{path}"
    assert tiles.bundle_path(n, width) == f"tile/entries/{path}"
    assert tiles.parse_coordinate(path) == (n, width)


@pytest.mark.parametrize(
    ("size", "full", "partial"),
    [
        (70_000, {0: 273, 1: 1}, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]),
        (256, {0: 1}, ["tile/1/000.p/1"]),
        (255, {}, ["tile/0/000.p/255"]),
        (65_536, {0: 256, 1: 1}, ["tile/2/000.p/1"]),
        (0, {}, []),
    ],
)
def test_the_tiles_of_a_size(size: int, full: dict[int, int], partial: list[str]) -> None:
    listed = tiles.tiles_of(size)
    whole = [tile for tile in listed if tile.width == 256]
    assert {level: sum(tile.level == level for tile in whole) for level in {tile.level for tile in whole}} == full
    assert [tile.path for tile in listed if tile.width < 256] == partial


Row = tuple[str, int, int, str, str, list[str], bool]


def _rows(kind: str) -> list[Row]:
    return json.loads((VECTORS / "merkle.json").read_text(encoding="utf-8"))[kind][1:]  # type: ignore[no-any-return]


def _accepts(kind: str, row: Row) -> bool:
    _, first, second, *hashes, proof, _ = row
    one, two = (base64.b64decode(text or "") for text in hashes)
    path = [base64.b64decode(text) for text in proof]
    try:
        if kind == "inclusion":
            merkle.verify_inclusion(one, first, second, path, two)
        else:
            # Theirs has 0 < old as a condition. Here every tree extends the empty one (a witness's first checkpoint
            # needs it), and the one vector of size 0 falls because its new root is no hash.
            merkle.verify_consistency(first, second, one, two, path)
    except BadProof:
        return False
    return True


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_every_merkle_vector_is_judged_as_it_says(kind: str) -> None:
    rows = _rows(kind)
    assert (len(rows), sum(row[-1] for row in rows)) == (98, 92)
    assert [row[0] for row in rows if _accepts(kind, row) == row[-1]] == []
