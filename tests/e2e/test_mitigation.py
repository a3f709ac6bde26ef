"""Proves mitigation end to end with the real binary: a loop in the telemetry becomes a directive that
the agent obeys, a webhook or a command; whoever may not steer only causes a note; a person decides
what cannot be taken back; all of it stands in the audit log and outlives SIGKILL."""

import http.server
import json
import os
import re
import threading
import time

import pytest
import requests

from harness import run, wait_until
from otlp import ExportTraceServiceRequest, attributes_of
from test_trace_views import Run

pytestmark = [pytest.mark.needs_command("serve"), pytest.mark.needs_command("mitigations")]

LOOP = """
mitigation:
  budget: {targets: 2, per: 1h}
  actions:
    hold: {directive: pause, expires: 5m}
    halt: {directive: stop}
    open-ring: {directive: break_wait}
    tell: {webhook: "URL/hook"}
    act: {command: [COMMAND, fixed], timeout: 5s}
  policies:
    - name: loops
      match: {category: CATEGORY}
      action: ACTION
      mode: MODE
"""


class Hook:
    """A local server that keeps what it was sent and answers with the next of `statuses`."""

    def __init__(self, statuses=(200,)):
        self.requests = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                hook.requests.append((self.path, headers, json.loads(body)))
                status = statuses[min(len(hook.requests), len(statuses)) - 1]
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_port

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook():
    server = Hook()
    yield server
    server.close()


class Node:
    """A server under a mitigation policy for loops, with tokens for a bound and an unbound sender."""

    def __init__(self, make_server, tmp_path, action="hold", mode="live", url="http://127.0.0.1:9",
                 command="/bin/true", category="loop", flags=()):
        self.tokens = {}
        lines = [self.make_token("sender", "ingest,agent", "*"),
                 self.make_token("unbound", "ingest", None),
                 self.make_token("operator", "operate", None),
                 self.make_token("reader", "read", None)]
        (tmp_path / "tokens").write_text("".join(lines))
        self.config = tmp_path / "honeyguide.yaml"
        text = LOOP.replace("ACTION", action).replace("MODE", mode).replace("URL", url)
        text = text.replace("CATEGORY", category)
        if "--enable-exec" in flags:
            text = text.replace("COMMAND", str(command))
        else:
            text = re.sub(r"    act: .*\n", "", text)
        self.config.write_text(text)
        self.config.chmod(0o600)
        self.server = make_server(flags=["--token-file", tmp_path / "tokens",
                                         "--config", self.config, *flags])

    def make_token(self, name, roles, agents):
        out = run("token", "--new", roles, *(["--agents", agents] if agents else [])).stdout
        self.tokens[name] = re.search(r"token:\s+(\S+)", out).group(1)
        return re.search(r"line:\s+(.+)", out).group(1) + "\n"

    def headers(self, token):
        return {"Authorization": "Bearer " + self.tokens[token]}

    def send_loop(self, token="sender"):
        self.server.send(Run().request, **self.headers(token))

    def listen(self, after=0, wait_s=0, agent="coder"):
        return requests.get(f"{self.server.http}/api/v1/agents/{agent}/directive", timeout=90,
                            params={"after": after, "wait_s": wait_s},
                            headers=self.headers("sender"))

    def acknowledge(self, seq, state):
        answer = requests.post(f"{self.server.http}/api/v1/agents/coder/directives/{seq}/ack",
                               json={"state": state}, timeout=20, headers=self.headers("sender"))
        assert answer.status_code == 200, answer.text

    def actions(self, **params):
        return self.server.json("/api/v1/mitigations", **params)

    def wait_action(self, *states):
        """The newest action once it has one of the states."""
        def look():
            items = self.actions()["items"]
            return items[0] if items and items[0]["state"] in states else None
        try:
            return wait_until(look, seconds=20, what=f"an action that is {' or '.join(states)}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.actions()['items'][:2]}") from None

    def decide(self, verb, action="mi-1", token="operator", **body):
        return requests.post(f"{self.server.http}/api/v1/mitigations/{action}/{verb}", json=body,
                             timeout=20, headers=self.headers(token))

    def audit(self):
        return [(item["actor"], item["action"]) for item in
                reversed(self.server.json("/api/v1/audit")["items"])]


@pytest.fixture
def node(make_server, tmp_path):
    return lambda **kwargs: Node(make_server, tmp_path, **kwargs)


