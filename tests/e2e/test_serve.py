"""Proves the life of a server process: ready line, health, one process a directory, clean stop."""

import concurrent.futures
import os
import threading

import pytest
import requests

from harness import Server, run
from otlp import plain_spans_of_json, trace_request

pytestmark = pytest.mark.needs_command("serve")


def test_ready_line_names_every_listener_and_the_process(honeyguide):
    assert honeyguide.ready["event"] == "ready"
    assert honeyguide.ready["pid"] == honeyguide.process.pid
    for name in ("http", "otlp_http", "otlp_grpc"):
        host, port = honeyguide.ready[name].rsplit(":", 1)
        assert host == "127.0.0.1" and int(port) > 0


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_answers_health_checks(honeyguide, path):
    assert honeyguide.get(path).status_code == 200


def test_a_second_start_on_the_same_directory_says_so(honeyguide):
    second = Server(honeyguide.data)
    with pytest.raises(AssertionError, match="exit code 1"):
        second.start()
    assert str(honeyguide.data) in second.stderr()
    assert str(honeyguide.ready["pid"]) in second.stderr()
    assert honeyguide.get("/healthz").status_code == 200


def test_an_address_in_use_is_named(honeyguide, tmp_path):
    done = run("serve", "--data", tmp_path / "other", "--http", honeyguide.ready["http"],
               "--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", check=False)
    assert done.returncode == 1
    assert honeyguide.ready["http"] in done.stderr


@pytest.mark.parametrize("flag, value", [
    ("--http", "nonsense"), ("--retention", "soon"), ("--memory", "lots"), ("--sync", "maybe")])
def test_a_wrong_flag_is_a_usage_error_that_names_it(tmp_path, flag, value):
    done = run("serve", "--data", tmp_path, flag, value, check=False)
    assert done.returncode == 2
    assert flag in done.stderr


def test_a_listener_beyond_loopback_needs_tokens(tmp_path):
    done = run("serve", "--data", tmp_path, "--http", "0.0.0.0:0", check=False)
    assert done.returncode == 2
    assert "--token-file" in done.stderr or "token" in done.stderr
    assert "--insecure" in done.stderr or "insecure" in done.stderr


def test_the_data_directory_is_for_its_owner_only(honeyguide):
    assert honeyguide.data.stat().st_mode & 0o077 == 0


def test_sigterm_under_load_loses_no_acknowledged_span(make_server):
    server = make_server()
    acked = {}
    stop = threading.Event()

    def send():
        while not stop.is_set():
            request, trace_id = trace_request(spans=5)
            try:
                answer = requests.post(server.otlp_http + "/v1/traces", timeout=10,
                                       data=request.SerializeToString(),
                                       headers={"Content-Type": "application/x-protobuf"})
            except requests.RequestException:
                return
            if answer.status_code == 200:
                acked[trace_id] = 5

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send) for _ in range(4)]
        while len(acked) < 200 and not all(s.done() for s in senders):
            pass
        server.stop()
        stop.set()
    assert len(acked) >= 200
    server.start()
    for trace_id, spans in acked.items():
        found = plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))
        assert len(found) == spans, trace_id


def test_spans_are_found_by_id_and_by_search_at_the_acknowledgement(honeyguide):
    for i in range(50):
        request, trace_id = trace_request(spans=2, attributes={"turn": i})
        honeyguide.send(request)
        assert len(plain_spans_of_json(honeyguide.json(f"/api/v1/traces/{trace_id}"))) == 2
        hits = honeyguide.json("/api/v1/traces", q=f"{{ span.turn = {i} }}")["items"]
        assert [hit["trace_id"] for hit in hits] == [trace_id]


def test_a_restart_answers_the_same(make_server):
    server = make_server()
    request, trace_id = trace_request(spans=7, attributes={"text": "ü" * 100})
    server.send(request)
    before = server.json(f"/api/v1/traces/{trace_id}")
    server.stop()
    server.start()
    assert server.json(f"/api/v1/traces/{trace_id}") == before


def test_an_unknown_trace_is_404_with_a_json_error(honeyguide):
    answer = honeyguide.get("/api/v1/traces/" + os.urandom(16).hex())
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"},
    {"Host": "localhost.evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
])
@pytest.mark.parametrize("port", ["http", "otlp_http"])
def test_requests_of_foreign_pages_are_refused_on_every_port(honeyguide, headers, port):
    request, trace_id = trace_request()
    if port == "http":
        answer = honeyguide.get("/api/v1/traces", headers=headers)
    else:
        answer = requests.post(honeyguide.otlp_http + "/v1/traces", timeout=10,
                               data=request.SerializeToString(),
                               headers={"Content-Type": "application/x-protobuf", **headers})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert honeyguide.get(f"/api/v1/traces/{trace_id}").status_code == 404


def test_changing_requests_need_a_token_even_on_loopback(honeyguide):
    request, trace_id = trace_request()
    honeyguide.send(request)
    url = f"{honeyguide.http}/api/v1/traces/{trace_id}"
    assert requests.delete(url, timeout=10).status_code in (401, 403)
    assert honeyguide.get(f"/api/v1/traces/{trace_id}").status_code == 200
    token = {"Authorization": "Bearer " + honeyguide.token}
    assert requests.delete(url, timeout=10, headers=token).status_code == 200
    assert honeyguide.get(f"/api/v1/traces/{trace_id}").status_code == 404


def test_the_operator_token_file_is_private(honeyguide):
    secrets = [path for path in honeyguide.data.rglob("*")
               if path.is_file() and honeyguide.token in path.read_text(errors="ignore")]
    assert secrets
    for path in secrets:
        assert path.stat().st_mode & 0o077 == 0
