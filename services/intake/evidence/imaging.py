"""Pictures re-encoded: whatever somebody sent goes into a process of its own, and only the picture comes out.

A picture is decoded by C code from bytes that a stranger chose. So it is done outside the service, under limits on
memory and time, and what is kept is encoded anew: upright, sRGB as sent, with no EXIF, XMP, colour profile, comment or
trailing bytes.
"""

import asyncio
import io
import json
import resource
import signal
import sys
import warnings
from typing import Any

MAX_PIXELS = 40_000_000
PATIENCE = 20.0  # seconds
_WORK = 15  # seconds of processor time
QUALITY = 85
_WHOLE = 10_000  # of a side, as a redaction counts
_WRITTEN: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": QUALITY, "optimize": True}, "PNG": {"optimize": True}, "WEBP": {"quality": QUALITY},
}  # fmt: skip
_MEMORY = 1 << 30  # bytes
_AT_ONCE = 2
_UNREADABLE = 3
_INTERRUPTED = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}  # not the picture's doing


class Unreadable(Exception):
    """The bytes are no whole picture of the kind, of at most 40 million pixels."""


class Darkroom:
    """Re-encodes photos, two at a time: more wait."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def reencode(self, raw: bytes, kind: str = "JPEG", boxes: str = "[]") -> bytes:
        """A file's picture, encoded anew, black where boxes (JSON: `x, y, width, height` in ten-thousandths) lie.

        Unreadable when it has no such picture, OSError when no process could look.
        """
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, kind, boxes, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                image = await _developed(child, raw)
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode in _INTERRUPTED:
            raise InterruptedError
        if child.returncode != 0:
            raise Unreadable
        return image


async def _developed(child: asyncio.subprocess.Process, raw: bytes) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE):
            return (await child.communicate(raw))[0]
    except TimeoutError:
        raise InterruptedError from None  # a picture that takes so much work has used up its own time before


def picture(raw: bytes, kind: str = "JPEG", boxes: str = "[]") -> bytes:
    """What `reencode` does, in this very process."""
    from PIL import Image, ImageFile, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a bomb is first warned of
        with Image.open(io.BytesIO(raw), formats=(kind,)) as image:
            image.load()  # of several pictures in one file, the first
            upright = ImageOps.exif_transpose(image)
    plain = upright.convert("L" if upright.mode == "L" else "RGBA" if _is_seen_through(upright, kind) else "RGB")
    plain.info.clear()  # else the comment would be written again
    _cover(plain, json.loads(boxes))
    out = io.BytesIO()
    plain.save(out, kind, **_WRITTEN[kind])
    return out.getvalue()


def _cover(image: Any, boxes: list[dict[str, int]]) -> None:
    """Black over whole pixels, so that no rim of what is covered shows."""
    from PIL import ImageDraw

    draw, (width, height) = ImageDraw.Draw(image), image.size
    for box in boxes:
        left, right = _pixels(box["x"], box["width"], width)
        top, bottom = _pixels(box["y"], box["height"], height)
        draw.rectangle((left, top, right, bottom), fill=0 if image.mode == "L" else (0, 0, 0))


def _pixels(start: int, extent: int, side: int) -> tuple[int, int]:
    """The first and the last pixel of a side that a box covers, be it a part of either."""
    return start * side // _WHOLE, -((start + extent) * side // -_WHOLE) - 1


def _is_seen_through(image: Any, kind: str) -> bool:
    return kind != "JPEG" and (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info)


def main() -> int:
    """Read a picture of the named kind from stdin, write the new one to stdout; 3 when it cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_WORK, _WORK + 5))  # the first is told by a signal of its own
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        image = picture(sys.stdin.buffer.read(), *sys.argv[1:])
    except Exception:  # whatever a decoder says of hostile bytes
        return _UNREADABLE
    sys.stdout.buffer.write(image)
    return 0


if __name__ == "__main__":
    sys.exit(main())
