"""Proves what the framework's classes measure, and what they say to wrong use."""

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest
from distributed_tracing_system import DistributedTracingSystem
from monitoring_integration_framework import MonitoringIntegrationFramework
from proactive_alerting_system import AlertSeverity, ProactiveAlertingSystem

from business_metrics_monitor import BusinessMetricsMonitor


def run(coroutine):
    return asyncio.run(coroutine)


def test_the_framework_measures_what_was_recorded():
    async def body():
        async with MonitoringIntegrationFramework("my-agent-system") as monitoring:
            trace_id = monitoring.start_workflow_monitoring(
                workflow_id="workflow_1", workflow_type="task_execution", agents=["agent_1", "agent_2"])
            monitoring.record_agent_task("agent_1", "task_1", "processing", True, 2.5,
                                         workflow_id="workflow_1")
            monitoring.record_agent_task("agent_1", "task_2", "processing", False, 1.0)
            monitoring.record_conflict_resolution("c1", ["agent_1", "agent_2"], 3.0, True)
            monitoring.complete_workflow_monitoring("workflow_1", "completed")
            performance = monitoring.get_agent_performance("agent_1")
            assert performance["throughput"]["total_tasks"] == 2
            assert performance["report"]["tasks"]["succeeded"] == 1
            assert performance["report"]["tasks"]["failed"] == 1
            conflicts = monitoring.business_metrics.get_conflict_resolution_report()
            assert conflicts["success_rate"] == 1.0
            assert conflicts["avg_resolution_time"] == pytest.approx(3.0, rel=0.1)
            trace = str(monitoring.distributed_tracing.get_trace(trace_id))
            assert "workflow_task_execution" in trace and "task_processing" in trace
            dashboard = monitoring.get_comprehensive_dashboard()
            assert dashboard["monitoring_framework"]["component_health"] == {
                "business_metrics": True, "system_monitor": True, "alert_manager": True,
                "tracing_system": True, "proactive_alerting": True}
            health = monitoring.get_monitoring_system_health()
            assert health.status in ("healthy", "degraded", "critical")
            assert isinstance(health.recommendations, list)
            assert monitoring.validate_integration()["checks"]["tracing"] == "passed"
            assert monitoring.business_metrics.get_agent_report("validator") is None

    run(body())


def test_validation_fails_for_what_is_broken():
    async def body():
        async with MonitoringIntegrationFramework() as monitoring:
            monitoring.business_metrics.stop_monitoring()
            result = monitoring.validate_integration()
            assert result["validation_status"] == "failed"
            assert result["checks"]["business_metrics"].startswith("failed: ")
            assert result["checks"]["tracing"] == "passed"

    run(body())


def test_wrong_use_says_what_to_do():
    monitoring = MonitoringIntegrationFramework()
    with pytest.raises(RuntimeError, match="initialize"):
        monitoring.record_agent_task("a", "t", "x")
    metrics = BusinessMetricsMonitor()
    with pytest.raises(KeyError, match="start_task"):
        metrics.complete_task("never started")
    metrics.start_task("a", "t", "x")
    with pytest.raises(ValueError, match="open already"):
        metrics.start_task("a", "t", "x")


def test_business_metrics_are_measured():
    business_metrics = BusinessMetricsMonitor()
    trace_id = business_metrics.start_task("agent", "task", "type")
    assert len(trace_id) == 32
    business_metrics.complete_task("task", success=True, quality_score=0.95)
    business_metrics.start_conflict_resolution("conflict", ["agent", "other"], "type")
    assert business_metrics.get_real_time_dashboard()["system_health"] == "conflicts_active"
    business_metrics.resolve_conflict("conflict", "vote", success=False)
    report = business_metrics.get_conflict_resolution_report()
    assert report["total_conflicts"] == 1 and report["success_rate"] == 0.0
    assert business_metrics.get_agent_report("agent")["quality"] == pytest.approx(0.95)
    business_metrics.throughput_thresholds = {"warning": 1.0, "critical": 0.5, "target": 2.0}
    assert business_metrics.get_agent_throughput_report("agent")["thresholds"]["target"] == 2.0
    with pytest.raises(ValueError, match="target"):
        business_metrics.conflict_thresholds = {"warning": 0.7, "critical": 0.5}


def test_a_workflow_is_one_trace():
    tracing = DistributedTracingSystem()
    trace_id = tracing.start_workflow_trace("w", "task_execution", ["a", "b"])
    with tracing.trace_agent_operation("a", "plan", "w"):
        with tracing.trace_task_execution("t", "code", "a"):
            assert tracing.get_trace_context().trace_id == trace_id
            headers = tracing.inject_trace_context({})
    with pytest.raises(OSError):
        with tracing.trace_agent_communication("a", "b", "request", "w"):
            raise OSError("no route")
    assert tracing.extract_trace_context(headers).trace_id == trace_id
    tracing.complete_workflow_trace("w", status="completed")
    summary = tracing.get_workflow_trace_summary("w")
    assert (summary["total_spans"], summary["error_spans"]) == (4, 1)
    assert str(tracing.get_trace(trace_id)).count("'spanId'") == 4
    assert tracing.get_agent_trace_summary("a", timedelta(hours=1))["error_spans"] == 1
    tracing.shutdown()
    tracing.shutdown()


