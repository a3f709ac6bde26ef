"""Proves that spans leave the process: to a real server, beside the official SDK, with content kept
back, over forks, threads and an exit without shutdown; and that nothing leaves where nothing was asked."""

import asyncio
import contextvars
import json
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import server as real

import honeyguide

PROMPT = "the secret recipe of the house"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = real.make(tmp_path_factory.mktemp("server"))
    yield made
    made.finish()


@pytest.fixture
def tracer(server):
    with honeyguide.Tracer("py", server=server.otlp_http) as made:
        yield made


def python(code, **env):
    """Runs code in a process of its own; gives what it printed."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **env}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_span_arrives_as_it_was_recorded(server, tracer):
    with tracer.span("plan", {"agent.id": "a", "n": 3, "ok": True, "x": 0.5, "none": None, "odd": [1, 2]}) as span:
        span.add_event("thought", {"step": 1})
        with pytest.raises(ZeroDivisionError), tracer.span("divide", kind="client"):
            _ = 1 / 0
    tracer.flush()
    spans = real.spans_of(server, span.trace_id)
    assert spans["plan"]["values"] == {"agent.id": "a", "n": 3, "ok": True, "x": 0.5, "odd": "[1, 2]"}
    assert spans["plan"]["events"][0]["name"] == "thought"
    assert spans["plan"]["resource"]["service.name"] == "py"
    assert spans["divide"]["parentSpanId"] == span.span_id
    assert spans["divide"]["kind"] == 3
    assert spans["divide"]["status"] == {"code": 2, "message": "ZeroDivisionError: division by zero"}


def test_the_current_span_follows_threads_and_coroutines(server, tracer):
    async def child(name):
        with tracer.span(name):
            await asyncio.sleep(0.01)

    async def both():
        await asyncio.gather(child("first"), child("second"))

    with tracer.span("root") as root:
        asyncio.run(both())
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(lambda: tracer.span("threaded").end()))
        thread.start()
        thread.join()
    tracer.flush()
    spans = real.spans_of(server, root.trace_id)
    assert {spans[name]["parentSpanId"] for name in ("first", "second", "threaded")} == {root.span_id}


def test_a_thousand_threads_lose_nothing(tracer):
    before = tracer.stats()["exported"]
    threads = [threading.Thread(target=lambda: tracer.start_span("work").end()) for _ in range(1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracer.flush()
    assert tracer.stats()["exported"] - before == 1000
    assert tracer.stats()["dropped"] == 0


def test_the_framework_sends_what_it_records(server):
    async def body():
        async with honeyguide.MonitoringIntegrationFramework("sender", server=server.otlp_http) as monitoring:
            trace_id = monitoring.start_workflow_monitoring("w1", "task_execution", agents=["a"])
            monitoring.record_agent_task("a", "t1", "processing", True, 0.5, 0.75, workflow_id="w1")
            monitoring.complete_workflow_monitoring("w1")
        return trace_id, monitoring.export_stats()

    trace_id, stats = asyncio.run(body())
    assert stats["exported"] == 2 and stats["dropped"] == 0 and stats["export_failures"] == 0
    spans = real.spans_of(server, trace_id)
    assert spans["task_processing"]["values"]["agent.id"] == "a"
    assert spans["task_processing"]["values"]["task.quality"] == 0.75
    assert spans["task_processing"]["parentSpanId"] == spans["workflow_task_execution"]["spanId"]


@pytest.mark.parametrize("name", ["HONEYGUIDE_OTLP", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                  "JAEGER_ENDPOINT"])
def test_the_environment_names_the_server(server, monkeypatch, name):
    suffix = "/v1/traces" if name in ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "JAEGER_ENDPOINT") else ""
    monkeypatch.setenv(name, server.otlp_http + suffix)
    monitoring = honeyguide.MonitoringIntegrationFramework()
    trace_id = monitoring.business_metrics.record_task("a", "t", "kind", True, 1.0)
    monitoring._recorder.tracer.flush()
    assert "task_kind" in real.spans_of(server, trace_id)


def test_without_a_server_nothing_is_sent_and_a_disabled_sdk_sends_nothing(monkeypatch):
    for name in ("HONEYGUIDE_OTLP", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "JAEGER_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert honeyguide.MonitoringIntegrationFramework().export_stats() is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert honeyguide.MonitoringIntegrationFramework().export_stats() is None


def test_wrong_settings_say_what_to_write(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")
    with pytest.raises(ValueError, match="OTEL_EXPORTER_OTLP_ENDPOINT.*write http"):
        honeyguide.MonitoringIntegrationFramework()
    with pytest.raises(ValueError, match='"on" or "off"'):
        honeyguide.HoneyguideSpanExporter(server="http://127.0.0.1:1", content="maybe")


def test_what_is_lost_is_counted_where_the_server_is_away():
    tracer = honeyguide.Tracer("py", server="http://127.0.0.1:1", export_timeout_s=0.2, queue_bytes_max=10_000)
    for _ in range(1000):
        tracer.start_span("work", {"text": "x" * 100}).end()
    with pytest.raises(RuntimeError, match="127.0.0.1"):
        tracer.flush(0.2)
    stats = tracer.stats()
    assert stats["dropped"] > 0 and stats["export_failures"] > 0
    assert stats["ended"] + stats["dropped"] == 1000
    tracer.shutdown(0.2) if stats["queued_bytes"] == 0 else None


def test_an_exit_without_shutdown_sends_what_was_recorded(server):
    trace_id = python(f"""
        import honeyguide
        tracer = honeyguide.Tracer("gone", server="{server.otlp_http}", export_interval_s=60)
        with tracer.span("last words") as span:
            print(span.trace_id)
    """)
    assert "last words" in real.spans_of(server, trace_id)


def test_a_forked_child_sends_its_own_spans(server):
    ids = python(f"""
        import os, honeyguide
        tracer = honeyguide.Tracer("forker", server="{server.otlp_http}")
        with tracer.span("parent") as parent:
            if (child := os.fork()) == 0:
                with tracer.span("child"):
                    pass
                tracer.flush()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        print(parent.trace_id)
    """)
    spans = real.spans_of(server, ids)
    assert spans["child"]["parentSpanId"] == spans["parent"]["spanId"]


def test_ctrl_c_is_the_hosts_own(server):
    said = python(f"""
        import os, signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
        import honeyguide
        tracer = honeyguide.Tracer("s", server="{server.otlp_http}")
        tracer.start_span("x").end()
        try:
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                pass
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert said == "interrupted"


