"""Proves who is told, on the real binary: escalations go on after SIGKILL and repeat nothing, a
receiver that never answers holds up nothing, and the commands that people use for alerts."""

import collections
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness import run, wait_until
from otlp import metric_request

RULE = """
alerting:
  evaluation_interval: 1s
  default_rules: false
  rules:
    - alert: queue-too-long
      expr: last_over_time(queue_depth[5m]) > 10
      severity: critical
      labels: {team: ops}
      annotations: {summary: "The queue holds {{ value }}"}
"""


class Hooks:
    """A local server that keeps the webhooks it gets: path -> [(idempotency key, body)]."""

    def __init__(self):
        self.got = collections.defaultdict(list)
        self.release = threading.Event()  # lets /stuck answer
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hooks.got[self.path].append((self.headers["Idempotency-Key"], body))
                if self.path == "/stuck":
                    hooks.release.wait(60)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def close(self):
        self.release.set()
        self.server.shutdown()


@pytest.fixture
def hooks():
    server = Hooks()
    yield server
    server.close()


def serve(make_server, tmp_path, hooks, more=""):
    receivers = "receivers:\n" + "".join(
        f"  - {{name: {name}, type: webhook, url: '{hooks.url('/' + name)}'}}\n"
        for name in ("chat", "phone", "stuck"))
    config = tmp_path / "honeyguide.yaml"
    config.write_text(receivers + RULE + more)
    return make_server(flags=["--config", config])


def open_alerts(server):
    return server.json("/api/v1/alerts")["items"]


def fire(server):
    server.send(metric_request("queue_depth", 50), "metrics")
    return wait_until(lambda: open_alerts(server), 30, "an open alert")[0]


def test_an_escalation_goes_on_after_kills_skips_nothing_and_repeats_nothing(
        make_server, tmp_path, hooks):
    server = serve(make_server, tmp_path, hooks, """
  escalation:
    - name: oncall
      steps:
        - {after: 0s, receivers: [chat]}
        - {after: 12s, receivers: [phone]}
""")
    alert = fire(server)
    wait_until(lambda: hooks.got["/chat"], 30, "the first step")
    wait_until(lambda: server.json("/api/v1/escalations")["current"][0]["step"] == 1, 10, "step 1")
    for _ in range(3):
        server.kill()
        server.start()
        assert open_alerts(server)[0]["id"] == alert["id"]
    wait_until(lambda: hooks.got["/phone"], 60, "the second step")
    record = server.json(f"/api/v1/alerts/{alert['id']}")["timeline"]
    steps = [int(line["at_unix_ns"]) for line in record if line["kind"] == "escalated"]
    assert len(steps) == 2
    assert steps[1] - steps[0] >= 12 * 10**9
    time.sleep(3)  # evaluations in which a repetition would leave
    for path in ("/chat", "/phone"):
        keys = {key for key, _ in hooks.got[path]}
        assert len(keys) == 1, f"{path}: told as {len(keys)} different messages"
    assert hooks.got["/phone"][0][1]["alerts"][0]["labels"]["alertname"] == "queue-too-long"


def test_an_acknowledgement_stops_the_escalation_also_after_a_kill(make_server, tmp_path, hooks):
    server = serve(make_server, tmp_path, hooks, """
  escalation:
    - name: oncall
      steps:
        - {after: 0s, receivers: [chat]}
        - {after: 8s, receivers: [phone]}
""")
    alert = fire(server)
    url = ["--url", server.http, "--token", server.token]
    said = run("ack", alert["id"], "--note", "mine", *url).stdout
    assert "acknowledged" in said
    server.kill()
    server.start()
    time.sleep(10)
    assert not hooks.got["/phone"]
    assert open_alerts(server)[0]["state"] == "acknowledged"


