"""Proves the OTLP receivers with the official OpenTelemetry SDKs of Python, JavaScript and Go, over
gRPC and HTTP (protobuf; JSON where the SDK speaks it): traces, logs and metrics come back attribute
for attribute."""

import pytest

import senders
from harness import wait_until
from otlp import plain_spans_of_json

pytestmark = pytest.mark.needs_command("serve")

STRINGS = ("array", (("string", "a"), ("string", "b")))
PLAN_ATTRIBUTES = {
    "text": ("string", "snow \u2603"), "flag": ("bool", True),
    "count": ("int", 9007199254740991), "ratio": ("double", 0.25), "words": STRINGS,
    "numbers": ("array", (("int", 1), ("int", 2), ("int", 3)))}
KIND_INTERNAL, KIND_CLIENT, STATUS_ERROR = 1, 3, 2


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from harness import Server

    out = Server(tmp_path_factory.mktemp("sdks") / "data").start()
    yield out
    out.finish()


@pytest.fixture(scope="module", params=senders.PROTOCOLS, ids="-".join)
def told(request, server):
    """(service, trace id) of a story that one SDK has told over one protocol."""
    language, protocol = request.param
    answer = senders.finish(senders.start(server, language, protocol))
    return f"sdk-{language}", answer["trace_id"]


def test_spans_come_back_attribute_for_attribute(server, told):
    service, trace_id = told
    spans = plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))
    assert len(spans) == 2
    plan = next(span for span in spans.values() if span["name"] == "plan")
    call = next(span for span in spans.values() if span["name"] == "call")
    plan_id = next(key[1] for key, span in spans.items() if span is plan)
    for span in (plan, call):
        assert span["resource"]["service.name"] == ("string", service)
        assert span["resource"]["story.number"] == ("int", 7)
        assert span["resource"]["story.list"] == STRINGS
        assert span["scope"] == ("story", "1.2.3", ())
        assert 0 < span["start"] <= span["end"]
    assert (plan["parent"], plan["kind"]) == ("", KIND_INTERNAL)
    assert plan["attributes"] == PLAN_ATTRIBUTES
    assert plan["status"] == (STATUS_ERROR, "it broke")
    ((_, name, attributes),) = plan["events"]
    assert (name, attributes) == ("step", {"n": ("int", 1)})
    assert (call["parent"], call["kind"]) == (plan_id, KIND_CLIENT)
    assert call["links"] == [("ab" * 16, "cd" * 8, {"why": ("string", "retry")})]


def test_log_records_come_back_with_their_span(server, told):
    service, trace_id = told
    (group,) = server.json("/api/v1/logs", trace_id=trace_id)["resourceLogs"]
    resource = {pair["key"]: pair["value"] for pair in group["resource"]["attributes"]}
    assert resource["service.name"] == {"stringValue": service}
    assert resource["story.number"] == {"intValue": "7"}
    (scope,) = group["scopeLogs"]
    assert (scope["scope"]["name"], scope["scope"]["version"]) == ("story", "1.2.3")
    (record,) = scope["logRecords"]
    assert record["body"] == {"stringValue": "disk is full"}
    assert (record["severityText"], record["severityNumber"]) == ("WARN", 13)
    assert record["attributes"] == [{"key": "n", "value": {"intValue": "1"}}]
    spans = server.json(f"/api/v1/traces/{trace_id}")
    assert (trace_id, record["spanId"]) in plain_spans_of_json(spans)


def test_metric_points_become_series_with_their_values(server, told):
    service, _ = told

    def last_value(name, **labels):
        items = server.json("/api/v1/series", name=name, q=service)["items"]
        wanted = {"service.name": service, **labels}
        values = [value for item in items if item["labels"] == wanted and item["series"]
                  for value in item["series"]["values"] if value is not None]
        return values[-1] if values else None

    for name, labels, expected in [("story.calls", {"kind": "a"}, 5), ("story.queue", {}, -2),
                                   ("story.latency.count", {}, 3),
                                   ("story.latency.sum", {}, 43.5)]:
        found = wait_until(lambda name=name, labels=labels: last_value(name, **labels),
                           what=f"{name} of {service}")
        # Each protocol's run of one SDK adds to the same counters.
        assert found == expected if expected < 0 else found % expected == 0, (name, found)
