"""The current span, ours and OpenTelemetry's: whichever began last is the parent of what begins next.

Ours lives in a contextvar, so it follows threads (contextvars.copy_context) and coroutines as any
other. Where OpenTelemetry is imported, its current span is honoured, and ours becomes its current
span, so that instrumented code below us joins our trace.
"""

import contextvars
import sys

# What is current: an object with `context` (trace_id, span_id and trace_flags), or None.
current = contextvars.ContextVar("honeyguide_span", default=None)


def _opentelemetry():
    return sys.modules.get("opentelemetry.trace")


def parent():
    """(trace id, span id, sampled) in hex of the span that is current, or None."""
    own = current.get()
    otel = _opentelemetry()
    if otel is not None:
        context = otel.get_current_span().get_span_context()
        # Ours is OpenTelemetry's current span as long as nothing of its own began below it.
        if context.is_valid and (own is None or context.span_id != int(own.context.span_id, 16)):
            return (f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)
    if own is None:
        return None
    return own.context.trace_id, own.context.span_id, bool(own.context.trace_flags & 1)


def enter(span):
    """Makes `span` current; give what it gives to leave()."""
    token = current.set(span)
    otel = _opentelemetry()
    if otel is None or not hasattr(otel, "NonRecordingSpan"):
        return token, None
    from opentelemetry import context as otel_context

    context = otel.SpanContext(int(span.context.trace_id, 16), int(span.context.span_id, 16), is_remote=False,
                               trace_flags=otel.TraceFlags(span.context.trace_flags))
    return token, otel_context.attach(otel.set_span_in_context(otel.NonRecordingSpan(context)))


def leave(tokens):
    token, otel_token = tokens
    if otel_token is not None:
        from opentelemetry import context as otel_context

        otel_context.detach(otel_token)
    current.reset(token)
