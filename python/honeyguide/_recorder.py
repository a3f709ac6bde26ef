"""Recorder: one engine and the way spans reach it. Shared by the classes of one framework."""

import numbers
import os
import secrets
import threading
import time
import weakref

from honeyguide import _core
from honeyguide._tracer import Tracer

_KINDS = {"internal": 1, "producer": 4, "consumer": 5}


# Who holds a lock that a child of fork() must have anew: a thread that is not there may hold it.
_guarded = weakref.WeakSet()


def _after_fork():
    for owner in list(_guarded):
        owner._lock = owner._make_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def now_ns():
    return time.time_ns()


def new_trace_id():
    return secrets.token_hex(16)


def new_span_id():
    return secrets.token_hex(8)


def _text(value):
    """Text of anything, as UTF-8 can hold it; a span must not fail for what it is told."""
    if not isinstance(value, str):
        try:
            value = str(value)
        except Exception:  # the host's object, the host's fault
            value = f"<{type(value).__name__} without a text>"
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _plain(value):
    """What a span attribute may hold: bool, 64-bit int, float, str; anything else becomes its text."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is bool or kind is float:
        return value
    if isinstance(value, (bool, str)):
        return value if isinstance(value, bool) else _text(value)
    if isinstance(value, numbers.Integral) and -(2**63) <= value < 2**63:
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational):
        return float(value)
    return _text(value)


def _message(error):
    """The status message: text as it is, an exception with its type before it."""
    return f"{type(error).__name__}: {_text(error)}" if isinstance(error, BaseException) else _text(error)


class Recorder:
    """Thread-safe. After a fork the child has an engine of its own, empty.

    With a server every span also goes to it, through the library's tracer: queued, never waited for.
    """

    def __init__(self, service_name, *, server=None, token=None):
        self.service_name = service_name
        self.tracer = Tracer(service_name, server=server, token=token) if server else None
        self._engine = _core.Engine(service_name)
        self._pid = os.getpid()
        self.guard(self)
        self.recorded = 0

    @staticmethod
    def guard(owner, make_lock=threading.Lock):
        """Gives `owner` its _lock, new in a child of fork()."""
        owner._make_lock = make_lock
        owner._lock = make_lock()
        _guarded.add(owner)

    @property
    def engine(self):
        if os.getpid() != self._pid:
            with self._lock:
                if os.getpid() != self._pid:
                    self._engine = _core.Engine(self.service_name)
                    self._pid = os.getpid()
        return self._engine

    def record(self, name, *, trace_id, span_id=None, parent_id="", start, end, error=False,
               message="", attributes=None, events=(), kind="internal"):
        span = _core.Span()
        span.trace_id = trace_id
        span.span_id = span_id or new_span_id()
        span.parent_id = parent_id
        span.name = _text(name)
        span.kind = _KINDS[kind]
        span.start = start
        span.end = end
        span.error = error
        span.message = _message(message)
        span.attributes = [(_text(key), _plain(value)) for key, value in (attributes or {}).items()
                           if value is not None]
        made = []
        for event_name, at, event_attributes in events:
            event = _core.Event()
            event.name = _text(event_name)
            event.time = at
            event.attributes = [(_text(key), _plain(value)) for key, value in event_attributes.items()]
            made.append(event)
        span.events = made
        self.engine.record(span, now_ns())
        if self.tracer is not None:
            self.tracer.record(span)
        self.recorded += 1
        return span.span_id

    def add_otlp_json(self, body):
        """Spans of an ExportTraceServiceRequest as OTLP JSON into the engine; gives how many.
        ValueError for text that is none."""
        added = self.engine.add_otlp_json(body, now_ns())
        self.recorded += added
        return added
