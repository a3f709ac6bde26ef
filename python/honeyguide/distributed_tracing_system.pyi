import enum
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, TypeVar
from typing_extensions import Self

__all__ = ["DistributedTracingSystem", "SpanType", "TraceContext", "WorkflowTrace", "WorkflowType"]

COMPLETED_WORKFLOWS_KEPT: Final = 1000
SPAN_RECORDS_KEPT: Final = 50000
BAGGAGE_ENTRIES_MAX: Final = 64
BAGGAGE_BYTES_MAX: Final = 8192

_Carrier = TypeVar("_Carrier", bound=MutableMapping[str, str])

class WorkflowType(enum.Enum):
    TASK_EXECUTION = "task_execution"
    AGENT_COORDINATION = "agent_coordination"
    CONFLICT_RESOLUTION = "conflict_resolution"
    DEPENDENCY_RESOLUTION = "dependency_resolution"
    BUSINESS_PROCESS = "business_process"
    SYSTEM_MAINTENANCE = "system_maintenance"

class SpanType(enum.Enum):
    ROOT = "root"
    AGENT_OPERATION = "agent_operation"
    TASK = "task"
    COMMUNICATION = "communication"
    DEPENDENCY = "dependency"
    DATABASE = "database"
    EXTERNAL_API = "external_api"
    COORDINATION = "coordination"

@dataclass
class TraceContext:
    trace_id: str
    span_id: str
    parent_span_id: str | None = ...
    trace_flags: int = ...
    baggage: dict[str, str] = ...
    def to_headers(self) -> dict[str, str]: ...
    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> TraceContext | None: ...

@dataclass
class WorkflowTrace:
    workflow_id: str
    workflow_type: WorkflowType
    root_trace_id: str
    root_span_id: str
    start_ns: int
    participating_agents: list[str]
    tags: dict[str, Any]
    end_ns: int | None = ...
    status: str = ...
    total_spans: int = ...
    error_spans: int = ...
    custom_attributes: dict[str, Any] = ...

class DistributedTracingSystem:
    service_name: str
    jaeger_endpoint: str | None
    enable_console_export: bool
    def __init__(
        self,
        service_name: str = "agent-hive",
        jaeger_endpoint: str | None = None,
        enable_console_export: bool = False,
        *,
        recorder: object | None = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *unused: type[BaseException] | BaseException | TracebackType | None) -> None: ...
    def start_workflow_trace(
        self,
        workflow_id: str,
        workflow_type: WorkflowType | str,
        participating_agents: Sequence[str] | None = None,
        tags: Mapping[str, Any] | None = None,
        *,
        agents: Sequence[str] | None = None,
    ) -> str: ...
    def complete_workflow_trace(
        self,
        workflow_id: str,
        status: str = "completed",
        final_attributes: Mapping[str, Any] | None = None,
    ) -> None: ...
    def workflow_context(self, workflow_id: str) -> tuple[str, str] | None: ...
    def trace_agent_operation(
        self,
        agent_id: str,
        operation_name: str,
        workflow_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> AbstractContextManager[TraceContext]: ...
    def trace_task_execution(
        self,
        task_id: str,
        task_type: str,
        agent_id: str,
        workflow_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> AbstractContextManager[TraceContext]: ...
    def trace_agent_communication(
        self,
        sender_agent: str,
        receiver_agent: str,
        message_type: str,
        workflow_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> AbstractContextManager[TraceContext]: ...
    def get_trace_context(self) -> TraceContext | None: ...
    def inject_trace_context(self, carrier: _Carrier) -> _Carrier: ...
    def attach_trace_context(
        self, carrier: Mapping[str, str]
    ) -> AbstractContextManager[TraceContext | None]: ...
    def extract_trace_context(self, carrier: Mapping[str, str]) -> TraceContext | None: ...
    def add_span_event(self, name: str, attributes: Mapping[str, Any] | None = None) -> None: ...
    def set_span_attribute(self, key: str, value: Any) -> None: ...
    def get_workflow_trace_summary(self, workflow_id: str) -> dict[str, Any] | None: ...
    def get_trace(self, trace_id: str) -> dict[str, Any]: ...
    def get_agent_trace_summary(
        self, agent_id: str, time_window: timedelta = ...
    ) -> dict[str, Any]: ...
    def get_system_trace_overview(self) -> dict[str, Any]: ...
    def cleanup_old_data(self, retention_hours: float = 24) -> None: ...
    def shutdown(self) -> None: ...
