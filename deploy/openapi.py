"""The three services' OpenAPI descriptions: `python -m deploy.openapi` writes them, `--check` compares."""

import json
import sys
from pathlib import Path

from services.kernel.process.settings import Settings
from services.run import SERVICES, create_service

FOLDER = Path(__file__).parents[1] / "schemas" / "openapi"
# a description needs neither folder nor database; nothing is opened before the app's lifespan begins
NOWHERE = Settings(data=Path("nowhere"), database_url="postgresql://nowhere/nothing")


def description(service: str) -> str:
    """A service's OpenAPI as the file's text."""
    return json.dumps(create_service(service, NOWHERE).openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def outdated() -> list[str]:
    """The services whose file does not say what the code says."""
    return [service for service in SERVICES if not _same(FOLDER / f"{service}.json", description(service))]


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def write() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    for service in SERVICES:
        (FOLDER / f"{service}.json").write_text(description(service), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The command; exit code 1 when `--check` finds a file that is not true."""
    if "--check" not in arguments:
        write()
        return 0
    wrong = outdated()
    for service in wrong:
        sys.stderr.write(f"schemas/openapi/{service}.json is outdated: run `python -m deploy.openapi` and commit it\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
