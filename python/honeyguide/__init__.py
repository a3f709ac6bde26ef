"""honeyguide: monitoring for multi-agent systems, inside your process.

The four classes of the monitoring framework and what they hand out:

    from honeyguide import MonitoringIntegrationFramework

Figures come from the same engine as the server's: spans are recorded and evaluated in C++.
"""

from honeyguide.business_metrics_monitor import BusinessMetric, BusinessMetricsMonitor, BusinessMetricType
from honeyguide.distributed_tracing_system import (
    DistributedTracingSystem,
    SpanType,
    TraceContext,
    WorkflowType,
)
from honeyguide.monitoring_integration_framework import (
    MonitoringIntegrationFramework,
    MonitoringSystemHealth,
)
from honeyguide.proactive_alerting_system import (
    AlertCategory,
    AlertSeverity,
    CriticalSystemCondition,
    PredictiveAlert,
    ProactiveAlertingSystem,
)

__version__ = "0.1.0"

__all__ = [
    "AlertCategory",
    "AlertSeverity",
    "BusinessMetric",
    "BusinessMetricType",
    "BusinessMetricsMonitor",
    "CriticalSystemCondition",
    "DistributedTracingSystem",
    "MonitoringIntegrationFramework",
    "MonitoringSystemHealth",
    "PredictiveAlert",
    "ProactiveAlertingSystem",
    "SpanType",
    "TraceContext",
    "WorkflowType",
]
