"""Proves the control channel with plain HTTP clients: long poll, events, acknowledgements, roles,
restart and SIGKILL; every agent gets its directive, and only its own."""

import datetime
import json
import re
import socket
import threading
import time
import urllib.parse

import pytest
import requests

from harness import run, wait_until

pytestmark = pytest.mark.needs_command("serve")

AGENT = "team/coder 2 ü"  # every class of character that a path must encode


class Fleet:
    """A server whose token file lets one client speak for `AGENT` and `coder-*`."""

    def __init__(self, make_server, tmp_path):
        self.tokens = {}
        lines = [self.make_token("agent", "agent", "team/*,coder-*"),
                 self.make_token("other", "agent", "writer"),
                 self.make_token("unbound", "agent", None),
                 self.make_token("reader", "read", None),
                 self.make_token("operator", "operate", None)]
        file = tmp_path / "tokens"
        file.write_text("".join(lines))
        self.server = make_server(flags=["--token-file", file])

    def make_token(self, name, roles, agents):
        flags = ["--agents", agents] if agents else []
        out = run("token", "--new", roles, *flags).stdout
        self.tokens[name] = re.search(r"token:\s+(\S+)", out).group(1)
        # An agents list is one word of the line; the file's words are split at spaces.
        return re.search(r"line:\s+(.+)", out).group(1) + "\n"

    def url(self, agent, rest):
        return f"{self.server.http}/api/v1/agents/{urllib.parse.quote(agent, safe='')}/{rest}"

    def headers(self, token):
        return {"Authorization": "Bearer " + self.tokens[token]} if token else {}

    def give(self, agent=AGENT, token="operator", **body):
        return requests.post(self.url(agent, "directives"), json=body, timeout=20,
                             headers=self.headers(token))

    def poll(self, agent=AGENT, token="agent", **params):
        return requests.get(self.url(agent, "directive"), params=params, timeout=90,
                            headers=self.headers(token))

    def acknowledge(self, seq, state, detail="", agent=AGENT, token="agent"):
        return requests.post(self.url(agent, f"directives/{seq}/ack"), timeout=20,
                             json={"state": state, "detail": detail}, headers=self.headers(token))

    def effect(self, agent=AGENT, **params):
        return requests.get(self.url(agent, "effect"), params=params, timeout=20,
                            headers=self.headers("reader"))


@pytest.fixture
def fleet(make_server, tmp_path):
    return Fleet(make_server, tmp_path)


def test_a_waiting_poll_is_answered_when_the_directive_is_given(fleet):
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(fleet.poll(after=0, wait_s=60)))
    waiting.start()
    wait_until(lambda: fleet.effect(directive="pause").status_code == 200,
               what="the agent is known to listen")
    before = datetime.datetime.now(datetime.timezone.utc)
    given = fleet.give(directive="pause", params={"at": "turn"}, reason="loop ü")
    assert given.status_code == 201, given.text
    waiting.join(20)
    assert answers[0].status_code == 200
    directive = answers[0].json()
    assert set(directive) == {"seq", "epoch", "directive", "params", "expires_at", "reason"}
    assert directive["seq"] == 1 and directive["epoch"] > 0
    assert directive["directive"] == "pause" and directive["reason"] == "loop ü"
    assert directive["params"] == {"at": "turn"}
    expires = datetime.datetime.fromisoformat(directive["expires_at"])
    assert 0 < (expires - before).total_seconds() <= 15 * 60 + 5, "a pause lasts 15 min at most"


def test_a_poll_without_news_is_204_after_its_wait(fleet):
    start = time.monotonic()
    answer = fleet.poll(after=0, wait_s=1)
    assert answer.status_code == 204 and answer.content == b""
    assert time.monotonic() - start >= 1
    assert fleet.poll().status_code == 204, "without wait_s it answers at once"


