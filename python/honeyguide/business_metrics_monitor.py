"""Agent business metrics: tasks, conflicts, collaborations, dependencies.

Every figure is computed by the engine from recorded spans; nothing here counts. Times are Unix time
in nanoseconds inside and seconds in what is handed out.
"""

import enum
import json
import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from honeyguide._recorder import Recorder, new_span_id, new_trace_id, now_ns

__all__ = ["BusinessMetric", "BusinessMetricType", "BusinessMetricsMonitor"]

_log = logging.getLogger("honeyguide")

METRICS_KEPT = 50_000  # values recorded by record_business_metric; the oldest go first


class BusinessMetricType(enum.Enum):
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


def _hours(time_period):
    return time_period.total_seconds() / 3600 if isinstance(time_period, timedelta) else float(time_period)


class BusinessMetricsMonitor:
    """Thread-safe."""

    def __init__(self, enable_tracing=True, *, service_name="agent-hive", recorder=None):
        self._recorder = recorder or Recorder(service_name)
        self.enable_tracing = enable_tracing
        self._lock = threading.Lock()
        self._tasks = {}
        self._conflicts = {}
        self._collaborations = {}
        self._parents = {}  # workflow id -> (trace id, span id)
        self._metrics = []
        self._running = False
        self._throughput_thresholds = {"warning": 5.0, "critical": 2.0, "target": 10.0}
        self._conflict_thresholds = {"warning": 0.7, "critical": 0.5, "target": 0.9}

    # --- thresholds: assign a dictionary to change them ---

    @property
    def throughput_thresholds(self):
        return dict(self._throughput_thresholds)

    @throughput_thresholds.setter
    def throughput_thresholds(self, levels):
        self._throughput_thresholds = self._levels(levels)
        self._recorder.engine.set_throughput_levels(
            levels["target"], levels["warning"], levels["critical"])

    @property
    def conflict_thresholds(self):
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
        return {name: float(levels[name]) for name in ("warning", "critical", "target")}

    def start_monitoring(self):
        self._running = True

    def stop_monitoring(self):
        self._running = False

    @property
    def is_monitoring(self):
        return self._running

    def _begin(self, workflow_id, attributes):
        trace_id, parent_id = self._parents.get(workflow_id, (None, ""))
        return _Open(trace_id or new_trace_id(), new_span_id(), parent_id, now_ns(), attributes)

    def _end(self, opened, name, *, success, end=None, message="", extra=None):
        self._recorder.record(
            name, trace_id=opened.trace_id, span_id=opened.span_id, parent_id=opened.parent_id,
            start=opened.start, end=end or now_ns(), error=not success, message=message,
            attributes={**opened.attributes, **(extra or {})})

    # --- tasks ---

    def start_task(self, agent_id, task_id, task_type, workflow_id=None):
        """Opens a task; gives its trace id (32 hex digits). ValueError if it is open already."""
        opened = self._begin(workflow_id, {
            "span.type": "task", "agent.id": agent_id, "task.id": task_id, "task.type": task_type,
            "workflow.id": workflow_id})
        with self._lock:
            if task_id in self._tasks:
                raise ValueError(f"task '{task_id}' is open already; complete it first")
            self._tasks[task_id] = opened
        return opened.trace_id

    def complete_task(self, task_id, success=True, quality_score=None):
        """Ends an open task. KeyError if no such task is open."""
        with self._lock:
            opened = self._tasks.pop(task_id, None)
        if opened is None:
            raise KeyError(f"no task '{task_id}' is open; call start_task first")
        self._end(opened, f"task_{opened.attributes['task.type']}", success=success,
                  extra={"task.quality": quality_score})

    def record_task(self, agent_id, task_id, task_type, success=True, duration=None,
                    quality_score=None, workflow_id=None):
        """A task that is over: it took `duration` seconds and ended now."""
        end = now_ns()
        opened = self._begin(workflow_id, {
            "span.type": "task", "agent.id": agent_id, "task.id": task_id, "task.type": task_type,
            "workflow.id": workflow_id})
        opened.start = end - int((duration or 0) * 1e9)
        self._end(opened, f"task_{task_type}", success=success, end=end,
                  extra={"task.quality": quality_score})
        return opened.trace_id

    # --- conflicts ---

    def start_conflict_resolution(self, conflict_id, participating_agents=None, conflict_type="conflict",
                                  complexity_score=1.0, *, agents=None):
        parties = list(participating_agents if participating_agents is not None else agents or [])
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
        with self._lock:
            opened = self._conflicts.pop(conflict_id, None)
        if opened is None:
            raise KeyError(f"no conflict '{conflict_id}' is open; call start_conflict_resolution first")
        self._end_conflict(opened, resolution_method, success, None)

    def record_conflict(self, conflict_id, participating_agents, resolution_time, success=True,
                        conflict_type="coordination_conflict", method="automated_resolution"):
        """A conflict that is over: it lasted `resolution_time` seconds and ended now."""
        self.start_conflict_resolution(conflict_id, participating_agents, conflict_type)
        with self._lock:
            opened = self._conflicts.pop(conflict_id)
        end = now_ns()
        opened.start = end - int(resolution_time * 1e9)
        self._end_conflict(opened, method, success, end)

    def _end_conflict(self, opened, method, success, end):
        self._end(opened, f"conflict_resolution_{opened.attributes['conflict.type']}", success=True,
                  end=end, extra={"conflict.resolved": success,
                                  "conflict.resolution_method": method})

    # --- collaborations ---

    def start_collaboration(self, primary_agent, collaborating_agents, task_id):
        with self._lock:
            self._collaborations[(primary_agent, task_id)] = self._begin(None, {
                "span.type": "agent_operation", "agent.id": primary_agent, "task.id": task_id,
                "collaboration.agents": ",".join(collaborating_agents)})

    def end_collaboration(self, primary_agent, task_id, success=True):
        with self._lock:
            opened = self._collaborations.pop((primary_agent, task_id), None)
        if opened is None:
            raise KeyError(f"no collaboration of '{primary_agent}' on '{task_id}' is open")
        self._end(opened, "collaboration", success=success)

    def record_dependency(self, consumer, producer, wait_time, workflow_id=None):
        """`consumer` waited `wait_time` seconds for a result of `producer`, until now."""
        end = now_ns()
        opened = self._begin(workflow_id, {
            "honeyguide.kind": "dependency", "agent.id": consumer, "dependency.on": producer,
            "workflow.id": workflow_id})
        opened.start = end - int(wait_time * 1e9)
        self._end(opened, "dependency", success=True, end=end)

    def record_business_metric(self, metric):
        with self._lock:
            self._metrics.append(metric)
            del self._metrics[:-METRICS_KEPT]

    # --- reports ---

    def get_agent_throughput_report(self, agent_id, time_period=timedelta(hours=24)):
        report = json.loads(self._recorder.engine.throughput_report(agent_id, _hours(time_period), now_ns()))
        if report["throughput_per_hour"] is None:
            return {"agent_id": agent_id, "throughput": 0, "status": report["status"]}
        report["throughput_per_hour"] = round(report["throughput_per_hour"], 2)
        report["thresholds"] = self.throughput_thresholds
        return report

    def get_agent_report(self, agent_id, time_period=timedelta(hours=24)):
        """Everything known of one agent; None if it was never seen."""
        return json.loads(self._recorder.engine.agent_report(agent_id, _hours(time_period), now_ns()))

    def get_conflict_resolution_report(self, time_period=timedelta(hours=24)):
        report = json.loads(self._recorder.engine.conflict_report(_hours(time_period), now_ns()))
        if report["total_conflicts"] == 0:
            return {"total_conflicts": 0, "success_rate": 0.0, "status": "no_data"}
        if report["success_rate"] is not None:
            report["success_rate"] = round(report["success_rate"], 3)
        p50 = report.get("resolution_p50_ms")
        report["avg_resolution_time"] = round(p50 / 1000, 2) if p50 is not None else None
        report["thresholds"] = self.conflict_thresholds
        return report

    def get_dependency_report(self, time_period=timedelta(hours=24)):
        return json.loads(self._recorder.engine.dependency_report(_hours(time_period), now_ns()))

    def get_real_time_dashboard(self):
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
        self._parents.pop(workflow_id, None)
