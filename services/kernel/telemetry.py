"""Traces, metrics and logs: OpenTelemetry when an endpoint is set, JSON lines on stderr always.

Without `OTEL_EXPORTER_OTLP_ENDPOINT` (and no provider installed by a test) spans are the API's no-ops and cost nothing.
"""

import json
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice

from opentelemetry import metrics, trace
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import Link, SpanContext
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

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


def export(service: str) -> None:
    """Export traces and metrics over OTLP/HTTP when an endpoint is configured."""
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"kycuong-{service}"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[reader]))
