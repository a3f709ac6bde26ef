"""Proves `honeyguide validate`: a sound server passes and keeps no trace of it; whatever is broken
on purpose, by a proxy between validation and server, fails its own check and no other."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from harness import free_port, run, wait_until

CONFIG = """
alerting:
  evaluation_interval: 1s
  route: {receiver: pager, group_wait: 0s}
receivers:
  - name: pager
    type: webhook
    url: "http://127.0.0.1:%d/"
"""

CHECKS = ["server", "receive OTLP/HTTP protobuf", "receive OTLP/HTTP JSON", "receive OTLP/gRPC", "store by id", "search",
          "Jaeger API", "logs", "metrics", "agent figures", "agents, conflicts, messages, waits", "control channel",
          "alerting", "isolation", "refusals", "health", "forget"]


class Listener:
    """An HTTP server that answers by `answer(method, path, headers, body)` -> (status, body)."""

    def __init__(self, answer):
        self.calls = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                outer.calls.append((self.command, self.path))
                status, content = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def passing_on(target):
    """Hands a request on and gives the answer's status and body."""

    def answer(method, path, headers, body):
        kept = {name: headers[name] for name in ("Authorization", "Content-Type", "Content-Encoding") if name in headers}
        reply = requests.request(method, target() + path, data=body or None, headers=kept, timeout=30)
        return reply.status_code, reply.content

    return answer


class Between:
    """A proxy before the API and one before OTLP/HTTP; `spoil(path, status, body)` changes what the first answers
    and `drop(path)` makes the second pretend that it took what it threw away."""

    def __init__(self, server, spoil=None, drop=None, grpc_port=None):
        self.server, self.spoil, self.drop, self.grpc_port = server, spoil, drop, grpc_port
        self.otlp = Listener(self.take)
        self.api = Listener(self.serve)

    def take(self, method, path, headers, body):
        if self.drop is not None and self.drop(path, headers):
            return 200, b"{}" if "json" in headers["Content-Type"] else b""
        return passing_on(lambda: self.server.otlp_http)(method, path, headers, body)

    def serve(self, method, path, headers, body):
        status, content = passing_on(lambda: self.server.http)(method, path, headers, body)
        if path == "/api/v1/validation":
            document = json.loads(content)
            document["otlp_http"] = self.otlp.url.removeprefix("http://")
            if self.grpc_port is not None:
                document["otlp_grpc"] = f"127.0.0.1:{self.grpc_port}"
            content = json.dumps(document).encode()
        elif self.spoil is not None:
            status, content = self.spoil(path, status, content)
        return status, content

    def close(self):
        self.api.close()
        self.otlp.close()


@pytest.fixture
def pager():
    listener = Listener(lambda *_: (200, b""))
    yield listener
    listener.close()


@pytest.fixture
def server(make_server, tmp_path, pager):
    config = tmp_path / "honeyguide.yaml"
    config.write_text(CONFIG % pager.server.server_port)
    config.chmod(0o600)
    return make_server(flags=["--config", config])


def validate(url, alert_within="20s"):
    done = run("validate", url, "--output", "json", "--figures-within", "5s", "--alert-within", alert_within,
               check=False)
    answer = json.loads(done.stdout)
    assert (done.returncode == 0) == answer["ok"], done.stderr
    return {check["name"]: check for check in answer["checks"]}


def failed(checks):
    return [name for name, check in checks.items() if check["status"] == "failed"]


def test_a_sound_server_passes_every_check_and_nobody_is_told(server, pager):
    checks = validate(server.http)
    assert list(checks) == CHECKS
    assert failed(checks) == []
    # Nothing of it is in the caller's figures, and the alert that it raised reached no receiver.
    assert server.json("/api/v1/agents")["items"] == []
    assert server.json("/api/v1/alerts")["items"] == []
    assert server.json("/api/v1/traces")["items"] == []
    assert pager.calls == []
    shown = server.json("/api/v1/health")["validation"]
    assert [row["name"] for row in shown] == CHECKS[:-1]
    assert {row["status"] for row in shown} <= {"ok", "warning"}


def test_a_second_validation_waits_for_the_first(server):
    first = requests.post(server.http + "/api/v1/validation", json={}, timeout=10)
    assert first.status_code == 200
    done = run("validate", server.http, check=False)
    assert done.returncode == 1
    assert "another validation is running" in done.stderr
    ended = requests.post(server.http + "/api/v1/validation/finish", json={"results": []}, timeout=10,
                          headers={"Authorization": "Bearer " + first.json()["token"]})
    assert ended.status_code == 200
    assert failed(validate(server.http)) == []