def test_a_receiver_that_never_answers_holds_up_neither_evaluation_nor_other_receivers(
        make_server, tmp_path, hooks):
    server = serve(make_server, tmp_path, hooks, """
    - alert: second
      expr: last_over_time(errors_now[5m]) > 1
      severity: critical
  route:
    receiver: stuck
    group_wait: 0s
    routes:
      - {matchers: [alertname=second], receiver: chat}
""")
    fire(server)
    wait_until(lambda: hooks.got["/stuck"], 30, "the message that is not answered")
    server.send(metric_request("errors_now", 5), "metrics")
    wait_until(lambda: len(open_alerts(server)) == 2, 20, "the second alert")
    wait_until(lambda: hooks.got["/chat"], 20, "the other receiver")
    assert not hooks.release.is_set()
    hooks.release.set()


def test_commands_list_silence_and_show_alerts(make_server, tmp_path, hooks):
    server = serve(make_server, tmp_path, hooks)
    alert = fire(server)
    ask = ["--url", server.http, "--token", server.token]
    listed = run("alerts", *ask).stdout
    assert alert["id"] in listed and "The queue holds 50" in listed and "firing" in listed
    items = json.loads(run("alerts", "--output", "json", *ask).stdout)["items"]
    assert [item["id"] for item in items] == [alert["id"]]
    assert "no alerts" in run("alerts", "--match", "nothing-like-it", *ask).stdout
    assert "fired" in run("alerts", alert["id"], *ask).stdout
    assert run("alerts", "none", *ask, check=False).returncode == 3

    board = server.json("/api/v1/dashboard/alerts")
    assert board["total_active_alerts"] == board["critical_alerts"] == 1
    assert board["alert_counts_by_category"] == {"performance": {"critical": 1}}
    assert board["critical_conditions_active"] == 0

    made = run("silence", "add", "team=ops", "--for", "1h", "--reason", "works", *ask).stdout
    name = made.split()[0]
    assert "hides 1" in made and "works" in made
    assert name in run("silence", "list", *ask).stdout
    wait_until(lambda: "silenced" in run("alerts", *ask).stdout, 10, "the silence")
    assert "is over" in run("silence", "end", name, *ask).stdout
    assert name not in run("silence", "list", *ask).stdout
    assert name in run("silence", "list", "--all", *ask).stdout
    assert run("silence", "add", *ask, check=False).returncode == 2
    assert "till it resolves" in run("silence", "add", "--alert", alert["id"], *ask).stdout

    assert "no escalation policy" in run("escalations", *ask).stdout
    assert "queue-too-long" in run("rules", "list", *ask).stdout
    tried = run("rules", "backtest", "--expr", "max_over_time(queue_depth[1m]) > 10", *ask).stdout
    assert "over 1 series" in tried
    assert "(inert)" in run("rules", "backtest", "--expr", "nothing > 1", *ask).stdout
    assert run("rules", "backtest", "--rule", "unknown", *ask, check=False).returncode == 3


def test_rules_are_checked_and_tested_without_a_server(tmp_path):
    rules = tmp_path / "rules.yml"
    rules.write_text("groups:\n- name: g\n  rules:\n  - alert: long\n    expr: queue_depth > 10\n"
                     "    for: 2m\n    labels: {severity: page}\n")
    assert "1 rules: ok" in run("rules", "check", rules).stdout
    tests = tmp_path / "tests.yml"
    tests.write_text("""rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - name: a long queue
    input_series: [{series: 'queue_depth{queue="a"}', values: 0 20x9}]
    alert_rule_test:
      - {eval_time: 2m, alertname: long}
      - {eval_time: 4m, alertname: long, exp_alerts: [{exp_labels: {queue: a, severity: critical}}]}
""")
    assert "2 checks, 0 failures" in run("rules", "test", tests).stdout
    tests.write_text(tests.read_text().replace("eval_time: 4m", "eval_time: 1m"))
    done = run("rules", "test", tests, check=False)
    assert done.returncode == 1 and "it does not fire" in done.stdout
    rules.write_text("rules:\n- alert: long\n  expr: queue_depth >\n")
    done = run("rules", "check", rules, check=False)
    assert done.returncode == 1 and "rules.yml:3:" in done.stderr