@pytest.mark.parametrize("header", ["", "00-0-0-01", "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
                                    "00-" + "0" * 32 + "-" + "1" * 16 + "-01"])
def test_malformed_headers_start_no_trace(header):
    assert DistributedTracingSystem().extract_trace_context({"traceparent": header}) is None


def test_alerts_are_forecast_raised_and_ended():
    alerting = ProactiveAlertingSystem(BusinessMetricsMonitor())
    at = 1_750_000_000 * 10**9
    for step in range(20):
        alerting.process_metrics({"memory_percent": 40.0 + step}, at=at + step * 60 * 10**9)
    predicted = [a for a in alerting.get_active_predictive_alerts() if a.metric_name == "memory_percent"]
    # From 59 rising 1 a minute: 95 is 36 minutes away, measured from now.
    assert predicted[0].threshold_breach_eta.total_seconds() == pytest.approx(36 * 60, rel=0.05)
    assert alerting.get_system_health_dashboard()["critical_conditions_active"] == 0
    alerting.process_metrics({"failed_agents_count": 4, "total_agents": 10})
    emergency = alerting.get_active_predictive_alerts(AlertSeverity.EMERGENCY)
    assert [a.metric_name for a in emergency] == ["agent_cascade_failure"]
    alerting.process_metrics({"failed_agents_count": 0, "total_agents": 10})
    assert not alerting.get_active_predictive_alerts(AlertSeverity.EMERGENCY)


def test_a_missing_input_is_unknown_and_fires_nothing():
    alerting = ProactiveAlertingSystem()
    alerting.process_metrics({"anything": 1.0})
    assert not alerting.get_active_predictive_alerts()
    assert "agent_cascade_failure" in (
        alerting.get_system_health_dashboard()["critical_conditions_unknown"])


def test_the_extension_exports_its_entry_point_only():
    from honeyguide import _core

    symbols = subprocess.run(["nm", "-D", "--defined-only", _core.__file__], capture_output=True,
                             text=True, check=True).stdout.split("\n")
    assert [line.split()[-1] for line in symbols if line] == ["PyInit__core"]


def test_the_average_resolution_time_is_the_mean_of_what_ended_in_the_period():
    metrics = BusinessMetricsMonitor()
    for number, (seconds, resolved) in enumerate([(1.0, True), (2.0, False), (6.0, True)]):
        metrics.record_conflict(f"c{number}", ["a", "b"], seconds, resolved)
    metrics.start_conflict_resolution("open", ["a", "b"])
    assert metrics.get_conflict_resolution_report()["avg_resolution_time"] == 3.0


def test_monitors_are_context_managers():
    with BusinessMetricsMonitor() as metrics:
        assert metrics.is_monitoring
    assert not metrics.is_monitoring
    with ProactiveAlertingSystem() as alerting:
        assert alerting.process_metrics({"cpu_percent": 99.0})
    with DistributedTracingSystem() as tracing:
        tracing.start_workflow_trace("w", "task_execution", ["a"])
    assert tracing.get_workflow_trace_summary("w")["status"] == "shutdown"
    with pytest.raises(RuntimeError, match="shut down"):
        tracing.start_workflow_trace("w2", "task_execution", ["a"])


def test_errors_of_the_engine_arrive_with_its_words():
    tracing = DistributedTracingSystem()
    with pytest.raises(ValueError, match="a trace id has 32 hex digits"):
        tracing.get_trace("not hex")
    with pytest.raises(LookupError, match="1" * 32):
        tracing.get_trace("1" * 32)


def test_recorded_tasks_count_in_the_summaries_of_workflow_and_agent():
    async def body():
        async with MonitoringIntegrationFramework() as monitoring:
            trace_id = monitoring.start_workflow_monitoring("w", "task_execution", ["a"])
            monitoring.record_agent_task("a", "t1", "build", True, 1.0, workflow_id="w")
            monitoring.record_agent_task("a", "t2", "build", False, 3.0, workflow_id="w")
            monitoring.complete_workflow_monitoring("w")
            spans = str(monitoring.tracing.get_trace(trace_id)).count("'spanId'")
            workflow = monitoring.tracing.get_workflow_trace_summary("w")
            assert (workflow["total_spans"], workflow["error_spans"]) == (spans, 1) == (3, 1)
            agent = monitoring.get_agent_performance("a")["tracing"]
            assert (agent["task_spans"], agent["error_spans"]) == (2, 1)
            assert agent["avg_span_duration"] == pytest.approx(2.0)

    run(body())


def test_an_exit_without_shutdown_is_silent_and_clean():
    program = ("import asyncio, honeyguide\n"
               "monitoring = honeyguide.MonitoringIntegrationFramework()\n"
               "asyncio.run(monitoring.initialize())\n"
               "monitoring.start_workflow_monitoring('w', 'task_execution', ['a'])\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
