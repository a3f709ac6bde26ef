"""Proves that a real server pauses, throttles and stops a real Python agent, and that an agent goes on
where the server is gone."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import requests
import server as real
from harness import run, wait_until

import honeyguide


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("control")
    made = run("token", "--new", "agent", "--agents", "worker*").stdout
    words = {line.split(":", 1)[0].strip(): line.split(":", 1)[1].strip() for line in made.splitlines() if ":" in line}
    tokens = folder / "tokens"
    tokens.write_text(words["line"] + "\n")
    tokens.chmod(0o600)
    started = real.make(folder, flags=["--token-file", tokens])
    started.agent_token = words["token"]
    yield started
    started.finish()


def direct(server, agent, directive, params=None, expires_in_ms=60_000):
    answer = requests.post(f"{server.http}/api/v1/agents/{agent}/directives", timeout=10,
                           headers={"Authorization": "Bearer " + server.token},
                           json={"directive": directive, "params": params or {}, "reason": "test",
                                 "expires_in_ms": expires_in_ms, "force": True})
    assert answer.status_code == 201, answer.text
    return answer.json()["seq"]


def listen(server, agent, **kwargs):
    made = honeyguide.control(agent, server=server.http, token=server.agent_token, **kwargs)
    assert made.wait_until_asked(), made.last_error
    return made


def state_of(server, agent):
    """What became of the agent's newest directive."""
    actions = server.json("/api/v1/mitigations")["items"]
    return json.dumps([a for a in actions if agent in json.dumps(a)])


def test_an_agent_runs_until_it_is_paused_and_goes_on_when_it_is_resumed(server):
    with listen(server, "worker-1") as agent:
        assert agent.directive.kind == "run"
        assert agent.wait_while_paused() is True
        steps = []
        stop = threading.Event()

        def work():
            while not stop.is_set():
                agent.wait_while_paused()
                steps.append(time.monotonic())
                time.sleep(0.01)

        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: len(steps) > 5, 5, "it works")
        direct(server, "worker-1", "pause")
        wait_until(lambda: agent.paused, 10, "the pause arrives")
        time.sleep(0.2)
        frozen = len(steps)
        time.sleep(0.5)
        assert len(steps) == frozen
        wait_until(lambda: "obeyed" in state_of(server, "worker-1"), 10, "the server hears that it obeys")
        direct(server, "worker-1", "run")
        wait_until(lambda: len(steps) > frozen, 10, "it goes on")
        stop.set()
        thread.join()


def test_a_pause_that_expires_is_over_without_the_server(server):
    with listen(server, "worker-2") as agent:
        direct(server, "worker-2", "pause", expires_in_ms=1500)
        wait_until(lambda: agent.paused, 10, "the pause arrives")
        started = time.monotonic()
        assert agent.wait_while_paused(10) is True
        assert time.monotonic() - started < 5


def test_waiting_ends_at_its_own_limit(server):
    with listen(server, "worker-3") as agent:
        direct(server, "worker-3", "pause")
        wait_until(lambda: agent.paused, 10, "the pause arrives")
        assert agent.wait_while_paused(0.2) is False


def test_a_callback_hears_params_and_may_refuse(server):
    heard = []

    def on_change(directive):
        heard.append(directive)
        if directive.kind == "switch_model":
            raise honeyguide.Refused("only one model is licensed")

    with listen(server, "worker-4", on_change=on_change) as agent:
        direct(server, "worker-4", "throttle", {"ratio": 0.5})
        wait_until(lambda: agent.throttle == {"ratio": 0.5}, 10, "the throttle arrives")
        direct(server, "worker-4", "switch_model", {"model": "m"})
        wait_until(lambda: len(heard) == 2, 10, "both are heard")
        wait_until(lambda: "only one model is licensed" in json.dumps(server.json("/api/v1/audit")), 10,
                   "the refusal is in the audit log")
    assert [one.kind for one in heard] == ["throttle", "switch_model"]
    assert heard[0].reason == "test"


def test_a_stop_raises_where_the_agent_waits_also_in_coroutines(server):
    with listen(server, "worker-5") as agent:
        direct(server, "worker-5", "stop")
        wait_until(lambda: agent.stopped, 10, "the stop arrives")
        with pytest.raises(honeyguide.AgentStopped, match="test"):
            agent.wait_while_paused()
        with pytest.raises(honeyguide.AgentStopped):
            asyncio.run(agent.wait_while_paused_async())


def test_a_token_of_another_agent_is_told_what_it_needs(server):
    agent = honeyguide.control("stranger", server=server.http, token=server.agent_token)
    wait_until(lambda: agent.last_error, 10, "the refusal")
    assert "honeyguide token --new agent --agents 'stranger'" in agent.last_error
    assert agent.wait_while_paused() is True  # an agent that cannot ask runs
    agent.close()


def test_without_a_server_an_agent_runs():
    agent = honeyguide.control("worker-6", server="http://127.0.0.1:1", token="")
    wait_until(lambda: agent.last_error, 10, "the error")
    assert agent.directive.kind == "run" and agent.wait_while_paused() is True
    agent.close()


@pytest.mark.parametrize("agent_id", ["", "x" * 257])
def test_ids_have_limits(agent_id):
    with pytest.raises(ValueError, match="1 to 256 bytes"):
        honeyguide.control(agent_id)


def test_a_forked_child_hears_for_itself(server):
    code = f"""
        import os, sys, time, honeyguide
        agent = honeyguide.control("worker-7", server="{server.http}", token="{server.agent_token}")
        assert agent.wait_until_asked()
        if (child := os.fork()) == 0:
            print("ready", flush=True)
            end = time.monotonic() + 20
            while not agent.paused and time.monotonic() < end:
                time.sleep(0.05)
            os._exit(0 if agent.paused else 1)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ))
    assert process.stdout.readline() == "ready\n"
    direct(server, "worker-7", "pause")
    assert process.wait(30) == 0


def test_the_framework_gives_controls_and_closes_them(server):
    async def body():
        async with honeyguide.MonitoringIntegrationFramework("host") as monitoring:
            agent = monitoring.control("worker-8", server=server.http, token=server.agent_token)
            assert agent.wait_until_asked()
        return agent

    assert asyncio.run(body())._closed
