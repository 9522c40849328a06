"""docs/dependencies.md gives a reason for each direct dependency, and for nothing else."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]


def _documented(section: str) -> list[str]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    body = text.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^- `([^`]+)`: \S.{20,}$", body, re.MULTILINE)


def test_each_direct_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert _documented("To run") == sorted(map(_name, project["project"]["dependencies"]))
    assert _documented("To develop") == sorted(map(_name, project["dependency-groups"]["dev"]))


def test_each_direct_dependency_is_locked_with_a_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        "run.txt": project["project"]["dependencies"],
        "dev.txt": [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]],
    }
    for name, requirements in wanted.items():
        locked = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        for requirement in map(_name, requirements):
            pattern = rf"^{re.escape(requirement)}(\[\w+\])?==\S+ \\\n +--hash=sha256:[0-9a-f]{{64}}"
            assert re.search(pattern, locked, re.MULTILINE | re.IGNORECASE), f"{requirement} in {name}"


def test_what_checks_the_scripts_has_its_reason_and_is_locked_with_a_hash() -> None:
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert _documented("To check the scripts of the pages") == sorted(wanted)
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all(locked[f"node_modules/{name}"]["integrity"].startswith("sha512-") for name in wanted)
