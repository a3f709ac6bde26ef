"""Exported observations of real traces as OTLP JSON: their original attributes where the export
kept them, else what the export says of them in Langfuse's own attributes."""

import datetime
import hashlib
import json


def unix_ns(text):
    if not text:
        return 0
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(moment.timestamp() * 1000) * 1_000_000


def any_value(value):
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"stringValue": json.dumps(value)}


def ids(text, digits):
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def span_of(trace, item):
    metadata = item.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    attributes = dict(metadata.get("attributes") or {})
    if not attributes:
        attributes["langfuse.observation.type"] = item["type"].lower()
        if item.get("model"):
            attributes["langfuse.observation.model.name"] = item["model"]
        if item.get("usageDetails"):
            attributes["langfuse.observation.usage_details"] = json.dumps(item["usageDetails"])
    if item.get("usageDetails") and not any("usage" in k or "token" in k for k in attributes):
        attributes["langfuse.observation.usage_details"] = json.dumps(item["usageDetails"])
    for key, value in metadata.items():
        if key.startswith("langgraph_"):
            attributes["langfuse.observation.metadata." + key] = value
    span = {
        "traceId": ids(trace, 32), "spanId": ids(item["id"], 16), "name": item["name"], "kind": 1,
        "startTimeUnixNano": str(unix_ns(item["startTime"])),
        "endTimeUnixNano": str(unix_ns(item.get("endTime"))),
        "attributes": [{"key": k, "value": any_value(v)} for k, v in attributes.items()],
        "status": {"code": 2} if item.get("level") == "ERROR" else {},
    }
    if item.get("parentObservationId"):
        span["parentSpanId"] = ids(item["parentObservationId"], 16)
    return span, (metadata.get("scope") or {}).get("name", "")


def otlp_of(export):
    trace = export.get("trace", export)
    observations = export.get("observations") or trace["observations"]
    scopes = {}
    for item in observations:
        span, scope = span_of(trace["id"], item)
        scopes.setdefault(scope, []).append(span)
    return {"resourceSpans": [{
        "resource": {"attributes": []},
        "scopeSpans": [{"scope": {"name": n}, "spans": s} for n, s in scopes.items()]}]}
