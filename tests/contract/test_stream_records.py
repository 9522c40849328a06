"""The records that really go over both topics are what schemas/asyncapi.yaml says of them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from services.kernel.envelope import canonical
from services.kernel.log.note import Checkpoint, Verifier
from services.kernel.process.settings import Settings
from services.kernel.streams import Reader, Record, Stream, open_stream
from tests.support.case_world import fresh, registration
from tests.support.house import Open, open_house
from tests.support.people import UNIT, issue_tokens
from tests.support.schemas import example, validate_event

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "schemas" / "asyncapi.yaml").read_text(encoding="utf-8"))
EVENTS, ENTRIES = (DOCUMENT["channels"][name]["address"] for name in ("events", "entries"))
KINDS = {"entry", "checkpoint", "refusal"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@asynccontextmanager
async def _stream(settings: Settings, name: str) -> AsyncIterator[Stream]:
    stream = open_stream(settings, name)
    await stream.start()
    try:
        yield stream
    finally:
        await stream.stop()


async def _until(reader: Reader, enough: Callable[[list[Record]], bool]) -> list[Record]:
    """What comes until it is enough."""
    records: list[Record] = []
    for _ in range(240):
        records += [delivered.record for delivered in await reader.fetch(100, 0.25)]
        if enough(records):
            return records
    raise AssertionError(f"only {[record.headers for record in records]}")


def _inline(node: Any) -> Any:
    """A schema of the document with its references put in place."""
    if not isinstance(node, dict):
        return node
    if str(node.get("$ref", "")).startswith("#/components/schemas/"):
        return DOCUMENT["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]]
    return {name: _inline(member) for name, member in node.items()}


def _check(record: Record, message: dict[str, Any]) -> None:
    described = message | {name: part for trait in message.get("traits", []) for name, part in _trait(trait).items()}
    Draft202012Validator(_inline(described["headers"])).validate(record.headers)
    Draft202012Validator(described["bindings"]["kafka"]["key"]).validate(record.key)


def _trait(reference: dict[str, str]) -> dict[str, Any]:
    trait: dict[str, Any] = DOCUMENT["components"]["messageTraits"][reference["$ref"].rsplit("/", 1)[1]]
    return trait


async def _register_a_unit(house: Open) -> str:
    write = fresh()
    token = (await issue_tokens(house.settings, ("admin",)))["admin"]
    async with house.client(token) as client:
        answer = await client.put(f"/intake/v1/unit-changes/{write}", json=registration(UNIT, None))
        assert answer.status_code == 201, answer.text
    return write


async def test_the_records_on_both_topics(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings))
        intake, audit, reports = [
            await stack.enter_async_context(_stream(settings, name)) for name in ("intake", "audit", "reports")
        ]
        events, entries = await audit.reader(EVENTS, "probe"), await reports.reader(ENTRIES, "probe")
        await events.seek(None)
        await entries.seek(None)
        write = await _register_a_unit(house)
        foreign = Record("xa-tan-hoa", example("finding.recorded.v1"), {"traceparent": TRACE})
        await intake.publish(EVENTS, [foreign])
        sent = await _until(
            events, lambda records: foreign in records and any(_is(record, write) for record in records)
        )
        told = await _until(
            entries, lambda records: _kinds(records) == KINDS and any(_is(one, write) for one in records)
        )
        for record in sent:
            event = validate_event(record.value)
            _check(record, DOCUMENT["components"]["messages"][event["dataschema"].removeprefix("kycuong:")])
            assert record.key == event["unit"]
        for record in told:
            _check(record, DOCUMENT["components"]["messages"][record.headers["kind"]])
        _check_values(house, [record for record in told if record.headers["kind"] != "entry"])
        (entry,) = [record for record in told if _is(record, write)]
        assert entry in [Record(record.key, record.value, entry.headers) for record in sent]


def _is(record: Record, write: str) -> bool:
    return record.headers.get("kind", "entry") == "entry" and json.loads(record.value)["id"] == write


def _kinds(records: list[Record]) -> set[str]:
    return {record.headers["kind"] for record in records}


def _check_values(house: Open, records: list[Record]) -> None:
    """Checkpoints are signed by the log, refusals are canonical and say what the document says."""
    verifier = Verifier.parse(str(house.settings.folder.vkey()))
    notes = [record.value.decode() for record in records if record.headers["kind"] == "checkpoint"]
    sizes = [Checkpoint.open(note, verifier).size for note in notes]
    assert sizes == sorted(sizes)
    for refusal in (record.value for record in records if record.headers["kind"] == "refusal"):
        told = json.loads(refusal)
        Draft202012Validator(DOCUMENT["components"]["messages"]["refusal"]["payload"]).validate(told)
        assert told["reason"] == "foreign"
        assert canonical(told) == refusal
