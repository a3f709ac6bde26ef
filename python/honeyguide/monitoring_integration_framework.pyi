from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final
from typing_extensions import Self

from honeyguide._control import Control, Directive
from honeyguide.business_metrics_monitor import BusinessMetricsMonitor
from honeyguide.distributed_tracing_system import DistributedTracingSystem
from honeyguide.proactive_alerting_system import AlertSeverity as AlertSeverity
from honeyguide.proactive_alerting_system import ProactiveAlertingSystem

__all__ = ["AlertSeverity", "MonitoringIntegrationFramework", "MonitoringSystemHealth"]

METRICS_INTERVAL_S: Final = 30.0
FLUSH_SECONDS: Final = 5.0
COMPONENTS: tuple[str, ...]

@dataclass
class MonitoringSystemHealth:
    status: str
    timestamp: datetime
    business_metrics_status: str
    alerting_status: str
    tracing_status: str
    system_metrics_status: str
    active_alerts_count: int
    active_traces_count: int
    system_health_score: float | None
    recommendations: list[str] = ...

class MonitoringIntegrationFramework:
    service_name: str
    business_metrics: BusinessMetricsMonitor
    proactive_alerting: ProactiveAlertingSystem
    alerting: ProactiveAlertingSystem
    distributed_tracing: DistributedTracingSystem
    tracing: DistributedTracingSystem
    def __init__(
        self,
        service_name: str = "agent-hive-monitoring",
        *,
        server: str | None = None,
        token: str | None = None,
    ) -> None: ...
    async def initialize(self) -> None: ...
    async def shutdown(self) -> None: ...
    def control(
        self,
        agent_id: str,
        *,
        server: str | None = None,
        token: str | None = None,
        on_change: Callable[[Directive], object] | None = None,
    ) -> Control: ...
    def export_stats(self) -> dict[str, int] | None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, *unused: type[BaseException] | BaseException | TracebackType | None
    ) -> None: ...
    def start_workflow_monitoring(
        self,
        workflow_id: str,
        workflow_type: str,
        participating_agents: Sequence[str] | None = None,
        *,
        agents: Sequence[str] | None = None,
    ) -> str: ...
    def complete_workflow_monitoring(self, workflow_id: str, status: str = "completed") -> None: ...
    def record_agent_task(
        self,
        agent_id: str,
        task_id: str,
        task_type: str,
        success: bool = True,
        duration: float | None = None,
        quality_score: float | None = None,
        workflow_id: str | None = None,
    ) -> None: ...
    def record_conflict_resolution(
        self,
        conflict_id: str,
        participating_agents: Sequence[str] | None = None,
        resolution_time: float = 0.0,
        success: bool = True,
        *,
        agents: Sequence[str] | None = None,
    ) -> None: ...
    def get_agent_performance(self, agent_id: str) -> dict[str, Any]: ...
    def get_monitoring_system_health(self) -> MonitoringSystemHealth: ...
    def get_comprehensive_dashboard(self) -> dict[str, Any]: ...
    def validate_integration(self) -> dict[str, Any]: ...
