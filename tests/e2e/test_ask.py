"""Proves what the commands that ask a server promise: JSON where asked, exit codes, and nothing in
foreign names that moves a terminal's cursor."""

import json
import os

import pytest
import requests

from harness import run
from otlp import trace_request

pytestmark = pytest.mark.needs_command("search")

HOSTILE = "\x1b[31mred\x07\x9b2J\r\nnext\u202e"


@pytest.fixture
def asked(honeyguide):
    """A server with one hostile trace; gives (server, its trace id)."""
    request, trace_id = trace_request(name=HOSTILE, service="svc" + HOSTILE, spans=2,
                                      attributes={HOSTILE: HOSTILE})
    honeyguide.send(request)
    return honeyguide, trace_id


def ask(server, *args, **kwargs):
    return run(*args, "--url", server.http, **kwargs)


@pytest.mark.parametrize("command", [("search",), ("services",), ("stats",),
                                     ("trace", "ID", "--attributes")])
def test_foreign_names_cannot_steer_the_terminal(asked, command):
    server, trace_id = asked
    done = ask(server, *(trace_id if word == "ID" else word for word in command))
    text = done.stdout + done.stderr
    assert done.returncode == 0 and ("red" in text or command == ("stats",))
    steering = [c for c in text if ord(c) < 32 and c not in "\n\t" or 127 <= ord(c) < 160]
    assert steering == []


@pytest.mark.parametrize("command, key", [
    (("search",), "items"), (("services",), "services"), (("stats",), "traces"),
    (("trace", "ID"), "resourceSpans")])
def test_json_is_one_document_on_standard_output(asked, command, key):
    server, trace_id = asked
    done = ask(server, *(trace_id if word == "ID" else word for word in command),
               "--output", "json")
    assert key in json.loads(done.stdout)
    assert len(done.stdout.splitlines()) == 1 and "\x1b" not in done.stdout


def test_exit_codes_tell_what_happened(asked):
    server, trace_id = asked
    assert ask(server, "trace", os.urandom(16).hex(), check=False).returncode == 3
    assert ask(server, "trace", "nonsense", check=False).returncode == 1
    broken = ask(server, "search", "{ status = ", check=False)
    assert broken.returncode == 1 and "1:" in broken.stderr and broken.stdout == ""
    assert ask(server, "search", "--no-such-flag", check=False).returncode == 2
    away = run("services", "--url", "http://127.0.0.1:9", check=False)
    assert away.returncode == 1 and "honeyguide serve" in away.stderr
    assert ask(server, "delete", trace_id, check=False).returncode == 1, "needs role admin"
    gone = ask(server, "delete", trace_id, "--token", server.token)
    assert gone.stdout == f"deleted {trace_id}\n"
    assert ask(server, "trace", trace_id, check=False).returncode == 3


def test_the_address_and_the_token_come_from_the_environment_too(asked):
    server, trace_id = asked
    env = {**os.environ, "HONEYGUIDE_URL": server.http, "HONEYGUIDE_TOKEN": server.token}
    assert run("services", env=env).stdout
    assert run("delete", trace_id, env=env).returncode == 0
    assert requests.get(f"{server.http}/api/v1/traces/{trace_id}", timeout=30).status_code == 404
