"""The monitoring framework at work: three workflows of three agents that really do something.

    python production_monitoring_demo.py                 # about 15 s
    python production_monitoring_demo.py --pace 0.1      # ten times as fast
    python production_monitoring_demo.py --events e.jsonl --json figures.json

Agents compress text and wait as long as a model would; one task in ten fails. In every second round they
publish to their workflow's repository, and who finds it taken has a conflict with who holds it:
resolved if it is free in time, given up otherwise. What an agent tells the framework it measured itself. `--events`
writes those measurements, one JSON object a line, and `--json` the figures that the framework makes of
them: each can be computed again from the events.
"""

import argparse
import asyncio
import json
import random
import time
import zlib
from dataclasses import dataclass, field

from monitoring_integration_framework import MonitoringIntegrationFramework

AGENTS = ("agent_2", "agent_3", "agent_4")
WORKFLOWS = 3
ROUNDS = 5
TASK_FAILURE_RATE = 0.1
FAILED_SHARE_MAX = 0.15      # a workflow with more failed tasks than this has failed
TASK_SECONDS = (0.5, 3.0)    # at pace 1
PUBLISH_SECONDS = 0.7        # one agent's time in the repository
PATIENCE_SECONDS = 0.5       # how long one waits for another
SICK_SAMPLE = {"cpu_percent": 95.0, "memory_percent": 92.0, "error_rate": 0.15,
               "task_throughput": 1.0}


class WorkFailed(Exception):
    """The agent could not do its task."""


