"""Recorder: one engine and the way spans reach it. Shared by the classes of one framework."""

import os
import secrets
import time

from honeyguide import _core

_KINDS = {"internal": 1, "producer": 4, "consumer": 5}


def now_ns():
    return time.time_ns()


def new_trace_id():
    return secrets.token_hex(16)


def new_span_id():
    return secrets.token_hex(8)


def _plain(value):
    """What a span attribute may hold; anything else becomes its text."""
    return value if isinstance(value, (bool, int, float, str)) else str(value)


class Recorder:
    """Thread-safe. After a fork the child has an engine of its own, empty."""

    def __init__(self, service_name):
        self.service_name = service_name
        self._engine = _core.Engine(service_name)
        self._pid = os.getpid()
        self.recorded = 0

    @property
    def engine(self):
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
        span.name = name
        span.kind = _KINDS[kind]
        span.start = start
        span.end = end
        span.error = error
        span.message = message
        span.attributes = [(key, _plain(value)) for key, value in (attributes or {}).items()
                           if value is not None]
        made = []
        for event_name, at, event_attributes in events:
            event = _core.Event()
            event.name = event_name
            event.time = at
            event.attributes = [(key, _plain(value)) for key, value in event_attributes.items()]
            made.append(event)
        span.events = made
        self.engine.record(span, now_ns())
        self.recorded += 1
        return span.span_id
