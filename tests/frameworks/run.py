"""run.py [NAME ...]: installs real agent frameworks, runs one scripted team in each against a stub model server,
live into a honeyguide server, and compares every fact with what really happened. The recorded requests stay in
FRAMEWORKS_HOME/out/NAME. Exit code 1 if a fact is wrong that telemetry could tell; what cannot be installed is
skipped and named.

Environment: HG_BINARY, FRAMEWORKS_HOME (default build/frameworks)."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests/e2e")]

import receiver  # noqa: E402
import scrub  # noqa: E402
import stub  # noqa: E402
import truth  # noqa: E402
from harness import Server, run, wait_until  # noqa: E402
from team_facts import facts_of  # noqa: E402

HOME = Path(os.environ.get("FRAMEWORKS_HOME", ROOT / "build/frameworks")).resolve()
GOLDEN = ROOT / "tests/golden/frameworks"
SECONDS_MAX = 300
# Recording -> (environment, script, settings).
RECORDINGS = {
    "langgraph-openinference": ("langgraph", "scen_langgraph.py", {"INSTR": "openinference"}),
    "langgraph-openllmetry": ("langgraph", "scen_langgraph.py", {"INSTR": "openllmetry"}),
    "openai-agents-openinference": ("openai-agents", "scen_openai_agents.py",
                                    {"INSTR": "openinference"}),
    "openai-agents-openllmetry": ("openai-agents", "scen_openai_agents.py",
                                  {"INSTR": "openllmetry"}),
    "crewai-openinference": ("crewai", "scen_crewai.py", {}),
    "pydantic-ai-builtin": ("pydantic-ai", "scen_pydantic_ai.py", {"INSTR": "default"}),
    "google-adk-builtin-legacy": ("google-adk", "scen_google_adk.py",
                                  {"ADK_TELEMETRY_SCHEMA_VERSION_OPT_IN": "1"}),
    "vercel-ai-builtin": ("npm", "scen_vercel_ai.mjs", {}),
}


def install(name):
    """Gives the reason why the environment cannot be made, nothing if it is there."""
    where = HOME / "venvs" / name
    if (where / ".complete").exists():
        return None
    where.mkdir(parents=True, exist_ok=True)
    if name == "npm":
        shutil.copy(HERE / "pins/npm.package.json", where / "package.json")
        steps = [["npm", "install", "--no-audit", "--no-fund", "--prefix", str(where)]]
    else:
        steps = [[sys.executable, "-m", "venv", str(where)],
                 [str(where / "bin/pip"), "install", "-q", "--prefer-binary", "-r",
                  str(HERE / "pins" / f"{name}.txt")]]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=1800, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            return (done.stderr or done.stdout).strip().splitlines()[-1][:200]
    (where / ".complete").touch()
    return None


def environment_of(model_port, otlp_port, settings):
    model = f"http://127.0.0.1:{model_port}"
    env = {k: v for k, v in os.environ.items()
           if k.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
    env.update(STUB_BASE=model, OPENAI_BASE_URL=model + "/v1", OPENAI_API_BASE=model + "/v1",
               OPENAI_API_KEY="sk-stub", OTEL_SERVICE_NAME="content-team",
               OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{otlp_port}",
               OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf", OTEL_BSP_SCHEDULE_DELAY="700",
               NO_PROXY="127.0.0.1,localhost", HF_HUB_OFFLINE="1", PYTHONPATH=str(HERE),
               PYTHONDONTWRITEBYTECODE="1", **settings)
    return env


def record(name, otlp_http):
    """Runs the scenario; gives its folder. Raises AssertionError with what went wrong."""
    venv, script, settings = RECORDINGS[name]
    out = HOME / "out" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    model, model_port = stub.start(str(out / "ledger.jsonl"))
    collector, otlp_port, refused = receiver.start(str(out), otlp_http)
    where = HOME / "venvs" / venv
    path, cwd, program = HERE / script, HERE, str(where / "bin/python")
    if script.endswith(".mjs"):
        path, cwd, program = Path(shutil.copy(path, where)), where, "node"
    done = subprocess.run([program, str(path)], cwd=cwd, capture_output=True, text=True,
                          timeout=SECONDS_MAX, check=False,
                          env=environment_of(model_port, otlp_port, settings))
    collector.shutdown()
    model.shutdown()
    assert done.returncode == 0, done.stderr[-500:]
    assert not refused, f"the server refused: {refused}"
    scrub.scrub(out, [(str(where), "/srv/app/venv"), (str(HERE), "/srv/app"),
                      (str(HOME), "/srv/app"), (socket.gethostname(), "host-1")])
    return out


def compare(name, folder, server):
    """(right, of, wrong facts) of the recording; asserts that the live server says the same."""
    kept = json.loads((GOLDEN / name / "truth.json").read_text(encoding="utf-8"))
    told = truth.truth_of(folder, kept)
    (folder / "truth.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    said = json.loads(run("analyze", folder, "--output", "json").stdout)
    live = wait_until(lambda: [r for r in [server.json("/api/v1/runs", limit=200)]
                               if r["total"]["count"] == len(said["runs"])],
                      what="as many live runs as recorded ones")[0]["items"]
    outcomes = sorted(r["outcome"] for r in said["runs"])
    assert sorted(r["outcome"] for r in live) == outcomes, "live outcomes differ"
    agents = {r["agent"]["name"] for r in server.json("/api/v1/agents")["items"]}
    assert agents == {a["name"] for a in said["agents"]}, f"live agents differ: {agents}"
    facts = facts_of(said, told)
    wrong = {fact: (want, got) for fact, want, got in facts if want != got}
    return len(facts) - len(wrong), len(facts), wrong


def one(name):
    """Prints a line about the recording; gives False if something is wrong."""
    reason = install(RECORDINGS[name][0])
    if reason:
        print(f"{name}: skipped, cannot be installed: {reason}", flush=True)
        return True
    with tempfile.TemporaryDirectory() as data:
        server = Server(Path(data) / "data").start()
        try:
            right, of, wrong = compare(name, record(name, server.otlp_http), server)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            print(f"{name}: FAILED: {error}", flush=True)
            return False
        finally:
            server.finish()
    print(f"{name}: {right} of {of} facts right, live and recorded", flush=True)
    for fact, (want, got) in wrong.items():
        print(f"   wrong: {fact}: {got}, really {want}", flush=True)
    return not wrong


def main(names):
    unknown = set(names) - RECORDINGS.keys()
    if unknown:
        print(f"unknown: {' '.join(sorted(unknown))}; there are {' '.join(RECORDINGS)}")
        return 2
    results = [one(name) for name in names or RECORDINGS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
