"""Distributed tracing: a workflow's operations, tasks and messages are one trace with the workflow as
its root, across threads and processes (W3C Trace Context).
"""

import contextlib
import enum
import json
import logging
import re
import urllib.parse
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from honeyguide import _context
from honeyguide._recorder import Recorder, new_span_id, new_trace_id, now_ns

__all__ = ["DistributedTracingSystem", "SpanType", "TraceContext", "WorkflowTrace", "WorkflowType"]

_log = logging.getLogger("honeyguide")

COMPLETED_WORKFLOWS_KEPT = 1000
SPAN_RECORDS_KEPT = 50_000  # for the summaries; the oldest go first
# W3C Baggage; what would exceed it is left out.
BAGGAGE_ENTRIES_MAX = 64
BAGGAGE_BYTES_MAX = 8192

_current = _context.current
_TRACEPARENT = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$")


class WorkflowType(enum.Enum):
    """What a workflow is for; start_workflow_trace takes the text too."""

    TASK_EXECUTION = "task_execution"
    AGENT_COORDINATION = "agent_coordination"
    CONFLICT_RESOLUTION = "conflict_resolution"
    DEPENDENCY_RESOLUTION = "dependency_resolution"
    BUSINESS_PROCESS = "business_process"
    SYSTEM_MAINTENANCE = "system_maintenance"


class SpanType(enum.Enum):
    """The attribute span.type."""

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
    """A place in a trace: ids as 32 and 16 hex digits, flags 0 to 255 (1: sampled)."""

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    trace_flags: int = 1
    baggage: dict = field(default_factory=dict)

    def to_headers(self):
        """traceparent, and baggage if there is any."""
        headers = {"traceparent": f"00-{self.trace_id}-{self.span_id}-{self.trace_flags:02x}"}
        if self.baggage:
            headers["baggage"] = self._baggage_header()
        return headers

    def _baggage_header(self):
        entries, size = [], 0
        for key, value in self.baggage.items():
            entry = f"{key}={urllib.parse.quote(str(value), safe='', errors='replace')}"
            size += len(entry) + 1
            if len(entries) == BAGGAGE_ENTRIES_MAX or size > BAGGAGE_BYTES_MAX + 1:
                break
            entries.append(entry)
        return ",".join(entries)

    @classmethod
    def from_headers(cls, headers):
        """None if there is no valid traceparent. Baggage values are percent-decoded; entries that are
        malformed or too many are left out."""
        lower = {key.lower(): value for key, value in headers.items()
                 if isinstance(key, str) and isinstance(value, str)}
        match = _TRACEPARENT.match(lower.get("traceparent", "").strip())
        if not match or match[1] == "ff" or (match[1] == "00" and match[5]):
            return None
        if set(match[2]) == {"0"} or set(match[3]) == {"0"}:
            return None
        baggage = {}
        for pair in lower.get("baggage", "")[:BAGGAGE_BYTES_MAX].split(",")[:BAGGAGE_ENTRIES_MAX]:
            key, equals, value = pair.partition("=")
            if equals and key.strip():
                baggage[key.strip()] = urllib.parse.unquote(value.split(";")[0].strip())
        return cls(match[2], match[3], None, int(match[4], 16), baggage)


@dataclass
class WorkflowTrace:
    """One workflow; times in Unix nanoseconds, `end_ns` None while it is active."""

    workflow_id: str
    workflow_type: WorkflowType
    root_trace_id: str
    root_span_id: str
    start_ns: int
    participating_agents: list
    tags: dict
    end_ns: int | None = None
    status: str = "active"
    total_spans: int = 1
    error_spans: int = 0
    custom_attributes: dict = field(default_factory=dict)


@dataclass
class _ActiveSpan:
    context: TraceContext
    start: int
    attributes: dict
    events: list = field(default_factory=list)
    workflow_id: str | None = None


@dataclass
class _SpanRecord:
    agent_id: str | None
    span_type: str
    workflow_id: str | None
    end: int
    duration_s: float
    error: bool


def _iso(ns):
    return None if ns is None else datetime.fromtimestamp(ns / 1e9, timezone.utc).isoformat()


