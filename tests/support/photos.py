"""Pictures for the suites: made here, never of anybody."""

import hashlib
import io
import random
from typing import Any

from PIL import Image

GPS, ORIENTATION = 34853, 274
PLACE = "CANARY-GPS"


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A picture whose four corners differ: red, green, blue, white, clockwise from the upper left."""
    noise = Image.frombytes("RGB", (64, 48), random.Random(7).randbytes(64 * 48 * 3)).resize((width, height))
    picture = Image.blend(noise, Image.new("RGB", (width, height), "grey"), 0.7)
    half = (width // 4, height // 4)
    for colour, place in (
        ("red", (0, 0)),
        ("lime", (width - half[0], 0)),
        ("blue", (width - half[0], height - half[1])),
        ("white", (0, height - half[1])),
    ):
        picture.paste(Image.new("RGB", half, colour), place)
    return picture


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes beside a picture: where it was, and how it was held."""
    written = Image.Exif()
    written[ORIENTATION] = orientation
    written[0x010F] = PLACE
    written[GPS] = {1: "N", 2: (21.0, 2.0, 3.0), 3: "E", 4: (105.0, 50.0, 1.0)}
    return written


def jpeg(picture: Image.Image | None = None, **options: Any) -> bytes:
    """A JPEG file; `exif`, `comment`, `xmp` and others as Pillow takes them."""
    out = io.BytesIO()
    (picture or scene()).save(out, "JPEG", **options)
    return out.getvalue()


def listed(raw: bytes) -> dict[str, Any]:
    """The manifest's words for a photo."""
    return {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": min(len(raw), 10_000_000), "type": "image/jpeg"}


def segments(raw: bytes) -> list[int]:
    """The marker of each segment before a JPEG's data."""
    place, found = 2, []
    while raw[place + 1] != 0xDA:
        found.append(raw[place + 1])
        place += 2 + int.from_bytes(raw[place + 2 : place + 4], "big")
    return found


def corners(raw: bytes) -> tuple[str, ...]:
    """The colours of a picture's corners, clockwise from the upper left."""
    names = {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white"}
    with Image.open(io.BytesIO(raw)) as image:
        right, lower = image.width - 9, image.height - 9
        seen = [image.convert("RGB").getpixel(at) for at in ((8, 8), (right, 8), (right, lower), (8, lower))]
    return tuple(names.get(tuple(int(value > 128) for value in colour), str(colour)) for colour in seen)


def is_black(raw: bytes, x: float, y: float) -> bool:
    """Whether a picture is black at a place, by shares of its sides."""
    picture = Image.open(io.BytesIO(raw)).convert("L")
    return bool(picture.getpixel((int(x * picture.width), int(y * picture.height))) < 12)
