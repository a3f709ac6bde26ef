"""Proves OTLP/HTTP's rules against the real server, one row a rule: content types, compression,
status bodies in the request's encoding, partial success, JSON spellings."""

import base64
import gzip
import json
import os

import pytest
import requests
import zstandard
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otlp import (log_request, metric_request, plain_spans_of_json, plain_spans_of_pb,
                  trace_request)

pytestmark = pytest.mark.needs_command("serve")

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from harness import Server

    out = Server(tmp_path_factory.mktemp("otlp") / "data", flags=["--body-max", "1MB"]).start()
    yield out
    out.finish()


def post(server, body, signal="traces", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(f"{server.otlp_http}/v1/{signal}", data=body, headers=headers, timeout=30)


def json_span(**overrides):
    span = {"traceId": os.urandom(16).hex(), "spanId": os.urandom(8).hex(), "name": "n", "kind": 1,
            "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": "1750000001000000000"}
    span.update(overrides)
    return span


def json_body(*spans):
    return json.dumps({"resourceSpans": [{"resource": {"attributes": [
        {"key": "service.name", "value": {"stringValue": "e2e"}}]},
        "scopeSpans": [{"spans": list(spans)}]}]}).encode()


def stored(server, trace_id):
    return plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))


@pytest.mark.parametrize("content_type", [
    PROTOBUF, "application/x-protobuf; charset=utf-8", "Application/X-Protobuf",
    "application/x-protobuf;v=1;q=\"a;b\""])
def test_protobuf_media_types_are_taken_with_parameters_in_any_case(server, content_type):
    request, trace_id = trace_request()
    answer = post(server, request.SerializeToString(), Content_Type=content_type)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == PROTOBUF
    assert answer.content == b""
    assert stored(server, trace_id) == plain_spans_of_pb(request)


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8",
                                          "APPLICATION/JSON"])
def test_json_media_types_are_taken_and_answered_in_json(server, content_type):
    span = json_span()
    answer = post(server, json_body(span), Content_Type=content_type)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == JSON
    assert answer.json() == {}
    assert len(stored(server, span["traceId"])) == 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded",
                                          "multipart/form-data; boundary=x", None])
def test_other_media_types_are_refused_so_that_a_page_must_ask_first(server, content_type):
    request, trace_id = trace_request()
    headers = {} if content_type is None else {"Content_Type": content_type}
    answer = post(server, request.SerializeToString(), **headers)
    assert answer.status_code == 415
    assert server.get(f"/api/v1/traces/{trace_id}").status_code == 404


ENCODINGS = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_each_content_encoding_is_undone(server, encoding, content_type):
    if content_type == JSON:
        span = json_span()
        body, trace_id = json_body(span), span["traceId"]
    else:
        request, trace_id = trace_request()
        body = request.SerializeToString()
    answer = post(server, ENCODINGS[encoding](body), Content_Type=content_type,
                  Content_Encoding=encoding)
    assert answer.status_code == 200, answer.text
    assert len(stored(server, trace_id)) == 1


def test_unknown_content_encoding_is_refused(server):
    request, _ = trace_request()
    answer = post(server, request.SerializeToString(), Content_Type=PROTOBUF,
                  Content_Encoding="br")
    assert answer.status_code in (400, 415)


