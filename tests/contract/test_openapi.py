"""The three OpenAPI descriptions: generated, up to date, at one with the wire contract and with themselves."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploy.openapi import FOLDER, NOWHERE, description, main, outdated
from services.run import SERVICES, create_service
from tests.support.wire import LATER, ROUTES, Route


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    return {service: json.loads(description(service)) for service in SERVICES}


def test_files_say_what_the_code_says() -> None:
    assert outdated() == [], "run `python -m deploy.openapi`"


def test_an_outdated_file_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    for service in SERVICES:
        (tmp_path / f"{service}.json").write_bytes((FOLDER / f"{service}.json").read_bytes())
    monkeypatch.setattr("deploy.openapi.FOLDER", tmp_path)
    assert main(["--check"]) == 0
    (tmp_path / "audit.json").write_text("{}")
    (tmp_path / "reports.json").unlink()
    assert main(["--check"]) == 1
    assert "audit.json is outdated" in (told := capsys.readouterr().err)
    assert "reports.json is outdated" in told


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_the_contracts_routes_are_described(documents: dict[str, dict[str, Any]], route: Route) -> None:
    described = {_shape(path): item for path, item in documents[route.service]["paths"].items()}
    operation = described[_shape(route.path)][route.method]
    assert operation["x-kycuong-action"] == route.action
    assert {str(status) for status in route.answers} <= operation["responses"].keys()
    assert operation["security"] == ([] if route.action == "PUBLIC" else [{"bearer": []}])


def test_what_comes_later_is_not_described(documents: dict[str, dict[str, Any]]) -> None:
    described = {_shape(path) for path in documents["intake"]["paths"]}
    assert not described & {_shape(f"/intake/v1/{path}") for path in LATER}


@pytest.mark.parametrize("service", SERVICES)
def test_every_reference_and_sign_in_is_defined(documents: dict[str, dict[str, Any]], service: str) -> None:
    document = documents[service]
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}


@pytest.mark.parametrize("service", SERVICES)
def test_problems_are_described_as_problems(documents: dict[str, dict[str, Any]], service: str) -> None:
    for path, item in documents[service]["paths"].items():
        for method, operation in item.items():
            for status, answer in operation["responses"].items():
                if status.isdigit() and int(status) >= 400 and "readyz" not in path:
                    assert list(answer["content"]) == ["application/problem+json"], f"{method} {path} {status}"


@pytest.mark.parametrize("service", SERVICES)
def test_operations_have_names_of_their_own(documents: dict[str, dict[str, Any]], service: str) -> None:
    names = [operation["operationId"] for item in documents[service]["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


def test_a_description_asks_for_nothing_outside() -> None:
    for service in SERVICES:
        assert create_service(service, NOWHERE).openapi() == create_service(service, NOWHERE).openapi()
    assert not NOWHERE.data.exists()
