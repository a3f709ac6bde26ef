"""Proves OTLP/gRPC's rules with the official gRPC client: status codes, limits, compression."""

import os

import grpc
import pytest
from google.rpc import status_pb2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from otlp import (log_request, metric_request, plain_spans_of_json, plain_spans_of_pb,
                  trace_request)

pytestmark = pytest.mark.needs_command("serve")

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from harness import Server

    out = Server(tmp_path_factory.mktemp("grpc") / "data", flags=["--body-max", "8MB"]).start()
    yield out
    out.finish()


@pytest.fixture(scope="module")
def channel(server):
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(server.otlp_grpc, options=options) as out:
        yield out


def raw_call(channel, path, body, **kwargs):
    return channel.unary_unary(path, lambda b: b, lambda b: b)(body, timeout=20, **kwargs)


def stored(server, trace_id):
    return plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_spans_are_stored_whole(server, channel, compression):
    request, trace_id = trace_request(spans=20, attributes={"k": "v" * 50, "n": 5})
    answer = TraceServiceStub(channel).Export(request, compression=compression, timeout=20)
    assert not answer.HasField("partial_success")
    assert stored(server, trace_id) == plain_spans_of_pb(request)


def test_an_empty_request_is_a_success(channel):
    assert raw_call(channel, EXPORT, b"") == b""


def test_logs_and_metrics_are_taken(server, channel):
    request, trace_id = log_request("over grpc")
    LogsServiceStub(channel).Export(request, timeout=20)
    MetricsServiceStub(channel).Export(metric_request(), timeout=20)
    assert server.json("/api/v1/logs", trace_id=trace_id)["resourceLogs"]


def test_messages_above_grpcs_usual_4_mib_are_taken(server, channel):
    request, trace_id = trace_request(attributes={"big": os.urandom(3_000_000).hex()})
    TraceServiceStub(channel).Export(request, timeout=30)
    assert stored(server, trace_id) == plain_spans_of_pb(request)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_above_the_limit_is_resource_exhausted_without_a_retry_delay(channel, compression):
    request, _ = trace_request(attributes={"big": os.urandom(5_000_000).hex()})
    with pytest.raises(grpc.RpcError) as error:
        TraceServiceStub(channel).Export(request, compression=compression, timeout=30)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    details = dict(error.value.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details:
        assert not any("RetryInfo" in d.type_url for d in status_pb2.Status.FromString(details).details)


def test_malformed_requests_are_invalid_argument(channel):
    with pytest.raises(grpc.RpcError) as error:
        raw_call(channel, EXPORT, b"\x0a\xff\xff\xff")
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_unknown_methods_are_unimplemented(channel):
    with pytest.raises(grpc.RpcError) as error:
        raw_call(channel, "/some.Service/Method", b"")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_one_bad_span_never_costs_the_batch(server, channel):
    request, trace_id = trace_request(spans=3)
    request.resource_spans[0].scope_spans[0].spans[2].span_id = bytes(8)
    answer = ExportTraceServiceResponse.FromString(
        raw_call(channel, EXPORT, request.SerializeToString()))
    assert answer.partial_success.rejected_spans == 1
    assert answer.partial_success.error_message
    assert len(stored(server, trace_id)) == 2


def test_many_calls_at_once_on_one_connection(server, channel):
    requests = [trace_request(spans=3) for _ in range(200)]
    stub = TraceServiceStub(channel)
    calls = [stub.Export.future(request, timeout=30) for request, _ in requests]
    for call in calls:
        call.result()
    for request, trace_id in requests[::20]:
        assert stored(server, trace_id) == plain_spans_of_pb(request)


def test_the_health_service_says_serving(channel):
    # grpc.health.v1.HealthCheckResponse { status = 1: SERVING }
    assert raw_call(channel, "/grpc.health.v1.Health/Check", b"") == b"\x08\x01"
