#!/usr/bin/env bash
# typst 0.15.2 (the Python wheel; the compiler names itself 0.15.1), seen 2026-11-29.
#
# Set on a page with margins, a run of full stops, dashes or low lines is not broken: it goes on past the margin and
# past the paper's edge. So does a path of figures (UAX 14, LB25: no break between a slash and a digit), and so do full
# stops with spaces between them, for no line may begin with a full stop, not even after spaces (LB13): the whole leader
# ". . . . ." is one unbreakable word. A zero-width space (U+200B) before each space, or behind each sign, mends it.
#
# Seen: ink beyond the right margin for each run below, and none once U+200B is put in.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q typst==0.15.2 pillow==12.0.0
cd "$place"
"$place/venv/bin/python" - <<'PY'
import io

import typst
from PIL import Image

PAGE = '#set page(width: 200pt, height: 200pt, margin: 40pt)\n#set par(justify: true)\n#sys.inputs.words'
RUNS = {"full stops": "." * 120, "full stops apart": ". " * 80, "dashes": "-" * 120, "low lines": "_" * 120,
        "ellipses": "\u2026" * 60, "a path of figures": "/2026/09/15" * 12}


def beyond(words: str) -> bool:
    """Whether there is ink to the right of the margin."""
    raw = typst.compile(PAGE.encode(), format="png", ppi=72, sys_inputs={"words": words})
    picture = Image.open(io.BytesIO(raw)).convert("L")
    return picture.crop((165, 0, picture.width, picture.height)).getextrema()[0] < 255


for name, run in RUNS.items():
    mended = run.replace(" ", "\u200b ") if " " in run else "\u200b".join(run)
    seen = (beyond("Before " + run), beyond("Before " + mended))
    print(f"{name}: leaves the page {seen[0]}, with zero-width spaces {seen[1]}")
    assert seen == (True, False), name
PY
