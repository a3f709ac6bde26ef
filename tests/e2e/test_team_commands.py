"""The commands about agents tell what the API tells, as tables and as JSON; `top` draws a screen
that refreshes and gives the terminal back; /metrics has the figures of the agents."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

import recordings
from harness import BINARY, run, wait_until

FIGURES_SINCE = "87600h"  # the recordings are of another day


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """A server that holds one recorded team."""
    from harness import Server
    server = Server(tmp_path_factory.mktemp("team") / "data").start()
    for request in recordings.requests("langgraph-openinference"):
        server.send(request)
    truth = recordings.truth("langgraph-openinference")
    wait_until(lambda: server.json("/api/v1/runs")["total"]["count"] == len(truth["runs"]),
               what="all runs")
    yield server, truth
    server.finish()


def ask(server, *words):
    return run(*words, "--url", server.http).stdout


COMMANDS = [
    (("agents", "--since", FIGURES_SINCE), "/api/v1/agents"),
    (("workflows", "--since", FIGURES_SINCE), "/api/v1/workflows"),
    (("runs",), "/api/v1/runs"),
    (("conflicts",), "/api/v1/conflicts"),
    (("deps",), "/api/v1/dependencies"),
    (("loops",), "/api/v1/loops"),
    (("agent", "researcher"), "/api/v1/agents/researcher"),
]


@pytest.mark.parametrize("words,path", COMMANDS, ids=[c[0][0] for c in COMMANDS])
def test_json_of_a_command_is_the_answer_of_the_api(team, words, path):
    server, _ = team
    said = json.loads(ask(server, *words, "--output", "json"))
    assert said.keys() == server.json(path).keys()


def test_tables_name_agents_runs_and_loops(team):
    server, truth = team
    agents = ask(server, "agents", "--since", FIGURES_SINCE)
    for name in truth["agents"]:
        assert re.search(rf"^{name} ", agents, re.M), agents
    runs = ask(server, "runs")
    assert len(re.findall(r" (success|limit|failed) ", runs)) == len(truth["runs"]), runs
    assert len(ask(server, "runs", "--outcome", "limit").splitlines()) == 2
    loops = ask(server, "loops")
    for loop in truth["loops"]:
        assert loop["agent"] in loops and loop["tool"] in loops, loops
    agent = ask(server, "agent", "researcher", "--since", FIGURES_SINCE)
    assert "researcher" in agent and "START" in agent, agent


def test_an_unknown_agent_is_not_found(team):
    server, _ = team
    done = run("agent", "nobody-of-this-name", "--url", server.http, check=False)
    assert done.returncode == 3, done


def read_terminal(descriptor, until, seconds=20.0):
    end, seen = time.monotonic() + seconds, b""
    while time.monotonic() < end:
        if select.select([descriptor], [], [], 0.2)[0]:
            try:
                piece = os.read(descriptor, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            seen += piece
        if until(seen):
            return seen
    raise AssertionError(f"not seen within {seconds} s: {seen[-3000:]!r}")


def test_top_draws_refreshes_and_gives_the_terminal_back(team):
    server, _ = team
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
    before = termios.tcgetattr(child)
    top = subprocess.Popen([str(BINARY), "top", "--url", server.http, "--interval", "200ms",
                            "--since", FIGURES_SINCE], stdin=child, stdout=child, stderr=child)
    try:
        seen = read_terminal(parent, lambda text: text.count(b"\x1b[H") >= 3)
        frame = seen.split(b"\x1b[H")[1].decode()
        assert "researcher" in frame and "tasks/h" in frame, frame
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame).split("\r\n")
        assert len(lines) == 24 and all(len(line) <= 90 for line in lines), lines
        assert seen.startswith(b"\x1b[?1049h")
        os.write(parent, b"q")
        end = read_terminal(parent, lambda text: b"\x1b[?1049l" in text)
        assert b"\x1b[?25h" in end
        assert top.wait(10) == 0
        assert termios.tcgetattr(child) == before
    finally:
        top.kill()
        top.wait()
        os.close(parent)
        os.close(child)


def test_top_without_a_terminal_prints_one_screen(team):
    server, _ = team
    assert "researcher" in ask(server, "top", "--since", FIGURES_SINCE)
    assert {"overview", "agents"} <= json.loads(ask(server, "top", "--output", "json")).keys()


def samples(text):
    """{(name, frozenset of label pairs): value} of a page in Prometheus' text format."""
    out = {}
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        name, labels, value = re.fullmatch(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)', line).groups()
        pairs = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
        assert (name, pairs) not in out, line
        out[name, pairs] = float(value)
    return out


def total(page, name, **labels):
    return sum(value for (of, pairs), value in page.items()
               if of == name and set(labels.items()) <= set(pairs))


def test_metrics_tell_the_truth_about_agents(team):
    server, truth = team
    page = samples(server.get("/metrics").text)
    for agent, told in truth["per_agent"].items():
        for side in ("input", "output"):
            got = total(page, f"gen_ai_client_inference_usage_{side}_tokens_total",
                        gen_ai_agent_name=agent)
            assert got == told[side], (agent, side)
    for tool, told in truth["tool_calls"].items():
        got = total(page, "gen_ai_execute_tool_duration_seconds_count", gen_ai_tool_name=tool)
        assert got == told["calls"], tool
    outcomes = {o: total(page, "honeyguide_workflow_runs_total", outcome=o)
                for o in ("success", "limit", "failed")}
    assert outcomes == {"success": 1, "limit": 1, "failed": 1}
    assert total(page, "honeyguide_handoffs_total", kind="handoff") == 5
    assert total(page, "honeyguide_agent_llm_errors_total") == truth["failed_llm_calls"]
    assert total(page, "honeyguide_metrics_folded") == 0
    assert server.json("/api/v1/stats")["analytics"]["entities"] > 0
