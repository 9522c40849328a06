"""What the program exports: heard in memory. A process can install its providers once, so all tests share these."""

from collections.abc import Iterator

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

Heard = tuple[InMemorySpanExporter, InMemoryMetricReader]


@pytest.fixture(scope="session")
def providers() -> Heard:
    """The process's span exporter and metric reader."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
    return spans, reader


@pytest.fixture
def heard(providers: Heard) -> Iterator[Heard]:
    """What is exported during one test."""
    providers[0].clear()
    yield providers
    providers[0].clear()


def latest(heard: Heard, name: str) -> float | None:
    """The value that a gauge told last; None when it told none."""
    data = heard[1].get_metrics_data()
    found = [
        point.value  # type: ignore[union-attr]
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    ]
    return found[-1] if found else None
