"""Proves that other Python threads run while a call is in the engine. The interpreter is told never to
switch threads on its own, so the only way on for another thread is that the call lets it."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
from honeyguide import _core

engine = _core.Engine("gil")
span = _core.Span()
span.trace_id, span.span_id, span.name, span.start, span.end = "1" * 32, "2" * 16, "s", 1, 2
engine.record(span, 3)
calls = {
    "record": lambda: engine.record(span, 3),
    "throughput_report": lambda: engine.throughput_report("a", 1.0, 3),
    "agent_report": lambda: engine.agent_report("a", 1.0, 3),
    "conflict_report": lambda: engine.conflict_report(1.0, 3),
    "dependency_report": lambda: engine.dependency_report(1.0, 3),
    "dashboard": lambda: engine.dashboard(3),
    "agents": lambda: engine.agents(3),
    "set_throughput_levels": lambda: engine.set_throughput_levels(3.0, 2.0, 1.0),
    "set_conflict_levels": lambda: engine.set_conflict_levels(0.9, 0.7, 0.5),
    "trace": lambda: engine.trace("1" * 32),
    "observe": lambda: engine.observe("m", 3, 1.0),
    "nothing": lambda: None,
}
call = calls[sys.argv[1]]
others = 0

def busy():
    global others_seen
    for _ in range(300_000):
        call()
        if others:
            others_seen = True
            return
    others_seen = False

sys.setswitchinterval(3600)
thread = threading.Thread(target=busy)
thread.start()  # comes back when this thread gets the interpreter again
others = 1
thread.join()
print("ran" if others_seen else "waited")
"""


def outcome(call):
    done = subprocess.run([sys.executable, "-c", PROGRAM, call], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("call", [
    "record", "throughput_report", "agent_report", "conflict_report", "dependency_report", "dashboard",
    "agents", "set_throughput_levels", "set_conflict_levels", "trace", "observe"])
def test_another_thread_runs_during(call):
    assert outcome(call) == "ran"


def test_without_such_a_call_the_other_thread_waits():
    assert outcome("nothing") == "waited"
