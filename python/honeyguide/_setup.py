"""init(): one line that makes the agent frameworks of this process send to a honeyguide server."""

import atexit
import importlib
import importlib.util
import logging
import os
from dataclasses import dataclass, field

from honeyguide._settings import OTLP_DEFAULT, server_from_environment, token_from_environment

__all__ = ["Instrumentation", "init"]

_log = logging.getLogger("honeyguide")

# Framework's module: instrumentors that are usual for it, the first one that is installed is used. Each
# is "module:class" with instrument(tracer_provider=…), as OpenInference, OpenLLMetry and OpenTelemetry
# have them, or one of the names below that need a hand of their own.
INSTRUMENTORS = {
    "langchain_core": ("openinference.instrumentation.langchain:LangChainInstrumentor",
                       "opentelemetry.instrumentation.langchain:LangchainInstrumentor"),
    "crewai": ("openinference.instrumentation.crewai:CrewAIInstrumentor",
               "opentelemetry.instrumentation.crewai:CrewAIInstrumentor"),
    "agents": ("openinference.instrumentation.openai_agents:OpenAIAgentsInstrumentor",
               "opentelemetry.instrumentation.openai_agents:OpenAIAgentsInstrumentor"),
    "autogen_agentchat": ("openinference.instrumentation.autogen_agentchat:AutogenAgentChatInstrumentor",),
    "llama_index": ("openinference.instrumentation.llama_index:LlamaIndexInstrumentor",
                    "opentelemetry.instrumentation.llamaindex:LlamaIndexInstrumentor"),
    "smolagents": ("openinference.instrumentation.smolagents:SmolagentsInstrumentor",),
    "agno": ("openinference.instrumentation.agno:AgnoInstrumentor",
             "opentelemetry.instrumentation.agno:AgnoInstrumentor"),
    "haystack": ("openinference.instrumentation.haystack:HaystackInstrumentor",
                 "opentelemetry.instrumentation.haystack:HaystackInstrumentor"),
    "dspy": ("openinference.instrumentation.dspy:DSPyInstrumentor",),
    "google.adk": ("openinference.instrumentation.google_adk:GoogleADKInstrumentor", "builtin"),
    "pydantic_ai": ("pydantic_ai",),
    "strands": ("builtin",),
    "mcp": ("openinference.instrumentation.mcp:MCPInstrumentor",
            "opentelemetry.instrumentation.mcp:McpInstrumentor"),
    "openai": ("openinference.instrumentation.openai:OpenAIInstrumentor",
               "opentelemetry.instrumentation.openai_v2:OpenAIInstrumentor",
               "opentelemetry.instrumentation.openai:OpenAIInstrumentor"),
    "anthropic": ("openinference.instrumentation.anthropic:AnthropicInstrumentor",
                  "opentelemetry.instrumentation.anthropic:AnthropicInstrumentor"),
    "litellm": ("openinference.instrumentation.litellm:LiteLLMInstrumentor",),
}

# How instrumentations are asked to keep content to themselves. The exporter leaves it out in any case.
CONTENT_SWITCHES = {
    "off": {"OPENINFERENCE_HIDE_INPUTS": "true", "OPENINFERENCE_HIDE_OUTPUTS": "true",
            "TRACELOOP_TRACE_CONTENT": "false", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "false"},
    "on": {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"},
}


@dataclass
class Instrumentation:
    """What init() did."""

    service: str
    server: str
    content: str
    provider: object
    # Framework: what instruments it.
    instrumented: dict = field(default_factory=dict)
    # Framework: what to install, or what went wrong.
    missing: dict = field(default_factory=dict)
    _processor: object = None
    _instrumentors: list = field(default_factory=list)

    def flush(self, timeout_s=10.0):
        """Sends what has ended; False if it did not get through in time."""
        return self._processor.force_flush(int(timeout_s * 1000))

    def shutdown(self):
        """Takes the instrumentation back and sends what is left. Idempotent."""
        for one in self._instrumentors:
            try:
                one.uninstrument()
            except Exception:  # some cannot be taken back
                _log.debug("honeyguide: %s stays", type(one).__name__, exc_info=True)
        self._instrumentors.clear()
        self._processor.shutdown()


def _installed(module):
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _instrument(target, provider, content):
    """Gives the instrumentor, or None where the framework needs none."""
    if target == "builtin":
        return None  # it asks for the global tracer provider by itself
    if target == "pydantic_ai":
        from pydantic_ai import Agent
        from pydantic_ai.models.instrumented import InstrumentationSettings

        Agent.instrument_all(InstrumentationSettings(tracer_provider=provider, include_content=content == "on"))
        return None
    module, _, name = target.partition(":")
    made = getattr(importlib.import_module(module), name)()
    made.instrument(tracer_provider=provider)
    return made


def _packages(targets):
    modules = [target.partition(":")[0] for target in targets if ":" in target]
    return " or ".join(module.replace(".", "-").replace("_", "-") for module in modules)


def init(service=None, *, server=None, token=None, content="on", frameworks=None, resource=None):
    """Finds the agent frameworks that are installed, uses their usual instrumentors where these are
    installed too, and sends what they record to a honeyguide server.

    service: `service.name`; without it OTEL_SERVICE_NAME, else "agents". server: base URL of an OTLP/HTTP
    receiver; without it HONEYGUIDE_OTLP or OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4318.
    token: without it HONEYGUIDE_TOKEN. content: "off" keeps prompts, answers, arguments and results out of
    what is sent. frameworks: names of modules, to instrument these only. resource: further attributes.

    Where an OpenTelemetry tracer provider is set already, honeyguide becomes one more destination of it.
    Gives an Instrumentation that says what was found. ImportError without opentelemetry-sdk; ValueError for
    settings that make no sense.
    """
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ImportError("honeyguide.init needs opentelemetry-sdk: pip install 'honeyguide[otel]'") from error
    from honeyguide._otel import HoneyguideSpanExporter

    unknown = set(frameworks or ()) - set(INSTRUMENTORS)
    if unknown:
        raise ValueError(f"frameworks: {', '.join(sorted(unknown))} not known; known are {', '.join(INSTRUMENTORS)}")
    service = service or os.environ.get("OTEL_SERVICE_NAME") or "agents"
    server = server or server_from_environment() or OTLP_DEFAULT
    exporter = HoneyguideSpanExporter(server=server, token=token or token_from_environment(), content=content)
    for name, value in CONTENT_SWITCHES[content].items():
        os.environ.setdefault(name, value) if content == "on" else os.environ.__setitem__(name, value)
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(resource=Resource.create({"service.name": service, **(resource or {})}))
        trace.set_tracer_provider(provider)
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=1000)
    provider.add_span_processor(processor)
    done = Instrumentation(service, server, content, provider, _processor=processor)
    for framework, targets in INSTRUMENTORS.items():
        if (frameworks is not None and framework not in frameworks) or not _installed(framework):
            continue
        _instrument_one(done, framework, targets)
    atexit.register(done.shutdown)
    return done


def _instrument_one(done, framework, targets):
    for target in targets:
        if ":" in target and not _installed(target.partition(":")[0]):
            continue
        try:
            made = _instrument(target, done.provider, done.content)
        except Exception as error:  # an instrumentor that does not fit must not stop the agents
            done.missing[framework] = f"{target} failed: {type(error).__name__}: {error}"
            _log.warning("honeyguide: %s", done.missing[framework])
            continue
        done.missing.pop(framework, None)
        done.instrumented[framework] = target
        if made is not None:
            done._instrumentors.append(made)
        return
    done.missing.setdefault(framework, f"install {_packages(targets)}")