def test_a_loop_is_paused_through_the_control_channel(node):
    it = node()
    answers = []
    it.listen()
    agent = threading.Thread(target=lambda: answers.append(it.listen(wait_s=60)))
    agent.start()
    it.send_loop()
    agent.join(30)
    directive = answers[0].json()
    assert directive["directive"] == "pause" and "loop" in directive["reason"]
    action = it.wait_action("requested")
    assert action["agent"]["id"] == "coder" and action["proposed_by"] == "policy loops"
    assert action["seq"] == directive["seq"] and action["epoch"] == directive["epoch"]
    assert all(guard["passed"] for guard in action["guards"]), action["guards"]
    it.acknowledge(directive["seq"], "received")
    it.acknowledge(directive["seq"], "obeyed")
    action = it.wait_action("obeyed")
    assert action["verification"]["verdict"] == "pending"
    assert None not in [action["progress"][step + "_unix_ns"]
                        for step in ("requested", "delivered", "obeyed")]
    page = it.server.json("/api/v1/agents/coder")
    assert page["control"]["directive"] == "pause" and page["control"]["ack_state"] == "obeyed"
    assert [a["id"] for a in page["actions"]] == [action["id"]]
    back = it.decide("rollback", reason="false alarm")
    assert back.status_code == 200 and back.json()["state"] == "rolled_back"
    assert it.listen(after=directive["seq"]).json()["directive"] == "run"
    assert [entry for entry in it.audit() if entry[1] != "directive.ack"] == [
        ("policy loops", "mitigation.start"),
        (it.audit()[-1][0], "mitigation.roll_back")]


@pytest.mark.parametrize("sender", ["unbound", None])
def test_facts_of_an_unbound_sender_only_leave_a_note(node, sender):
    it = node()
    it.listen()
    if sender:
        it.send_loop(sender)
    else:
        it.server.send(Run().request)
    action = it.wait_action("refused")
    assert action["refused_by"] == "bound_sender"
    assert it.listen().status_code == 204
    assert it.actions(state="refused")["total"]["count"] == 1
    assert it.actions(state="running")["items"] == []


def test_dry_run_is_the_default_and_touches_nothing(node):
    it = node(mode="dry_run")
    it.listen()
    it.send_loop()
    action = it.wait_action("dry_run")
    assert "Pause coder" in action["dry_run"]["text"]
    assert it.listen().status_code == 204
    time.sleep(3)
    assert it.actions()["total"]["count"] == 1, "once for one firing"


def test_what_cannot_be_taken_back_waits_for_a_person(node):
    it = node(action="halt")
    it.listen()
    it.send_loop()
    action = it.wait_action("proposed")
    assert action["needs_approval"] and action["confirm_name"] and not action["reversible"]
    assert it.server.json("/api/v1/status")["counts"]["approvals"] == 1
    assert it.decide("approve", token="reader").status_code == 403
    assert it.decide("approve").status_code == 400, "without the agent's name"
    assert it.decide("dry-run").json()["state"] == "proposed"
    assert it.decide("approve", action="mi-99", confirm_name="coder").status_code == 404
    it.server.kill()
    it.server.start()
    it.listen()
    approved = it.decide("approve", confirm_name="coder", note="go")
    assert approved.status_code == 200, approved.text
    assert approved.json()["decided"]["note"] == "go"
    assert it.listen().json()["directive"] == "stop"
    assert it.decide("approve", confirm_name="coder").status_code == 409
    assert [action for _, action in it.audit()] == [
        "mitigation.propose", "mitigation.approve", "mitigation.start"]


