"""Proves what an alert says beyond its rule: whom it most likely comes from, out of traces and
series, that changes of alerts reach the live stream at once, and how long people took."""

import contextlib
import json
import os
import threading
import time

import pytest
import requests
from harness import run, wait_until
from otlp import attributes_of, trace_request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SECOND = 10**9
MINUTE = 60 * SECOND

CONFIG = """
alerting:
  evaluation_interval: 1s
"""


@pytest.fixture
def server(make_server, tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text(CONFIG)
    return make_server(flags=["--config", config])


class Trace:
    """Spans one after another under a root, each of an agent or a service."""

    def __init__(self, start_ns):
        self.id, self.start, self.at, self.root = os.urandom(16), start_ns, start_ns, os.urandom(8)
        self.request = ExportTraceServiceRequest()

    def add(self, name, milliseconds, *, agent=None, service="shop", error=False, root=False):
        group = self.request.resource_spans.add()
        group.resource.attributes.extend(attributes_of({"service.name": service}))
        span = group.scope_spans.add().spans.add()
        span.trace_id, span.span_id = self.id, self.root if root else os.urandom(8)
        span.name, span.kind = name, 1
        if not root:
            span.parent_span_id = self.root
        span.start_time_unix_nano = self.start if root else self.at
        if not root:
            self.at += milliseconds * 1_000_000
        span.end_time_unix_nano = self.at
        span.status.code = 2 if error else 1
        if agent:
            span.attributes.extend(attributes_of({"span.type": "agent_operation", "agent.id": agent}))
        return self


def raise_alert(server, onset_ns, name="RunsAreSlow"):
    """An alert of Prometheus whose problem began at `onset_ns`; gives its id."""
    def text(ns):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ns // SECOND))

    body = [{"labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": "slow"},
             "startsAt": text(onset_ns), "endsAt": text(onset_ns + 24 * 60 * MINUTE)}]
    answer = requests.post(server.http + "/api/v2/alerts", json=body, timeout=10,
                           headers={"Authorization": "Bearer " + server.token})
    assert answer.status_code == 200, answer.text
    rows = wait_until(lambda: [a for a in server.json("/api/v1/alerts")["items"] if a["rule"] == name], 10, "alert")
    return rows[0]["id"]


def culprits(server, alert_id):
    return server.json("/api/v1/alerts/" + alert_id)["culprits"]


def test_the_agent_whose_own_time_grew_is_named_first_with_its_evidence(server):
    now = time.time_ns()
    onset = now - 10 * MINUTE
    for minute in range(-20, 10):
        slow = 3000 if minute >= 0 else 200
        trace = Trace(onset + minute * MINUTE + SECOND)
        trace.add("plan", 150, agent="planner").add("look", slow, agent="researcher")
        trace.add("write", 300, agent="writer").add("run", 0, root=True)
        server.send(trace.request)
    rows = culprits(server, raise_alert(server, onset))
    assert rows[0]["agent"]["id"] == "researcher"
    assert "own time a trace went from 200 to 3000 ms" in rows[0]["sentence"]["text"]
    assert 0 < rows[0]["confidence_ratio"] <= 1
    assert server.get(f"/api/v1/traces/{rows[0]['trace_id']}").status_code == 200
    told = run("alerts", server.json("/api/v1/alerts")["items"][0]["id"], "--url", server.http).stdout
    assert "likely: researcher, its own time" in told
    assert not {"planner", "writer"} & {row["agent"]["id"] for row in rows}


def test_a_service_without_agents_that_began_to_fail_is_named(server):
    now = time.time_ns()
    onset = now - 10 * MINUTE
    for minute in range(-12, 10):
        bad = minute >= 0
        trace = Trace(onset + minute * MINUTE + SECOND)
        trace.add("query", 20, service="database", error=bad).add("page", 50, service="front")
        trace.add("request", 0, service="front", root=True, error=bad)
        server.send(trace.request)
    rows = culprits(server, raise_alert(server, onset, "RequestsFail"))
    assert rows[0]["agent"] is None
    assert rows[0]["sentence"]["text"].startswith("service database: ")
    assert "in 10 of 10 bad traces and in 0 good ones" in rows[0]["sentence"]["text"]


