"""The published rule files: catalogue, scoring and working calendar, and the genesis events that carry them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.intake.calendar import WorkingCalendar
from services.intake.catalogue import Catalogue, Code

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@dataclass(frozen=True, slots=True)
class Genesis:
    """What an event of the first start says: its type, its version (for the id), its subject and its data."""

    type: str
    version: str
    subject: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _RuleFile:
    content: dict[str, Any]
    sha256: str


def load_catalogues(schemas: Path = SCHEMAS) -> list[Catalogue]:
    """Every version of the catalogue, oldest first; OSError or ValueError when a file is missing or broken."""
    return sorted(
        (_catalogue(file) for file in _files(schemas / "catalogue")),
        key=lambda version: version.valid_from,
    )


def load_calendar(schemas: Path = SCHEMAS) -> WorkingCalendar:
    """The newest version of the working calendar."""
    return WorkingCalendar.from_file(_files(schemas / "calendar")[-1].content)


def genesis(schemas: Path = SCHEMAS) -> list[Genesis]:
    """The events of the first start, in order: catalogues, scoring rules, calendars."""
    kinds = (
        ("catalogue", _catalogue_data),
        ("scoring", _scoring_data),
        ("calendar", _calendar_data),
    )
    return [
        Genesis(
            f"kycuong.{kind}.published.v1",
            file.content["version"],
            f"{kind}/{file.content['version']}",
            data(file),
        )
        for kind, data in kinds
        for file in _files(schemas / kind)
    ]


def _files(folder: Path) -> Sequence[_RuleFile]:
    """The folder's versions in order of their numbers."""
    paths = [path for path in folder.glob("*.json") if not path.name.endswith(".schema.json")]
    if not paths:
        raise FileNotFoundError(f"no version in {folder}: the schemas folder belongs beside services")
    return [_read(path) for path in sorted(paths, key=lambda path: [int(part) for part in path.stem.split(".")])]


def _read(path: Path) -> _RuleFile:
    raw = path.read_bytes()
    content = json.loads(raw)
    if content["version"] != path.stem:
        raise ValueError(f"{path.name} says it is version {content['version']}")
    return _RuleFile(content, sha256(raw).hexdigest())


def _catalogue(file: _RuleFile) -> Catalogue:
    content = file.content
    return Catalogue(
        version=content["version"],
        valid_from=date.fromisoformat(content["valid_from"]),
        sha256=file.sha256,
        codes={entry["code"]: _code(entry) for entry in content["codes"]},
        groups={group: (name["vi"], name["en"]) for group, name in content["groups"].items()},
        evidence={key: (name["vi"], name["en"]) for key, name in content["evidence"].items()},
    )


def _code(entry: Mapping[str, Any]) -> Code:
    return Code(
        entry["code"], entry["group"], entry["severity"], entry["per"], entry["per_case"],
        entry["name"]["vi"], entry["name"]["en"], tuple(entry["evidence"]),
    )  # fmt: skip


def _catalogue_data(file: _RuleFile) -> dict[str, Any]:
    """What folds need of a catalogue; names and bases stay in the file, which the hash pins."""
    fields = ("code", "group", "severity", "per", "per_case")
    codes = [{field: entry[field] for field in fields} for entry in file.content["codes"]]
    return _pick(file, "version", "valid_from") | {"codes": codes}


def _scoring_data(file: _RuleFile) -> dict[str, Any]:
    return _pick(file, "version", "method", "valid_from", "rules")


def _calendar_data(file: _RuleFile) -> dict[str, Any]:
    return _pick(file, "version", "holidays", "makeup", "reply_working_days")


def _pick(file: _RuleFile, *names: str) -> dict[str, Any]:
    return {name: file.content[name] for name in names} | {"sha256": file.sha256}
