"""A paper set in type by Typst, by fonts that travel with it: the same words give the same bytes on every machine."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import segno
import typst

from services.kernel.paper.sheet import Bars, Sheet

TEMPLATE = Path(__file__).with_name("sheet.typ")
_RUN = re.compile(r"\S{16,}")
_LEADERS = re.compile(r"(?:[^\w\s]+ +){6,}")  # signs apart: no line may begin with a full stop (UAX 14, LB13)
_PLACE = re.compile(r"[^\w\s]|\w{12}")  # behind a sign, and within what is one word to a reader only
_TO_THE_LETTER = ("address", "mark", "proof")  # codes of at most 44 signs fit a line, and are searched and copied


def compiled(template: Path, data: Mapping[str, Any], kind: str = "pdf", **options: Any) -> Any:
    """A template with its data, as PDF bytes or, as `png`, one picture or a list of them."""
    inputs = {"paper": json.dumps(data, ensure_ascii=False)}
    options |= {"root": str(template.parent), "ignore_system_fonts": True, "sys_inputs": inputs, "format": kind}
    return typst.compile(str(template), **options)


def to_pdf(sheet: Sheet) -> bytes:
    """The paper as PDF."""
    told = {name: value for name, value in asdict(sheet).items() if name != "made_on"}
    words = {name: value for name, value in told.items() if name not in _TO_THE_LETTER}
    more = {"shown": breakable(sheet.address), "qr": qr_svg(sheet.address)}
    raw: bytes = compiled(TEMPLATE, told | breakable(words) | more)
    return raw


def to_picture(bars: Bars) -> bytes:
    """A chart as PNG, for papers that cannot draw."""
    raw: bytes = compiled(TEMPLATE, {"only": breakable(asdict(bars))}, "png", ppi=150)
    return raw


def breakable(said: Any) -> Any:
    """The same with places to break a line: Typst 0.15 lets runs of dots, dashes and paths leave the page."""
    if isinstance(said, str):
        said = _LEADERS.sub(lambda run: run[0].replace(" ", "\u200b "), said)
        return _RUN.sub(lambda run: _PLACE.sub("\\g<0>\u200b", run[0]), said)
    if isinstance(said, Mapping):
        return {name: breakable(value) for name, value in said.items()}
    return [breakable(one) for one in said] if isinstance(said, list | tuple) else said


def qr_svg(address: str) -> str:
    """The code that leads to an address, as a picture."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def qr_png(address: str) -> bytes:
    """The code that leads to an address, as pixels."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=4, border=2)
    return out.getvalue()
