"""The description of the streams names every event type, points at files that exist, and tells the real headers."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.schemas import kinds, schema

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8"))
    return loaded


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for member in node.values() for found in _references(member)]
    return [found for member in node for found in _references(member)] if isinstance(node, list) else []


def _resolve(document: dict[str, Any], pointer: str) -> Any:
    found: Any = document
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = _references(document)
    assert len(references) > len(kinds())
    for reference in references:
        if reference.startswith("#/"):
            assert _resolve(document, reference)
        else:
            assert (SCHEMAS / reference).is_file(), reference


def test_the_events_topic_carries_exactly_the_types_with_a_schema(document: dict[str, Any]) -> None:
    channel = document["channels"]["events"]
    assert channel["address"] == "discipline.events"
    assert sorted(channel["messages"]) == kinds()
    for kind in kinds():
        message = document["components"]["messages"][kind]
        assert message["name"] == f"kycuong.{kind}"
        assert message["title"] == schema(kind)["title"]
        assert message["payload"]["schema"]["$ref"] == f"./events/{kind}.schema.json"


def test_the_entries_topic_carries_entries_checkpoints_and_refusals(document: dict[str, Any]) -> None:
    channel = document["channels"]["entries"]
    assert channel["address"] == "audit.entries"
    assert list(channel["messages"]) == ["entry", "checkpoint", "refusal"]
    for kind in channel["messages"]:
        headers = document["components"]["messages"][kind]["headers"]
        assert headers["properties"]["kind"] == {"const": kind}
        assert "kind" in headers["required"]


def test_both_topics_have_one_partition(document: dict[str, Any]) -> None:
    assert [channel["bindings"]["kafka"]["partitions"] for channel in document["channels"].values()] == [1, 1]