# --- beside the official SDK ---

otel = pytest.importorskip("opentelemetry.sdk.trace", reason="no opentelemetry-sdk")


def official(exporter):
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    provider = otel.TracerProvider(resource=Resource.create({"service.name": "official", "team": "blue"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def record_official(provider):
    from opentelemetry.trace import Link, SpanKind

    tracer = provider.get_tracer("openinference.instrumentation.demo", "1.2")
    with tracer.start_as_current_span("first") as first:
        pass
    with tracer.start_as_current_span("chat", kind=SpanKind.CLIENT, links=[Link(first.get_span_context())]) as span:
        span.set_attributes({"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 12, "tags": ["a", "b"],
                             "input.value": PROMPT, "llm.input_messages.0.message.content": PROMPT,
                             "gen_ai.tool.call.arguments": PROMPT})
        span.add_event("gen_ai.user.message", {"content": PROMPT, "gen_ai.prompt": PROMPT, "n": 1})
        span.record_exception(ValueError(PROMPT))
    return f"{span.get_span_context().trace_id:032x}"


def test_the_official_sdks_spans_arrive_whole(server):
    trace_id = record_official(official(honeyguide.HoneyguideSpanExporter(server=server.otlp_http)))
    span = real.spans_of(server, trace_id)["chat"]
    assert span["scope"] == "openinference.instrumentation.demo"
    assert span["resource"]["team"] == "blue" and span["resource"]["service.name"] == "official"
    assert span["kind"] == 3 and span["values"]["tags"] == ["a", "b"]
    assert span["values"]["gen_ai.usage.input_tokens"] == 12
    assert span["values"]["input.value"] == PROMPT
    assert len(span["events"]) == 2 and len(span["links"]) == 1
    assert "status" not in span or span["status"].get("code", 0) == 0


def test_with_content_off_no_word_of_the_prompt_leaves(server):
    trace_id = record_official(official(honeyguide.HoneyguideSpanExporter(server=server.otlp_http, content="off")))
    text = server.get(f"/api/v1/traces/{trace_id}").text
    assert PROMPT not in text
    values = real.spans_of(server, trace_id)["chat"]["values"]
    assert values["gen_ai.usage.input_tokens"] == 12
    assert values["gen_ai.tool.call.arguments"].startswith("sha256:")
    assert "llm.input_messages.0.message.content" not in values


def test_equal_arguments_stay_equal_without_their_content():
    exporter = honeyguide.HoneyguideSpanExporter(server="http://127.0.0.1:1", content="off")
    first, again, other = (exporter._kept({"gen_ai.tool.call.arguments": text}) for text in ("x", "x", "y"))
    assert first == again != other


def test_the_official_sdk_feeds_the_engine_in_the_process():
    monitoring = honeyguide.MonitoringIntegrationFramework()
    provider = official(honeyguide.HoneyguideSpanExporter(framework=monitoring))
    with provider.get_tracer("t").start_as_current_span("work") as span:
        span.set_attributes({"span.type": "task", "agent.id": "from-otel", "task.id": "1", "task.type": "x"})
    assert monitoring.business_metrics.get_agent_report("from-otel")["tasks"]["succeeded"] == 1


def test_contexts_join_both_ways(server, tracer):
    provider = official(honeyguide.HoneyguideSpanExporter(server=server.otlp_http))
    outer = provider.get_tracer("t")
    with outer.start_as_current_span("theirs") as theirs, tracer.span("ours") as ours:
        with outer.start_as_current_span("theirs again") as again:
            pass
    tracer.flush()
    spans = real.spans_of(server, ours.trace_id)
    assert ours.trace_id == f"{theirs.get_span_context().trace_id:032x}"
    assert spans["ours"]["parentSpanId"] == spans["theirs"]["spanId"]
    assert spans["theirs again"]["parentSpanId"] == ours.span_id
    assert again.get_span_context().trace_id == theirs.get_span_context().trace_id


def test_the_frameworks_scopes_join_the_official_sdk(server):
    monitoring = honeyguide.MonitoringIntegrationFramework("joined", server=server.otlp_http)
    provider = official(honeyguide.HoneyguideSpanExporter(server=server.otlp_http))
    with monitoring.distributed_tracing.trace_agent_operation("planner", "plan") as context:
        with provider.get_tracer("t").start_as_current_span("model call"):
            pass
    monitoring._recorder.tracer.flush()
    spans = real.spans_of(server, context.trace_id)
    assert spans["model call"]["parentSpanId"] == context.span_id


def test_an_exporter_waits_out_a_server_that_is_overloaded():
    answers = iter([(503, {"Retry-After": "0"}, b""), (429, {"Retry-After": "0"}, b""), (200, {}, b"{}")])
    seen = []
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body = next(answers)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listener = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    provider = official(honeyguide.HoneyguideSpanExporter(server=f"http://127.0.0.1:{listener.server_port}"))
    provider.get_tracer("t").start_as_current_span("x").__enter__().end()
    listener.shutdown()
    assert len(seen) == 3 and len(set(seen)) == 1
    assert json.loads(seen[0])["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == "x"


# --- beside other extensions ---

@pytest.mark.parametrize("order", [("honeyguide", "grpc", "google.protobuf"), ("grpc", "google.protobuf", "honeyguide"),
                                   ("pyarrow", "honeyguide"), ("honeyguide", "pyarrow")])
def test_it_imports_beside_other_extensions_in_any_order(order):
    import importlib.util

    missing = [name for name in order if importlib.util.find_spec(name.split(".")[0]) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    python("import " + ", ".join(order) + "; honeyguide.Tracer('x', server='http://127.0.0.1:1').start_span('x').end()")


def test_the_extension_exports_one_symbol():
    extension = next(Path(honeyguide.__file__).parent.glob("_core*.so"))
    listed = subprocess.run(["nm", "-D", "--defined-only", extension], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in listed.splitlines()] == ["PyInit__core"]