class DistributedTracingSystem:
    """Thread-safe; the current span follows threads and coroutines as contextvars do."""

    def __init__(self, service_name="agent-hive", jaeger_endpoint=None, enable_console_export=False, *,
                 recorder=None):
        self.service_name = service_name
        self.jaeger_endpoint = jaeger_endpoint
        self.enable_console_export = enable_console_export
        self._recorder = recorder or Recorder(service_name)
        self._recorder.guard(self)
        self._workflows = {}
        self._completed = deque(maxlen=COMPLETED_WORKFLOWS_KEPT)
        self._records = deque(maxlen=SPAN_RECORDS_KEPT)
        self._active_spans = 0
        self._shut_down = False

    # --- workflows ---

    def start_workflow_trace(self, workflow_id, workflow_type, participating_agents=None, tags=None, *,
                             agents=None):
        """Opens a workflow; gives its trace id. ValueError if it is active already or of no known type."""
        kind = workflow_type if isinstance(workflow_type, WorkflowType) else WorkflowType(workflow_type)
        parties = list(participating_agents if participating_agents is not None else agents or [])
        workflow = WorkflowTrace(workflow_id, kind, new_trace_id(), new_span_id(), now_ns(), parties,
                                 dict(tags or {}))
        with self._lock:
            if self._shut_down:
                raise RuntimeError("tracing was shut down")
            if workflow_id in self._workflows:
                raise ValueError(f"workflow '{workflow_id}' is active already; complete it first")
            self._workflows[workflow_id] = workflow
        return workflow.root_trace_id

    def complete_workflow_trace(self, workflow_id, status="completed", final_attributes=None):
        """Ends a workflow; its span is an error for status "failed". KeyError if it is not active."""
        with self._lock:
            workflow = self._workflows.pop(workflow_id, None)
            if workflow is None:
                raise KeyError(f"no workflow '{workflow_id}' is active; start it first")
            workflow.end_ns = now_ns()
            workflow.status = status
            workflow.custom_attributes = dict(final_attributes or {})
            self._completed.append(workflow)
        self._recorder.record(
            f"workflow_{workflow.workflow_type.value}", trace_id=workflow.root_trace_id,
            span_id=workflow.root_span_id, start=workflow.start_ns, end=workflow.end_ns,
            error=status == "failed", attributes={
                "span.type": "root", "workflow.id": workflow_id,
                "workflow.type": workflow.workflow_type.value,
                "workflow.agents": ",".join(workflow.participating_agents),
                "workflow.status": status,
                "workflow.duration": (workflow.end_ns - workflow.start_ns) / 1e9,
                "workflow.total_spans": workflow.total_spans,
                "workflow.error_spans": workflow.error_spans, **workflow.tags,
                **workflow.custom_attributes})

    def workflow_context(self, workflow_id):
        """Trace id and root span id of an active workflow; None if there is none."""
        workflow = self._workflows.get(workflow_id)
        return (workflow.root_trace_id, workflow.root_span_id) if workflow else None

    # --- scopes ---

    @contextlib.contextmanager
    def _scope(self, name, workflow_id, attributes, *, kind="internal", done=None, failed=None):
        above = _context.parent()
        owner = self.workflow_context(workflow_id) if workflow_id else None
        if above is not None and (owner is None or owner[0] == above[0]):
            trace_id, parent_id = above[:2]
            workflow_id = workflow_id or getattr(_current.get(), "workflow_id", None)
        elif owner is not None:
            trace_id, parent_id = owner
        else:
            trace_id, parent_id = new_trace_id(), ""
        attributes["workflow.id"] = workflow_id
        span = _ActiveSpan(TraceContext(trace_id, new_span_id(), parent_id or None), now_ns(), attributes,
                           workflow_id=workflow_id)
        tokens = _context.enter(span)
        with self._lock:
            self._active_spans += 1
        error = None
        try:
            yield span.context
        except BaseException as raised:
            error = raised
            raise
        finally:
            _context.leave(tokens)
            end = now_ns()
            if error is None and done:
                span.events.append((done, end, {}))
            elif error is not None and failed:
                span.events.append((failed, end, {"error": error}))
            self._finish(span, name, end, error, kind)

    def _finish(self, span, name, end, error, kind):
        self._recorder.record(
            name, trace_id=span.context.trace_id, span_id=span.context.span_id,
            parent_id=span.context.parent_span_id or "", start=span.start, end=end, kind=kind,
            error=error is not None, message="" if error is None else error,
            attributes={**span.attributes,
                        **({"error.type": type(error).__name__} if error is not None else {})},
            events=span.events)
        with self._lock:
            self._active_spans -= 1
        self._count(span.attributes, span.start, end, error is not None)

    def _count(self, attributes, start, end, error):
        """A span ended: what the summaries of its workflow and its agent say."""
        workflow_id = attributes.get("workflow.id")
        agent = attributes.get("agent.id") or attributes.get("communication.sender")
        record = _SpanRecord(agent, attributes.get("span.type", ""), workflow_id, end,
                             (end - start) / 1e9, error)
        with self._lock:
            workflow = self._workflows.get(workflow_id)
            if workflow is not None:
                workflow.total_spans += 1
                workflow.error_spans += error
            self._records.append(record)

    def trace_agent_operation(self, agent_id, operation_name, workflow_id=None, attributes=None):
        """A span around the with-block, which gets its TraceContext. It is a child of the current span,
        else of the workflow's root, else a trace of its own. An exception that leaves the block makes it
        an error and goes on."""
        return self._scope(f"agent_{agent_id}_{operation_name}", workflow_id, {
            "span.type": "agent_operation", "agent.id": agent_id, "operation.name": operation_name,
            **(attributes or {})})

    def trace_task_execution(self, task_id, task_type, agent_id, workflow_id=None, attributes=None):
        """As trace_agent_operation; the task counts in the agent's figures, failed if the block raises."""
        return self._scope(f"task_{task_type}", workflow_id, {
            "span.type": "task", "task.id": task_id, "task.type": task_type, "agent.id": agent_id,
            **(attributes or {})}, done="task_completed", failed="task_failed")

    def trace_agent_communication(self, sender_agent, receiver_agent, message_type, workflow_id=None,
                                  attributes=None):
        """As trace_agent_operation: a message from one agent to another."""
        return self._scope(f"comm_{message_type}_{sender_agent}_to_{receiver_agent}", workflow_id, {
            "span.type": "communication", "communication.sender": sender_agent,
            "communication.receiver": receiver_agent, "communication.type": message_type,
            **(attributes or {})}, kind="producer", done="communication_successful",
            failed="communication_failed")

    # --- context ---

    def get_trace_context(self):
        """The current span's context; None outside of every span."""
        span = _current.get()
        if span is None or isinstance(span, _ActiveSpan):
            return span.context if span else None
        return TraceContext(span.context.trace_id, span.context.span_id, None, span.context.trace_flags)

    def inject_trace_context(self, carrier):
        """Adds the current span's headers to `carrier`, if there is one; gives `carrier`."""
        context = self.get_trace_context()
        if context is not None:
            carrier.update(context.to_headers())
        return carrier

    @contextlib.contextmanager
    def attach_trace_context(self, carrier):
        """Spans within continue the trace that `carrier` brings."""
        context = TraceContext.from_headers(carrier)
        if context is None:
            token = _current.set(None)
            try:
                yield None
            finally:
                _current.reset(token)
            return
        tokens = _context.enter(_ActiveSpan(context, now_ns(), {"span.type": "root"}))
        try:
            yield context
        finally:
            _context.leave(tokens)

    def extract_trace_context(self, carrier):
        """What the headers say; None without a valid traceparent. Changes nothing: to continue the
        trace, use attach_trace_context."""
        return TraceContext.from_headers(carrier)

    def add_span_event(self, name, attributes=None):
        """Adds an event to the current span; outside of every span it does nothing."""
        span = _current.get()
        if isinstance(span, _ActiveSpan):
            span.events.append((name, now_ns(), dict(attributes or {})))
        elif span is not None:
            span.add_event(name, attributes)

    def set_span_attribute(self, key, value):
        """Sets an attribute of the current span: a bool, int, float or str; of others their text."""
        span = _current.get()
        if isinstance(span, _ActiveSpan):
            span.attributes[key] = value
        elif span is not None:
            span.set_attribute(key, value)

    # --- summaries ---

    def get_workflow_trace_summary(self, workflow_id):
        """One workflow, active or among the last COMPLETED_WORKFLOWS_KEPT: times as ISO 8601, duration
        in seconds, spans and errors, success_rate 0 to 1. None if it is unknown."""
        with self._lock:
            workflow = self._workflows.get(workflow_id)
            state = "active"
            if workflow is None:
                state = "completed"
                workflow = next((w for w in reversed(self._completed) if w.workflow_id == workflow_id), None)
        if workflow is None:
            return None
        end = workflow.end_ns or now_ns()
        return {
            "workflow_id": workflow_id, "workflow_type": workflow.workflow_type.value,
            "trace_id": workflow.root_trace_id, "state": state, "start_time": _iso(workflow.start_ns),
            "end_time": _iso(workflow.end_ns), "duration": (end - workflow.start_ns) / 1e9,
            "status": workflow.status, "participating_agents": list(workflow.participating_agents),
            "total_spans": workflow.total_spans, "error_spans": workflow.error_spans,
            "success_rate": (workflow.total_spans - workflow.error_spans) / max(1, workflow.total_spans),
            "tags": dict(workflow.tags), "custom_attributes": dict(workflow.custom_attributes)}

    def get_trace(self, trace_id):
        """The trace as OTLP JSON. LookupError if none of its spans is kept."""
        return json.loads(self._recorder.engine.trace(trace_id))

    def get_agent_trace_summary(self, agent_id, time_window=timedelta(hours=1)):
        """Spans of one agent that ended in the window: counts, success_rate 0 to 1 and
        avg_span_duration in seconds (None without spans), active_workflows as ids."""
        since = now_ns() - int(time_window.total_seconds() * 1e9)
        with self._lock:
            mine = [r for r in self._records if r.agent_id == agent_id and r.end >= since]
            active = [w.workflow_id for w in self._workflows.values() if agent_id in w.participating_agents]
        errors = sum(r.error for r in mine)
        return {
            "agent_id": agent_id, "time_window_hours": time_window.total_seconds() / 3600,
            "total_spans": len(mine), "error_spans": errors,
            "success_rate": (len(mine) - errors) / len(mine) if mine else None,
            "task_spans": sum(r.span_type == "task" for r in mine),
            "communication_spans": sum(r.span_type == "communication" for r in mine),
            "avg_span_duration": sum(r.duration_s for r in mine) / len(mine) if mine else None,
            "active_workflows": active}

    def get_system_trace_overview(self):
        """Counts over all workflows; of those completed in the last hour the success rate (0 to 1) and
        the mean duration in seconds (None without one)."""
        hour_ago = now_ns() - 3600 * 10**9
        with self._lock:
            recent = [w for w in self._completed if w.end_ns >= hour_ago]
            agents = {a for w in self._workflows.values() for a in w.participating_agents}
            overview = {
                "timestamp": datetime.now(timezone.utc).isoformat(),
                "active_workflows": len(self._workflows), "active_agents": len(agents),
                "total_active_spans": self._active_spans + len(self._workflows),
                "completed_workflows_1h": len(recent),
                "total_spans_tracked": self._recorder.recorded, "tracing_enabled": not self._shut_down}
            tracked = {r.agent_id for r in self._records if r.agent_id}
        overview["total_agents_tracked"] = len(tracked | agents)
        done = sum(w.status == "completed" for w in recent)
        overview["workflow_success_rate"] = done / len(recent) if recent else None
        overview["avg_workflow_duration"] = (
            sum(w.end_ns - w.start_ns for w in recent) / len(recent) / 1e9 if recent else None)
        return overview

    def cleanup_old_data(self, retention_hours=24):
        """Forgets summaries older than this. Spans have limits of their own."""
        since = now_ns() - int(retention_hours * 3600e9)
        with self._lock:
            self._records = deque((r for r in self._records if r.end >= since), SPAN_RECORDS_KEPT)
            self._completed = deque((w for w in self._completed if w.end_ns >= since),
                                    COMPLETED_WORKFLOWS_KEPT)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.shutdown()

    def shutdown(self):
        """Completes active workflows with status "shutdown". Idempotent."""
        with self._lock:
            open_ids = list(self._workflows)
        for workflow_id in open_ids:
            self.complete_workflow_trace(workflow_id, "shutdown")
        with self._lock:
            self._shut_down = True
