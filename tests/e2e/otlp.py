"""Building OTLP requests and comparing spans: protobuf messages and the OTLP JSON that the server
answers are brought into one plain form. No test lives here."""

import base64
import os
import time

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


def value_of(value):
    """A Python value as an AnyValue. None is an empty value."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, (list, tuple)):
        out = AnyValue()
        out.array_value.values.extend(value_of(item) for item in value)
        out.array_value.SetInParent()
        return out
    if isinstance(value, dict):
        out = AnyValue()
        out.kvlist_value.values.extend(attributes_of(value))
        out.kvlist_value.SetInParent()
        return out
    return AnyValue(string_value=value)


def attributes_of(values):
    return [KeyValue(key=key, value=value_of(value)) for key, value in values.items()]


def trace_request(spans=1, trace_id=None, service="e2e", name="step", attributes=None,
                  start_ns=None, resource=None):
    """One trace: a root and its children, a millisecond apart. Gives (request, trace id in hex)."""
    trace_id = trace_id or os.urandom(16)
    start_ns = start_ns if start_ns is not None else time.time_ns() - 1_000_000_000
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(attributes_of({"service.name": service, **(resource or {})}))
    scope = group.scope_spans.add()
    scope.scope.name = "e2e"
    root_id = os.urandom(8)
    for i in range(spans):
        span = scope.spans.add()
        span.trace_id = trace_id
        span.span_id = root_id if i == 0 else os.urandom(8)
        if i:
            span.parent_span_id = root_id
        span.name = name if i == 0 else f"{name}-{i}"
        span.kind = 1
        span.start_time_unix_nano = start_ns + i * 1_000_000
        span.end_time_unix_nano = start_ns + (spans if i == 0 else i + 1) * 1_000_000
        span.attributes.extend(attributes_of(attributes or {}))
    return request, trace_id.hex()


def log_request(body="hello", trace_id=None, service="e2e", attributes=None):
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(attributes_of({"service.name": service}))
    record = group.scope_logs.add().log_records.add()
    record.time_unix_nano = time.time_ns()
    record.observed_time_unix_nano = time.time_ns()
    record.severity_number = 9
    record.severity_text = "INFO"
    record.body.CopyFrom(value_of(body))
    record.trace_id = trace_id or os.urandom(16)
    record.span_id = os.urandom(8)
    record.attributes.extend(attributes_of(attributes or {}))
    return request, record.trace_id.hex()


def metric_request(name="e2e.count", value=1, service="e2e"):
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(attributes_of({"service.name": service}))
    metric = group.scope_metrics.add().metrics.add()
    metric.name = name
    metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=value)
    return request


# --- One plain form ---


def _plain_pb_value(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return ("empty",)
    if kind == "array_value":
        return ("array", tuple(_plain_pb_value(item) for item in value.array_value.values))
    if kind == "kvlist_value":
        return ("kvlist", tuple((pair.key, _plain_pb_value(pair.value))
                                for pair in value.kvlist_value.values))
    return (kind.removesuffix("_value"), getattr(value, kind))


def _plain_json_value(value):
    if not value:
        return ("empty",)
    (kind, content), = value.items()
    if kind == "arrayValue":
        return ("array", tuple(_plain_json_value(item) for item in content.get("values", [])))
    if kind == "kvlistValue":
        return ("kvlist", tuple((pair["key"], _plain_json_value(pair.get("value", {})))
                                for pair in content.get("values", [])))
    if kind == "intValue":
        content = int(content)
    elif kind == "doubleValue":
        content = float(content)
    elif kind == "bytesValue":
        content = base64.b64decode(content)
    return (kind.removesuffix("Value"), content)


def _plain_pb_attributes(attributes):
    return {pair.key: _plain_pb_value(pair.value) for pair in attributes}


def _plain_json_attributes(attributes):
    return {pair["key"]: _plain_json_value(pair.get("value", {})) for pair in attributes}


def plain_spans_of_pb(request):
    """{(trace id, span id): what the span says} of an ExportTraceServiceRequest."""
    out = {}
    for group in request.resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                out[span.trace_id.hex(), span.span_id.hex()] = {
                    "resource": _plain_pb_attributes(group.resource.attributes),
                    "scope": (scope.scope.name, scope.scope.version,
                              tuple(sorted(_plain_pb_attributes(scope.scope.attributes).items()))),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "kind": span.kind,
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "trace_state": span.trace_state,
                    "status": (span.status.code, span.status.message),
                    "attributes": _plain_pb_attributes(span.attributes),
                    "events": [(e.time_unix_nano, e.name, _plain_pb_attributes(e.attributes))
                               for e in span.events],
                    "links": [(e.trace_id.hex(), e.span_id.hex(),
                               _plain_pb_attributes(e.attributes)) for e in span.links],
                }
    return out


def plain_spans_of_json(document):
    """The same of OTLP JSON as the server answers it."""
    out = {}
    for group in document.get("resourceSpans", []):
        resource = _plain_json_attributes(group.get("resource", {}).get("attributes", []))
        for scope_spans in group.get("scopeSpans", []):
            scope = scope_spans.get("scope", {})
            for span in scope_spans.get("spans", []):
                status = span.get("status", {})
                out[span["traceId"], span["spanId"]] = {
                    "resource": resource,
                    "scope": (scope.get("name", ""), scope.get("version", ""), tuple(sorted(
                        _plain_json_attributes(scope.get("attributes", [])).items()))),
                    "parent": span.get("parentSpanId", ""),
                    "name": span.get("name", ""),
                    "kind": span.get("kind", 0),
                    "start": int(span.get("startTimeUnixNano", 0)),
                    "end": int(span.get("endTimeUnixNano", 0)),
                    "trace_state": span.get("traceState", ""),
                    "status": (status.get("code", 0), status.get("message", "")),
                    "attributes": _plain_json_attributes(span.get("attributes", [])),
                    "events": [(int(e.get("timeUnixNano", 0)), e.get("name", ""),
                                _plain_json_attributes(e.get("attributes", [])))
                               for e in span.get("events", [])],
                    "links": [(e["traceId"], e["spanId"],
                               _plain_json_attributes(e.get("attributes", [])))
                              for e in span.get("links", [])],
                }
    return out
