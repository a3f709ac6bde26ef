"""Proactive alerting: anomalies, forecasts of threshold breaches, critical conditions.

Each metric is judged by the engine's calibrated detector against its own past. A forecast is made from
now, by a robust line over the recent values, and says when the threshold is reached. A condition whose
inputs are missing is unknown and never fires. Alerts of the same cause are one alert, and end when
their cause does.
"""

import enum
import logging
import numbers
import statistics
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from honeyguide._recorder import Recorder, now_ns

__all__ = ["AlertCategory", "AlertSeverity", "CriticalSystemCondition", "PredictiveAlert",
           "ProactiveAlertingSystem"]

_log = logging.getLogger("honeyguide")

METRIC_NAMES_MAX = 10_000   # metrics with a past; the engine's own limit. Further names are refused
VALUE_MAX = 1e300           # beyond it, or NaN, a value is ignored
VALUES_KEPT = 120           # of each metric, for forecasts
FORECAST_POINTS_MIN = 8
FORECAST_HORIZON_S = 4 * 3600
BASELINE_POINTS_MIN = 20    # of throughput before a collapse can be told
ALERTS_KEPT = 1000          # in the history


class AlertCategory(enum.Enum):
    """What an alert is about."""

    SYSTEM_HEALTH = "system_health"
    PERFORMANCE = "performance"
    BUSINESS_METRICS = "business_metrics"
    SECURITY = "security"
    AGENT_COORDINATION = "agent_coordination"
    PREDICTIVE = "predictive"