def ring_request(*agents):
    """Agents that wait for each other in a ring: each for the next, none of the waits has ended."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(attributes_of({"service.name": "team"}))
    spans = group.scope_spans.add().spans
    trace, now = os.urandom(16), time.time_ns()
    for i, agent in enumerate(agents):
        wait = spans.add(trace_id=trace, span_id=os.urandom(8), name="wait", kind=1,
                         start_time_unix_nano=now - (60 - i) * 1_000_000_000)
        wait.attributes.extend(attributes_of({
            "honeyguide.kind": "dependency", "agent.id": agent,
            "dependency.on": agents[(i + 1) % len(agents)]}))
    return request


def test_a_ring_of_waits_is_opened_at_the_wait_that_costs_least(node):
    it = node(action="open-ring", category="deadlock")
    for agent in ("editor", "writer"):
        it.listen(agent=agent)
    it.server.send(ring_request("editor", "writer"), **it.headers("sender"))
    cycle, = wait_until(lambda: it.server.json("/api/v1/topology")["cycles"])
    # Neither has a running task: the younger wait loses least.
    released = cycle["edges"][cycle["release"]["index"]]
    assert (released["source"], released["target"]) == ("writer", "editor")
    action = it.wait_action("proposed")
    assert action["directive"] == "break_wait" and action["agent"]["id"] == "writer"
    assert it.decide("approve", confirm_name="writer").status_code == 200
    directive = it.listen(agent="writer").json()
    assert directive["directive"] == "break_wait"
    assert directive["params"] == {"waits_for": "editor"}


def test_a_denied_action_is_not_asked_again(node):
    it = node(action="halt")
    it.listen()
    it.send_loop()
    it.wait_action("proposed")
    assert it.decide("deny", reason="known work").json()["state"] == "denied"
    it.server.kill()
    it.server.start()
    it.listen()
    time.sleep(3)
    assert [item["state"] for item in it.actions()["items"]] == ["denied"]


def test_a_webhook_gets_the_action_with_a_key_to_deduplicate_by(node, hook):
    it = node(action="tell", url=hook.url)
    it.send_loop()
    it.wait_action("proposed")  # a webhook that names no way back needs a person
    assert it.decide("approve", confirm_name="coder").status_code == 200
    it.wait_action("obeyed")
    (path, headers, body), = hook.requests
    assert path == "/hook" and headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == "mi-1"
    assert int(body.pop("requested_unix_ns")) > 0
    assert body == {"version": "1", "id": "mi-1", "phase": "apply", "action": "tell",
                    "policy": "loops", "agent": "coder", "alert_id": body["alert_id"],
                    "rule": "loop", "category": "loop", "severity": "critical",
                    "confidence": body["confidence"]}
    assert body["confidence"] >= 0.9 and len(body["alert_id"]) == 16


def test_a_command_runs_with_its_fixed_arguments_and_the_action_on_stdin(node, tmp_path):
    script = tmp_path / "act.sh"
    script.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/arguments\ncat > {tmp_path}/stdin\n")
    script.chmod(0o700)
    it = node(action="act", command=script, flags=["--enable-exec"])
    it.send_loop()
    it.wait_action("proposed")
    assert not (tmp_path / "arguments").exists()
    assert it.decide("approve", confirm_name="coder").status_code == 200
    it.wait_action("obeyed")
    assert (tmp_path / "arguments").read_text() == "fixed\n"
    assert json.loads((tmp_path / "stdin").read_text())["agent"] == "coder"


def test_commands_need_the_flag_and_a_file_that_nobody_else_can_write(tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text("mitigation:\n  actions:\n    x: {command: [/bin/true]}\n")
    config.chmod(0o600)
    serve = ["serve", "--data", tmp_path / "data", "--config", config]
    done = run(*serve, check=False)
    assert done.returncode == 2 and "--enable-exec" in done.stderr
    assert run("check-config", config).returncode == 0
    config.chmod(0o620)
    done = run(*serve, "--enable-exec", check=False)
    assert done.returncode == 2 and "chmod go-w" in done.stderr


@pytest.mark.parametrize("text, place, words", [
    ("mitigation: 3", "1:13", "name: value"),
    ("mitigation:\n  wrong: 1", "2:3", "unknown entry 'wrong'"),
    ("mitigation:\n  mode: maybe", "2:9", "off, dry_run or live"),
    ("mitigation:\n  actions:\n    x: {directive: dance}", "3:20", "switch_model"),
    ("mitigation:\n  actions:\n    x: {}", "3:8", "one of directive, webhook and command"),
    ("mitigation:\n  budget: {targets: many}", "2:21", "whole number"),
    ("mitigation:\n  policies: [{name: p, action: a, cooldown: soon, match: {agent: a}}]", "2:45",
     "duration"),
    ("mitigation:\n  policies: [{name: p, action: a, match: {agent: a}}]", "", "no action 'a'"),
])
def test_a_wrong_configuration_is_refused_with_its_place(tmp_path, text, place, words):
    config = tmp_path / "honeyguide.yaml"
    config.write_text(text + "\n")
    done = run("check-config", config, check=False)
    assert done.returncode == 1
    assert (f"{config}:{place}:" if place else "mitigation") in done.stderr, done.stderr
    assert words in done.stderr


def test_the_commands_list_and_decide(node):
    it = node(action="halt")
    it.listen()
    it.send_loop()
    it.wait_action("proposed")
    server = ["--url", it.server.http, "--token", it.tokens["operator"]]
    listed = run("mitigations", *server)
    assert "mi-1  proposed  Stop coder" in listed.stdout
    assert "breaker closed; 1 wait for a decision" in listed.stderr
    refused = run("mitigations", "approve", "mi-1", *server, check=False)
    assert refused.returncode == 1 and "agent's name" in refused.stderr
    done = run("mitigations", "approve", "mi-1", "--confirm-name", "coder", *server)
    assert "Stop coder: requested" in done.stdout
    assert "requested" in run("mitigations", "history", *server).stdout
    assert "breaker: closed" in run("mitigations", "reset-breaker", *server).stdout
    metrics = it.server.get("/metrics", headers=it.headers("reader")).text
    assert 'honeyguide_mitigations{state="requested"} 1' in metrics


def test_a_person_is_held_by_the_blast_radius_unless_they_insist(node):
    it = node()
    it.send_loop()
    wait_until(lambda: it.server.json("/api/v1/agents")["total"]["count"] == 2)
    url = f"{it.server.http}/api/v1/agents/%s/directives"

    def pause(agent, **more):
        return requests.post(url % agent, json={"directive": "pause", **more}, timeout=20,
                             headers=it.headers("operator"))
    assert pause("lead").status_code in (201, 409)
    held = pause("coder") if pause("lead", force=True).status_code == 201 else None
    assert held.status_code == 409 and held.json()["error"]["code"] == "guard"
    assert "blast_radius" in held.json()["error"]["message"]
    assert pause("coder", force=True).status_code == 201
