"""Where the published schemas and rule files lie: beside the package in a checkout, inside it in a wheel."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def schemas_folder() -> Path:
    """The folder `schemas`; FileNotFoundError when the program was copied without it."""
    places = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")
    for place in places:
        if (place / "events").is_dir():
            return place
    raise FileNotFoundError(f"no folder of schemas: neither {places[0]} (installed) nor {places[1]} (checkout)")
