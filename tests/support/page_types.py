"""The types by which the pages' scripts read the server's answers, held against answers."""

import re
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "deploy/answers.d.ts"
_INTERFACE = re.compile(r"^interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"(\w+)(\??): ((?:\{[^}]*\}|[^;{}])+)(?:;|$)")
_RECORD = re.compile(r"Record<string, (.+)>")
_PLAIN = {"string": (str,), "number": (int, float), "boolean": (bool,), "null": (type(None),), "any": (object,)}
_TYPES = {name: (base, body) for name, base, body in _INTERFACE.findall(_FILE.read_text(encoding="utf-8"))}


def faults(value: Any, type_: str, where: str = "") -> list[str]:
    """Where an answer is not of a type of deploy/answers.d.ts; fields that no page reads are no fault."""
    kinds = re.split(r" \| (?![^{]*\})", type_)
    found = [_faults(value, kind, where) for kind in kinds]
    return [] if [] in found else found[0]


def _faults(value: Any, kind: str, where: str) -> list[str]:
    wrong = [f"{where or '/'}: {kind}, not {value!r:.80}"]
    if kind in _PLAIN:
        fits = isinstance(value, _PLAIN[kind]) and (kind in ("boolean", "any") or not isinstance(value, bool))
        return [] if fits else wrong
    if kind.endswith("[]"):
        if not isinstance(value, list):
            return wrong
        return [fault for n, each in enumerate(value) for fault in faults(each, kind[:-2], f"{where}/{n}")]
    if not isinstance(value, dict):
        return wrong
    if record := _RECORD.fullmatch(kind):
        return [fault for name, each in value.items() for fault in faults(each, record[1], f"{where}/{name}")]
    return _members(value, kind, where)


def _members(value: dict[str, Any], kind: str, where: str) -> list[str]:
    base, body = _TYPES[kind] if kind in _TYPES else ("", kind[1:-1])
    told = _members(value, base, where) if base else []
    for name, optional, type_ in _FIELD.findall(re.sub(r"\[.*?\]: \w+;", "", body)):
        if name in value:
            told += faults(value[name], type_.strip(), f"{where}/{name}")
        elif not optional:
            told.append(f"{where}/{name}: missing")
    return told
