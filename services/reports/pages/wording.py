"""What the pages call kinds of units, bands and editions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Group = Literal["so", "xa", "phuong", "dvsn", "other"]
GROUPS_OF_UNITS: dict[Group, tuple[str, str]] = {
    "so": ("Sở, ngành", "Departments"),
    "xa": ("Xã", "Communes"),
    "phuong": ("Phường", "Wards"),
    "dvsn": ("Đơn vị sự nghiệp", "Public service units"),
    "other": ("Khác", "Others"),
}
BAND_TAGS: Mapping[str, str] = {
    "good": "good",
    "fair": "info",
    "average": "warn",
    "needs_correction": "bad",
    "insufficient": "",
}
EDITIONS: Mapping[str, tuple[str, str]] = {
    "live": ("Tạm tính", "Provisional"),
    "flash": ("Bản sơ bộ", "Preliminary"),
    "official": ("Bản chính thức", "Official"),
}
