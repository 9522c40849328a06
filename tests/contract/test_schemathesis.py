"""Requests made up from the three OpenAPI files, right ones and wrong ones, find no 5xx; every refusal is a problem."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import dates
from schemathesis import GenerationMode

from deploy.openapi import FOLDER
from services.kernel.identity.roles import MATRIX, Action, Role
from services.kernel.quarters import local_date
from services.run import SERVICES
from tests.support.case_world import World, fresh, new_key, now
from tests.support.people import UNIT
from tests.support.phone import Phone

DOCUMENTS = {service: json.loads((FOLDER / f"{service}.json").read_text(encoding="utf-8")) for service in SERVICES}
OPERATIONS = [
    pytest.param(service, path, method, id=f"{method} {path}")
    for service, document in DOCUMENTS.items()
    for path, item in document["paths"].items()
    for method in item
    if not path.endswith("/stream")  # which never ends
]
CALENDAR = max(Path(FOLDER.parent / "calendar").glob("2*.json")).read_text(encoding="utf-8")
CONFIG = schemathesis.Config.from_dict({"cache": {"enabled": False}})
SCHEMAS = {service: schemathesis.openapi.from_dict(document, config=CONFIG) for service, document in DOCUMENTS.items()}
# days of this century, as the descriptions' patterns have them: of all days one in a hundred is, and two were drawn
schemathesis.openapi.format("date", dates(date(2000, 1, 1), date(2099, 12, 31)).map(str))
EXAMPLES = {GenerationMode.POSITIVE: 20, GenerationMode.NEGATIVE: 25}
# who passes the role check of most operations, so that a made-up body gets as far as it can
CALLERS = {Role.INSPECTOR: "inspector", Role.LEAD: "lead", Role.UNIT_HEAD: "head", Role.REVIEWER: "reviewer",
           Role.AUDITOR: "auditor", Role.ADMIN: "admin"}  # fmt: skip


@schemathesis.serializer("application/x-ndjson")
def _lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A batch's body: text as it is, anything else as one line of JSON."""
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")


@schemathesis.serializer("image/jpeg")
def _image(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A photo's body: bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _caller(operation: dict[str, Any]) -> str:
    action = operation["x-kycuong-action"]
    return "nobody" if action == "PUBLIC" else CALLERS[next(iter(MATRIX[Action[action]]))]


def _about_what_is_known(world: World, case: schemathesis.Case) -> None:
    """Turn a made-up write to what exists today, or it would end at the first id or year that nobody knows."""
    known = {
        "inspection": world.inspection,
        "finding": world.finding,
        "unit": UNIT,
        "team": ["binh"],
        "date": "2026-03-02",
        "expires": str(local_date(datetime.now(UTC)) + timedelta(days=10)),
        "add": ["reviewer"],
        "remove": [],
    }
    known |= {
        "closed_at": now(),
        "opened_at": now(-1),
        "captured_at": now(-1),
        "device_at": now(),
        "quarter": "2026-Q1",
    }
    if case.path.endswith("/silences/{id}"):
        known |= {"kinds": ["findings"], "until": known["expires"]}
    if case.path.endswith("/unit-changes/{id}"):
        known |= {"unit": world.spare}  # it may be closed, and everybody else's requests are about the other
    if case.path.endswith("/webhooks/{id}"):
        known |= {"kinds": ["findings"], "url": "https://hooks.example/in"}
    if case.path.endswith("/rounds/{id}"):
        known |= {"strata": [{"group": "xa", "size": 1}], "from": "2028-01-01", "to": "2028-01-08"}
    if case.path.endswith("/assignments/{id}"):
        known |= {"round": world.planned, "opener": "an", "from": "2027-01-01", "to": "2027-01-08"}
    if isinstance(case.body, dict) and "event" in case.body:
        known |= {"event": world.erasable()[0], "parts": ["narrative"]}
    known["vkey"], known["key"] = new_key(world), Phone().public
    known["file"] = CALENDAR
    known["code"] = "K02" if "commendations" in case.path else "A03"
    case.path_parameters |= {name: value for name, value in known.items() if name in case.path_parameters}
    case.path_parameters["id"] = fresh()
    if case.path.endswith("/team/{id}") and isinstance(case.body, dict):
        case.body.setdefault("add", [])  # one of the two must say somebody, which a description cannot
    if isinstance(case.body, dict):
        case.body = _whole(case.body) | {name: value for name, value in known.items() if name in case.body}


def _bare(service: str, path: str, case: schemathesis.Case) -> Any:
    """The body with the members that must be there alone: what may be there besides is made up, and mostly refused."""
    content = DOCUMENTS[service]["paths"][path]["put"]["requestBody"]["content"]["application/json"]["schema"]
    model = DOCUMENTS[service]["components"]["schemas"].get(content.get("$ref", "").rpartition("/")[2], {})
    return {name: case.body[name] for name in model.get("required", []) if name in case.body}


def _whole(value: Any) -> Any:
    """The same JSON with 3 where JSON Schema lets 3.0 pass for an integer, which the contract does not."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.fixture(scope="module")
def connection() -> Iterator[requests.Session]:
    """One connection for all of them."""
    with requests.Session() as connection:
        connection.trust_env = False
        yield connection


@pytest.fixture(scope="module", autouse=True)
def standing(world: World) -> Iterator[None]:
    """In any order: what all requests are about is afterwards as usable as before."""
    yield
    world.open_case()


@pytest.mark.parametrize("mode", EXAMPLES, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("service", "path", "method"), OPERATIONS)
def test_no_request_is_too_much(
    world: World, connection: requests.Session, service: str, path: str, method: str, mode: GenerationMode
) -> None:
    who = _caller(DOCUMENTS[service]["paths"][path][method])
    headers = {} if who == "nobody" else {"Authorization": f"Bearer {world.tokens[who]}"}
    asked = []

    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=SCHEMAS[service][path][method].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        if case.query.get("wait"):
            case.query["wait"] = "0.01"  # waiting is what it is for, and not what is tried here
        if mode is GenerationMode.POSITIVE and method == "put":
            _about_what_is_known(world, case)
        call(case)
        if mode is GenerationMode.POSITIVE and method == "put" and isinstance(case.body, dict):
            case.body = _bare(service, path, case) or case.body
            case.path_parameters |= {"id": fresh()} if "id" in case.path_parameters else {}
            call(case)

    def call(case: schemathesis.Case) -> None:
        answer = case.call(base_url=world.url, headers=headers, session=connection)
        asked.append(answer.status_code)
        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], case.as_curl_command()
            assert answer.json()["status"] == answer.status_code

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "no right request can be made from the description"
        pytest.skip("nothing about this operation can be wrong")
    assert asked
    if mode is GenerationMode.POSITIVE and method == "put":
        assert set(asked) != {422}, "what the description allows is never taken: it says too little"


def test_every_operation_is_tried() -> None:
    assert len(OPERATIONS) > 30
