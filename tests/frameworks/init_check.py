"""init_check.py: proves honeyguide.init() with real frameworks: one line instead of an application's own OpenTelemetry
set-up, live into a server, with prompts kept out and let in. Exit code 1 if a run, an agent or a loop is missing, or if
a word of a prompt leaves with content="off". What cannot be installed is skipped and named.

Environment: HG_BINARY, FRAMEWORKS_HOME, as run.py. Needs the package in this interpreter (tools/test_python.sh)."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import run as live
import stub
from harness import Server, wait_until

# Framework: what its scenario sets up by itself, which init() replaces.
OWN_SETUP = {
    "langgraph": ("scen_langgraph.py", [("tp = c.otel()", "tp = None"),
                                        ("    LangChainInstrumentor().instrument(tracer_provider=tp)\n", "")]),
    "pydantic-ai": ("scen_pydantic_ai.py", [("tp = c.otel()", "tp = None"), ("Agent.instrument_all(", "(lambda *_: None)("),
                                            ("InstrumentationSettings(tracer_provider=tp) if", "None if"),
                                            ("\ntp.shutdown()", "\n")]),
}
AGENTS = {"supervisor", "researcher", "writer", "reviewer"}
PROMPT_WORDS = ("small content team", "tidal", "Approved")


def scenario(name, server, content, folder):
    script, changes = OWN_SETUP[name]
    text = (live.HERE / script).read_text(encoding="utf-8")
    for own, instead in changes:
        assert own in text, f"{script} has changed: {own!r}"
        text = text.replace(own, instead)
    first = (f'import honeyguide\nhg = honeyguide.init("content-team", server="{server.otlp_http}", content="{content}")\n'
             'assert hg.instrumented, hg.missing\n')
    path = folder / "scenario.py"
    path.write_text(first + text + "\nassert hg.flush()\n", encoding="utf-8")
    return path


def check(name, content):
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(Path(importlib.util.find_spec("honeyguide").origin).parent, folder / "site" / "honeyguide")
    server = Server(folder / "data").start()
    model, port = stub.start(str(folder / "ledger.jsonl"))
    try:
        env = live.environment_of(port, 1, {"INSTR": "openinference" if name == "langgraph" else "default"})
        del env["OTEL_EXPORTER_OTLP_ENDPOINT"]
        env["PYTHONPATH"] += os.pathsep + str(folder / "site")
        done = subprocess.run([live.HOME / "venvs" / name / "bin/python", scenario(name, server, content, folder)], env=env,
                              capture_output=True, text=True, timeout=live.SECONDS_MAX, check=False)
        assert done.returncode == 0, done.stderr[-500:]
        wait_until(lambda: server.json("/api/v1/runs")["total"]["count"] >= 3, 10, "the runs")
        runs = server.json("/api/v1/runs")["items"]
        agents = {row["agent"]["name"] for row in server.json("/api/v1/agents")["items"]}
        assert {"success", "failed", "limit"} <= {row["outcome"] for row in runs}, runs
        assert agents == AGENTS, agents
        assert sum(row["loops"] for row in runs) == 1, "the loop is not seen"
        assert all(row["tokens"] > 0 for row in runs)
        told = "".join(server.get("/api/v1/traces/" + row["trace_id"]).text for row in runs)
        leaked = [word for word in PROMPT_WORDS if word in told]
        assert leaked == ([] if content == "off" else list(PROMPT_WORDS)), leaked
    finally:
        model.shutdown()
        server.finish()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if importlib.util.find_spec("honeyguide") is None:
        print("init: skipped, the package is not installed; run tools/test_python.sh")
        return 0
    failed = 0
    for name in OWN_SETUP:
        reason = live.install(name)
        if reason:
            print(f"init {name}: skipped, cannot be installed: {reason}", flush=True)
            continue
        for content in ("off", "on"):
            try:
                check(name, content)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"init {name}, content {content}: FAILED: {error}", flush=True)
            else:
                print(f"init {name}, content {content}: right", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
