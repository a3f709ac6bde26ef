#!/usr/bin/env python3
"""What the Python package costs its process, beside the official OpenTelemetry Python SDK doing the same
work in the same run. Needs the package and opentelemetry-sdk installed:

    .deps/venv/bin/python bench/python_overhead.py [--spans 20000] [--repeat 5] [--json]

The framework's figures hold everything that happens to a span in this process: it is stored, agents are
recognised in it, their figures are renewed. The tracer's hold what the caller waits for: a span from start
to end (as a `with` block it also becomes OpenTelemetry's current span), budget 3 us. The official SDK's hold its batch processor with an exporter
that throws spans away; sending them would come on top. Times are the best of the repetitions, in
microseconds of one thread; bytes are growth of the resident set.
"""

import argparse
import json
import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from honeyguide import BusinessMetricsMonitor, DistributedTracingSystem, Tracer

ATTRIBUTES = {"llm.model": "small-1", "llm.tokens": 128, "llm.temperature": 0.2}
ACTIVE_WORKFLOWS = 50_000


class Discard(SpanExporter):
    """An exporter that takes everything and keeps nothing."""

    def export(self, spans):
        return SpanExportResult.SUCCESS


def microseconds(body, spans, repeat):
    best = float("inf")
    for _ in range(repeat):
        began = time.perf_counter_ns()
        for _ in range(spans):
            body()
        best = min(best, (time.perf_counter_ns() - began) / spans / 1000)
    return round(best, 2)


def resident_bytes():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def bytes_of_an_active_workflow():
    tracing = DistributedTracingSystem()
    for number in range(1000):
        tracing.start_workflow_trace(f"first-{number}", "task_execution", ["a", "b"])
    before = resident_bytes()
    for number in range(ACTIVE_WORKFLOWS):
        tracing.start_workflow_trace(f"workflow-{number}", "task_execution", ["agent_1", "agent_2"])
    return round((resident_bytes() - before) / ACTIVE_WORKFLOWS)


def measure(spans, repeat):
    tracing, metrics = DistributedTracingSystem(), BusinessMetricsMonitor()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Discard()))
    official = provider.get_tracer("bench")

    def scope():
        with tracing.trace_agent_operation("agent_1", "plan", None, ATTRIBUTES):
            pass

    def task():
        metrics.record_task("agent_1", "task", "build", True, 0.5)

    def official_span():
        with official.start_as_current_span("plan", attributes=ATTRIBUTES):
            pass

    # Nobody listens there: the exporter's thread fails and counts, which costs it more than sending.
    tracer = Tracer("bench", server="http://127.0.0.1:1", export_timeout_s=0.05, queue_bytes_max=256 << 20)

    def tracer_span():
        tracer.start_span("plan", ATTRIBUTES).end()

    def tracer_block():
        with tracer.span("plan", ATTRIBUTES):
            pass

    # First, while the heap is small enough to show growth.
    active = bytes_of_an_active_workflow()
    figures = {
        "tracer_span_us": microseconds(tracer_span, spans, repeat),
        "tracer_block_us": microseconds(tracer_block, spans, repeat),
        "framework_scope_us": microseconds(scope, spans, repeat),
        "framework_record_task_us": microseconds(task, spans, repeat),
        "opentelemetry_sdk_span_us": microseconds(official_span, spans, repeat),
        "active_workflow_bytes": active,
    }
    provider.shutdown()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--spans", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.spans, arguments.repeat)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:28}{value:>10}")


if __name__ == "__main__":
    main()
