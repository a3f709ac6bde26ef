"""Every figure of the product against a slow, obvious model over random histories.

The product gets the spans shuffled, split and partly repeated. HG_BINARY names the binary,
HG_ORACLE_EXAMPLES how many histories.
"""

import json
import os
import random
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from team import SECOND, WINDOWS, Team, rank

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("HG_BINARY", ROOT / "build/dev/honeyguide")).resolve()
EXAMPLES = int(os.environ.get("HG_ORACLE_EXAMPLES", "60"))

histories = st.tuples(st.integers(1, 6), st.randoms(use_true_random=False), st.integers())


def said(team, seed, *flags):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all.jsonl"
        with path.open("w", encoding="utf-8") as out:
            for request in team.requests(random.Random(seed)):
                out.write(json.dumps(request) + "\n")
        done = subprocess.run([str(BINARY), "analyze", str(path), *flags], capture_output=True,
                              text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def same(given_value, expected, what):
    if expected is None or given_value is None:
        assert given_value == expected, what
    else:
        assert given_value == pytest.approx(expected, rel=1e-9, abs=1e-12), what


def check_agent(report, team, window):
    name = report["agent"]
    expected = team.agent(name, window)
    what = f"{name} {window}"
    tasks = report["tasks"]
    assert (tasks["total"], tasks["succeeded"], tasks["failed"], tasks["cancelled"]) \
        == expected["tasks"], what
    assert (report["llm_calls"], report["llm_errors"]) == expected["llm"], what
    assert (report["tokens"]["input"], report["tokens"]["output"]) == expected["tokens"], what
    assert (report["tool_calls"], report["tool_errors"]) == expected["tools"], what
    assert (report["invocations"], report["invocation_errors"]) == expected["invocations"], what
    for key in ("messages_out", "conflicts_closed", "conflicts_open"):
        assert report[key] == expected[key], f"{what} {key}"
    for key in ("throughput_per_hour", "success_rate", "utilization", "quality", "cost_usd",
                "conflict_resolution_rate", "waiting_ratio"):
        same(report[key], expected[key], f"{what} {key}")
    for quantile, key in ((0.5, "task_p50_ms"), (0.9, "task_p90_ms"), (0.99, "task_p99_ms")):
        exact = rank(expected["durations"], quantile)
        if exact is None:
            assert report[key] is None, what
        elif exact >= 2_000:
            assert report[key] == pytest.approx(exact / 1e6, rel=0.1), f"{what} {key}"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_every_figure_equals_the_oracle(history):
    runs, source, seed = history
    team = Team(lambda n: source.randrange(n), runs)
    figures = said(team, seed, "--figures")
    assert figures["now_unix_ns"] == team.now()
    for window in WINDOWS:
        got = figures["windows"][window]
        reports = {r["agent"]: r for r in got["agents"]}
        assert set(team.agents()) <= set(reports)
        for report in reports.values():
            if report["agent"] in team.agents():
                check_agent(report, team, window)
        for workflow in got["workflows"]:
            assert workflow["runs"] == team.workflow(workflow["name"], window), window
        conflicts = got["conflicts"]
        assert (conflicts["total_conflicts"], conflicts["successful_resolutions"],
                conflicts["open"]) == team.conflict_totals(window)
        edges = {(e["consumer"], e["producer"]): e["count"] for e in got["dependencies"]["edges"]}
        assert edges == team.waits(window)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_analyze_counts_what_happened(history):
    runs, source, seed = history
    team = Team(lambda n: source.randrange(n), runs)
    analysis = said(team, seed, "--output", "json")
    totals = analysis["totals"]
    assert totals["llm_calls"] == len(team.calls)
    assert totals["llm_errors"] == sum(c["error"] for c in team.calls)
    assert totals["tool_calls"] == len(team.tools)
    assert totals["spans"] == len(team.spans)
    assert totals["messages"] == len(team.messages)
    assert len(analysis["runs"]) == runs
    delegated = sum(h["count"] for h in analysis["handoffs"] if h["kind"] == "delegation")
    assert delegated == len(team.delegations)
    busy = {}
    for row in team.invocations:
        busy.setdefault(row["agent"], []).append((row["start"], row["end"]))
    assert {a["name"] for a in analysis["agents"]} >= set(busy)


def test_the_model_itself_is_not_empty():
    team = Team(lambda n, source=random.Random(5): source.randrange(n), 6)
    assert team.calls and team.tools and team.tasks and team.delegations and team.conflicts
    assert team.now() > 0 and SECOND > 0
