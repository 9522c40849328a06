"""Whatever bytes come in, only an upright picture goes out, or nothing: decoded apart, under limits."""

import asyncio
import io
import os
import signal
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from services.intake.evidence import imaging
from services.intake.evidence.imaging import Darkroom, Unreadable
from tests.support.photos import PLACE, corners, exif, jpeg, scene, segments

# start of image, quantisation and Huffman tables, frame, JFIF: what a decoder needs, and nothing else
NEEDED = {0xDB, 0xC0, 0xC4, 0xE0}


def bomb(width: int, height: int) -> bytes:
    """A small JPEG whose header claims a huge picture."""
    raw = bytearray(jpeg(Image.new("RGB", (8, 8))))
    at = raw.index(b"\xff\xc0")
    raw[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(raw)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


async def test_the_picture_stays_and_all_else_goes():
    raw = jpeg(exif=exif(), comment=b"CANARY-COMMENT", xmp=b"<x>CANARY-XMP</x>", icc_profile=b"CANARY-ICC" * 20)
    raw += b"PK\x03\x04<script>CANARY-TAIL</script>"
    assert PLACE.encode() in raw
    out = await Darkroom().reencode(raw)
    assert b"CANARY" not in out and set(segments(out)) <= NEEDED
    with Image.open(io.BytesIO(out)) as image:
        assert image.size == (640, 480) and not image.getexif()
    assert corners(out) == ("red", "lime", "blue", "white")


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (2, ("lime", "red", "white", "blue")),
        (3, ("blue", "white", "red", "lime")),
        (6, ("white", "red", "lime", "blue")),
        (8, ("lime", "blue", "white", "red")),
    ],
)
def test_a_picture_held_otherwise_is_turned_upright(orientation, expected):
    out = imaging.picture(jpeg(exif=exif(orientation)))
    assert corners(out) == expected
    with Image.open(io.BytesIO(out)) as image:
        assert image.size == ((480, 640) if orientation > 4 else (640, 480))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_become_plain_ones(mode):
    with Image.open(io.BytesIO(imaging.picture(jpeg(scene().convert(mode))))) as image:
        assert image.mode == ("L" if mode == "L" else "RGB")


REFUSED = {
    "nothing": b"",
    "text": b"<html>not a picture</html>",
    "another format": png(),
    "a beginning alone": jpeg()[:400],
    "a truncated picture": jpeg()[:-3000],
    "41 million pixels": bomb(8200, 5000),
    "four thousand million pixels": bomb(65000, 65000),
    "a header with no picture": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9",
    "compressed rubbish": b"\xff\xd8" + zlib.compress(b"\0" * 1_000_000),
}


async def test_what_is_no_whole_picture_is_refused():
    darkroom = Darkroom()
    outcomes = await asyncio.gather(*(darkroom.reencode(raw) for raw in REFUSED.values()), return_exceptions=True)
    assert {name: type(outcome) for name, outcome in zip(REFUSED, outcomes, strict=True)} == dict.fromkeys(
        REFUSED, Unreadable
    )


def children() -> set[int]:
    return {int(child) for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


async def test_a_decoder_that_finds_no_time_is_ended_and_the_picture_is_not_blamed(monkeypatch):
    monkeypatch.setattr(imaging, "PATIENCE", 0.0)
    with pytest.raises(InterruptedError):
        await Darkroom().reencode(jpeg())


async def test_nor_is_it_when_the_decoder_is_killed():
    before = children()
    developing = asyncio.create_task(Darkroom().reencode(jpeg(Image.new("RGB", (8000, 5000), "teal"))))
    while not (born := children() - before):
        await asyncio.sleep(0.01)
    os.kill(born.pop(), signal.SIGKILL)
    with pytest.raises(InterruptedError):
        await developing


async def test_a_picture_of_the_largest_size_is_taken():
    with Image.open(io.BytesIO(await Darkroom().reencode(jpeg(Image.new("RGB", (8000, 5000), "teal"))))) as image:
        assert image.size == (8000, 5000)
