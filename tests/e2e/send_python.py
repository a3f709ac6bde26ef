"""Sends one fixed story (two spans, one log record, three metrics) with the official OpenTelemetry SDK
for Python and prints the trace's id as JSON.
  python send_python.py grpc|protobuf BASE_URL [TRACES]
With TRACES, that many one-span traces go through the batch processor instead and their ids are
printed: for tests of retries."""

import importlib
import json
import logging
import sys

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

RESOURCE = Resource.create({"service.name": "sdk-python", "story.number": 7,
                            "story.list": ["a", "b"]})


def exporter(protocol, base, module, name, path):
    package = "grpc" if protocol == "grpc" else "http"
    kind = getattr(importlib.import_module(
        f"opentelemetry.exporter.otlp.proto.{package}.{module}"), name)
    if protocol == "grpc":
        return kind(endpoint=base, insecure=True, timeout=60)
    return kind(endpoint=f"{base}/v1/{path}", timeout=60)


def tell_story(tracer):
    link = Link(SpanContext(int("ab" * 16, 16), int("cd" * 8, 16), True, TraceFlags(1)),
                {"why": "retry"})
    with tracer.start_as_current_span("plan", end_on_exit=False, attributes={
            "text": "snow \u2603", "flag": True, "count": 9007199254740991, "ratio": 0.25,
            "words": ["a", "b"], "numbers": [1, 2, 3]}) as parent:
        parent.add_event("step", {"n": 1})
        parent.set_status(Status(StatusCode.ERROR, "it broke"))
        tracer.start_span("call", kind=SpanKind.CLIENT, links=[link]).end()
        within = trace.set_span_in_context(parent)
    parent.end()
    return format(parent.get_span_context().trace_id, "032x"), within


def tell_logs_and_metrics(protocol, base, within):
    loggers = LoggerProvider(resource=RESOURCE)
    loggers.add_log_record_processor(BatchLogRecordProcessor(
        exporter(protocol, base, "_log_exporter", "OTLPLogExporter", "logs")))
    loggers.get_logger("story", "1.2.3").emit(LogRecord(
        body="disk is full", severity_text="WARN", severity_number=SeverityNumber.WARN,
        attributes={"n": 1}, context=within))
    loggers.shutdown()
    meters = MeterProvider(resource=RESOURCE, metric_readers=[PeriodicExportingMetricReader(
        exporter(protocol, base, "metric_exporter", "OTLPMetricExporter", "metrics"))])
    meter = meters.get_meter("story", "1.2.3")
    meter.create_counter("story.calls").add(5, {"kind": "a"})
    meter.create_up_down_counter("story.queue").add(-2)
    latency = meter.create_histogram("story.latency", unit="s")
    for seconds in (0.5, 3, 40):
        latency.record(seconds)
    meters.shutdown()


def main():
    logging.basicConfig(level=logging.WARNING)
    protocol, base, *traces = sys.argv[1:]
    tracers = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(
        exporter(protocol, base, "trace_exporter", "OTLPSpanExporter", "traces"),
        max_queue_size=100_000))
    tracer = tracers.get_tracer("story", "1.2.3")
    if traces:
        ids = []
        for i in range(int(traces[0])):
            span = tracer.start_span("one", attributes={"i": i})
            span.end()
            ids.append(format(span.get_span_context().trace_id, "032x"))
        answer = {"trace_ids": ids}
    else:
        trace_id, within = tell_story(tracer)
        tell_logs_and_metrics(protocol, base, within)
        answer = {"trace_id": trace_id}
    tracers.shutdown()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
