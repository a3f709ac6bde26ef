"""Proves that a running server judges series it was never told about, says why, takes opinions and
keeps both over kill -9; that agents say how they differ; and that a live stream hears of it."""

import json
import math
import random
import threading
import time

import requests
from harness import run, wait_until
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from otlp import attributes_of

STEP_S = 10
HISTORY = 6000  # points; detectors speak from 200 on, and are sure after thousands


def gauge(points, name="queue.depth", service="mill", **labels):
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(attributes_of({"service.name": service}))
    metric = group.scope_metrics.add().metrics.add()
    metric.name = name
    metric.unit = "{item}"
    for when, value in points:
        point = metric.gauge.data_points.add(time_unix_nano=int(when * 1e9), as_double=value)
        point.attributes.extend(attributes_of(labels))
    return request


def teach(server, **labels):
    noise = random.Random(5)
    now = time.time()
    points = [(now - (HISTORY - i) * STEP_S - 30, 50 + noise.gauss(0, 2)) for i in range(HISTORY)]
    server.send(gauge(points, **labels), "metrics", **{"honeyguide-backfill": "1", "Authorization": f"Bearer {server.token}"})


def anomalies(server, **params):
    return server.json("/api/v1/anomalies", **params)["items"]


def spike(server, value=400.0, **labels):
    server.send(gauge([(time.time(), value)], **labels), "metrics")
    return wait_until(lambda: anomalies(server), 40, "an anomaly")[0]


def test_an_anomaly_says_why_takes_an_opinion_and_outlives_a_kill(make_server):
    server = make_server()
    teach(server)
    heard = []

    def listen():
        with requests.get(server.http + "/api/v1/live", stream=True, timeout=60) as stream:
            event = None
            for line in stream.iter_lines(decode_unicode=True):
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "anomaly":
                    heard.append(json.loads(line[6:]))
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    found = spike(server)
    assert found["metric"] == "queue.depth" and found["labels"] == {"service.name": "mill"}
    assert found["value"] == 400.0 and found["direction"] == "up"
    assert 40 < found["expected_low"] < 50 < found["expected_high"] < 60
    assert found["p_value"] < 1e-5 and found["rarity_minutes"] > 10_000
    assert "level" in found["features"] and found["reasons"][0]["weight"] > 3
    assert found["kind"] == "series" and found["feedback"] is None
    assert len(found["series"]["values"]) == len(found["series"]["expected_low"]) == 60
    listener.join(20)
    assert heard and heard[0]["id"] == found["id"]

    # History was learned and not judged: the spike is all there is.
    start = int((time.time() - 86400) * 1e9)
    assert [item["id"] for item in anomalies(server, start=start)] == [found["id"]]

    path = f"/api/v1/anomalies/{found['id']}/feedback"
    answer = requests.post(server.http + path, json={"verdict": "not_anomaly"}, timeout=10)
    assert answer.status_code in (401, 403), "an opinion needs the role operate"
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = requests.post(server.http + path, json={"verdict": "maybe"}, headers=headers,
                           timeout=10)
    assert answer.status_code == 400
    answer = requests.post(server.http + path, json={"verdict": "not_anomaly"}, headers=headers,
                           timeout=10)
    assert answer.status_code == 200 and answer.json()["feedback"] == "not_anomaly"

    server.kill()
    server.start()
    kept = server.json(f"/api/v1/anomalies/{found['id']}")
    for field in ("onset_unix_ns", "value", "p_value", "reasons", "expected_low"):
        assert kept[field] == found[field], field
    assert kept["feedback"] == "not_anomaly"
    watched = server.json("/api/v1/series", name="queue.depth")
    assert watched["items"][0]["points"] >= HISTORY - 10
    assert watched["detectors"]["limit"] == 10_000 and watched["detectors"]["count"] >= 1
    assert server.get("/api/v1/anomalies/an-none").status_code == 404


def test_an_agent_with_an_odd_figure_says_how_it_differs(make_server):
    server = make_server()
    teach(server, agent="planner")
    found = spike(server, agent="planner")
    assert found["agent"]["name"] == "planner" and found["title"] == "queue.depth of planner (mill)"
    text = run("anomalies", "--url", server.http).stdout
    assert found["id"] in text and "queue.depth of planner" in text and "expected" in text
    shown = json.loads(run("anomalies", found["id"], "--url", server.http,
                           "--output", "json").stdout)
    assert shown["id"] == found["id"]
    run("anomalies", found["id"], "--verdict", "anomaly", "--url", server.http,
        "--token", server.token)
    assert anomalies(server)[0]["feedback"] == "anomaly"
    assert anomalies(server, agent="coder") == []
    assert math.isclose(anomalies(server, metric="queue.depth")[0]["value"], 400)
