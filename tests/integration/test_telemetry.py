"""One trace from the PUT through the stream to the fold; batches link to the traces of their members."""

import asyncio

import uuid_utils
from opentelemetry.trace import SpanKind

from services.kernel.process.telemetry import context_of, links
from tests.support.house import open_house
from tests.support.tokens import token_for

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STAGES = {"send discipline.events", "process discipline.events", "send audit.entries", "process audit.entries"}
METRICS = {
    "kycuong.outbox.depth",
    "kycuong.outbox.oldest_age",
    "kycuong.stream.lag",
    "kycuong.audit.tree_size",
    "kycuong.audit.checkpoint_age",
}
HEADER = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_links_name_each_trace_once():
    assert len(links([HEADER, HEADER, None, "broken"])) == 1
    assert format(context_of({"traceparent": HEADER}).trace_id, "032x") == TRACE
    assert context_of({}) is None


async def test_one_trace_goes_from_the_put_to_the_fold(settings, heard):
    spans, reader = heard
    async with open_house(settings) as house, house.client(await token_for(house.settings, "admin")) as client:
        body = {
            "change": "register", "unit": "xa-a", "name": "Xã A", "group": "xa", "parent": None, "staff": 9,
            "valid_from": "2025-07-01",
        }  # fmt: skip
        write = str(uuid_utils.uuid7())
        answer = await client.put(f"/intake/v1/unit-changes/{write}", json=body, headers={"traceparent": HEADER})
        assert answer.status_code == 201, answer.text
        async with asyncio.timeout(60):
            while not STAGES <= linked(spans):
                await asyncio.sleep(0.05)
        (server,) = [span for span in spans.get_finished_spans() if span.kind is SpanKind.SERVER and of_trace(span)]
        assert (
            server.name == "PUT /intake/v1/unit-changes/{id}" and server.attributes["http.response.status_code"] == 201
        )
        assert METRICS <= names(reader)


def of_trace(span):
    return format(span.context.trace_id, "032x") == TRACE


def linked(spans):
    """The batch steps whose span links to the request's trace."""
    return {
        span.name
        for span in spans.get_finished_spans()
        if TRACE in {format(link.context.trace_id, "032x") for link in span.links}
    }


def names(reader):
    data = reader.get_metrics_data()
    return {
        metric.name
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