def test_only_its_own_token_ends_a_validation(server):
    requests.post(server.http + "/api/v1/validation", json={}, timeout=10)
    ended = requests.post(server.http + "/api/v1/validation/finish", json={"results": []}, timeout=10)
    assert ended.status_code == 403


def test_a_token_file_cannot_name_the_tenant_of_validations(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("0" * 64 + " roles=read tenant=~validation\n")
    done = run("serve", "--data", tmp_path / "data", "--token-file", tokens, check=False)
    assert done.returncode != 0
    assert "must not begin with '~'" in done.stderr


def test_without_a_server_it_says_how_to_start_one():
    done = run("validate", f"http://127.0.0.1:{free_port()}", check=False)
    assert done.returncode == 1
    assert "honeyguide serve" in done.stderr


def answers_at(prefix, change):
    def spoil(path, status, content):
        return change(status, content) if path.startswith(prefix) else (status, content)

    return spoil


def without_last_span(status, content):
    document = json.loads(content)
    for resource in document.get("resourceSpans", []):
        for scope in resource["scopeSpans"]:
            scope["spans"].pop()
    return status, json.dumps(document).encode()


def replaced(old, new):
    return lambda status, content: (status, content.replace(old, new))


def gone(*_):
    return 500, b'{"error":{"code":"internal","message":"broken on purpose"}}'


BREAKAGES = {
    "server": {"spoil": answers_at("/readyz", lambda *_: (503, b"starting\n"))},
    "store by id": {"spoil": answers_at("/api/v1/traces/", lambda s, c: without_last_span(s, c) if s == 200 else (s, c))},
    "search": {"spoil": answers_at("/api/v1/traces?", lambda s, _: (s, b'{"items":[]}'))},
    "Jaeger API": {"spoil": answers_at("/api/traces/", lambda s, _: (s, b'{"data":[]}'))},
    "logs": {"drop": lambda path, _: path == "/v1/logs"},
    "metrics": {"drop": lambda path, _: path == "/v1/metrics"},
    "agent figures": {"spoil": answers_at("/api/v1/runs/", replaced(b'"input":1200', b'"input":1201'))},
    "agents, conflicts, messages, waits": {"spoil": answers_at("/api/v1/conflicts", replaced(b'"vote"', b'"coin"'))},
    "control channel": {"spoil": answers_at("/api/v1/agents/validation-writer/directive", gone)},
    "alerting": {"spoil": answers_at("/api/v1/alerts", lambda s, _: (s, b'{"items":[]}'))},
    "health": {"spoil": answers_at("/api/v1/health", gone)},
    "forget": {"spoil": answers_at("/api/v1/validation/finish", gone)},
}


@pytest.mark.parametrize("broken", BREAKAGES)
def test_a_broken_part_fails_its_own_check_and_no_other(server, broken):
    between = Between(server, **BREAKAGES[broken])
    try:
        checks = validate(between.api.url, alert_within="3s" if broken == "alerting" else "20s")
    finally:
        between.close()
    assert failed(checks) == [broken]
    assert checks[broken]["text"]
    assert checks[broken]["fix"]


def test_a_receiver_that_loses_what_it_acknowledges_is_found(server):
    between = Between(server, drop=lambda path, headers: path == "/v1/traces" and "protobuf" in headers["Content-Type"])
    try:
        checks = validate(between.api.url, alert_within="3s")
    finally:
        between.close()
    # It says 200, so sending looks well; what was sent is nowhere.
    assert {"store by id", "search", "Jaeger API", "agent figures"} <= set(failed(checks))


def test_a_port_that_does_not_speak_grpc_is_found(server):
    between = Between(server, grpc_port=free_port())
    try:
        checks = validate(between.api.url, alert_within="3s")
    finally:
        between.close()
    assert "receive OTLP/gRPC" in failed(checks)
    assert "HTTP/2" in checks["receive OTLP/gRPC"]["fix"]


def test_a_proxy_that_takes_everything_fails_the_refusals(server):
    def take_malformed(path, headers):
        return path == "/v1/traces" and headers.get("Content-Length") == "3"

    between = Between(server, drop=take_malformed)
    try:
        checks = validate(between.api.url)
    finally:
        between.close()
    assert failed(checks) == ["refusals"]


def test_a_server_that_shows_other_tenants_fails_isolation(server):
    def leak(path, status, content):
        return (200, b"{}") if status == 404 and path.startswith("/api/v1/traces/") else (status, content)

    between = Between(server, spoil=leak)
    try:
        checks = validate(between.api.url)
    finally:
        between.close()
    assert failed(checks) == ["isolation"]


def test_it_can_be_repeated_and_finds_the_new_alert_each_time(server):
    for _ in range(2):
        assert failed(validate(server.http)) == []
    wait_until(lambda: server.json("/api/v1/alerts")["items"] == [], 5, "no alert of the caller's")
