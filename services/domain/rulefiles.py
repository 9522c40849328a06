"""The published rule files (catalogue, scoring, working calendar, deadlines), and the genesis events with them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.domain.calendar import WorkingCalendar, calendar_data, version_number
from services.domain.catalogue import Catalogue, Code
from services.domain.deadlines import Deadlines
from services.kernel.process.loops import StartRefused
from services.kernel.quarters import quarter_days, quarter_of
from services.kernel.schemas import schemas_folder

SCHEMAS = schemas_folder()
_LENGTHS = {
    "reply_working_days": "reply", "remedy_working_days": "remedy", "second_remedy_working_days": "second_remedy",
    "appeal_working_days": "appeal", "remind_working_days_before": "remind", "escalate_working_days_after": "escalate",
}  # fmt: skip


class BadRuleFile(StartRefused):
    """A rule file by which nothing may be judged; says which and why in both languages."""

    def __init__(self, name: str, vi: str, en: str) -> None:
        super().__init__(
            f"tệp quy tắc {name} {vi}; hãy sửa tệp hoặc lấy lại tệp gốc của chương trình rồi khởi động lại "
            f"(rule file {name} {en}: mend it, or put back the program's own, and start again)"
        )


@dataclass(frozen=True, slots=True)
class Genesis:
    """What an event of the first start says: its type, its version (for the id), its subject and its data."""

    type: str
    version: str
    subject: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _RuleFile:
    name: str
    text: str
    content: dict[str, Any]
    sha256: str


def load_catalogues(schemas: Path = SCHEMAS) -> list[Catalogue]:
    """Every version of the catalogue, oldest first; BadRuleFile when a file is broken, OSError when there is none."""
    versions: list[Catalogue] = []
    for file in _files(schemas / "catalogue"):
        with _read_as(file.name):
            versions.append(_catalogue(file))
    return sorted(versions, key=lambda version: version.valid_from)


def load_deadlines(schemas: Path = SCHEMAS) -> list[Deadlines]:
    """Every version of the lengths of deadlines, oldest first; BadRuleFile when a file is broken."""
    versions: list[Deadlines] = []
    for file in _files(schemas / "deadlines"):
        with _read_as(file.name):
            versions.append(_deadlines(file))
    return sorted(versions, key=lambda version: version.valid_from)


def load_calendar(schemas: Path = SCHEMAS) -> WorkingCalendar:
    """The newest version of the working calendar that the program brings."""
    return WorkingCalendar.from_file(json.loads(calendar_files(schemas)[-1][1]))


def calendar_files(schemas: Path = SCHEMAS) -> list[tuple[str, str]]:
    """The versions of the working calendar that the program brings with their exact text, oldest first."""
    return [(file.content["version"], file.text) for file in _files(schemas / "calendar")]


def genesis(schemas: Path = SCHEMAS) -> list[Genesis]:
    """The events of the first start, in order: catalogues, scoring rules, calendars, deadlines."""
    kinds = (
        ("catalogue", _catalogue_data),
        ("scoring", _scoring_data),
        ("calendar", _calendar_data),
        ("deadlines", _deadlines_data),
    )
    return [_genesis(kind, file, data) for kind, data in kinds for file in _files(schemas / kind)]


def _genesis(kind: str, file: _RuleFile, data: Callable[[_RuleFile], dict[str, Any]]) -> Genesis:
    version = file.content["version"]
    with _read_as(file.name):
        return Genesis(f"kycuong.{kind}.published.v1", version, f"{kind}/{version}", data(file))


def _files(folder: Path) -> Sequence[_RuleFile]:
    """The folder's versions in order of their numbers."""
    paths = [path for path in folder.glob("*.json") if not path.name.endswith(".schema.json")]
    if not paths:
        raise FileNotFoundError(f"no version in {folder}")
    return sorted((_read(path) for path in paths), key=lambda file: version_number(file.content["version"]))


def _read(path: Path) -> _RuleFile:
    name = f"{path.parent.name}/{path.name}"
    raw = path.read_bytes()
    with _read_as(name):
        content = json.loads(raw)
        version_number(path.stem)
        if content["version"] != path.stem:
            raise BadRuleFile(name, f"ghi phiên bản {content['version']}", f"says it is version {content['version']}")
        if path.parent.name == "calendar":
            WorkingCalendar.from_file(content)
        else:
            _check_first_day(name, date.fromisoformat(content["valid_from"]))
    return _RuleFile(name, raw.decode(), content, sha256(raw).hexdigest())


def _check_first_day(name: str, first: date) -> None:
    """Rules begin with a quarter: half a quarter's findings could not be judged by them."""
    begin, _ = quarter_days(quarter_of(first))
    if first != begin:
        raise BadRuleFile(
            name,
            f"có hiệu lực từ {first:%d/%m/%Y}, giữa quý; quy tắc chỉ bắt đầu vào ngày đầu quý "
            "(01/01, 01/4, 01/7, 01/10)",
            f"is valid from {first.isoformat()}, within a quarter, and rules begin on a quarter's first day only",
        )


@contextmanager
def _read_as(name: str) -> Iterator[None]:
    """Say of which file something is missing or misshapen."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRuleFile(name, f"thiếu hoặc sai: {error}", f"lacks or misshapes {error}") from error


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


def _deadlines(file: _RuleFile) -> Deadlines:
    told = {name: value for name, value in file.content.items() if name not in ("version", "valid_from")}
    lengths = {_LENGTHS[name]: value for name, value in told.items()}
    if lengths.keys() != set(_LENGTHS.values()) or not all(type(days) is int and days > 0 for days in lengths.values()):
        raise ValueError("lengths of deadlines")
    return Deadlines(**lengths, valid_from=date.fromisoformat(file.content["valid_from"]))


def _catalogue_data(file: _RuleFile) -> dict[str, Any]:
    """What folds need of a catalogue; names and bases stay in the file, which the hash pins."""
    fields = ("code", "group", "severity", "per", "per_case")
    codes = [{field: entry[field] for field in fields} for entry in file.content["codes"]]
    return _pick(file, "version", "valid_from") | {"codes": codes}


def _scoring_data(file: _RuleFile) -> dict[str, Any]:
    compared = ["comparison"] if "comparison" in file.content else []
    return _pick(file, "version", "method", "valid_from", "rules", *compared)


def _deadlines_data(file: _RuleFile) -> dict[str, Any]:
    _deadlines(file)
    return _pick(file, *file.content)


def _calendar_data(file: _RuleFile) -> dict[str, Any]:
    return calendar_data(file.content, file.sha256)


def _pick(file: _RuleFile, *names: str) -> dict[str, Any]:
    return {name: file.content[name] for name in names} | {"sha256": file.sha256}