def test_a_client_gets_each_directive_once_and_skips_what_was_replaced(fleet):
    for word in ("pause", "run", "throttle"):
        params = {"ratio": 0.5} if word == "throttle" else {}
        assert fleet.give(directive=word, params=params).status_code == 201
    newest = fleet.poll(after=1).json()
    assert (newest["seq"], newest["directive"]) == (3, "throttle")
    assert fleet.poll(after=3).status_code == 204
    assert fleet.poll(after=3, epoch=newest["epoch"]).status_code == 204
    assert fleet.poll(after=3, epoch=newest["epoch"] - 1).json() == newest, "of another life"
    assert fleet.poll(after=99).json() == newest, "of another life"


def test_an_expired_directive_reaches_nobody(fleet):
    assert fleet.give(directive="pause", expires_in_ms=400).status_code == 201
    assert fleet.poll(after=0).status_code == 200
    wait_until(lambda: fleet.poll(after=0).status_code == 204, what="the pause is over")


def read_events(response):
    """Yields (id, event, data) of an SSE response."""
    fields = {}
    for line in response.iter_lines(decode_unicode=True):
        if line == "":
            if "data" in fields:
                yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def test_the_event_stream_brings_the_directive_in_force_and_later_ones(fleet):
    fleet.give(directive="pause")
    url = fleet.url(AGENT, "directives")
    with requests.get(url, headers=fleet.headers("agent"), stream=True, timeout=20) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        events = read_events(stream)
        first_id, event, first = next(events)
        assert event == "directive" and first["directive"] == "pause"
        assert first_id == f"{first['epoch']}-{first['seq']}"
        fleet.give(directive="run")
        last_id, _, second = next(events)
        assert second["directive"] == "run" and second["seq"] == 2
    headers = {**fleet.headers("agent"), "Last-Event-ID": last_id}
    with requests.get(url, headers=headers, stream=True, timeout=20) as stream:
        events = read_events(stream)
        fleet.give(directive="stop")
        assert next(events)[2]["directive"] == "stop", "what the client has is not sent again"


@pytest.mark.parametrize("token, agent, status", [
    (None, AGENT, 403), ("reader", AGENT, 403), ("unbound", AGENT, 403), ("other", AGENT, 403),
    ("operator", AGENT, 403), ("agent", AGENT, 204), ("agent", "coder-7", 204),
    ("agent", "writer", 403), ("other", "writer", 204)])
def test_a_token_reads_the_directives_of_its_own_agents_only(fleet, token, agent, status):
    assert fleet.poll(agent, token).status_code == status
    stream = requests.get(fleet.url(agent, "directives"), headers=fleet.headers(token),
                          stream=True, timeout=20)
    assert stream.status_code == (200 if status == 204 else status)
    stream.close()


@pytest.mark.parametrize("token", [None, "agent", "reader", "unbound"])
def test_only_an_operator_gives_directives(fleet, token):
    assert fleet.give(directive="pause", token=token).status_code == 403
    assert fleet.poll().status_code == 204


def test_only_the_agent_acknowledges(fleet):
    fleet.give(directive="pause")
    for token in (None, "reader", "operator", "other", "unbound"):
        assert fleet.acknowledge(1, "obeyed", token=token).status_code == 403
    assert fleet.acknowledge(1, "received").json()["state"] == "received"
    done = fleet.acknowledge(1, "obeyed", "turn 7 ended")
    assert done.json()["state"] == "obeyed" and done.json()["detail"] == "turn 7 ended"
    assert fleet.acknowledge(1, "obeyed").status_code == 200, "a repeat is harmless"
    assert fleet.acknowledge(1, "refused").status_code == 409
    assert fleet.acknowledge(9, "obeyed").status_code == 404
    assert fleet.acknowledge(1, "maybe").status_code == 400


