"""Proves the server's alerting: rules fire on real series and are acknowledged, silenced and
escalated; a killed server goes on where it was; Prometheus sends its alerts here and amtool works."""

import json
import os
import shutil
import subprocess
import time

import pytest
import requests
from harness import free_port, run, wait_until
from otlp import metric_request

CONFIG = """
alerting:
  evaluation_interval: 1s
  default_rules: false
  rules:
    - alert: queue-too-long
      expr: last_over_time(queue_depth[5m]) > 10
      severity: critical
      labels: {team: ops}
      annotations: {summary: "The queue holds {{ value }}"}
      what_to_do: Add a worker.
    - alert: never
      expr: gpu_temperature > 90
"""


@pytest.fixture
def alerting(make_server, tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text(CONFIG)
    return make_server(flags=["--config", config])


def authorized(server):
    return {"Authorization": f"Bearer {server.token}"}


def post(server, path, body):
    return requests.post(server.http + path, json=body, headers=authorized(server), timeout=10)


def open_alerts(server):
    return server.json("/api/v1/alerts")["items"]


def fire(server, value=50):
    server.send(metric_request("queue_depth", value), "metrics")
    return wait_until(lambda: open_alerts(server), 20, "an open alert")[0]


def test_a_rule_fires_on_a_series_and_says_what_why_and_what_to_do(alerting):
    alert = fire(alerting)
    assert alert["rule"] == "queue-too-long"
    assert alert["severity"] == "critical"
    assert alert["state"] == "firing"
    assert alert["sentence"]["text"] == "The queue holds 50"
    assert alert["labels"]["team"] == "ops"
    page = alerting.json(f"/api/v1/alerts/{alert['id']}")
    assert page["what_to_do"] == "Add a worker."
    assert [line["kind"] for line in page["timeline"]][:2] == ["onset", "fired"]
    rules = {rule["name"]: rule for rule in alerting.json("/api/v1/rules")["items"]}
    assert rules["never"]["state"] == "inert"
    assert "gpu_temperature" in rules["never"]["inert_reason"]
    assert "honeyguide_alerts_fired_total 1" in alerting.get("/metrics").text


def test_an_alert_resolves_and_stays_in_the_history(alerting):
    alert = fire(alerting)
    time.sleep(10)  # the next bucket of ten seconds
    alerting.send(metric_request("queue_depth", 1), "metrics")
    wait_until(lambda: not open_alerts(alerting), 20, "the end of the alert")
    history = alerting.json("/api/v1/alerts", view="history")["items"]
    assert [item["id"] for item in history] == [alert["id"]]
    assert history[0]["resolved_unix_ns"] is not None


def test_acknowledging_needs_a_token_and_is_kept_with_its_author(alerting):
    alert = fire(alerting)
    path = f"/api/v1/alerts/{alert['id']}/ack"
    assert requests.post(alerting.http + path, json={}, timeout=10).status_code in (401, 403)
    answer = post(alerting, path, {"note": "on it"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "acknowledged"
    assert answer.json()["acknowledged"]["by"]
    assert post(alerting, "/api/v1/alerts/none/ack", {}).status_code == 404
    assert post(alerting, f"/api/v1/alerts/{alert['id']}/unack", {}).json()["state"] == "firing"


def test_a_silence_hides_an_alert_until_it_is_ended(alerting):
    fire(alerting)
    matchers = [{"name": "team", "value": "ops"}]
    assert post(alerting, "/api/v1/silences/preview", {"matchers": matchers}).json() == {"hides": 1}
    ends = str(time.time_ns() + 3600 * 10**9)
    made = post(alerting, "/api/v1/silences",
                {"matchers": matchers, "ends_unix_ns": ends, "reason": "planned"})
    assert made.status_code == 201, made.text
    assert open_alerts(alerting)[0]["state"] == "silenced"
    gone = requests.delete(f"{alerting.http}/api/v1/silences/{made.json()['id']}",
                           headers=authorized(alerting), timeout=10)
    assert gone.status_code == 200
    wait_until(lambda: open_alerts(alerting)[0]["state"] == "firing", 10, "the end of the silence")
    refused = post(alerting, "/api/v1/silences", {"matchers": [], "ends_unix_ns": ends})
    assert refused.status_code == 400


def test_a_killed_server_forgets_no_alert_no_acknowledgement_and_no_silence(alerting):
    alert = fire(alerting)
    post(alerting, f"/api/v1/alerts/{alert['id']}/ack", {"note": "mine"})
    post(alerting, "/api/v1/silences",
         {"matchers": [{"name": "x", "value": "y"}],
          "ends_unix_ns": str(time.time_ns() + 10**13)})
    for _ in range(3):
        alerting.kill()
        alerting.start()
        after = wait_until(lambda: open_alerts(alerting), 10, "the alert after the restart")[0]
        assert after["id"] == alert["id"]
        assert after["since_unix_ns"] == alert["since_unix_ns"]
        assert after["state"] == "acknowledged"
        assert len(alerting.json("/api/v1/silences")["items"]) == 1


def test_a_preview_says_how_often_a_rule_would_have_fired(alerting):
    fire(alerting)
    preview = post(alerting, "/api/v1/rules/preview", {"expr": "max_over_time(queue_depth[1m]) > 10"})
    assert preview.status_code == 200, preview.text
    assert preview.json()["series_judged"] == 1
    bad = post(alerting, "/api/v1/rules/preview", {"expr": "queue_depth >"})
    assert bad.status_code == 400
    assert "expected a number" in bad.json()["error"]["message"]


def test_mistakes_in_the_file_are_named_with_their_place(tmp_path):
    config = tmp_path / "bad.yaml"
    config.write_text("alerting:\n  rules:\n    - alert: x\n      expr: queue_depth >\n")
    done = run("check-config", config, check=False)
    assert done.returncode != 0
    assert "bad.yaml:4:" in done.stderr and "expected a number" in done.stderr
    config.write_text("alerting:\n  route: {receiver: nobody}\n")
    done = run("check-config", config, check=False)
    assert done.returncode != 0 and "no receiver is called 'nobody'" in done.stderr


@pytest.mark.skipif(not shutil.which("amtool"), reason="no amtool (prometheus-alertmanager)")
def test_amtool_lists_alerts_and_silences_them(alerting, tmp_path):
    fire(alerting)
    secrets = tmp_path / "http.yml"
    secrets.write_text(f"authorization:\n  credentials: {alerting.token}\n")

    def amtool(*args):
        done = subprocess.run(["amtool", "--alertmanager.url", alerting.http, "--http.config.file",
                               str(secrets), *args], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed = json.loads(amtool("alert", "query", "-o", "json"))
    assert [a["labels"]["alertname"] for a in listed] == ["queue-too-long"]
    silence = amtool("silence", "add", "alertname=queue-too-long", "-c", "test", "-a", "me").strip()
    assert json.loads(amtool("alert", "query", "-o", "json")) == []
    assert len(json.loads(amtool("alert", "query", "--silenced", "-o", "json"))) == 1
    assert [s["id"] for s in json.loads(amtool("silence", "query", "-o", "json"))] == [silence]
    amtool("silence", "expire", silence)
    wait_until(lambda: json.loads(amtool("alert", "query", "-o", "json")), 10, "the alert again")


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus (Debian package)")
def test_prometheus_sends_its_alerts_here(alerting, tmp_path):
    (tmp_path / "rules.yml").write_text(
        "groups:\n- name: g\n  rules:\n  - alert: AlwaysFiring\n    expr: vector(1)\n"
        "    labels: {severity: page}\n    annotations: {summary: it always fires}\n")
    host = alerting.http.removeprefix("http://")
    (tmp_path / "prometheus.yml").write_text(
        "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\nalerting:\n"
        f"  alertmanagers:\n  - static_configs: [{{targets: ['{host}']}}]\n")
    peer = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml",
         "--rules.alert.resend-delay=2s",  # the first one is lost before it has found us
         f"--storage.tsdb.path={tmp_path}/tsdb", f"--web.listen-address=127.0.0.1:{free_port()}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        alert = wait_until(lambda: open_alerts(alerting), 60, "the alert of Prometheus")[0]
        assert alert["rule"] == "AlwaysFiring"
        assert alert["severity"] == "critical"
        assert alert["sentence"]["text"] == "it always fires"
    finally:
        peer.terminate()
        peer.wait(20)
