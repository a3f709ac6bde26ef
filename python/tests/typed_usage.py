"""What a user writes, for `mypy --strict`. A line marked with an ignored error must be an error: an
ignore that is not needed fails the check too."""

import asyncio
from datetime import timedelta

from honeyguide import (
    AlertSeverity,
    BusinessMetricsMonitor,
    CriticalSystemCondition,
    DistributedTracingSystem,
    MonitoringIntegrationFramework,
    ProactiveAlertingSystem,
    TraceContext,
    WorkflowType,
)
from monitoring_integration_framework import MonitoringIntegrationFramework as FrameworkByItsOldName

import business_metrics_monitor
import distributed_tracing_system
import proactive_alerting_system


async def framework() -> str:
    async with MonitoringIntegrationFramework("typed") as monitoring:
        trace_id: str = monitoring.start_workflow_monitoring("w", "task_execution", agents=["a"])
        monitoring.record_agent_task("a", "t", "build", True, 2.5)
        monitoring.record_agent_task("a", "t", "build", "yes")  # type: ignore[arg-type]
        monitoring.record_conflict_resolution("c", ["a", "b"], timedelta(1))  # type: ignore[arg-type]
        monitoring.complete_workflow_monitoring("w", "completed")
        health = monitoring.get_monitoring_system_health()
        if health.system_health_score > 0.5:  # type: ignore[operator]
            return trace_id
        return health.status


async def same_class() -> None:
    monitoring: MonitoringIntegrationFramework = FrameworkByItsOldName()
    await monitoring.initialize()
    await monitoring.shutdown()
    monitoring.shutdown()  # type: ignore[unused-coroutine]


def metrics() -> float:
    with BusinessMetricsMonitor() as monitor:
        trace_id = monitor.start_task("a", "t", "build")
        monitor.complete_task(trace_id, quality="good")  # type: ignore[call-arg]
        monitor.throughput_thresholds = {"target": 10, "warning": 5, "critical": 2}
        report = monitor.get_agent_report("a", timedelta(hours=1))
        report["tasks"]  # type: ignore[index]
        return monitor.throughput_thresholds["target"]


def tracing() -> TraceContext | None:
    with DistributedTracingSystem() as system:
        system.start_workflow_trace("w", WorkflowType.TASK_EXECUTION, ["a"])
        with system.trace_agent_operation("a", "plan", "w") as context:
            headers: dict[str, str] = system.inject_trace_context({})
            context.trace_id = 7  # type: ignore[assignment]
        with system.attach_trace_context(headers) as remote:
            remote.to_headers()  # type: ignore[union-attr]
        return system.extract_trace_context(headers)


def alerting() -> list[str]:
    def queue_is_long(sample: dict[str, float]) -> bool | None:
        return sample["queue"] > 100 if "queue" in sample else None

    system = ProactiveAlertingSystem()
    system.register_condition(CriticalSystemCondition(
        "queue", "Queue", "The queue is long", queue_is_long, AlertSeverity.HIGH))
    system.process_metrics({"queue": 200.0})
    system.get_active_predictive_alerts("high")  # type: ignore[arg-type]
    return [alert.recommendation for alert in system.get_active_predictive_alerts()]


def old_names() -> tuple[object, object, object]:
    return (business_metrics_monitor.BusinessMetricType.TASK_THROUGHPUT,
            distributed_tracing_system.SpanType.TASK, proactive_alerting_system.AlertSeverity.LOW)


asyncio.run(framework())
