"""The truth of a fresh recording: numbers from the ledger of the stub model server and the tools, the script's
hand-offs and loops from the recording of the same scenario that is kept."""
import json

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CLOCK_SLACK_NS = 50_000_000


def trace_starts(folder):
    starts = {}
    for path in sorted(folder.glob("*.traces.pb")):
        request = ExportTraceServiceRequest.FromString(path.read_bytes())
        for group in request.resource_spans:
            for scope in group.scope_spans:
                for span in scope.spans:
                    trace, start = span.trace_id.hex(), span.start_time_unix_nano
                    starts[trace] = min(start, starts.get(trace, start))
    return starts


def traces_of_runs(folder, ledger):
    begun = [(line["run"], line["t_ns"]) for line in ledger if line["kind"] == "run"]
    traces = {run: set() for run, _ in begun}
    for trace, start in trace_starts(folder).items():
        runs = [run for run, at in begun if at - CLOCK_SLACK_NS <= start]
        if runs:
            traces[runs[-1]].add(trace)
    return traces


def truth_of(folder, kept):
    """`kept`: truth of the kept recording of the same scenario."""
    lines = (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    ledger = [json.loads(line) for line in lines]
    calls = [line for line in ledger if line["kind"] == "llm"]
    traces = traces_of_runs(folder, ledger)
    spelled = {name.lower(): name for name in kept["agents"]}
    agents, tools = {}, {}
    for call in calls:
        name = spelled.get(call["agent"].lower(), call["agent"])
        sums = agents.setdefault(name, {"llm_calls": 0, "input": 0, "output": 0})
        sums["llm_calls"] += 1
        for side in ("input", "output"):
            sums[side] += (call["usage"] or {}).get(side, 0)
    for line in ledger:
        if line["kind"] == "tool":
            sums = tools.setdefault(line["tool"], {"calls": 0, "errors": 0})
            sums["calls"] += 1
            sums["errors"] += bool(line.get("error"))
    return {
        "runs": [{"name": r["name"], "verdict": r["verdict"],
                  "trace_ids": sorted(traces.get(r["name"], ()))} for r in kept["runs"]],
        "agents": kept["agents"], "handoffs": kept["handoffs"], "loops": kept["loops"],
        "implicit_returns": kept.get("implicit_returns"), "tool_calls": tools,
        "llm_calls": len(calls), "failed_llm_calls": sum(bool(c["http_error"]) for c in calls),
        "tokens": {side: sum(a[side] for a in agents.values()) for side in ("input", "output")},
        "per_agent": agents,
    }
