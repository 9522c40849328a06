"""Traces, metrics and logs: OpenTelemetry when an endpoint is set, JSON lines on stderr always.

Without an `OTEL_EXPORTER_OTLP…_ENDPOINT` (and no provider made by a test) spans are the API's no-ops and cost nothing.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import Link, SpanContext
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

_LAST_WORDS = 1.0  # seconds
log = logging.getLogger(__name__)
tracer = trace.get_tracer("kycuong")
meter = metrics.get_meter("kycuong")
_propagator = TraceContextTextMapPropagator()


def trace_headers() -> dict[str, str]:
    """`traceparent` and `tracestate` of the current span; empty when nothing is being traced."""
    carrier: dict[str, str] = {}
    if trace.get_current_span().get_span_context().is_valid:
        inject(carrier)
    return carrier


def context_of(headers: Mapping[str, str]) -> SpanContext | None:
    """The span context that headers carry."""
    if "traceparent" not in headers:
        return None
    context = trace.get_current_span(extract(headers)).get_span_context()
    return context if context.is_valid else None


def links(traceparents: Iterable[str | None], limit: int = 128) -> list[Link]:
    """Links to the traces of a batch, each once: a batch has many parents, so it has none."""
    contexts = (context_of({"traceparent": header}) for header in dict.fromkeys(traceparents) if header)
    return [Link(context) for context in islice(contexts, limit) if context is not None]


class _JsonLines(logging.Formatter):
    """One JSON object a line, of allowed fields only: no personal data reaches a log by accident."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: str | None = None) -> None:
    """Send all logging to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level or _level())
    for noisy in ("httpx", "aiokafka", "alembic", "uvicorn.access", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _level() -> str:
    """The level that KYCUONG_LOG_LEVEL names; ValueError when it is none."""
    level = os.environ.get("KYCUONG_LOG_LEVEL", "").strip().upper() or "INFO"
    if level not in logging.getLevelNamesMapping():
        raise ValueError(
            "KYCUONG_LOG_LEVEL: một trong DEBUG, INFO, WARNING, ERROR / one of DEBUG, INFO, WARNING, ERROR"
        )
    return level


@contextmanager
def exporting(service: str) -> Iterator[None]:
    """Export traces and metrics over OTLP/HTTP meanwhile, each when an endpoint is configured for it.

    At the end what is left is sent, for a second at most: a collector that is away never holds up a stop. The SDK's own
    exit handlers, which would wait ten seconds and more, are not used.
    """
    ends = [start(service) for signal, start in _SIGNALS.items() if _configured(signal)]
    try:
        yield
    finally:
        senders = [Thread(target=_end, args=(end,), daemon=True) for end in ends]
        deadline = time.monotonic() + _LAST_WORDS
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(max(0.0, deadline - time.monotonic()))


def _configured(signal: str) -> bool:
    """Whether a signal has an endpoint. An empty variable is one that is not set; the SDK would read a default."""
    for name in [name for name, value in os.environ.items() if name.startswith("OTEL_")]:
        value = os.environ.pop(name).strip()
        if value:
            os.environ[name] = value
    endpoints = {f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}
    return not endpoints.isdisjoint(os.environ)


def _export_traces(service: str) -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=_resource(service), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _export_metrics(service: str) -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = MeterProvider(resource=_resource(service), metric_readers=[reader], shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    return provider.shutdown


def _resource(service: str) -> "Resource":
    from opentelemetry.sdk.resources import Resource

    return Resource.create({"service.name": f"kycuong-{service}"})


def _end(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception as error:  # the SDK raises plain Exception when its time is over
        log.warning("the last telemetry was not sent: %s", error)


_SIGNALS = {"TRACES": _export_traces, "METRICS": _export_metrics}
