"""Proves that critical conditions read real inputs, that unknown stays unknown, that what fires
goes on firing over kill -9, that the server says how it is and why, and that forecasts are there."""

import json
import os
import subprocess
import time

from harness import BINARY, run, wait_until
from otlp import trace_request

CONFIG = """
conditions:
  - name: any_memory
    description: The machine uses memory
    severity: low
    when: memory_percent > 0
  - name: nobody_works
    when: agents_active < 1
    for: 1s
"""


def conditions(server):
    return {item["name"]: item for item in server.json("/api/v1/conditions")["items"]}


def test_conditions_read_real_inputs_and_outlive_a_kill(make_server, tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text(CONFIG)
    server = make_server(flags=["--config", config])
    wait_until(lambda: conditions(server)["any_memory"]["state"] == "firing", 30, "the condition")
    found = conditions(server)
    assert len(found) == 11
    memory = found["any_memory"]
    assert memory["severity"] == "low" and 0 < memory["inputs"][0]["value"] <= 100
    assert memory["missing"] == []
    # Nobody ever sent: there is no baseline and no agent, so nothing is claimed.
    for name in ("task_throughput_collapse", "agent_cascade_failure", "cost_velocity",
                 "error_rate_burst", "nobody_works"):
        assert found[name]["state"] == "unknown" and found[name]["missing"], name
    assert found["loop"]["state"] == "ok" and found["loop"]["inputs"][0]["value"] == 0
    shown = subprocess.run([BINARY, "conditions", "--url", server.http], capture_output=True,
                           text=True, check=False)
    assert shown.returncode == 1 and "any_memory" in shown.stdout
    assert "throughput_per_hour = unknown" in shown.stdout

    server.kill()
    server.start()
    wait_until(lambda: conditions(server)["any_memory"]["state"] == "firing", 30, "the restart")
    assert conditions(server)["any_memory"]["since_unix_ns"] == memory["since_unix_ns"]


def test_mistakes_in_conditions_are_named_with_their_line(tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text("conditions:\n  - name: x\n    when: agnts > 1\n")
    told = run("check-config", config, check=False)
    assert told.returncode != 0
    assert "no input 'agnts'" in told.stderr + told.stdout and ":2:" in told.stderr + told.stdout


def test_the_server_says_how_it_is_and_what_it_uses(honeyguide):
    honeyguide.send(trace_request(spans=3)[0])
    assert honeyguide.get("/healthz").text == "ok\n"
    assert honeyguide.get("/readyz").text == "ok\n"
    wait_until(lambda: len(honeyguide.json("/api/v1/health")["stages"]) == 4, 20, "a round")
    health = honeyguide.json("/api/v1/health")
    assert 0 <= health["score"] <= 1 and health["status"] in ("ok", "warning", "critical")
    assert {item["name"] for item in health["components"]} == {
        "ingest", "store", "analytics", "detectors", "clock"}
    assert all(item["status"] == "ok" for item in health["components"]), health["components"]
    used = {item["name"]: item["used"] for item in health["resources"]}
    with open(f"/proc/{honeyguide.process.pid}/statm", encoding="ascii") as statm:
        rss = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert abs(used["Memory"] - rss) < 0.5 * rss
    assert 0 < used["Memory of the machine"] < 100 and 0 < used["Disk"] < 100
    assert health["storage"]["bytes"] > 0 and health["storage"]["cap_bytes"] > 0
    assert [stage["name"] for stage in health["stages"]] == ["receive", "store", "analyse", "detect"]
    # Status and overview tell the same.
    assert honeyguide.json("/api/v1/status")["health"]["status"] in ("ok", "warning", "critical")
    shown = json.loads(run("health", "--url", honeyguide.http, "--output", "json").stdout)
    assert shown["components"]


def test_the_machine_is_forecast_from_the_start(honeyguide):
    def forecast():
        found = honeyguide.json("/api/v1/predictions/accuracy")["series"]
        return {item["title"]: item for item in found}

    wait_until(lambda: "Disk of the machine" in forecast(), 45, "a forecast of the disk")
    disk = forecast()["Disk of the machine"]
    assert disk["threshold"] == 98 and disk["horizon_ms"] == 24 * 3600 * 1000
    assert 0 < disk["value"] < 100 and disk["class"] == "resource"
    answer = honeyguide.json("/api/v1/predictions")
    assert isinstance(answer["items"], list)
    resource = next(of for of in answer["accuracy"] if of["class"] == "resource")
    assert resource["precision_ratio"] is None and resource["series"] >= 1
    text = run("predictions", "--accuracy", "--url", honeyguide.http).stdout
    assert "resource" in text and "coverage" in text
    assert int(disk["made_unix_ns"]) <= (time.time() + 15) * 1e9