@dataclass
class Repository:
    """One agent at a time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    agents: list = field(default_factory=list)  # who holds it, then who waits for it


class Demo:
    """The agents and what they measured."""

    def __init__(self, monitoring, *, pace, seed):
        self.monitoring = monitoring
        self.pace = pace
        self.seed = seed
        self.repositories = {}
        self.events = []
        self.trace_ids = {}

    def note(self, kind, **facts):
        self.events.append({"kind": kind, "unix_s": time.time(), **facts})

    async def work(self, chance):
        """What a task does; WorkFailed for one in ten."""
        text = bytes(chance.randrange(32, 64) for _ in range(20_000))
        zlib.compress(text, 9)
        await asyncio.sleep(chance.uniform(*TASK_SECONDS) * self.pace)
        if chance.random() < TASK_FAILURE_RATE:
            raise WorkFailed("the model gave no usable answer")

    async def do_task(self, workflow_id, agent, number):
        task_id = f"{workflow_id}/task_{number}_{agent}"
        began, success = time.monotonic(), True
        with self.monitoring.tracing.trace_agent_operation(agent, "process", workflow_id):
            try:
                await self.work(random.Random(f"{self.seed}/{task_id}"))
            except WorkFailed as failure:
                success = False
                self.monitoring.tracing.add_span_event("task_failed", {"error": str(failure)})
        seconds = time.monotonic() - began
        self.monitoring.record_agent_task(agent, task_id, "processing", success, seconds,
                                          workflow_id=workflow_id)
        self.note("task", workflow=workflow_id, agent=agent, task=task_id, success=success,
                  seconds=seconds)

    async def publish(self, workflow_id, agent, number):
        """Puts the result into the repository; who finds another one there has a conflict."""
        repository = self.repositories[workflow_id]
        began = time.monotonic()
        if not repository.agents:
            await repository.lock.acquire()
        else:
            conflict_id = f"{workflow_id}/conflict_{number}_{agent}"
            self.monitoring.business_metrics.start_conflict_resolution(
                conflict_id, [agent, repository.agents[0]], "repository")
            repository.agents.append(agent)
            try:
                await asyncio.wait_for(repository.lock.acquire(), PATIENCE_SECONDS * self.pace)
            except asyncio.TimeoutError:
                repository.agents.remove(agent)
                self.end_conflict(conflict_id, "gave_up", False, began)
                return
            repository.agents.remove(agent)
            self.end_conflict(conflict_id, "waited", True, began)
        repository.agents.insert(0, agent)
        await asyncio.sleep(PUBLISH_SECONDS * self.pace)
        repository.agents.remove(agent)
        repository.lock.release()

    def end_conflict(self, conflict_id, method, success, began):
        self.monitoring.business_metrics.resolve_conflict(conflict_id, method, success)
        self.note("conflict", conflict=conflict_id, success=success,
                  seconds=time.monotonic() - began)

    async def agent(self, workflow_id, agent, number):
        await self.do_task(workflow_id, agent, number)
        if number % 2 == 0:
            await self.publish(workflow_id, agent, number)
        receiver = AGENTS[(AGENTS.index(agent) + 1) % len(AGENTS)]
        with self.monitoring.tracing.trace_agent_communication(agent, receiver, "result", workflow_id):
            await asyncio.sleep(0)
        self.note("message", workflow=workflow_id, sender=agent, receiver=receiver)

    async def workflow(self, workflow_id):
        self.repositories[workflow_id] = Repository()
        self.trace_ids[workflow_id] = self.monitoring.start_workflow_monitoring(
            workflow_id, "task_execution", AGENTS)
        for number in range(ROUNDS):
            await asyncio.gather(*(self.agent(workflow_id, agent, number) for agent in AGENTS))
        tasks = [e for e in self.events if e["kind"] == "task" and e["workflow"] == workflow_id]
        failed = sum(not task["success"] for task in tasks)
        status = "failed" if failed > FAILED_SHARE_MAX * len(tasks) else "completed"
        self.monitoring.complete_workflow_monitoring(workflow_id, status)
        self.note("workflow", workflow=workflow_id, status=status)

    async def run(self):
        await asyncio.gather(*(self.workflow(f"demo_workflow_{i}") for i in range(WORKFLOWS)))


def figures_of(demo):
    """What the framework says, out of its reports."""
    monitoring = demo.monitoring
    conflicts = monitoring.business_metrics.get_conflict_resolution_report()
    agents, workflows = {}, {}
    for agent in AGENTS:
        performance = monitoring.get_agent_performance(agent)
        tasks = performance["report"]["tasks"]
        agents[agent] = {
            "tasks": tasks["total"], "succeeded": tasks["succeeded"], "failed": tasks["failed"],
            "period_hours": performance["throughput"]["time_period_hours"],
            "throughput_per_hour": performance["throughput"]["throughput_per_hour"],
            "status": performance["throughput"]["status"],
            "messages_out": performance["report"]["messages_out"],
            "messages_in": performance["report"]["messages_in"]}
    for workflow_id, trace_id in demo.trace_ids.items():
        summary = monitoring.tracing.get_workflow_trace_summary(workflow_id)
        trace = json.dumps(monitoring.tracing.get_trace(trace_id))
        workflows[workflow_id] = {
            "status": summary["status"], "trace_id": trace_id,
            "spans": summary["total_spans"], "spans_stored": trace.count('"spanId"'),
            "error_spans": summary["error_spans"], "seconds": summary["duration"]}
    return {
        "agents": agents, "workflows": workflows,
        "conflicts": {"total": conflicts["total_conflicts"],
                      "success_rate": conflicts["success_rate"],
                      "avg_resolution_time": conflicts.get("avg_resolution_time")},
        "alerts_of_injected_sample": sorted(
            [alert.metric_name, alert.severity.value]
            for alert in monitoring.proactive_alerting.get_active_predictive_alerts()
            if alert.metric_name in SICK_SAMPLE),
        "health": monitoring.get_monitoring_system_health().status}


def print_figures(figures, dashboard):
    parts = dashboard["monitoring_framework"]["component_health"]
    print("\nComponents:  " + ", ".join(f"{name} {'ok' if ok else 'DOWN'}"
                                        for name, ok in parts.items()))
    score = dashboard["system_health"]["overall_score"]
    print(f"Health:      {figures['health']}"
          + ("" if score is None else f", score {score:.2f} of 1"))
    for advice in dashboard["system_health"]["recommendations"]:
        print(f"             {advice}")
    print("Agents:")
    for agent, of in figures["agents"].items():
        print(f"  {agent}  {of['succeeded']} of {of['tasks']} tasks succeeded, "
              f"{of['throughput_per_hour']:.0f} an hour ({of['status']}), "
              f"{of['messages_out']} messages sent")
    print("Workflows:")
    for workflow_id, of in figures["workflows"].items():
        print(f"  {workflow_id}  {of['status']}, {of['spans']} spans, {of['error_spans']} errors, "
              f"{of['seconds']:.1f} s, trace {of['trace_id']}")
    conflicts = figures["conflicts"]
    if conflicts["total"]:
        print(f"Conflicts:   {conflicts['total']}, {conflicts['success_rate']:.0%} resolved, "
              f"{conflicts['avg_resolution_time']:.2f} s on average")
    print("Alerts of the sick sample:")
    for metric, severity in figures["alerts_of_injected_sample"]:
        print(f"  {metric} ({severity})")


async def main(arguments):
    async with MonitoringIntegrationFramework("demo-agent-hive") as monitoring:
        validation = monitoring.validate_integration()
        print(f"Validation:  {validation['validation_status']}")
        for name, result in validation["checks"].items():
            print(f"  {name}: {result}")
        demo = Demo(monitoring, pace=arguments.pace, seed=arguments.seed)
        print(f"{WORKFLOWS} workflows of {len(AGENTS)} agents, {ROUNDS} rounds ...")
        await demo.run()
        print(f"Injecting a sick sample: {SICK_SAMPLE}")
        monitoring.proactive_alerting.process_metrics(SICK_SAMPLE)
        figures = figures_of(demo)
        print_figures(figures, monitoring.get_comprehensive_dashboard())
    if arguments.events:
        with open(arguments.events, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(event) + "\n" for event in demo.events)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump(figures, out, indent=2)
    return 0 if validation["validation_status"] == "passed" else 1


def positive(text):
    value = float(text)
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError(f"{text}: give a pace above 0 and up to 100")
    return value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pace", type=positive, default=1.0,
                        help="how long everything takes, as a factor (default 1)")
    parser.add_argument("--seed", type=int, default=1, help="which tasks fail (default 1)")
    parser.add_argument("--events", help="write what the agents measured, JSON lines")
    parser.add_argument("--json", help="write the figures")
    raise SystemExit(asyncio.run(main(parser.parse_args())))
