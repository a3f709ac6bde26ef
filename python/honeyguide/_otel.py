"""HoneyguideSpanExporter: spans of the official OpenTelemetry SDK into honeyguide.

    provider.add_span_processor(BatchSpanProcessor(HoneyguideSpanExporter(server="http://127.0.0.1:4318")))

Importing it needs the package opentelemetry-sdk.
"""

import hashlib
import json
import logging
import secrets

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from honeyguide._otlp import OtlpSender, attribute_list
from honeyguide._settings import OTLP_DEFAULT, server_from_environment, token_from_environment

__all__ = ["CONTENT_ATTRIBUTES", "HoneyguideSpanExporter"]

_log = logging.getLogger("honeyguide")

# What people and models said, in the conventions in use. A name stands for itself and for all names
# that go on from it with a dot.
CONTENT_ATTRIBUTES = (
    # OpenTelemetry GenAI, all generations
    "gen_ai.prompt", "gen_ai.completion", "gen_ai.input.messages", "gen_ai.output.messages",
    "gen_ai.system_instructions", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.tool.definitions",
    "gen_ai.tool.message", "gen_ai.content", "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text",
    "gen_ai.evaluation.explanation", "gen_ai.event.content",
    # OpenInference
    "input.value", "output.value", "llm.input_messages", "llm.output_messages", "llm.prompts", "llm.completions",
    "llm.prompt_template", "llm.function_call", "llm.tools", "tool.parameters", "tool_call.function.arguments",
    "retrieval.documents", "embedding.embeddings", "embedding.text", "reranker.query", "reranker.input_documents",
    "reranker.output_documents", "message.content", "message.contents",
    # OpenLLMetry
    "traceloop.entity.input", "traceloop.entity.output", "traceloop.prompt",
    # Vercel AI SDK, pydantic-ai, Langfuse, MLflow, LangSmith, smolagents, AG2, Strands, CrewAI
    "ai.prompt", "ai.response.text", "ai.response.object", "ai.response.toolCalls", "ai.toolCall.args",
    "ai.toolCall.result", "ai.value", "ai.values", "all_messages_events", "pydantic_ai.all_messages", "final_result",
    "tool_arguments", "tool_response", "model_request_parameters", "logfire.msg", "events", "langfuse.observation.input",
    "langfuse.observation.output", "langfuse.trace.input", "langfuse.trace.output", "mlflow.spanInputs",
    "mlflow.spanOutputs", "inputs", "outputs", "prompt", "completion", "message", "task.description",
    "content", "text", "body", "arguments", "tool_calls", "input", "output", "result", "response", "query", "question",
    "answer", "messages", "crew_tasks", "crew_agents", "formatted_description", "task_output", "agent.input", "agent.output",
    # exceptions quote what they choked on
    "exception.message", "exception.stacktrace",
)
_CONTENT = frozenset(CONTENT_ATTRIBUTES)
# Without its content a tool call can still be told from another one: by a hash with a salt that no one
# keeps. It cannot be turned back, and repeats (loops) show.
_SALT = secrets.token_bytes(16)
_COMPARED = frozenset({"gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "tool.parameters", "input.value",
                       "output.value", "ai.toolCall.args", "ai.toolCall.result", "tool_arguments", "tool_response",
                       "traceloop.entity.input", "traceloop.entity.output"})


def is_content(key):
    """True if an attribute of this name may hold what people or models said."""
    while key:
        if key in _CONTENT:
            return True
        key = key.rpartition(".")[0]
    return False


def _digest(value):
    return "sha256:" + hashlib.sha256(_SALT + str(value).encode("utf-8", "replace")).hexdigest()[:16]


class HoneyguideSpanExporter(SpanExporter):
    """Sends to a server, or adds to the engine of a framework in this process.

    server: base URL of an OTLP/HTTP receiver; without it what honeyguide.Tracer would take. token: sent
    as a Bearer token. framework: a MonitoringIntegrationFramework whose engine gets the spans instead.
    content: "on" sends attributes as they are. "off" leaves out what people and models said
    (CONTENT_ATTRIBUTES); arguments and results of tools become salted hashes, so that loops are still
    seen. timeout_s: for one export, its retries included.
    """

    def __init__(self, *, server=None, token=None, framework=None, content="on", timeout_s=10.0):
        if content not in ("on", "off"):
            raise ValueError(f'content: "on" or "off", not {content!r}')
        self._content = content == "on"
        self._framework = framework
        self._sender = None
        if framework is None:
            base = server or server_from_environment() or OTLP_DEFAULT
            self._sender = OtlpSender(base, token or token_from_environment(), timeout_s)

    def _kept(self, attributes):
        if self._content:
            return attributes or {}
        out = {}
        for key, value in (attributes or {}).items():
            if not is_content(key):
                out[key] = value
            elif key in _COMPARED:
                out[key] = _digest(value)
        return out

    def _span(self, span):
        context, status = span.context, span.status
        out = {"traceId": f"{context.trace_id:032x}", "spanId": f"{context.span_id:016x}", "name": span.name,
               "kind": span.kind.value + 1, "startTimeUnixNano": str(span.start_time or 0),
               "endTimeUnixNano": str(span.end_time or 0), "attributes": attribute_list(self._kept(span.attributes)),
               "flags": int(context.trace_flags)}
        if span.parent is not None:
            out["parentSpanId"] = f"{span.parent.span_id:016x}"
        if context.trace_state:
            out["traceState"] = context.trace_state.to_header()
        if status.status_code is not StatusCode.UNSET:
            out["status"] = {"code": 1 if status.status_code is StatusCode.OK else 2}
            if status.description and self._content:
                out["status"]["message"] = status.description
        if span.events:
            out["events"] = [{"name": event.name, "timeUnixNano": str(event.timestamp),
                              "attributes": attribute_list(self._kept(event.attributes))} for event in span.events]
        if span.links:
            out["links"] = [{"traceId": f"{link.context.trace_id:032x}", "spanId": f"{link.context.span_id:016x}",
                             "attributes": attribute_list(self._kept(link.attributes))} for link in span.links]
        return out

    def _request(self, spans):
        resources = {}
        for span in spans:
            scope = span.instrumentation_scope
            name, version = (scope.name, scope.version or "") if scope is not None else ("", "")
            scopes = resources.setdefault(id(span.resource), (span.resource, {}))[1]
            scopes.setdefault((name, version), []).append(self._span(span))
        return {"resourceSpans": [
            {"resource": {"attributes": attribute_list(resource.attributes if resource is not None else {})},
             "scopeSpans": [{"scope": {"name": name, "version": version}, "spans": rows}
                            for (name, version), rows in scopes.items()]}
            for resource, scopes in resources.values()]}

    def export(self, spans):
        if not spans:
            return SpanExportResult.SUCCESS
        body = json.dumps(self._request(spans), ensure_ascii=False).encode("utf-8", "replace")
        try:
            if self._framework is not None:
                self._framework._recorder.add_otlp_json(body.decode())
            else:
                self._sender.post("/v1/traces", body)
        except (OSError, RuntimeError, ValueError) as error:
            _log.warning("honeyguide: %d spans were not delivered: %s", len(spans), error)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis=30_000):
        return True  # export() holds nothing back

    def shutdown(self):
        if self._sender is not None:
            self._sender.close()
