"""`analyze` on shared data: the ChatDev runs equal their folder's table, and real traces of many
frameworks give what reading them gives (golden files under tests/golden/framework_traces)."""

import json
from pathlib import Path

import pytest

from harness import ROOT, run

import framework_traces

GOLDEN = ROOT / "tests/golden/framework_traces"


def chatdev_table(folder):
    """Rows of the README's tables, by file: the expected values, then tasks per phase."""
    rows, phases, head = {}, {}, None
    for line in (folder / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if cells and cells[0] == "file":
            head = cells
        elif head and len(cells) == len(head) and cells[0].strip("*").split("_")[0] != "all 14":
            row = dict(zip(head[1:], cells[1:]))
            if "spans" in row:
                rows[cells[0]] = row
            elif "DemandAnalysis" in row:
                phases[cells[0]] = {k: int(v) for k, v in row.items() if v.isdigit() and v != "0"}
    rows = {k: v for k, v in rows.items() if v["spans"].isdigit()}
    return rows, {k: v for k, v in phases.items() if k in rows}


def test_chatdev_runs_equal_their_table(shared_data):
    folder = shared_data / "chatdev"
    rows, phases = chatdev_table(folder)
    assert len(rows) == 14
    for name, row in rows.items():
        said = json.loads(run("analyze", folder / f"{name}.otlp.json.gz", "--output", "json").stdout)
        totals, (the_run,) = said["totals"], said["runs"]
        tasks = [t for t in the_run["tasks"] if t["explicit"]]
        cost = totals["reported_cost_usd"]
        got = {
            "spans": totals["spans"], "tasks": len(tasks),
            "failed": sum(t["state"] == "failed" for t in tasks), "agents": len(said["agents"]),
            "acting": sum(a["invocations"] > 0 for a in said["agents"]),
            "turns": sum(a["invocations"] for a in said["agents"]),
            "chats": totals["llm_calls"], "messages": totals["messages"],
            "conflicts": len(said["conflicts"]),
            "resolved": sum(c["state"] == "resolved" for c in said["conflicts"]),
            "input tokens": totals["tokens"]["input"], "output tokens": totals["tokens"]["output"],
            "cost USD": "–" if cost is None else f"{cost:.6f}",
            "wall s": the_run["duration_ns"] // 1_000_000_000,
        }
        assert {k: str(v) for k, v in got.items()} == {k: row[k] for k in got}, name
        types = {}
        for task in tasks:
            types[task["type"]] = types.get(task["type"], 0) + 1
        assert types == phases[name], name


def facts_of(said):
    """What the golden files hold: names and counts, nothing that changes with wording."""
    return {
        "agents": {a["name"]: [a["llm_calls"], a["tokens"]["input"], a["tokens"]["output"],
                               a["tool_calls"]] for a in said["agents"]},
        "tools": {t["name"]: [t["calls"], t["errors"]] for t in said["tools"]},
        "handoffs": [[h["from"], h["to"], h["count"]] for h in said["handoffs"]],
        "llm_calls": said["totals"]["llm_calls"],
        "tokens": [said["totals"]["tokens"]["input"], said["totals"]["tokens"]["output"]],
        "outcomes": [r["outcome"] for r in said["runs"]],
    }


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
def test_real_traces_give_what_reading_them_gives(golden, shared_data, tmp_path):
    source = shared_data / "framework-traces" / f"{golden.stem}.trace.json"
    request = tmp_path / "trace.json"
    request.write_text(json.dumps(framework_traces.otlp_of(json.loads(source.read_text()))))
    said = json.loads(run("analyze", request, "--output", "json").stdout)
    assert facts_of(said) == json.loads(Path(golden).read_text(encoding="utf-8"))
