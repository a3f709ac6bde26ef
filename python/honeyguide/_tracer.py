"""Tracer: spans recorded and exported by the C++ library, for Python code that wants tracing alone.

    tracer = honeyguide.Tracer("my-service", server="http://127.0.0.1:4318")
    with tracer.span("plan", {"agent.id": "planner"}) as span:
        span.set_attribute("steps", 3)
"""

import atexit
import os
import weakref

from honeyguide import _context, _core
from honeyguide._settings import OTLP_DEFAULT, server_from_environment, token_from_environment

__all__ = ["Span", "Tracer"]

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
EXIT_FLUSH_SECONDS = 2.0

_open_tracers = weakref.WeakSet()


def _flush_at_exit():
    for tracer in list(_open_tracers):
        tracer._exit()


atexit.register(_flush_at_exit)


class _Ids:
    """Where a live span stands, as what is current wants it."""

    __slots__ = ("span",)

    def __init__(self, span):
        self.span = span

    @property
    def trace_id(self):
        return self.span.trace_id

    @property
    def span_id(self):
        return self.span.span_id

    @property
    def trace_flags(self):
        return 1 if self.span.sampled else 0


class Span:
    """One span. Ends with its `with` block, or by end(). After it has ended every call is ignored."""

    __slots__ = ("_live", "_tokens", "context")

    def __init__(self, live):
        self._live = live
        self._tokens = None
        self.context = _Ids(live)

    @property
    def trace_id(self):
        """32 hex digits."""
        return self._live.trace_id

    @property
    def span_id(self):
        """16 hex digits."""
        return self._live.span_id

    @property
    def recording(self):
        """False if the sampler left it out, or once it has ended."""
        return self._live.recording

    def set_attribute(self, key, value):
        """bool, int, float and str are kept as they are, anything else as its text; None is ignored. At
        most 128; further ones are counted as dropped."""
        self._live.set_attribute(key, value)

    def set_attributes(self, attributes):
        """Many at once, from a dict."""
        self._live.set_attributes(attributes)

    def add_event(self, name, attributes=None):
        """Something that happened now. At most 128."""
        self._live.add_event(name, attributes)

    def set_ok(self):
        """Says that it went well; a later set_error() wins."""
        self._live.set_ok()

    def set_error(self, message):
        """Says that it failed, and why."""
        self._live.set_error(message)

    def end(self):
        """Ends it now. Once."""
        self._live.end()

    def __enter__(self):
        self._tokens = _context.enter(self)
        return self

    def __exit__(self, kind, error, _traceback):
        tokens, self._tokens = self._tokens, None
        _context.leave(tokens)
        live = self._live
        if kind is not None:
            live.set_attribute("error.type", kind.__name__)
            live.set_error(f"{kind.__name__}: {error}")
        live.end()
        return False


class Tracer:
    """Records spans and sends them to a honeyguide server or any OTLP/HTTP receiver.

    service: the `service.name` of everything recorded. server: base URL; without it
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT or HONEYGUIDE_OTLP, else
    http://127.0.0.1:4318. token: sent as a Bearer token; without it HONEYGUIDE_TOKEN. resource: further
    resource attributes. export_interval_s (0.2), export_timeout_s (10), queue_bytes_max (8 MiB): beyond
    it spans are dropped and counted, never waited for.

    ValueError for settings that make no sense. Thread-safe. After a fork the child starts with empty
    queues. At interpreter exit what was recorded is sent, for at most two seconds.
    """

    def __init__(self, service=None, *, server=None, token=None, resource=None, export_interval_s=0.0,
                 export_timeout_s=0.0, queue_bytes_max=0):
        self.server = server or server_from_environment() or OTLP_DEFAULT
        attributes = {"telemetry.sdk.language": "python", "process.pid": os.getpid(), **(resource or {})}
        self._core = _core.make_tracer(service or "", self.server, token or token_from_environment(), attributes,
                                       export_interval_s, export_timeout_s, queue_bytes_max)
        self._start = self._core.start
        self._pid = os.getpid()
        _open_tracers.add(self)

    def start_span(self, name, attributes=None, *, kind="internal"):
        """A span below the current one that does not become current itself. End it by end() or `with`."""
        above = _context.parent()
        if above is None:
            return Span(self._start(name, attributes, KINDS[kind]))
        return Span(self._start(name, attributes, KINDS[kind], above[0], above[1], above[2]))

    span = start_span

    def record(self, span):
        """A span with ids and times of its own, as honeyguide._core.Span."""
        self._core.record(span)

    def flush(self, timeout_s=5.0):
        """Sends everything that has ended. RuntimeError with the reason if it could not be delivered."""
        self._core.flush(timeout_s)

    def shutdown(self, timeout_s=5.0):
        """Sends what is left and stops; spans that end later are counted as dropped. Idempotent."""
        _open_tracers.discard(self)
        self._core.shutdown(timeout_s)

    def stats(self):
        """started, sampled_out, ended, dropped, exported, export_failures (batches), queued_bytes."""
        return self._core.stats()

    def _exit(self):
        if os.getpid() != self._pid and not self._core.stats()["started"]:
            return
        try:
            self.shutdown(EXIT_FLUSH_SECONDS)
        except RuntimeError:
            pass  # nobody is left to tell; stats() counted it

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        self.shutdown()
