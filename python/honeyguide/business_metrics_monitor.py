"""Agent business metrics: tasks, conflicts, collaborations, dependencies.

Every figure is computed by the engine from recorded spans; nothing here counts. Times are Unix time
in nanoseconds inside and seconds in what is handed out.
"""

import enum
import json
import logging
import math
import numbers
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from honeyguide._recorder import Recorder, new_span_id, new_trace_id, now_ns

__all__ = ["BusinessMetric", "BusinessMetricType", "BusinessMetricsMonitor"]

_log = logging.getLogger("honeyguide")

METRICS_KEPT = 50_000  # values recorded by record_business_metric; the oldest go first


class BusinessMetricType(enum.Enum):
    """What a BusinessMetric measures."""

    TASK_THROUGHPUT = "task_throughput"
    CONFLICT_RESOLUTION_RATE = "conflict_resolution_rate"
    AGENT_COLLABORATION_EFFICIENCY = "agent_collaboration_efficiency"
    DEPENDENCY_RESOLUTION_TIME = "dependency_resolution_time"
    WORKFLOW_SUCCESS_RATE = "workflow_success_rate"
    AGENT_UTILIZATION = "agent_utilization"
    TASK_COMPLETION_QUALITY = "task_completion_quality"
    INTER_AGENT_COMMUNICATION_LATENCY = "inter_agent_communication_latency"


@dataclass
class BusinessMetric:
    """One value that the caller measured: rates and scores from 0 to 1, times in seconds, throughput in
    tasks an hour."""

    metric_type: BusinessMetricType
    value: float
    timestamp: datetime
    agent_id: str
    task_id: str | None = None
    workflow_id: str | None = None
    conflict_id: str | None = None
    trace_id: str | None = None
    collaboration_context: dict = field(default_factory=dict)


@dataclass
class _Open:
    """Something that began: its trace, its span and what was said of it."""

    trace_id: str
    span_id: str
    parent_id: str
    start: int
    attributes: dict


def _checked_ids(**ids):
    for what, value in ids.items():
        if not isinstance(value, str) or not value:
            raise ValueError(f"{what}: a text that is not empty is needed, not {value!r}")


def _agent_list(agents):
    if agents is None or isinstance(agents, str):
        raise ValueError(f"agents: a list of agent ids is needed, not {agents!r}")
    parties = list(agents)
    for agent in parties:
        _checked_ids(agent=agent)
    return parties


def _nanos(what, seconds):
    """A length of time that ends now and began after 1970."""
    if not isinstance(seconds, numbers.Real) or not 0 <= seconds <= now_ns() / 1e9:
        raise ValueError(f"{what}: seconds that are not negative and began after 1970 are needed, "
                         f"not {seconds!r}")
    return int(seconds * 1e9)


def _checked_quality(score):
    if score is not None and not (isinstance(score, numbers.Real) and 0 <= score <= 1):
        raise ValueError(f"quality_score: 0 to 1 is needed, not {score!r}")


def _hours(time_period):
    return time_period.total_seconds() / 3600 if isinstance(time_period, timedelta) else float(time_period)


