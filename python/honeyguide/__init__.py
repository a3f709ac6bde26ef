"""honeyguide: monitoring for multi-agent systems, inside your process.

The four classes of the monitoring framework and what they hand out:

    from honeyguide import MonitoringIntegrationFramework

Figures come from the same engine as the server's: spans are recorded and evaluated in C++.
"""

from honeyguide._control import AgentStopped, Control, Directive, Refused, control
from honeyguide._setup import Instrumentation, init
from honeyguide._tracer import Span, Tracer
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
    "AgentStopped",
    "AlertCategory",
    "AlertSeverity",
    "BusinessMetric",
    "BusinessMetricType",
    "BusinessMetricsMonitor",
    "Control",
    "CriticalSystemCondition",
    "Directive",
    "DistributedTracingSystem",
    "HoneyguideSpanExporter",
    "Instrumentation",
    "MonitoringIntegrationFramework",
    "MonitoringSystemHealth",
    "PredictiveAlert",
    "ProactiveAlertingSystem",
    "Refused",
    "Span",
    "SpanType",
    "TraceContext",
    "Tracer",
    "WorkflowType",
    "control",
    "init",
]


def __getattr__(name):
    # It needs opentelemetry-sdk, which is no dependency.
    if name == "HoneyguideSpanExporter":
        from honeyguide._otel import HoneyguideSpanExporter

        return HoneyguideSpanExporter
    raise AttributeError(f"module 'honeyguide' has no attribute {name!r}")
