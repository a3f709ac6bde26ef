import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final
from typing_extensions import Self

from honeyguide.business_metrics_monitor import BusinessMetricsMonitor

__all__ = [
    "AlertCategory",
    "AlertSeverity",
    "CriticalSystemCondition",
    "PredictiveAlert",
    "ProactiveAlertingSystem",
]

METRIC_NAMES_MAX: Final = 10000
VALUE_MAX: Final = 1e300
VALUES_KEPT: Final = 120
FORECAST_POINTS_MIN: Final = 8
FORECAST_HORIZON_S: Final = 14400
BASELINE_POINTS_MIN: Final = 20
ALERTS_KEPT: Final = 1000
THRESHOLDS: dict[str, tuple[float, float, bool]]

class AlertCategory(enum.Enum):
    SYSTEM_HEALTH = "system_health"
    PERFORMANCE = "performance"
    BUSINESS_METRICS = "business_metrics"
    SECURITY = "security"
    AGENT_COORDINATION = "agent_coordination"
    PREDICTIVE = "predictive"

class AlertSeverity(enum.Enum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    EMERGENCY = "emergency"

@dataclass
class PredictiveAlert:
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
    auto_mitigation_available: bool = ...
    historical_context: dict[str, Any] = ...

@dataclass
class CriticalSystemCondition:
    condition_id: str
    name: str
    description: str
    detection_function: Callable[[dict[str, float]], bool | None]
    severity: AlertSeverity
    auto_mitigation: Callable[[dict[str, float]], bool] | None = ...
    escalation_path: list[str] = ...

class ProactiveAlertingSystem:
    thresholds: dict[str, list[Any]]
    def __init__(
        self,
        business_metrics_monitor: BusinessMetricsMonitor | None = None,
        *,
        recorder: object | None = None,
    ) -> None: ...
    def start_monitoring(self) -> None: ...
    def stop_monitoring(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *unused: type[BaseException] | BaseException | TracebackType | None) -> None: ...
    def register_condition(self, condition: CriticalSystemCondition) -> None: ...
    def process_metrics(
        self, metrics: Mapping[str, Any], *, at: int | None = None
    ) -> list[PredictiveAlert]: ...
    def get_active_predictive_alerts(
        self, severity: AlertSeverity | None = None
    ) -> list[PredictiveAlert]: ...
    def health_score(self) -> float | None: ...
    def get_system_health_dashboard(self) -> dict[str, Any]: ...