class BusinessMetricsMonitor:
    """Tasks, conflicts, collaborations and dependencies of agents, and reports about them.

    Thread-safe. Use it as it is, or as a context manager that starts and stops monitoring. Periods are a
    timedelta or a number of hours; up to an hour, up to a day, and longer (since the start) are told
    apart. Rates are shares from 0 to 1, None where nothing was counted. An id of something that is not
    open is a KeyError, an id that is open already a ValueError.
    """

    def __init__(self, enable_tracing=True, *, service_name="agent-hive", recorder=None):
        self._recorder = recorder or Recorder(service_name)
        self.enable_tracing = enable_tracing
        self._recorder.guard(self)
        self._tasks = {}
        self._conflicts = {}
        self._collaborations = {}
        self._parents = {}  # workflow id -> (trace id, span id)
        self._metrics = []
        self._on_span = None  # called with attributes, start, end and error of each recorded span
        self._running = False
        self._throughput_thresholds = {"warning": 5.0, "critical": 2.0, "target": 10.0}
        self._conflict_thresholds = {"warning": 0.7, "critical": 0.5, "target": 0.9}

    # --- thresholds: assign a dictionary to change them ---

    @property
    def throughput_thresholds(self):
        """Tasks an hour: {"target": 10.0, "warning": 5.0, "critical": 2.0}. At or above target is
        "excellent", at or above warning "good", at or above critical "warning", below it "critical".
        Setting it needs all three (ValueError otherwise) and holds for reports from then on."""
        return dict(self._throughput_thresholds)

    @throughput_thresholds.setter
    def throughput_thresholds(self, levels):
        self._throughput_thresholds = self._levels(levels)
        self._recorder.engine.set_throughput_levels(
            levels["target"], levels["warning"], levels["critical"])

    @property
    def conflict_thresholds(self):
        """Success rates from 0 to 1: {"target": 0.9, "warning": 0.7, "critical": 0.5}; read as
        throughput_thresholds are."""
        return dict(self._conflict_thresholds)

    @conflict_thresholds.setter
    def conflict_thresholds(self, levels):
        self._conflict_thresholds = self._levels(levels)
        self._recorder.engine.set_conflict_levels(
            levels["target"], levels["warning"], levels["critical"])

    @staticmethod
    def _levels(levels):
        missing = {"target", "warning", "critical"} - set(levels)
        if missing:
            raise ValueError(f"thresholds need {', '.join(sorted(missing))}")
        checked = {name: float(levels[name]) for name in ("warning", "critical", "target")}
        if not 0 <= checked["critical"] <= checked["warning"] <= checked["target"] < math.inf:
            raise ValueError(f"thresholds: 0 <= critical <= warning <= target is needed, not {checked}")
        return checked

    def start_monitoring(self):
        """Marks the monitor as running, which health looks at. Recording works either way."""
        self._running = True

    def stop_monitoring(self):
        """Marks the monitor as stopped. Figures stay readable."""
        self._running = False

    def __enter__(self):
        self.start_monitoring()
        return self

    def __exit__(self, *unused):
        self.stop_monitoring()

    @property
    def is_monitoring(self):
        """True between start_monitoring() and stop_monitoring()."""
        return self._running

    def _begin(self, workflow_id, attributes):
        trace_id, parent_id = self._parents.get(workflow_id, (None, ""))
        return _Open(trace_id or new_trace_id(), new_span_id(), parent_id, now_ns(), attributes)

    def _end(self, opened, name, *, success, end=None, message="", extra=None):
        end = end or now_ns()
        self._recorder.record(
            name, trace_id=opened.trace_id, span_id=opened.span_id, parent_id=opened.parent_id,
            start=opened.start, end=end, error=not success, message=message,
            attributes={**opened.attributes, **(extra or {})})
        if self._on_span is not None:
            self._on_span(opened.attributes, opened.start, end, not success)

    # --- tasks ---

    def start_task(self, agent_id, task_id, task_type, workflow_id=None):
        """Opens a task; gives its trace id (32 hex digits). ValueError if it is open already."""
        _checked_ids(agent_id=agent_id, task_id=task_id)
        opened = self._begin(workflow_id, {
            "span.type": "task", "agent.id": agent_id, "task.id": task_id, "task.type": task_type,
            "workflow.id": workflow_id})
        with self._lock:
            if task_id in self._tasks:
                raise ValueError(f"task '{task_id}' is open already; complete it first")
            self._tasks[task_id] = opened
        return opened.trace_id

    def complete_task(self, task_id, success=True, quality_score=None):
        """Ends an open task now. `quality_score`: 0 to 1. KeyError if no such task is open."""
        _checked_quality(quality_score)
        with self._lock:
            opened = self._tasks.pop(task_id, None)
        if opened is None:
            raise KeyError(f"no task '{task_id}' is open; call start_task first")
        self._end(opened, f"task_{opened.attributes['task.type']}", success=success,
                  extra={"task.quality": quality_score})

    def record_task(self, agent_id, task_id, task_type, success=True, duration=None,
                    quality_score=None, workflow_id=None):
        """A task that is over: it took `duration` seconds and ended now. Gives its trace id."""
        _checked_ids(agent_id=agent_id, task_id=task_id)
        _checked_quality(quality_score)
        length = _nanos("duration", 0 if duration is None else duration)
        end = now_ns()
        opened = self._begin(workflow_id, {
            "span.type": "task", "agent.id": agent_id, "task.id": task_id, "task.type": task_type,
            "workflow.id": workflow_id})
        opened.start = end - length
        self._end(opened, f"task_{task_type}", success=success, end=end,
                  extra={"task.quality": quality_score})
        return opened.trace_id

    # --- conflicts ---

    def start_conflict_resolution(self, conflict_id, participating_agents=None, conflict_type="conflict",
                                  complexity_score=1.0, *, agents=None):
        """Opens a conflict between agents; `agents` is another name for `participating_agents`. A
        conflict of complexity 2 weighs twice in "complexity_weighted_rate". ValueError if the id is open
        already."""
        _checked_ids(conflict_id=conflict_id)
        parties = _agent_list(participating_agents if participating_agents is not None else agents)
        if not isinstance(complexity_score, numbers.Real) or not 0 < complexity_score <= 1e6:
            raise ValueError(f"complexity_score: above 0 up to 1e6 is needed, not {complexity_score!r}")
        opened = self._begin(None, {
            "honeyguide.kind": "conflict", "conflict.id": conflict_id, "conflict.type": conflict_type,
            "conflict.agents": ",".join(parties), "agents.count": len(parties),
            "conflict.complexity": float(complexity_score),
            "agent.id": parties[0] if parties else None})
        with self._lock:
            if conflict_id in self._conflicts:
                raise ValueError(f"conflict '{conflict_id}' is open already")
            self._conflicts[conflict_id] = opened

    def resolve_conflict(self, conflict_id, resolution_method, success=True):
        """Ends an open conflict now. KeyError if no such conflict is open."""
        with self._lock:
            opened = self._conflicts.pop(conflict_id, None)
        if opened is None:
            raise KeyError(f"no conflict '{conflict_id}' is open; call start_conflict_resolution first")
        self._end_conflict(opened, resolution_method, success, None)

    def record_conflict(self, conflict_id, participating_agents, resolution_time, success=True,
                        conflict_type="coordination_conflict", method="automated_resolution"):
        """A conflict that is over: it lasted `resolution_time` seconds and ended now."""
        length = _nanos("resolution_time", resolution_time)
        self.start_conflict_resolution(conflict_id, participating_agents, conflict_type)
        with self._lock:
            opened = self._conflicts.pop(conflict_id)
        end = now_ns()
        opened.start = end - length
        self._end_conflict(opened, method, success, end)

    def _end_conflict(self, opened, method, success, end):
        self._end(opened, f"conflict_resolution_{opened.attributes['conflict.type']}", success=True,
                  end=end, extra={"conflict.resolved": success,
                                  "conflict.resolution_method": method})

    # --- collaborations ---

    def start_collaboration(self, primary_agent, collaborating_agents, task_id):
        """Opens work of `primary_agent` with others on a task. It is a step, no task of its own: no figure
        counts it. ValueError if it is open already."""
        _checked_ids(primary_agent=primary_agent, task_id=task_id)
        opened = self._begin(None, {
            "span.type": "coordination", "agent.id": primary_agent, "collaboration.task": task_id,
            "collaboration.agents": ",".join(_agent_list(collaborating_agents))})
        with self._lock:
            if (primary_agent, task_id) in self._collaborations:
                raise ValueError(f"'{primary_agent}' collaborates on '{task_id}' already; end it first")
            self._collaborations[(primary_agent, task_id)] = opened

    def end_collaboration(self, primary_agent, task_id, success=True):
        """Ends it now. KeyError if no such collaboration is open."""
        with self._lock:
            opened = self._collaborations.pop((primary_agent, task_id), None)
        if opened is None:
            raise KeyError(f"no collaboration of '{primary_agent}' on '{task_id}' is open")
        self._end(opened, "collaboration", success=success)

    def record_dependency(self, consumer, producer, wait_time, workflow_id=None):
        """`consumer` waited `wait_time` seconds for a result of `producer`, until now."""
        _checked_ids(consumer=consumer, producer=producer)
        length = _nanos("wait_time", wait_time)
        end = now_ns()
        opened = self._begin(workflow_id, {
            "honeyguide.kind": "dependency", "agent.id": consumer, "dependency.on": producer,
            "workflow.id": workflow_id})
        opened.start = end - length
        self._end(opened, "dependency", success=True, end=end)

    def record_business_metric(self, metric):
        """Keeps a BusinessMetric of the caller's own; the newest METRICS_KEPT stay."""
        with self._lock:
            self._metrics.append(metric)
            del self._metrics[:-METRICS_KEPT]

    # --- reports ---

    def get_agent_throughput_report(self, agent_id, time_period=timedelta(hours=24)):
        """agent_id, time_period_hours (the agent's age if that is shorter), total_tasks (ended in the
        period, failed ones too), throughput_per_hour (successful tasks an hour), status, thresholds.
        For an agent without tasks: agent_id, throughput 0 and status "no_data"."""
        report = json.loads(self._recorder.engine.throughput_report(agent_id, _hours(time_period), now_ns()))
        if report["throughput_per_hour"] is None:
            return {"agent_id": agent_id, "throughput": 0, "status": report["status"]}
        report["throughput_per_hour"] = round(report["throughput_per_hour"], 2)
        report["thresholds"] = self.throughput_thresholds
        return report

    def get_agent_report(self, agent_id, time_period=timedelta(hours=24)):
        """Everything known of one agent: tasks by outcome, percentiles in ms, utilization, quality,
        tokens, cost, collaboration, conflicts; None if it was never seen."""
        return json.loads(self._recorder.engine.agent_report(agent_id, _hours(time_period), now_ns()))

    def get_conflict_resolution_report(self, time_period=timedelta(hours=24)):
        """total_conflicts (closed in the period), successful_resolutions, failed, timed_out, open,
        success_rate (0 to 1, 3 decimals), avg_resolution_time (mean in seconds over those in "items"
        that ended in the period), percentiles in ms, status, thresholds, by_type, by_method, by_agent.
        Without conflicts: total_conflicts 0, success_rate 0.0 and status "no_data"."""
        report = json.loads(self._recorder.engine.conflict_report(_hours(time_period), now_ns()))
        if report["total_conflicts"] == 0:
            return {"total_conflicts": 0, "success_rate": 0.0, "status": "no_data"}
        if report["success_rate"] is not None:
            report["success_rate"] = round(report["success_rate"], 3)
        report["avg_resolution_time"] = self._mean_resolution_s(report["items"], time_period)
        report["thresholds"] = self.conflict_thresholds
        return report

    @staticmethod
    def _mean_resolution_s(items, time_period):
        """Mean seconds from opened to resolved or given up, 2 decimals; None without such an item."""
        since_ms = now_ns() // 10**6 - _hours(time_period) * 3_600_000
        ages_ms = [item["age_ms"] for item in items if item["state"] in ("resolved", "failed")
                   and int(item["opened_unix_ns"]) // 10**6 + item["age_ms"] >= since_ms]
        return round(sum(ages_ms) / len(ages_ms) / 1000, 2) if ages_ms else None

    def get_dependency_report(self, time_period=timedelta(hours=24)):
        """Who waited for whom: edges with counts and percentiles in ms, who waits now, deadlocks as
        rings of agents."""
        return json.loads(self._recorder.engine.dependency_report(_hours(time_period), now_ns()))

    def get_real_time_dashboard(self):
        """timestamp, active_tasks, active_conflicts, total_hourly_throughput (tasks an hour),
        agent_status by agent, system_health ("healthy" or "conflicts_active")."""
        dashboard = json.loads(self._recorder.engine.dashboard(now_ns()))
        with self._lock:
            dashboard["active_tasks"] = len(self._tasks)
            dashboard["active_conflicts"] = len(self._conflicts)
            for opened in self._tasks.values():
                status = dashboard["agent_status"].setdefault(
                    opened.attributes["agent.id"], {"throughput_status": "no_data", "active_tasks": 0})
                status["active_tasks"] += 1
        if dashboard["active_conflicts"]:
            dashboard["system_health"] = "conflicts_active"
        elif dashboard["system_health"] == "no_data":
            dashboard["system_health"] = "healthy"
        dashboard["timestamp"] = datetime.now(timezone.utc).isoformat()
        return dashboard

    def bind_workflow(self, workflow_id, trace_id, span_id):
        """Tasks of this workflow become part of its trace."""
        self._parents[workflow_id] = (trace_id, span_id)

    def unbind_workflow(self, workflow_id):
        """Ends what bind_workflow began; unknown ids are ignored."""
        self._parents.pop(workflow_id, None)
