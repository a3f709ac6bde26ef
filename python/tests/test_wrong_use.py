"""Proves that wrong use is told or harmless: it never loses what else is recorded, and tracing never
stands between a program and its own exceptions."""

import math
from fractions import Fraction

import pytest

from honeyguide import (
    AlertSeverity,
    BusinessMetricsMonitor,
    CriticalSystemCondition,
    DistributedTracingSystem,
    ProactiveAlertingSystem,
    TraceContext,
)


class Mute:
    """Something that cannot be told as text."""

    def __str__(self):
        raise RuntimeError("no text")


class MuteError(Exception):
    __str__ = Mute.__str__


REFUSED = [
    ("agent_id", lambda m: m.record_task("", "t", "build")),
    ("agent_id", lambda m: m.record_task(7, "t", "build")),
    ("task_id", lambda m: m.start_task("a", None, "build")),
    ("duration", lambda m: m.record_task("a", "t", "build", True, -1.0)),
    ("duration", lambda m: m.record_task("a", "t", "build", True, math.nan)),
    ("duration", lambda m: m.record_task("a", "t", "build", True, math.inf)),
    ("duration", lambda m: m.record_task("a", "t", "build", True, 1e12)),
    ("duration", lambda m: m.record_task("a", "t", "build", True, "2")),
    ("quality_score", lambda m: m.record_task("a", "t", "build", True, 1.0, 7.0)),
    ("quality_score", lambda m: m.record_task("a", "t", "build", True, 1.0, math.nan)),
    ("quality_score", lambda m: m.complete_task("open", True, -0.1)),
    ("conflict_id", lambda m: m.start_conflict_resolution("", ["a", "b"])),
    ("agents", lambda m: m.start_conflict_resolution("c")),
    ("agents", lambda m: m.start_conflict_resolution("c", "ab")),
    ("agent", lambda m: m.start_conflict_resolution("c", ["a", ""])),
    ("complexity_score", lambda m: m.start_conflict_resolution("c", ["a", "b"], "x", 0)),
    ("resolution_time", lambda m: m.record_conflict("c", ["a", "b"], -1.0)),
    ("wait_time", lambda m: m.record_dependency("a", "b", -1.0)),
    ("collaborates", lambda m: m.start_collaboration("a", ["b"], "open")),
    ("thresholds", lambda m: setattr(m, "conflict_thresholds",
                                     {"target": 0.5, "warning": 0.7, "critical": 0.9})),
]


@pytest.mark.parametrize("word, use", REFUSED)
def test_what_makes_no_sense_is_a_value_error_and_changes_nothing(word, use):
    metrics = BusinessMetricsMonitor()
    metrics.start_task("a", "open", "build")
    metrics.start_collaboration("a", ["b"], "open")
    before = metrics.conflict_thresholds
    with pytest.raises(ValueError, match=word):
        use(metrics)
    assert metrics.conflict_thresholds == before
    dashboard = metrics.get_real_time_dashboard()
    assert (dashboard["active_tasks"], dashboard["active_conflicts"]) == (1, 0)
    metrics.complete_task("open", True, 1.0)
    metrics.end_collaboration("a", "open")
    report = metrics.get_agent_report("a")
    assert (report["tasks"]["total"], report["quality"]) == (1, 1.0)


@pytest.mark.parametrize("error", [
    OSError("file \udcff missing"), MuteError(), ValueError("é" * 10), KeyboardInterrupt()])
def test_a_scope_lets_every_exception_through_and_ends(error):
    tracing = DistributedTracingSystem()
    with pytest.raises(type(error)) as raised:
        with tracing.trace_task_execution("t", "build", "a") as context:
            tracing.set_span_attribute("odd", Mute())
            tracing.set_span_attribute("torn", "\ud800")
            tracing.add_span_event("torn \ud800", {"odd": Mute()})
            raise error
    assert raised.value is error
    assert tracing.get_system_trace_overview()["total_active_spans"] == 0
    assert tracing.get_trace_context() is None
    trace = str(tracing.get_trace(context.trace_id))
    assert "<Mute without a text>" in trace and type(error).__name__ in trace


