"""One framework over metrics, alerting, tracing and health: the seed's contract, over one engine."""

import asyncio
import json
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone

from honeyguide._control import control
from honeyguide._recorder import Recorder, new_span_id
from honeyguide._settings import server_from_environment
from honeyguide.business_metrics_monitor import BusinessMetricsMonitor
from honeyguide.distributed_tracing_system import DistributedTracingSystem
from honeyguide.proactive_alerting_system import AlertSeverity, ProactiveAlertingSystem

__all__ = ["AlertSeverity", "MonitoringIntegrationFramework", "MonitoringSystemHealth"]

_log = logging.getLogger("honeyguide")

METRICS_INTERVAL_S = 30.0
FLUSH_SECONDS = 5.0  # of shutdown(), for what the server has not got yet
COMPONENTS = ("business_metrics", "system_monitor", "alert_manager", "tracing_system",
              "proactive_alerting")


@dataclass
class MonitoringSystemHealth:
    """`status` is "healthy", "degraded" or "critical", the parts "healthy" or "unhealthy", the score 0
    to 1 (None if nothing is known); `recommendations` name the cause and what to do."""

    status: str
    timestamp: datetime
    business_metrics_status: str
    alerting_status: str
    tracing_status: str
    system_metrics_status: str
    active_alerts_count: int
    active_traces_count: int
    system_health_score: float | None
    recommendations: list = field(default_factory=list)


class _SystemMonitor:
    """CPU, memory and disk from procfs and statvfs. CPU is the share since the sample before."""

    def __init__(self):
        self._cpu = None

    def sample(self):
        metrics = {}
        with open("/proc/stat", encoding="ascii") as stat:
            times = [int(word) for word in stat.readline().split()[1:9]]
        total, idle = sum(times), times[3] + times[4]
        if self._cpu is not None and total > self._cpu[0]:
            metrics["cpu_percent"] = 100 * (1 - (idle - self._cpu[1]) / (total - self._cpu[0]))
        self._cpu = (total, idle)
        with open("/proc/meminfo", encoding="ascii") as meminfo:
            memory = {line.split(":")[0]: int(line.split()[1]) for line in meminfo}
        metrics["memory_percent"] = 100 * (1 - memory["MemAvailable"] / memory["MemTotal"])
        metrics["memory_available"] = memory["MemAvailable"] * 1024
        disk = os.statvfs("/")
        metrics["disk_percent"] = 100 * (1 - disk.f_bavail / disk.f_blocks)
        metrics["disk_free"] = disk.f_bavail * disk.f_frsize
        with open("/proc/self/statm", encoding="ascii") as statm:
            metrics["process_memory_rss"] = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return metrics


