"""Proves that every Python snippet of the monitoring framework's document runs word for word, and that
it does what the document says. tests/snippets holds them as they stand there."""

import asyncio
import logging
import runpy
from pathlib import Path

import pytest
from business_metrics_monitor import BusinessMetricsMonitor
from distributed_tracing_system import DistributedTracingSystem
from monitoring_integration_framework import MonitoringIntegrationFramework
from proactive_alerting_system import AlertSeverity, ProactiveAlertingSystem

SNIPPETS = Path(__file__).parent / "snippets"


def run(name, **given):
    """Runs one snippet with the names that the document takes for granted; gives what it defined."""
    return runpy.run_path(str(SNIPPETS / f"{name}.py"), init_globals=given)


def test_the_quick_start_prints_the_health(capsys):
    run("quick_start")
    assert capsys.readouterr().out.strip() in ("System Health: healthy", "System Health: degraded",
                                               "System Health: critical")


def test_thresholds_decide_the_status():
    levels = run("thresholds")
    monitor = BusinessMetricsMonitor()
    assert monitor.throughput_thresholds == levels["throughput_thresholds"]
    assert monitor.conflict_thresholds == levels["conflict_thresholds"]
    for number, resolved in enumerate([True, True, True, False]):
        monitor.record_conflict(f"c{number}", ["a", "b"], 1.0, resolved)
    assert monitor.get_conflict_resolution_report()["status"] == "good"  # 0.75 of 0.7
    monitor.conflict_thresholds = {**levels["conflict_thresholds"], "warning": 0.8}
    assert monitor.get_conflict_resolution_report()["status"] == "warning"
    monitor.conflict_thresholds = {"target": 0.95, "warning": 0.9, "critical": 0.8}
    assert monitor.get_conflict_resolution_report()["status"] == "critical"
    monitor.record_task("a", "t", "build", True, duration=3600)
    monitor.throughput_thresholds = {"target": 0.5, "warning": 0.2, "critical": 0.1}
    assert monitor.get_agent_throughput_report("a")["status"] == "excellent"
    monitor.throughput_thresholds = {"target": 100, "warning": 50, "critical": 20}
    assert monitor.get_agent_throughput_report("a")["status"] == "critical"


def test_business_metrics_are_reported():
    monitor = BusinessMetricsMonitor()
    made = run("business_metrics", business_metrics=monitor, agent_id="coder", task_id="t1",
               task_type="build", conflict_id="c1", agents=["coder", "tester"],
               conflict_type="merge", resolution_method="vote")
    assert len(made["trace_id"]) == 32
    assert made["throughput_report"]["total_tasks"] == 1
    assert made["conflict_report"]["success_rate"] == 1.0
    assert [group["name"] for group in made["conflict_report"]["by_method"]] == ["vote"]
    assert made["dashboard"]["active_tasks"] == made["dashboard"]["active_conflicts"] == 0
    assert monitor.get_agent_report("coder")["quality"] == pytest.approx(0.95)


def test_tracing_makes_one_trace_of_a_workflow():
    tracing = DistributedTracingSystem()
    made = run("distributed_tracing", tracing=tracing, workflow_id="w1",
               workflow_type="task_execution", agents=["a", "b"], agent_id="a",
               operation_name="plan", task_id="t1", task_type="build", sender="a", receiver="b",
               message_type="request")
    summary = tracing.get_workflow_trace_summary("w1")
    assert (summary["trace_id"], summary["state"]) == (made["trace_id"], "completed")
    assert summary["participating_agents"] == ["a", "b"]
    assert "workflow_task_execution" in str(tracing.get_trace(made["trace_id"]))
    assert tracing.get_agent_trace_summary("a")["total_spans"] == 3


@pytest.mark.parametrize("cpu, severity", [(99.0, AlertSeverity.EMERGENCY), (20.0, None)])
def test_alerting_tells_what_the_metrics_say(cpu, severity):
    alerting = ProactiveAlertingSystem(BusinessMetricsMonitor())
    made = run("proactive_alerting", alerting=alerting, metrics_dict={"cpu_percent": cpu},
               AlertSeverity=AlertSeverity)
    found = {alert.severity for alert in made["predictive_alerts"]}
    assert severity in found if severity else not found
    assert made["critical_alerts"] == []  # emergencies are asked for by their own name
    assert made["health_dashboard"]["total_active_alerts"] == len(made["predictive_alerts"])


def test_health_checks_name_all_components(capsys):
    async def body():
        async with MonitoringIntegrationFramework() as monitoring:
            return run("health_checks", monitoring=monitoring)

    made = asyncio.run(body())
    assert set(made["component_health"]) == {"business_metrics", "system_monitor", "alert_manager",
                                             "tracing_system", "proactive_alerting"}
    assert all(made["component_health"].values())
    printed = capsys.readouterr().out
    assert f"Status: {made['health'].status}" in printed and "Recommendations: [" in printed


def test_debugging_lets_the_packages_log_through():
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    for handler in handlers:
        root.removeHandler(handler)
    try:
        run("debugging")
        assert logging.getLogger("honeyguide").isEnabledFor(logging.DEBUG)
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


def test_no_snippet_is_left_out():
    named = Path(__file__).read_text(encoding="utf-8")
    for snippet in SNIPPETS.glob("*.py"):
        assert f'run("{snippet.stem}"' in named
