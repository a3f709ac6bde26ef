"""Proves that validation and health fail for what is broken, and for that only."""

import asyncio

import pytest

from honeyguide import MonitoringIntegrationFramework, ProactiveAlertingSystem
from honeyguide import monitoring_integration_framework as framework_module
from honeyguide._recorder import Recorder

CHECKS = ("business_metrics", "alerting", "tracing", "health_monitoring")


def stop_business(monitoring, patch):
    monitoring.business_metrics.stop_monitoring()


def stop_alerting(monitoring, patch):
    monitoring.proactive_alerting.stop_monitoring()


def shut_tracing(monitoring, patch):
    monitoring.distributed_tracing.shutdown()


def stop_two(monitoring, patch):
    stop_business(monitoring, patch)
    stop_alerting(monitoring, patch)


def lose_spans(monitoring, patch):
    patch.setattr(Recorder, "record", lambda self, name, **span: "0" * 16)


def judge_nothing(monitoring, patch):
    patch.setattr(ProactiveAlertingSystem, "_check_conditions", lambda self, metrics, now: [])


def alarm_always(monitoring, patch):
    patch.setattr(ProactiveAlertingSystem, "get_active_predictive_alerts",
                  lambda self, severity=None: ["an alert that nothing raised"])


def stop_sampling(monitoring, patch):
    patch.setattr(framework_module, "METRICS_INTERVAL_S", -1.0)


BROKEN = [
    (stop_business, {"business_metrics"}),
    (stop_alerting, {"alerting"}),
    (shut_tracing, {"tracing"}),
    (stop_two, {"business_metrics", "alerting", "health_monitoring"}),
    (lose_spans, {"business_metrics", "tracing"}),
    (judge_nothing, {"alerting"}),
    (alarm_always, {"alerting"}),
    (stop_sampling, {"health_monitoring"}),
]


def running(body):
    async def within():
        async with MonitoringIntegrationFramework() as monitoring:
            # What this machine has to do is none of this test's business.
            monitoring.proactive_alerting._latest.update(
                cpu_percent=1.0, memory_percent=1.0, disk_percent=1.0)
            return body(monitoring)

    return asyncio.run(within())


@pytest.mark.parametrize("break_it, failing", BROKEN, ids=[b.__name__ for b, _ in BROKEN])
def test_breaking_a_part_fails_its_check(break_it, failing, monkeypatch):
    def body(monitoring):
        break_it(monitoring, monkeypatch)
        return monitoring.validate_integration()

    result = running(body)
    assert {name for name, said in result["checks"].items() if said != "passed"} == failing
    assert result["validation_status"] == "failed"
    for name in failing:
        assert any(name in advice and "failed: " in advice for advice in result["recommendations"])


def test_what_works_passes_and_leaves_no_trace():
    def body(monitoring):
        before = monitoring.business_metrics.get_real_time_dashboard()["agent_status"]
        spans = monitoring.tracing.get_system_trace_overview()["total_spans_tracked"]
        result = monitoring.validate_integration()
        assert monitoring.business_metrics.get_real_time_dashboard()["agent_status"] == before == {}
        assert monitoring.tracing.get_system_trace_overview()["total_spans_tracked"] == spans == 0
        return result

    result = running(body)
    assert result["checks"] == {name: "passed" for name in CHECKS}
    assert (result["validation_status"], result["recommendations"]) == ("passed", [])


@pytest.mark.parametrize("latest, broken, status", [
    ({}, 0, "healthy"),
    ({}, 1, "degraded"),
    ({}, 2, "critical"),
    ({"cpu_percent": 90.0, "memory_percent": 70.0, "disk_percent": 10.0}, 0, "degraded"),
    ({"cpu_percent": 99.0, "memory_percent": 90.0, "disk_percent": 60.0}, 0, "critical"),
])
def test_status_and_score_follow_one_rule(latest, broken, status):
    def body(monitoring):
        monitoring.proactive_alerting._latest.update(latest)
        for stop in (stop_business, stop_alerting)[:broken]:
            stop(monitoring, None)
        return monitoring.get_monitoring_system_health()

    health = running(body)
    assert health.status == status
    assert bool(health.recommendations) == (status != "healthy")
    if latest:
        assert health.system_health_score == pytest.approx(
            sum(1 - value / 100 for value in latest.values()) / 3)


def test_without_samples_everything_else_works_and_health_says_what_is_missing(monkeypatch, caplog):
    def unreadable(self):
        raise FileNotFoundError("/proc/stat")

    monkeypatch.setattr(framework_module._SystemMonitor, "sample", unreadable)

    def body(monitoring):
        monitoring.record_agent_task("a", "t", "build", True, 1.0)
        return monitoring.get_monitoring_system_health(), monitoring.get_agent_performance("a")

    health, performance = running(body)
    assert performance["throughput"]["total_tasks"] == 1
    assert (health.status, health.system_metrics_status) == ("critical", "unhealthy")
    assert any("/proc" in advice for advice in health.recommendations)
    assert "collecting metrics failed" in caplog.text
