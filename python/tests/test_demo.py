"""Proves that the demo's figures are what its agents did: each is computed again, here, from the events
that the agents measured themselves."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

DEMO = Path(__file__).parent.parent / "examples" / "production_monitoring_demo.py"
SICK_ALERTS = [["cpu_percent", "high"], ["error_rate", "high"], ["memory_percent", "medium"],
               ["task_throughput", "high"]]


def start(*arguments):
    return subprocess.run([sys.executable, str(DEMO), *arguments], capture_output=True, text=True,
                          timeout=120, check=False)


@pytest.fixture(scope="module", params=[1, 5])
def demo(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    done = start("--pace", "0.1", "--seed", str(request.param), "--events", str(folder / "events"),
                 "--json", str(folder / "figures"))
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in (folder / "events").read_text().splitlines()]
    return {"events": events, "figures": json.loads((folder / "figures").read_text()),
            "said": done.stdout, "seconds": time.monotonic() - began, "seed": request.param}


def of_kind(demo, kind):
    return [event for event in demo["events"] if event["kind"] == kind]


def test_tasks_are_those_that_the_agents_did(demo):
    tasks = of_kind(demo, "task")
    assert len({task["task"] for task in tasks}) == len(tasks) == 45
    done = Counter((task["agent"], task["success"]) for task in tasks)
    assert 0 < sum(not task["success"] for task in tasks) < len(tasks)
    for agent, figures in demo["figures"]["agents"].items():
        assert figures["succeeded"] == done[agent, True]
        assert figures["failed"] == done[agent, False]
        assert figures["tasks"] == done[agent, True] + done[agent, False]


def test_throughput_is_successes_over_the_agents_age(demo):
    tasks = of_kind(demo, "task")
    for agent, figures in demo["figures"]["agents"].items():
        mine = [task for task in tasks if task["agent"] == agent]
        age_min = (max(task["unix_s"] for task in mine)
                   - min(task["unix_s"] - task["seconds"] for task in mine))
        age = figures["period_hours"] * 3600
        assert age_min - 0.05 <= age <= demo["seconds"]
        assert figures["throughput_per_hour"] == pytest.approx(figures["succeeded"] / age * 3600,
                                                               abs=0.01)


def test_conflicts_are_those_that_the_agents_had(demo):
    conflicts = of_kind(demo, "conflict")
    figures = demo["figures"]["conflicts"]
    assert figures["total"] == len(conflicts) > 0
    assert figures["success_rate"] == round(sum(c["success"] for c in conflicts) / len(conflicts), 3)
    # The framework rounds to hundredths of a second, and each conflict to milliseconds.
    assert figures["avg_resolution_time"] == pytest.approx(
        sum(c["seconds"] for c in conflicts) / len(conflicts), abs=0.0065)


def test_a_workflow_is_one_trace_with_all_its_spans(demo):
    tasks, messages = of_kind(demo, "task"), of_kind(demo, "message")
    ended = {event["workflow"]: event["status"] for event in of_kind(demo, "workflow")}
    assert set(demo["figures"]["workflows"]) == set(ended)
    assert len({of["trace_id"] for of in demo["figures"]["workflows"].values()}) == len(ended)
    for workflow, figures in demo["figures"]["workflows"].items():
        mine = [task for task in tasks if task["workflow"] == workflow]
        failed = sum(not task["success"] for task in mine)
        sent = sum(message["workflow"] == workflow for message in messages)
        assert figures["spans"] == figures["spans_stored"] == 1 + 2 * len(mine) + sent
        assert figures["error_spans"] == failed
        assert figures["status"] == ended[workflow] == ("failed" if failed >= 3 else "completed")
    assert ("failed" in ended.values()) == (demo["seed"] == 5)


def test_messages_are_those_that_the_agents_sent(demo):
    sent = Counter(message["sender"] for message in of_kind(demo, "message"))
    received = Counter(message["receiver"] for message in of_kind(demo, "message"))
    for agent, figures in demo["figures"]["agents"].items():
        assert (figures["messages_out"], figures["messages_in"]) == (sent[agent], received[agent])


def test_the_sick_sample_raises_one_alert_a_metric_and_nothing_else(demo):
    assert demo["figures"]["alerts_of_injected_sample"] == SICK_ALERTS
    assert "Validation:  passed" in demo["said"]


def test_a_pace_that_makes_no_sense_is_refused():
    for pace in ("0", "-1", "fast"):
        done = start("--pace", pace)
        assert done.returncode == 2 and "--pace" in done.stderr