def test_where_nothing_moved_nobody_is_accused(server):
    now = time.time_ns()
    onset = now - 10 * MINUTE
    for minute in range(-12, 10):
        trace = Trace(onset + minute * MINUTE + SECOND).add("work", 200, agent="calm").add("run", 0, root=True)
        server.send(trace.request)
    assert culprits(server, raise_alert(server, onset)) == []


def test_a_loop_names_who_is_in_it(server):
    request, _ = trace_request(spans=1)
    request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(
        attributes_of({"span.type": "task", "agent.id": "looper", "task.id": "t"}))
    spans = request.resource_spans[0].scope_spans[0].spans
    start = spans[0].start_time_unix_nano
    spans[0].end_time_unix_nano = start + SECOND
    for i in range(12):
        span = spans.add()
        span.trace_id, span.span_id, span.parent_span_id = spans[0].trace_id, os.urandom(8), spans[0].span_id
        span.name, span.start_time_unix_nano = "execute_tool find", start + i * 50_000_000
        span.end_time_unix_nano = span.start_time_unix_nano + 20_000_000
        span.attributes.extend(attributes_of({
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find", "agent.id": "looper",
            "gen_ai.tool.call.arguments": '{"q": 1}'}))
    server.send(request)
    alert = wait_until(lambda: server.json("/api/v1/alerts")["items"], 20, "the loop's alert")[0]
    rows = culprits(server, alert["id"])
    assert rows[0]["agent"]["id"] == "looper"
    assert rows[0]["sentence"]["text"]


def test_a_change_of_an_alert_reaches_the_live_stream_at_once(server):
    events = []

    def listen():
        with contextlib.suppress(requests.RequestException), requests.get(
                server.http + "/api/v1/live", stream=True, timeout=60) as stream:
            listening.set()
            kind = None
            for line in stream.iter_lines(decode_unicode=True):
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: ") and kind == "alert":
                    events.append(json.loads(line.removeprefix("data: ")))

    listening = threading.Event()
    threading.Thread(target=listen, daemon=True).start()
    assert listening.wait(10)
    alert_id = raise_alert(server, time.time_ns() - MINUTE)
    wait_until(lambda: any(e["id"] == alert_id and e["state"] == "firing" for e in events), 10, "it fires")
    answer = requests.post(f"{server.http}/api/v1/alerts/{alert_id}/ack", json={"note": "mine"}, timeout=10,
                           headers={"Authorization": "Bearer " + server.token})
    assert answer.status_code == 200
    wait_until(lambda: any(e["id"] == alert_id and e["acknowledged"] for e in events), 10, "it is acknowledged")


def test_how_long_people_took_is_told(server):
    assert server.json("/api/v1/alerts")["means"] == {"acknowledge_ms": None, "resolve_ms": None}
    alert_id = raise_alert(server, time.time_ns() - MINUTE)
    headers = {"Authorization": "Bearer " + server.token}
    requests.post(f"{server.http}/api/v1/alerts/{alert_id}/ack", json={}, timeout=10, headers=headers)
    ended = [{"labels": {"alertname": "RunsAreSlow", "severity": "critical"},
              "endsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))}]
    requests.post(server.http + "/api/v2/alerts", json=ended, timeout=10, headers=headers)
    means = wait_until(lambda: (m := server.json("/api/v1/alerts")["means"])["resolve_ms"] and m, 20, "means")
    assert 0 <= means["acknowledge_ms"] <= means["resolve_ms"]
    told = run("alerts", "--view", "history", "--url", server.http).stdout
    assert "mean time to acknowledge" in told and "mean time to resolve" in told
