"""Proves the HTTP/2 of the gRPC port with other people's tools: h2spec's conformance suite, h2load, and
a peer that breaks the rules on purpose; a sender beside them is served all the while."""

import shutil
import socket
import struct
import subprocess

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

import senders
from harness import Server
from otlp import trace_request

pytestmark = pytest.mark.needs_command("serve")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING = 0, 1, 3, 4, 6
CONTINUATION, END_HEADERS, ACK = 9, 4, 1
# :method POST, :scheme http, :path /, :authority x, all from HPACK's static table or literal.
REQUEST_HEAD = b"\x83\x86\x84\x41\x01x"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    out = Server(tmp_path_factory.mktemp("http2") / "data").start()
    yield out
    out.finish()


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + \
        struct.pack(">I", stream) + payload


def connect(server):
    host, port = server.otlp_grpc.rsplit(":", 1)
    peer = socket.create_connection((host, int(port)), timeout=20)
    peer.sendall(PREFACE + frame(SETTINGS) + frame(SETTINGS, ACK))
    return peer


def assert_still_serving(server):
    request, trace_id = trace_request(spans=2)
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        TraceServiceStub(channel).Export(request, timeout=20)
    assert server.get(f"/api/v1/traces/{trace_id}").status_code == 200


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def test_h2spec_finds_no_failure(server):
    host, port = server.otlp_grpc.rsplit(":", 1)
    done = subprocess.run([senders.h2spec(), "-h", host, "-p", port, "-o", "10"],
                          capture_output=True, text=True, timeout=300, check=False)
    summary = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-6000:]
    assert ", 0 failed" in summary
    assert int(summary.split(" tests,")[0]) >= 145
    assert_still_serving(server)


@pytest.mark.skipif(shutil.which("h2load") is None, reason="no h2load (Debian: nghttp2-client)")
def test_h2load_gets_an_answer_to_each_of_20_000_small_calls(server, tmp_path):
    body = tmp_path / "empty-call"
    body.write_bytes(bytes(5))  # one gRPC message of no bytes: an empty export
    done = subprocess.run(
        ["h2load", "-n", "20000", "-c", "4", "-m", "50", "-d", str(body),
         "-H", "content-type: application/grpc", "-H", "te: trailers",
         f"http://{server.otlp_grpc}"
         "/opentelemetry.proto.collector.trace.v1.TraceService/Export"],
        capture_output=True, text=True, timeout=120, check=False)
    assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout


def resets(i):
    return frame(HEADERS, END_HEADERS, 2 * i + 1, REQUEST_HEAD) + \
        frame(RST_STREAM, 0, 2 * i + 1, struct.pack(">I", 8))


def continuations(i):
    if i == 0:
        return frame(HEADERS, 0, 1, REQUEST_HEAD)
    return frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b" * 100)


FLOODS = {"resets": resets, "headers without an end": continuations,
          "pings": lambda i: frame(PING, 0, 0, bytes(8)),
          "settings": lambda i: frame(SETTINGS),
          "empty data": lambda i: frame(DATA, 0, 1)}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_its_connection_or_is_borne_in_bounded_memory(server, name):
    assert_still_serving(server)
    before = resident_bytes(server)
    peer = connect(server)
    closed = False
    try:
        for start in range(0, 100_000, 1000):  # nothing is ever read: answers pile up
            peer.sendall(b"".join(FLOODS[name](i) for i in range(start, start + 1000)))
    except OSError:  # closed, reset, or no longer read from
        closed = True
    assert closed, "100,000 frames of a flood were all taken"
    assert_still_serving(server)
    assert resident_bytes(server) - before < 32_000_000
    peer.close()


def test_many_silent_connections_keep_nobody_else_from_being_served(server):
    peers = [connect(server) for _ in range(200)]
    for peer in peers:
        peer.sendall(frame(HEADERS, 0, 1, b"\x83"))  # a head that never ends
    assert_still_serving(server)
    for peer in peers:
        peer.close()