class MonitoringIntegrationFramework:
    """Thread-safe. `await initialize()` before use, `await shutdown()` at the end; both may be called
    again without harm. Also an async context manager.

    server: base URL of a honeyguide server or another OTLP/HTTP receiver that gets every span too;
    without it HONEYGUIDE_OTLP, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, or a
    JAEGER_ENDPOINT that ends in /v1/traces. Without any of them nothing leaves the process. token: sent
    as a Bearer token; without it HONEYGUIDE_TOKEN. Reports are this process's own figures in any case."""

    def __init__(self, service_name="agent-hive-monitoring", *, server=None, token=None):
        self.service_name = service_name
        level = os.environ.get("LOG_LEVEL")
        if level:
            _log.setLevel(level.upper())
        self._token = token
        self._recorder = Recorder(service_name, server=server or server_from_environment(), token=token)
        self._controls = []
        self.business_metrics = BusinessMetricsMonitor(recorder=self._recorder)
        self.proactive_alerting = ProactiveAlertingSystem(self.business_metrics, recorder=self._recorder)
        self.distributed_tracing = DistributedTracingSystem(
            service_name, os.environ.get("JAEGER_ENDPOINT", "http://localhost:14268/api/traces"),
            recorder=self._recorder)
        self.business_metrics._on_span = self.distributed_tracing._count
        self.tracing = self.distributed_tracing
        self.alerting = self.proactive_alerting
        self._system = _SystemMonitor()
        self._recorder.guard(self)
        self._started = None
        self._worker = None
        self._stop = threading.Event()
        self._latest = {}
        self._last_tick = None
        self._counts = {"metrics_processed": 0, "alerts_generated": 0, "traces_completed": 0}

    # --- life ---

    async def initialize(self):
        """Starts all components and takes the first sample; runs beside the event loop."""
        await asyncio.get_running_loop().run_in_executor(None, self._start)

    def _start(self):
        with self._lock:
            if self._started is not None:
                return
            self._started = time.monotonic()
            self._stop.clear()
        self.business_metrics.start_monitoring()
        self.proactive_alerting.start_monitoring()
        self._try_tick()
        self._worker = threading.Thread(target=self._run, name="honeyguide", daemon=True)
        self._worker.start()

    async def shutdown(self):
        """Completes active workflows with status "shutdown" and stops all components (within 5 s)."""
        await asyncio.get_running_loop().run_in_executor(None, self._finish)

    def _finish(self):
        with self._lock:
            if self._started is None:
                return
            self._started = None
        self._stop.set()
        self._worker.join(5)
        self.business_metrics.stop_monitoring()
        self.proactive_alerting.stop_monitoring()
        self.distributed_tracing.shutdown()
        for one in self._controls:
            one.close()
        if self._recorder.tracer is not None:
            try:
                self._recorder.tracer.flush(FLUSH_SECONDS)
            except RuntimeError as error:
                _log.warning("honeyguide: not everything was delivered: %s", error)

    def control(self, agent_id, *, server=None, token=None, on_change=None):
        """Begins to listen to what a server tells `agent_id` to do; gives its honeyguide.Control, which
        shutdown() closes. server: base URL of the API, else HONEYGUIDE_URL or http://127.0.0.1:8321."""
        made = control(agent_id, server=server, token=token or self._token, on_change=on_change)
        self._controls.append(made)
        return made

    def export_stats(self):
        """Counts of the spans for the server (started, ended, dropped, exported, export_failures,
        queued_bytes); None without one."""
        return None if self._recorder.tracer is None else self._recorder.tracer.stats()

    async def __aenter__(self):
        await self.initialize()
        return self

    async def __aexit__(self, *unused):
        await self.shutdown()

    def _require_started(self):
        if self._started is None:
            raise RuntimeError("monitoring is not running; await initialize() first")

    def _run(self):
        while not self._stop.wait(METRICS_INTERVAL_S):
            self._try_tick()

    def _try_tick(self):
        try:
            self._tick()
        except Exception:  # the host must live on; health shows that samples are missing
            _log.exception("collecting metrics failed")

    def _tick(self):
        metrics = self._system.sample()
        dashboard = self.business_metrics.get_real_time_dashboard()
        overview = self.distributed_tracing.get_system_trace_overview()
        metrics["active_tasks"] = dashboard["active_tasks"]
        metrics["active_conflicts"] = dashboard["active_conflicts"]
        if dashboard["total_hourly_throughput"]:
            metrics["system_throughput"] = dashboard["total_hourly_throughput"]
        metrics["active_workflows"] = overview["active_workflows"]
        metrics["total_active_spans"] = overview["total_active_spans"]
        new = self.proactive_alerting.process_metrics(metrics)
        with self._lock:
            self._latest = metrics
            self._last_tick = time.monotonic()
            self._counts["metrics_processed"] += 1
            self._counts["alerts_generated"] += len(new)

    # --- workflows ---

    def start_workflow_monitoring(self, workflow_id, workflow_type, participating_agents=None, *,
                                  agents=None):
        """Opens a workflow and gives its trace id (32 hex digits). `agents` is another name for
        `participating_agents`. ValueError if the id is active or the type (see WorkflowType) unknown."""
        self._require_started()
        trace_id = self.distributed_tracing.start_workflow_trace(
            workflow_id, workflow_type, participating_agents if participating_agents is not None else agents)
        self.business_metrics.bind_workflow(
            workflow_id, *self.distributed_tracing.workflow_context(workflow_id))
        return trace_id

    def complete_workflow_monitoring(self, workflow_id, status="completed"):
        """Ends a workflow; "failed" makes it an error. KeyError if it is not active."""
        self._require_started()
        self.distributed_tracing.complete_workflow_trace(workflow_id, status)
        self.business_metrics.unbind_workflow(workflow_id)
        with self._lock:
            self._counts["traces_completed"] += 1

    # --- agents ---

    def record_agent_task(self, agent_id, task_id, task_type, success=True, duration=None,
                          quality_score=None, workflow_id=None):
        """A finished task of `duration` seconds; without a duration, the end of a task that
        business_metrics.start_task opened (or, if none is open, one that took no time)."""
        self._require_started()
        if duration is None and task_id in self.business_metrics._tasks:
            self.business_metrics.complete_task(task_id, success, quality_score)
            return
        self.business_metrics.record_task(agent_id, task_id, task_type, success, duration or 0.0,
                                          quality_score, workflow_id)

    def record_conflict_resolution(self, conflict_id, participating_agents=None, resolution_time=0.0,
                                   success=True, *, agents=None):
        """A conflict that is over: it lasted `resolution_time` seconds and ended now. `agents` is
        another name for `participating_agents`."""
        self._require_started()
        self.business_metrics.record_conflict(
            conflict_id, participating_agents if participating_agents is not None else agents or [],
            resolution_time, success)

    def get_agent_performance(self, agent_id):
        """agent_id, throughput (24 h), tracing (1 h), report (24 h, None if never seen), timestamp."""
        return {
            "agent_id": agent_id,
            "throughput": self.business_metrics.get_agent_throughput_report(agent_id),
            "tracing": self.distributed_tracing.get_agent_trace_summary(agent_id),
            "report": self.business_metrics.get_agent_report(agent_id),
            "timestamp": datetime.now(timezone.utc).isoformat()}

    # --- health ---

    def _component_health(self):
        running = self._started is not None
        fresh = (running and self._last_tick is not None
                 and time.monotonic() - self._last_tick < 3 * METRICS_INTERVAL_S)
        return {
            "business_metrics": running and self.business_metrics.is_monitoring,
            "system_monitor": fresh, "alert_manager": running and fresh,
            "tracing_system": running and not self.distributed_tracing._shut_down,
            "proactive_alerting": running and self.proactive_alerting._running}

    def get_monitoring_system_health(self):
        """Critical: two of five components are down, or the score is below 0.3. Degraded: one is down,
        or the score is below 0.5. Else healthy."""
        parts = self._component_health()
        healthy = sum(parts.values())
        score = self.proactive_alerting.health_score()
        alerts = self.proactive_alerting.get_active_predictive_alerts()
        if healthy < 4 or (score is not None and score < 0.3):
            status = "critical"
        elif healthy < 5 or (score is not None and score < 0.5):
            status = "degraded"
        else:
            status = "healthy"
        advice = {
            "business_metrics": "Restart business metrics monitoring: call initialize()",
            "system_monitor": "Check that /proc is readable; the last sample is too old",
            "alert_manager": "Alerts are not evaluated: samples are missing",
            "tracing_system": "Tracing was shut down: call initialize() on a new framework",
            "proactive_alerting": "Restart proactive alerting: call initialize()"}
        recommendations = [advice[name] for name in COMPONENTS if not parts[name]]
        if len(alerts) > 10:
            recommendations.append("High alert volume: look for a common cause")
        if score is not None and score < 0.5:
            recommendations.append("System health is low: look at CPU, memory and disk first")
        word = {True: "healthy", False: "unhealthy"}
        return MonitoringSystemHealth(
            status, datetime.now(timezone.utc), word[parts["business_metrics"]],
            word[parts["proactive_alerting"]], word[parts["tracing_system"]],
            word[parts["system_monitor"]], len(alerts),
            self.distributed_tracing.get_system_trace_overview()["total_active_spans"], score,
            recommendations)

    def get_comprehensive_dashboard(self):
        """monitoring_framework, business_metrics, alerts, distributed_tracing, system_health and
        system_metrics (percentages 0 to 100, process_memory_rss in bytes, None before the first
        sample), with a timestamp."""
        health = self.get_monitoring_system_health()
        business = self.business_metrics.get_real_time_dashboard()
        alerting = self.proactive_alerting.get_system_health_dashboard()
        with self._lock:
            counts, latest = dict(self._counts), dict(self._latest)
            uptime = time.monotonic() - self._started if self._started is not None else 0.0
        return {
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "monitoring_framework": {"status": health.status, "uptime_seconds": uptime, **counts,
                                     "component_health": self._component_health()},
            "business_metrics": business,
            "alerts": {"summary": {"active_alerts_total": alerting["total_active_alerts"],
                                   "critical_alerts": alerting["critical_alerts"],
                                   "by_category": alerting["alert_counts_by_category"]},
                       "predictive_alerts": alerting["total_active_alerts"],
                       "critical_conditions": alerting["critical_conditions_active"]},
            "distributed_tracing": self.distributed_tracing.get_system_trace_overview(),
            "system_health": {"overall_score": health.system_health_score, "status": health.status,
                              "recommendations": health.recommendations},
            "system_metrics": {"cpu_percent": latest.get("cpu_percent"),
                               "memory_percent": latest.get("memory_percent"),
                               "disk_percent": latest.get("disk_percent"),
                               "process_memory_rss": latest.get("process_memory_rss"),
                               "active_tasks": business["active_tasks"],
                               "throughput": business["total_hourly_throughput"]}}

    # --- validation ---

    def validate_integration(self):
        """Writes, reads back and asserts through every component, in a recorder of its own, so that no
        figure of the user changes."""
        checks = {}
        for name, check in (("business_metrics", self._check_business), ("alerting", self._check_alerting),
                            ("tracing", self._check_tracing), ("health_monitoring", self._check_health)):
            try:
                check()
                checks[name] = "passed"
            except Exception as error:
                checks[name] = f"failed: {error}"
        failed = [name for name, result in checks.items() if result != "passed"]
        return {
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "validation_status": "failed" if failed else "passed", "checks": checks,
            "recommendations": [f"Fix {name} before production: {checks[name]}" for name in failed],
            "system_health": self.get_monitoring_system_health().status}

    @staticmethod
    def _check(condition, message):
        if not condition:
            raise AssertionError(message)

    def _check_business(self):
        monitor = BusinessMetricsMonitor(recorder=Recorder("honeyguide-validation"))
        monitor.record_task("validator", f"task-{new_span_id()}", "validation", True, 1.0, 0.5)
        monitor.record_task("validator", f"task-{new_span_id()}", "validation", False, 1.0)
        report = monitor.get_agent_throughput_report("validator")
        self._check(report.get("total_tasks") == 2, f"two tasks were written, the report says {report}")
        self._check(monitor.get_agent_report("nobody") is None, "an unknown agent has a report")
        monitor.record_conflict("c-1", ["validator", "other"], 2.0, True)
        conflicts = monitor.get_conflict_resolution_report()
        self._check(conflicts["success_rate"] == 1.0, f"a resolved conflict reads back as {conflicts}")
        self._check(self.business_metrics.is_monitoring, "business metrics monitoring is not running")

    def _check_alerting(self):
        alerting = ProactiveAlertingSystem(recorder=Recorder("honeyguide-validation"))
        alerting.process_metrics({"cpu_percent": 10.0})
        self._check(not alerting.get_active_predictive_alerts(), "a healthy sample raised an alert")
        alerting.process_metrics({"cpu_percent": 99.5})
        self._check(alerting.get_active_predictive_alerts(AlertSeverity.EMERGENCY),
                    "CPU at 99.5 % raised no emergency")
        self._check(self.proactive_alerting._running, "proactive alerting is not running")

    def _check_tracing(self):
        tracing = DistributedTracingSystem("honeyguide-validation",
                                           recorder=Recorder("honeyguide-validation"))
        trace_id = tracing.start_workflow_trace("w", "task_execution", ["validator"])
        with tracing.trace_task_execution("t", "validation", "validator", "w"):
            pass
        tracing.complete_workflow_trace("w")
        spans = json.dumps(tracing.get_trace(trace_id)).count('"spanId"')
        self._check(spans == 2, f"two spans were written, {spans} were read back")
        self._check(not self.distributed_tracing._shut_down, "tracing was shut down")

    def _check_health(self):
        health = self.get_monitoring_system_health()
        self._check(health.status != "critical", f"health is critical: {health.recommendations}")
