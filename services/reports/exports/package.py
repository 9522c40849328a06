"""A quarter's list as a Frictionless data package in a zip: its description, and a CSV for each table. Pure."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from services.kernel.quarters import rfc3339
from services.reports.exports.columns import Column, Kind, Table
from services.reports.exports.source import Source
from services.reports.exports.table import table_csv

_BEGINNING = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time; one of the making would change the bytes
_TYPES: dict[Kind, str] = {
    "text": "string", "code": "string", "integer": "integer", "number": "number", "boolean": "boolean", "date": "date",
}  # fmt: skip


def data_package(tables: Sequence[Table], source: Source, site: str) -> bytes:
    """`datapackage.json` and the files that it describes."""
    files = {f"{table.name}.csv": table_csv(table, marked=False) for table in tables}
    described = _described(tables, files, source, site)
    text = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
    return zipped({"datapackage.json": text.encode(), **files})


def zipped(files: dict[str, bytes]) -> bytes:
    """The same archive for the same files, whenever it is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _BEGINNING)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()


def _described(tables: Sequence[Table], files: dict[str, bytes], source: Source, site: str) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"kycuong-{source.quarter.lower()}-{source.edition}-{source.size}",
        "title": f"{source.title} – {source.edition_name}",
        "description": "\n".join(f"{label}: {words}" for label, words in source.notes(site)),
        "version": f"{source.edition}+{source.size}",
        "created": rfc3339(source.cut),
        "homepage": source.address(site),
        "log": {"size": source.size, "root": source.root},
        **({"cards_root": source.cards_root} if source.cards_root else {}),
        "resources": [_resource(table, files[f"{table.name}.csv"]) for table in tables],
    }


def _resource(table: Table, content: bytes) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": "table",
        "path": f"{table.name}.csv",
        "title": table.head,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{sha256(content).hexdigest()}",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n"},
        "schema": {"fields": [_field(column) for column in table.columns], "missingValues": [""], **_key(table)},
    }


def _field(column: Column) -> dict[str, str]:
    return {"name": column.name, "type": _TYPES[column.kind], "title": column.head}


def _key(table: Table) -> dict[str, Any]:
    """A card's line is its unit's; a survey's is its unit's too."""
    if table.name == "cards":
        return {"primaryKey": ["unit"]}
    if table.name == "surveys":
        reference = {"resource": "cards", "fields": ["unit"]}
        return {"primaryKey": ["unit", "source"], "foreignKeys": [{"fields": ["unit"], "reference": reference}]}
    return {}