class AlertSeverity(enum.Enum):
    """From mild to grave."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    EMERGENCY = "emergency"


@dataclass
class PredictiveAlert:
    """One active cause. `confidence` is 0 to 1, `prediction_time` when it was last confirmed,
    `threshold_breach_eta` the time left from then (zero: reached, None: not about a threshold)."""

    alert_id: str
    category: AlertCategory
    severity: AlertSeverity
    metric_name: str
    current_value: float | None
    predicted_value: float | None
    prediction_time: datetime
    confidence: float
    threshold_breach_eta: timedelta | None
    recommendation: str
    auto_mitigation_available: bool = False
    historical_context: dict = field(default_factory=dict)


@dataclass
class CriticalSystemCondition:
    """`detection_function(metrics)` gets the latest value of every metric and gives True, False, or None
    where an input is missing. If it raises, that is logged and the condition is unknown."""

    condition_id: str
    name: str
    description: str
    detection_function: object
    severity: AlertSeverity
    auto_mitigation: object = None
    escalation_path: list = field(default_factory=list)


# metric: (warning, critical, worse when higher)
THRESHOLDS = {
    "cpu_percent": (80.0, 95.0, True),
    "memory_percent": (85.0, 95.0, True),
    "disk_percent": (90.0, 98.0, True),
    "task_throughput": (5.0, 2.0, False),
    "error_rate": (0.05, 0.10, True),
    "response_time": (2.0, 5.0, True),
}


def _known(metrics, *names):
    return all(isinstance(metrics.get(name), (int, float)) for name in names)


class ProactiveAlertingSystem:
    """Judges samples of metrics and keeps the alerts that are active.

    Thread-safe. Use it as it is, or as a context manager that starts and stops monitoring. `thresholds`
    maps a metric to [warning, critical, worse when higher]; a changed entry holds from the next sample.
    """

    def __init__(self, business_metrics_monitor=None, *, recorder=None):
        self._business = business_metrics_monitor
        self._recorder = recorder or getattr(business_metrics_monitor, "_recorder", None) or Recorder(
            "agent-hive")
        self._recorder.guard(self, threading.RLock)
        self._values = {}
        self._alerts = {}   # fingerprint -> PredictiveAlert, active ones
        self._history = deque(maxlen=ALERTS_KEPT)
        self._conditions = {}
        self._unknown_conditions = set()
        self._firing_conditions = set()
        self._trained = False
        self._refused = 0
        self._latest = {}
        self._running = False
        self.thresholds = {name: list(levels) for name, levels in THRESHOLDS.items()}
        for condition in self._default_conditions():
            self.register_condition(condition)

    def start_monitoring(self):
        """Marks alerting as running, which health looks at. process_metrics() works either way."""
        self._running = True

    def stop_monitoring(self):
        """Marks alerting as stopped. Alerts stay readable."""
        self._running = False

    def __enter__(self):
        self.start_monitoring()
        return self

    def __exit__(self, *unused):
        self.stop_monitoring()

    def register_condition(self, condition):
        """Adds a CriticalSystemCondition, or replaces the one of the same id."""
        with self._lock:
            self._conditions[condition.condition_id] = condition

    def _default_conditions(self):
        def cascade(m):
            if not _known(m, "failed_agents_count", "total_agents") or m["total_agents"] <= 0:
                return None
            return m["failed_agents_count"] / m["total_agents"] > 0.3

        def deadlock(m):
            if not _known(m, "avg_coordination_time", "active_conflicts"):
                return None
            return m["avg_coordination_time"] > 300 and m["active_conflicts"] > 5

        def exhaustion(m):
            limits = {"memory_percent": 95, "cpu_percent": 98, "disk_percent": 98}
            known = [m[name] > limit for name, limit in limits.items() if _known(m, name)]
            return any(known) if known else None

        def collapse(m):
            if not _known(m, "system_throughput"):
                return None
            baseline = m.get("baseline_throughput")
            if baseline is None:
                past = [v for _, v in self._values.get("system_throughput", ())][:-1]
                baseline = statistics.median(past) if len(past) >= BASELINE_POINTS_MIN else None
            return None if not baseline else m["system_throughput"] < 0.1 * baseline

        ops, lead = "ops_team", "engineering_lead"
        yield CriticalSystemCondition("agent_cascade_failure", "Agent cascade failure",
                                      "More than 30 % of the agents failed", cascade,
                                      AlertSeverity.EMERGENCY, None, [ops, lead, "cto"])
        yield CriticalSystemCondition("coordination_deadlock", "Coordination deadlock",
                                      "Coordination takes over 5 minutes with over 5 open conflicts",
                                      deadlock, AlertSeverity.CRITICAL, None, [ops, lead])
        yield CriticalSystemCondition("resource_exhaustion", "Resource exhaustion",
                                      "Memory, CPU or disk are used up", exhaustion,
                                      AlertSeverity.EMERGENCY, None, [ops, "infrastructure_team"])
        yield CriticalSystemCondition("task_throughput_collapse", "Task throughput collapse",
                                      "Throughput is below a tenth of its learned baseline", collapse,
                                      AlertSeverity.CRITICAL, None, [ops, lead])

    # --- processing ---

    def process_metrics(self, metrics, *, at=None):
        """Judges one sample of metrics (name to finite number; others are ignored). Gives new alerts.

        `at`: Unix time in nanoseconds, now if left out; samples come in the order of their times.
        Names beyond METRIC_NAMES_MAX are ignored and counted ("metrics_refused" of the dashboard).
        """
        now = at if at is not None else now_ns()
        new = []
        with self._lock:
            sample = {name: float(value) for name, value in metrics.items()
                      if isinstance(name, str) and isinstance(value, numbers.Real)
                      and not isinstance(value, bool) and abs(value) <= VALUE_MAX
                      and self._admits(name)}
            self._latest.update(sample)
            for name, value in sample.items():
                self._values[name].append((now, value))
                new += self._judge(name, value, now)
                new += self._forecast(name, now)
            new += self._check_conditions(sample, now)
        return new

    def _admits(self, name):
        if name in self._values:
            return True
        if len(self._values) >= METRIC_NAMES_MAX:
            if self._refused == 0:
                _log.warning("there are %d metrics; '%s' and further names are ignored",
                             METRIC_NAMES_MAX, name)
            self._refused += 1
            return False
        self._values[name] = deque(maxlen=VALUES_KEPT)
        return True

    def _raise(self, fingerprint, now, **fields):
        alert = self._alerts.get(fingerprint)
        fields["prediction_time"] = datetime.fromtimestamp(now / 1e9, timezone.utc)
        if alert is not None:
            for name, value in fields.items():
                setattr(alert, name, value)
            return []
        alert = PredictiveAlert(alert_id=fingerprint, **fields)
        self._alerts[fingerprint] = alert
        self._history.append(alert)
        return [alert]

    def _clear(self, fingerprint):
        self._alerts.pop(fingerprint, None)

    def _judge(self, name, value, now):
        judged = self._recorder.engine.observe(name, now, value)
        self._trained = self._trained or judged.judged
        fingerprint = f"anomaly_{name}"
        if not judged.anomaly:
            if not judged.judged or judged.p > 0.05:
                self._clear(fingerprint)
            return []
        severity = (AlertSeverity.CRITICAL if judged.p < 1e-6 else
                    AlertSeverity.HIGH if judged.p < 1e-4 else AlertSeverity.MEDIUM)
        return self._raise(
            fingerprint, now, category=AlertCategory.PERFORMANCE, severity=severity, metric_name=name,
            current_value=value, predicted_value=judged.expected, confidence=1 - judged.p,
            threshold_breach_eta=None, recommendation=(
                f"{name} is {value:g}, usual is {judged.expected_low:g} to {judged.expected_high:g}; "
                "look at what changed at that time"),
            historical_context={"p": judged.p, "feature": judged.feature})

    def _forecast(self, name, now):
        fingerprint = f"predict_{name}"
        if name not in self.thresholds:
            return []
        warning, critical, higher = self.thresholds[name]
        values = self._values[name]
        current = values[-1][1]
        beyond = (lambda level: current >= level) if higher else (lambda level: current <= level)
        if beyond(critical) or beyond(warning):
            severity = AlertSeverity.HIGH if beyond(critical) else AlertSeverity.MEDIUM
            return self._raise(
                fingerprint, now, category=AlertCategory.PREDICTIVE, severity=severity, metric_name=name,
                current_value=current, predicted_value=current, confidence=1.0,
                threshold_breach_eta=timedelta(0),
                recommendation=f"{name} is past its {'critical' if beyond(critical) else 'warning'} "
                               "threshold; act now")
        line = self._line(values)
        if line is None:
            self._clear(fingerprint)
            return []
        slope, fit = line
        for level, severity in ((critical, AlertSeverity.HIGH), (warning, AlertSeverity.MEDIUM)):
            moving = slope > 0 if higher else slope < 0
            eta_s = (level - current) / slope if moving else None
            if eta_s is not None and 0 < eta_s <= FORECAST_HORIZON_S and fit >= 0.3:
                return self._raise(
                    fingerprint, now, category=AlertCategory.PREDICTIVE, severity=severity,
                    metric_name=name, current_value=current, predicted_value=level, confidence=fit,
                    threshold_breach_eta=timedelta(seconds=eta_s),
                    recommendation=f"{name} reaches {level:g} in about {eta_s / 60:.0f} min; "
                                   "act before that")
        self._clear(fingerprint)
        return []

    @staticmethod
    def _line(values):
        """Theil-Sen slope a second over the kept values, and the share of pairs that agree with its
        sign beyond chance (0 to 1); None with too few values."""
        if len(values) < FORECAST_POINTS_MIN:
            return None
        points = [((t - values[0][0]) / 1e9, v) for t, v in list(values)[-40:]]
        slopes = [(b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[i + 1:]
                  if b[0] > a[0]]
        if not slopes:
            return None
        slope = statistics.median(slopes)
        agree = sum((s > 0) == (slope > 0) and s != 0 for s in slopes) / len(slopes)
        return slope, max(0.0, 2 * agree - 1)

    def _check_conditions(self, metrics, now):
        new = []
        for condition in self._conditions.values():
            try:
                state = condition.detection_function({**self._latest, **metrics})
            except Exception:  # the host's function; the other conditions must still be judged
                _log.exception("condition %s failed", condition.condition_id)
                state = None
            fingerprint = f"critical_{condition.condition_id}"
            self._unknown_conditions.discard(condition.condition_id)
            if state is None:
                self._unknown_conditions.add(condition.condition_id)
            if not state:
                self._firing_conditions.discard(condition.condition_id)
                self._clear(fingerprint)
                continue
            self._firing_conditions.add(condition.condition_id)
            new += self._raise(
                fingerprint, now, category=AlertCategory.SYSTEM_HEALTH, severity=condition.severity,
                metric_name=condition.condition_id, current_value=None, predicted_value=None,
                confidence=1.0, threshold_breach_eta=timedelta(0),
                recommendation=f"{condition.description}. Escalate to "
                               f"{', '.join(condition.escalation_path)}",
                auto_mitigation_available=condition.auto_mitigation is not None)
        return new

    # --- what is known ---

    def get_active_predictive_alerts(self, severity=None):
        """Active alerts, newest first; of one severity if given."""
        with self._lock:
            alerts = [a for a in self._alerts.values() if severity is None or a.severity is severity]
        return sorted(alerts, key=lambda a: a.prediction_time, reverse=True)

    def health_score(self):
        """Mean of the known factors, 0 to 1; None if none is known."""
        with self._lock:
            latest = dict(self._latest)
        factors = [1 - latest[name] / 100 for name in ("cpu_percent", "memory_percent", "disk_percent")
                   if name in latest]
        if "task_throughput" in latest:
            factors.append(min(1.0, latest["task_throughput"] / 10))
        if "error_rate" in latest:
            factors.append(1 - latest["error_rate"])
        if "coordination_efficiency" in latest:
            factors.append(latest["coordination_efficiency"])
        return sum(min(1.0, max(0.0, f)) for f in factors) / len(factors) if factors else None

    def get_system_health_dashboard(self):
        """timestamp, system_health_score (0 to 1, None if nothing is known), counts of active alerts,
        critical_conditions_active (how many), critical_conditions_unknown (ids whose inputs are
        missing), metrics_refused (values of names beyond the limit), prediction_engine_status ("active"
        or "training"), next_predictions (up to 5)."""
        alerts = self.get_active_predictive_alerts()
        by_category = {}
        for alert in alerts:
            counts = by_category.setdefault(alert.category.value, {})
            counts[alert.severity.value] = counts.get(alert.severity.value, 0) + 1
        grave = (AlertSeverity.CRITICAL, AlertSeverity.EMERGENCY)
        predictions = [a for a in alerts if a.category is AlertCategory.PREDICTIVE][:5]
        with self._lock:
            firing, unknown = len(self._firing_conditions), sorted(self._unknown_conditions)
            refused = self._refused
        return {
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "system_health_score": self.health_score(), "total_active_alerts": len(alerts),
            "critical_alerts": sum(a.severity in grave for a in alerts),
            "alert_counts_by_category": by_category, "critical_conditions_active": firing,
            "critical_conditions_unknown": unknown, "metrics_refused": refused,
            "prediction_engine_status": "active" if self._trained else "training",
            "next_predictions": [
                {"metric": a.metric_name, "predicted_value": a.predicted_value,
                 "eta": str(a.threshold_breach_eta), "confidence": a.confidence} for a in predictions]}