@pytest.mark.parametrize("value, kept", [
    (True, {"boolValue": True}), (2**62, {"intValue": str(2**62)}), (1.5, {"doubleValue": 1.5}),
    ("é", {"stringValue": "é"}), (2**70, {"stringValue": str(2**70)}),
    (Fraction(1, 3), {"stringValue": "1/3"}), ([1, 2], {"stringValue": "[1, 2]"}),
    (AlertSeverity.LOW, {"stringValue": "AlertSeverity.LOW"})])
def test_attributes_keep_their_type_or_become_text(value, kept):
    tracing = DistributedTracingSystem()
    with tracing.trace_agent_operation("a", "plan") as context:
        tracing.set_span_attribute("it", value)
    [span] = tracing.get_trace(context.trace_id)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert {a["key"]: a["value"] for a in span["attributes"]}["it"] == kept


@pytest.mark.parametrize("sample", [
    {"cpu_percent": math.nan}, {"cpu_percent": math.inf}, {"cpu_percent": 10**400},
    {"cpu_percent": "99"}, {"cpu_percent": True}, {5: 99.0}, {}])
def test_what_is_no_number_is_no_metric(sample):
    alerting = ProactiveAlertingSystem()
    assert alerting.process_metrics(sample) == []
    assert alerting.health_score() is None


def test_a_condition_that_raises_is_unknown_and_the_others_are_judged(caplog):
    alerting = ProactiveAlertingSystem()
    alerting.register_condition(CriticalSystemCondition(
        "broken", "Broken", "It raises", lambda sample: sample["not there"], AlertSeverity.LOW))
    alerting.register_condition(CriticalSystemCondition(
        "sound", "Sound", "It works", lambda sample: sample.get("q", 0) > 1, AlertSeverity.LOW))
    assert [alert.metric_name for alert in alerting.process_metrics({"q": 2})] == ["sound"]
    assert "broken" in alerting.get_system_health_dashboard()["critical_conditions_unknown"]
    assert "condition broken failed" in caplog.text


@pytest.mark.parametrize("baggage", [
    {"user": "a b,c=d;é%"}, {"empty": ""}, {f"k{i}": "v" for i in range(64)}])
def test_baggage_comes_out_as_it_went_in(baggage):
    headers = TraceContext("1" * 32, "2" * 16, baggage=baggage).to_headers()
    assert headers["baggage"].isascii()
    assert TraceContext.from_headers(headers).baggage == baggage


@pytest.mark.parametrize("baggage, kept", [
    ({f"k{i}": "v" for i in range(100)}, 64), ({"a": "x" * 5000, "b": "y" * 5000}, 1)])
def test_baggage_beyond_the_limit_is_left_out(baggage, kept):
    headers = TraceContext("1" * 32, "2" * 16, baggage=baggage).to_headers()
    assert len(headers["baggage"]) <= 8192
    assert len(TraceContext.from_headers(headers).baggage) == kept


@pytest.mark.parametrize("headers", [
    {"traceparent": None}, {"traceparent": b"00-1-1-01"}, {3: "x"}, {"traceparent": "00" * 5000}])
def test_odd_headers_start_no_trace(headers):
    assert TraceContext.from_headers(headers) is None


def test_names_beyond_the_limit_are_ignored_and_the_known_are_judged(caplog):
    alerting = ProactiveAlertingSystem()
    alerting.process_metrics({"cpu_percent": 1.0})
    alerting.process_metrics({f"m{number}": 1.0 for number in range(10_000)})
    assert alerting.get_system_health_dashboard()["metrics_refused"] == 1
    [alert, *_] = alerting.process_metrics({"one too many": 5.0, "cpu_percent": 99.0})
    assert alert.metric_name == "cpu_percent"
    assert alerting.get_system_health_dashboard()["metrics_refused"] == 2
    assert caplog.text.count("further names are ignored") == 1