def test_answers_are_compressed_only_when_asked(server):
    raw = requests.get(server.http + "/api/v1/services", timeout=10,
                       headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in raw.headers


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize("content_type, body", [(PROTOBUF, b""), (JSON, b"{}")])
def test_an_empty_request_is_a_success(server, signal, content_type, body):
    answer = post(server, body, signal, Content_Type=content_type)
    assert answer.status_code == 200
    assert answer.content == body


BAD_BODIES = {
    "broken protobuf": (PROTOBUF, b"\x0a\xff\xff\xff"),
    "broken json": (JSON, b'{"resourceSpans": ['),
    "json of another shape": (JSON, b'[1, 2]'),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_malformed_bodies_get_400_with_a_status_in_the_requests_encoding(server, name):
    content_type, body = BAD_BODIES[name]
    answer = post(server, body, Content_Type=content_type)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].split(";")[0] == content_type
    assert "Retry-After" not in answer.headers
    if content_type == PROTOBUF:
        assert Status.FromString(answer.content).message
    else:
        assert answer.json()["message"]


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_malformed_compression_gets_400(server, encoding):
    answer = post(server, b"not compressed", Content_Type=PROTOBUF, Content_Encoding=encoding)
    assert answer.status_code == 400


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_body_limit_counts_after_decompression_and_gives_413(server, encoding):
    request, trace_id = trace_request(attributes={"big": os.urandom(700_000).hex()})
    body = request.SerializeToString()
    assert len(body) > 1_000_000
    answer = post(server, ENCODINGS[encoding](body), Content_Type=PROTOBUF,
                  Content_Encoding=encoding)
    assert answer.status_code == 413
    assert Status.FromString(answer.content).message
    assert server.get(f"/api/v1/traces/{trace_id}").status_code == 404


@pytest.mark.parametrize("path, method, status", [
    ("/v1/traces", "GET", 405), ("/v1/traces", "PUT", 405), ("/v1/nothing", "POST", 404),
    ("/", "POST", 404)])
def test_other_methods_and_paths(server, path, method, status):
    answer = requests.request(method, server.otlp_http + path, timeout=10, data=b"",
                              headers={"Content-Type": PROTOBUF})
    assert answer.status_code == status
    if status == 405:
        assert "POST" in answer.headers["Allow"]


def test_one_bad_span_never_costs_the_batch(server):
    good, bad = json_span(), json_span(traceId="00" * 16)
    answer = post(server, json_body(good, bad), Content_Type=JSON)
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert int(partial["rejectedSpans"]) == 1
    assert partial["errorMessage"]
    assert len(stored(server, good["traceId"])) == 1


def test_partial_success_in_protobuf(server):
    request, trace_id = trace_request(spans=3)
    request.resource_spans[0].scope_spans[0].spans[1].span_id = b"short"
    answer = post(server, request.SerializeToString(), Content_Type=PROTOBUF)
    response = ExportTraceServiceResponse.FromString(answer.content)
    assert response.partial_success.rejected_spans == 1
    assert response.partial_success.error_message
    assert len(stored(server, trace_id)) == 2


def test_json_ids_are_hex_of_either_case_and_answered_in_lower_case(server):
    span = json_span()
    upper = {**span, "traceId": span["traceId"].upper(), "spanId": span["spanId"].upper()}
    assert post(server, json_body(upper), Content_Type=JSON).json() == {}
    assert list(stored(server, span["traceId"])) == [(span["traceId"], span["spanId"])]
    assert len(stored(server, span["traceId"].upper())) == 1


def test_json_64_bit_integers_are_strings_or_numbers(server):
    span = json_span(startTimeUnixNano=1750000000000000001, attributes=[
        {"key": "text", "value": {"intValue": "9007199254740993"}},
        {"key": "number", "value": {"intValue": 9007199254740993}},
        {"key": "negative", "value": {"intValue": -5}}])
    assert post(server, json_body(span), Content_Type=JSON).json() == {}
    (found,) = stored(server, span["traceId"]).values()
    assert found["start"] == 1750000000000000001
    assert found["attributes"] == {"text": ("int", 9007199254740993),
                                   "number": ("int", 9007199254740993), "negative": ("int", -5)}


def test_json_unknown_fields_are_ignored(server):
    span = json_span(futureField={"a": [1, {"b": None}]})
    assert post(server, json_body(span), Content_Type=JSON).json() == {}
    assert len(stored(server, span["traceId"])) == 1


VALUES = {
    "empty": None,
    "string": "text \u2603 \U0001f41d",
    "empty string": "",
    "true": True,
    "false": False,
    "int max": 2**63 - 1,
    "int min": -2**63,
    "double": 0.1,
    "double small": 5e-324,
    "bytes": b"\x00\xff\x80",
    "empty bytes": b"",
    "mixed array": ["a", 1, 2.5, True, None, b"x"],
    "empty array": [],
    "nested": {"a": {"b": [{"c": 1}, []]}},
    "empty kvlist": {},
    "large": "x" * 100_000,
}


@pytest.mark.parametrize("name", VALUES)
def test_every_kind_of_attribute_value_comes_back_unaltered(server, name):
    request, trace_id = trace_request(attributes={"key": VALUES[name], "other": 1},
                                      resource={"res": VALUES[name]})
    server.send(request)
    assert stored(server, trace_id) == plain_spans_of_pb(request)


def test_json_bytes_values_are_base64(server):
    span = json_span(attributes=[
        {"key": "b", "value": {"bytesValue": base64.b64encode(b"\x00\x01").decode()}}])
    assert post(server, json_body(span), Content_Type=JSON).json() == {}
    (found,) = stored(server, span["traceId"]).values()
    assert found["attributes"] == {"b": ("bytes", b"\x00\x01")}


def test_events_links_status_and_times_come_back_unaltered(server):
    request, trace_id = trace_request(spans=2)
    span = request.resource_spans[0].scope_spans[0].spans[1]
    span.trace_state = "vendor=1"
    span.status.code = 2
    span.status.message = "it broke"
    span.end_time_unix_nano = span.start_time_unix_nano - 5  # a clock that disagrees
    event = span.events.add(name="exception", time_unix_nano=1)
    event.attributes.extend(trace_request(attributes={"exception.type": "ValueError"})[0]
                            .resource_spans[0].scope_spans[0].spans[0].attributes)
    span.links.add(trace_id=os.urandom(16), span_id=os.urandom(8))
    server.send(request)
    assert stored(server, trace_id) == plain_spans_of_pb(request)


def test_logs_and_metrics_are_taken(server):
    request, trace_id = log_request("disk is full", attributes={"n": 1})
    server.send(request, "logs")
    server.send(metric_request(), "metrics")
    found = server.json("/api/v1/logs", trace_id=trace_id)
    (record,) = found["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "disk is full"}
    assert record["severityText"] == "INFO"
    assert record["attributes"] == [{"key": "n", "value": {"intValue": "1"}}]


def test_a_byte_equal_retry_is_acknowledged_and_stored_once(server):
    request, trace_id = trace_request(spans=3)
    for _ in range(3):
        server.send(request)
    assert stored(server, trace_id) == plain_spans_of_pb(request)
    hits = server.json("/api/v1/summaries", trace_id=trace_id)["items"]
    assert [hit["spans"] for hit in hits] == [3]