@pytest.mark.parametrize("body, word", [
    ({}, "directive"), ({"directive": "dance"}, "directive"),
    ({"directive": "throttle"}, "throttle"), ({"directive": "switch_model"}, "params.model"),
    ({"directive": "pause", "params": 3}, "params"),
    ({"directive": "pause", "expires_in_ms": 0}, "expires_in_ms"),
    ({"directive": "pause", "reason": 3}, "reason")])
def test_a_wrong_directive_is_refused_with_the_field_that_is_wrong(fleet, body, word):
    answer = fleet.give(**body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_directives_and_acknowledgements_outlive_the_server(fleet, end):
    given = fleet.give(directive="switch_model", params={"model": "small-1"}, reason="cost")
    assert given.status_code == 201
    before = fleet.poll().json()
    assert fleet.acknowledge(1, "received", "soon").status_code == 200
    getattr(fleet.server, end)()
    fleet.server.start()
    assert fleet.poll().json() == before
    assert fleet.acknowledge(1, "received").json()["detail"] == "soon"
    assert fleet.acknowledge(1, "refused", "no such model").status_code == 200
    fleet.give(directive="run")
    after = fleet.poll(after=1).json()
    assert after["seq"] == 2 and after["epoch"] > before["epoch"]


def test_sigkill_at_any_moment_loses_no_directive_that_was_answered(fleet):
    answered = 0
    for _ in range(3):
        stop = threading.Event()

        def give_on(stop=stop):
            nonlocal answered
            while not stop.is_set():
                try:
                    if fleet.give(directive="pause").status_code == 201:
                        answered += 1
                except requests.RequestException:
                    return

        sender = threading.Thread(target=give_on)
        goal = answered + 20
        sender.start()
        wait_until(lambda goal=goal: answered >= goal, seconds=30)
        fleet.server.kill()
        stop.set()
        sender.join()
        fleet.server.start()
        newest = fleet.poll().json()
        assert newest["seq"] >= answered, "an answered directive is gone"
        answered = newest["seq"]


def test_a_stop_of_the_server_answers_the_waiting_polls(fleet):
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(fleet.poll(wait_s=60).status_code))
    waiting.start()
    wait_until(lambda: fleet.effect(directive="pause").status_code == 200)
    fleet.server.stop()
    waiting.join(10)
    assert answers == [204]


def test_many_waiting_agents_tie_up_no_thread_and_are_bounded(fleet):
    host, port = fleet.server.ready["http"].rsplit(":", 1)
    clients = []
    for i in range(790):
        client = socket.create_connection((host, int(port)), timeout=20)
        client.sendall((f"GET /api/v1/agents/coder-{i}/directive?wait_s=60 HTTP/1.1\r\n"
                        f"Host: {host}:{port}\r\n"
                        f"Authorization: Bearer {fleet.tokens['agent']}\r\n\r\n").encode())
        clients.append(client)
    try:
        refused = wait_until(lambda: [c for c in clients if has_bytes(c)] or None,
                             what="clients over the limit are refused")
        assert b" 503 " in refused[0].recv(200)
        assert fleet.server.get("/healthz").status_code == 200
        assert fleet.give("coder-5", directive="pause").status_code == 201
        assert b" 200 " in clients[5].recv(2000)
        assert len(wait_until(lambda: [c for c in clients if has_bytes(c)])) <= 790 - 768
    finally:
        for client in clients:
            client.close()


def has_bytes(client):
    client.setblocking(False)
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        client.setblocking(True)
        client.settimeout(20)


def test_effect_tells_what_a_directive_would_touch(fleet):
    assert fleet.effect(directive="pause").status_code == 404, "nobody knows this agent"
    assert fleet.effect(directive="dance").status_code == 400
    fleet.poll()
    effect = fleet.effect(directive="stop").json()
    assert effect["directive"] == "stop" and effect["agent"]["id"] == AGENT
    assert effect["supported"] is True and effect["reversible"] is False
    assert effect["running_tasks"] == 0 and effect["waiting_agents"] == []
    assert {guard["name"] for guard in effect["guards"]} >= {"reversible", "listening"}
