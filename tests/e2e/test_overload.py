"""Proves what senders see when ingest is past its bound in bytes: the retryable answer with a delay,
on HTTP and gRPC; and that an official SDK waits, sends again and loses nothing."""

import socket

import grpc
import pytest
import requests
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

import senders
from harness import Server, wait_until
from otlp import trace_request

pytestmark = pytest.mark.needs_command("serve")

HEADERS = ("POST /v1/traces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-protobuf\r\n"
           "Content-Length: {size}\r\n\r\n")
HOLDERS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    out = Server(tmp_path_factory.mktemp("overload") / "data", flags=["--memory", "64MB"]).start()
    yield out
    out.finish()


def in_flight(server):
    return server.json("/api/v1/stats")["ingest_bytes_in_flight"]


class Flood:
    """Requests that announce bodies up to the bound and never send them; they hold all of it."""

    def __init__(self, server):
        self.server = server
        self.sockets = []

    def __enter__(self):
        limit = self.server.json("/api/v1/stats")["ingest_bytes_limit"]
        host = self.server.ready["otlp_http"]
        name, port = host.rsplit(":", 1)
        for size in [limit // HOLDERS] * (HOLDERS - 1) + [limit - limit // HOLDERS * (HOLDERS - 1)]:
            holder = socket.create_connection((name, int(port)))
            holder.sendall(HEADERS.format(host=host, size=size).encode() + b"\x0a")
            self.sockets.append(holder)
        wait_until(lambda: in_flight(self.server) == limit, what="a full budget")
        return self

    def __exit__(self, *_):
        for holder in self.sockets:
            holder.close()
        wait_until(lambda: in_flight(self.server) == 0, what="an empty budget")


def test_http_answers_429_with_a_delay_and_takes_the_same_request_later(server):
    request, trace_id = trace_request(spans=3)
    url, body = f"{server.otlp_http}/v1/traces", request.SerializeToString()
    headers = {"Content-Type": "application/x-protobuf"}
    with Flood(server):
        answer = requests.post(url, data=body, headers=headers, timeout=30)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) >= 1
        status = Status.FromString(answer.content)
        assert status.message
        assert server.get(f"/api/v1/traces/{trace_id}").status_code == 404
    assert requests.post(url, data=body, headers=headers, timeout=30).status_code == 200
    assert server.get(f"/api/v1/traces/{trace_id}").status_code == 200


def test_grpc_answers_a_retryable_status_with_retry_info(server):
    request, trace_id = trace_request(spans=3)
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        export = TraceServiceStub(channel).Export
        with Flood(server), pytest.raises(grpc.RpcError) as error:
            export(request, timeout=30)
        assert error.value.code() in (grpc.StatusCode.UNAVAILABLE,
                                      grpc.StatusCode.RESOURCE_EXHAUSTED)
        trailers = dict(error.value.trailing_metadata())
        status = Status.FromString(trailers["grpc-status-details-bin"])
        (detail,) = [d for d in status.details if d.Is(RetryInfo.DESCRIPTOR)]
        info = RetryInfo()
        detail.Unpack(info)
        assert info.retry_delay.ToTimedelta().total_seconds() > 0
        export(request, timeout=30)
    assert server.get(f"/api/v1/traces/{trace_id}").status_code == 200


# The SDKs of JavaScript and Go give up sooner than a flood may last; what they then report is theirs.
@pytest.mark.parametrize("language, protocol", [("python", "grpc"), ("python", "protobuf")])
def test_the_sdks_wait_and_deliver_everything(server, language, protocol):
    def refused():
        return server.json("/api/v1/stats")["ingest"]["overloaded_requests"]

    before = refused()
    with Flood(server):
        sender = senders.start(server, language, protocol, 50)
        wait_until(lambda: refused() > before or sender.poll() is not None, 60, "a refusal")
        assert sender.poll() is None, sender.communicate()
    trace_ids = senders.finish(sender)["trace_ids"]
    assert len(trace_ids) == 50
    missing = [i for i in trace_ids if server.get(f"/api/v1/traces/{i}").status_code != 200]
    assert not missing


def test_memory_stays_within_its_bound_while_senders_push(server):
    def resident_bytes():
        with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    request, _ = trace_request(spans=500, attributes={"text": "x" * 500})
    server.send(request)
    before = resident_bytes()
    with Flood(server):
        for _ in range(200):
            answer = requests.post(f"{server.otlp_http}/v1/traces", timeout=30,
                                   data=request.SerializeToString(),
                                   headers={"Content-Type": "application/x-protobuf"})
            assert answer.status_code == 429
        grown = resident_bytes() - before
    assert grown < 32_000_000, f"{grown} bytes more after 200 refused requests"
