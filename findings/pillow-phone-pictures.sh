#!/usr/bin/env bash
# Pillow 13.0.0, seen 2026-11-30.
#
# Photos are encoded anew so that nothing but the picture stays, and only JPEG is taken. Of both, Pillow does less than it seems:
# - `save(…, "JPEG")` leaves EXIF out. The comment of the source (the COM segment, in
#   which cameras and scanners write what they like) is written again: it travels in `info` through convert, resize, crop, rotate,
#   exif_transpose and copy, even into a grey picture. PNG and WebP of the same picture do not have it, a GIF has.
# - `open(…, formats=["JPEG"])` opens what is no "JPEG" afterwards: the files of many phones hold a second picture (a depth map,
#   a brighter copy) behind the first, and of those `format` says "MPO", a format that was not allowed, with its MIME type
#   image/mpo. So `image.format in ("JPEG", "PNG")` refuses valid photos of some phones only, and `save(out, image.format)`
#   answers image/mpo to those.
#
# Seen: as asserted below. Clear `info` before saving, and let the formats that one asked for say what it is.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q pillow==13.0.0
cd "$place"
"$place/venv/bin/python" - <<'PY'
import io

from PIL import Image, ImageOps

WORDS = b"Room 12, taken for Mr A"
STEPS = {
    "as it is": lambda image: image,
    "convert": lambda image: image.convert("L"),
    "resize": lambda image: image.resize((20, 15)),
    "crop": lambda image: image.crop((0, 0, 20, 15)),
    "rotate": lambda image: image.rotate(90, expand=True),
    "exif_transpose": ImageOps.exif_transpose,
    "copy": lambda image: image.copy(),
}


def encoded(image, kind, **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


exif = Image.Exif()
exif[0x010F] = "Maker of phones"
sent = encoded(Image.new("RGB", (40, 30), "teal"), "JPEG", comment=WORDS, exif=exif)
kept = {}
for name, step in STEPS.items():
    again = encoded(step(Image.open(io.BytesIO(sent), formats=["JPEG"])), "JPEG")
    kept[name] = WORDS in again, b"Maker" in again
print("comment and EXIF after:", kept)
assert set(kept.values()) == {(True, False)}, kept
others = {kind: WORDS in encoded(Image.open(io.BytesIO(sent)), kind) for kind in ("PNG", "WEBP", "GIF")}
print("comment in another kind:", others)
assert others == {"PNG": False, "WEBP": False, "GIF": True}, others
plain = Image.open(io.BytesIO(sent)).convert("RGB")
plain.info.clear()
assert WORDS not in encoded(plain, "JPEG")

two = encoded(Image.new("RGB", (40, 30), "teal"), "MPO", save_all=True, append_images=[Image.new("RGB", (20, 15), "black")])
image = Image.open(io.BytesIO(two), formats=["JPEG"])
print("asked for JPEG alone, opened:", image.format, image.get_format_mimetype(), "of", image.n_frames, "pictures")
assert (image.format, image.get_format_mimetype(), image.n_frames) == ("MPO", "image/mpo", 2) and two[:3] == sent[:3]
PY
