"""Proves that Jaeger takes this server for a storage, by the suite that Jaeger certifies remote
storages with, and that its collector, an OpenTelemetry Collector, delivers here over gRPC and HTTP."""

import os
import re
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from harness import free_port, wait_until
from otlp import trace_request

JAEGER = Path(os.environ["HG_JAEGER"]).resolve()
SUITE = Path(os.environ["HG_JAEGER_SUITE"]).resolve()
# Jaeger's configuration for the suite names these; they cannot be moved.
SUITE_PORTS = (4317, 4318, 8888, 13133, 16685, 16686)


def taken(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def purger():
    """Passes a purge on and closes the connection after it: the suite leaves it open, and its check for leaks
    would count that against itself."""
    started = []

    def start(server):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_POST(self):
                answer = requests.post(server.http + "/api/v1/admin/purge", timeout=60)
                self.send_response(answer.status_code)
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_):
                pass

        listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        started.append(listener)
        return f"http://127.0.0.1:{listener.server_port}/purge"

    yield start
    for listener in started:
        listener.shutdown()


def test_jaegers_suite_for_remote_storages_passes(make_server, purger, tmp_path):
    busy = [port for port in SUITE_PORTS if taken(port)]
    if busy:
        pytest.skip(f"Jaeger's suite needs ports {busy}, which are taken")
    server = make_server(flags=["--allow-purge"])
    env = {**os.environ, "STORAGE": "grpc", "CUSTOM_STORAGE": "true", "REMOTE_STORAGE_ENDPOINT": server.otlp_grpc,
           "REMOTE_STORAGE_WRITER_ENDPOINT": server.otlp_grpc, "PURGER_ENDPOINT": purger(server)}
    done = subprocess.run([SUITE, "-test.v", "-test.run", "TestGRPCStorage"], env=env, text=True, timeout=840, check=False,
                          cwd=JAEGER / "cmd/jaeger/internal/integration", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    (tmp_path / "suite.log").write_text(done.stdout)
    results = {name: verdict for verdict, name in
               re.findall(r"--- (PASS|FAIL|SKIP): (TestGRPCStorage\S*) \(", done.stdout)}
    failed = sorted(name for name, verdict in results.items() if verdict != "PASS")
    assert failed == [], f"{failed}; see {tmp_path}/suite.log"
    assert done.returncode == 0, done.stdout[-2000:]
    for part in ("GetServices", "GetOperations", "GetTrace", "GetLargeTrace", "GetTraceWithDuplicateSpans", "FindTraces"):
        assert f"TestGRPCStorage/{part}" in results
    print(f"{len(results)} tests of Jaeger's suite passed")


CONFIG = """
service:
  extensions: [healthcheckv2]
  pipelines:
    traces: {{receivers: [otlp], processors: [batch], exporters: [{exporter}]}}
  telemetry:
    metrics: {{level: none}}
extensions:
  healthcheckv2: {{use_v2: true, http: {{endpoint: "127.0.0.1:{health}"}}}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}
processors:
  batch: {{timeout: 100ms}}
exporters:
  otlp: {{endpoint: "{grpc}", tls: {{insecure: true}}}}
  otlphttp: {{endpoint: "{http}", compression: {compression}}}
"""


@pytest.fixture
def collector(tmp_path):
    started = []

    def start(server, exporter, compression="gzip"):
        port, health = free_port(), free_port()
        config = tmp_path / f"collector-{port}.yaml"
        config.write_text(CONFIG.format(exporter=exporter, health=health, port=port, grpc=server.otlp_grpc,
                                        http=server.otlp_http, compression=compression))
        log = open(tmp_path / f"collector-{port}.log", "w", encoding="utf-8")
        process = subprocess.Popen([JAEGER / "cmd/jaeger/jaeger", "--config", config], stdout=log, stderr=log, cwd=JAEGER)
        started.append(process)
        wait_until(lambda: taken(port) or process.poll() is not None, 60, "the collector listens")
        assert process.poll() is None, Path(log.name).read_text()[-2000:]
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("exporter, compression", [("otlp", "gzip"), ("otlphttp", "gzip"), ("otlphttp", "zstd"),
                                                   ("otlphttp", "none")])
def test_a_collector_delivers_every_span_once(make_server, collector, exporter, compression):
    server = make_server()
    url = collector(server, exporter, compression)
    sent = {}
    for i in range(50):
        request, trace_id = trace_request(spans=20, attributes={"n": i, "text": "x" * 200})
        answer = requests.post(url + "/v1/traces", data=request.SerializeToString(), timeout=30,
                               headers={"Content-Type": "application/x-protobuf"})
        assert answer.status_code == 200, answer.text
        sent[trace_id] = i

    def arrived():
        return server.json("/api/v1/stats")["traces"]["spans"] >= 50 * 20

    wait_until(arrived, 30, "all spans of the collector")
    time.sleep(0.5)
    assert server.json("/api/v1/stats")["traces"]["spans"] == 50 * 20
    for trace_id, i in sent.items():
        spans = [span for group in server.json(f"/api/v1/traces/{trace_id}")["resourceSpans"]
                 for scope in group["scopeSpans"] for span in scope["spans"]]
        assert len(spans) == 20
        values = {item["key"]: item["value"] for item in spans[0]["attributes"]}
        assert values["n"] == {"intValue": str(i)}


def test_a_collector_waits_out_a_restart_of_the_server(make_server, collector):
    server = make_server()
    grpc = server.otlp_grpc
    url = collector(server, "otlp")
    server.stop()
    request, trace_id = trace_request(spans=5)
    assert requests.post(url + "/v1/traces", data=request.SerializeToString(), timeout=30,
                         headers={"Content-Type": "application/x-protobuf"}).status_code == 200
    time.sleep(2)
    command = server.command()
    command[command.index("--otlp-grpc") + 1] = grpc  # where the collector looks for it
    server.command = lambda: command
    server.start()
    wait_until(lambda: server.get(f"/api/v1/traces/{trace_id}").status_code == 200, 60, "the span after the restart")
