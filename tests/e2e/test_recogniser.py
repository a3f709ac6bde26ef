"""What is recognised does not depend on what things are called, on ids, on order, on how requests
were cut, on repetition, nor on another run beside: recordings of real frameworks, changed."""

import json

import pytest

import recordings
from harness import run
from team_facts import wrong_facts

NOT_VISIBLE = {"autogen-builtin"}  # some facts are in no span there

# Names that a rule could mistake for something else: parts of graphs, verbs, roles.
AGENT_NAMES = [
    ["quokka", "wombat", "numbat", "bilby"],
    ["planner", "executor", "tester", "critic"],
    ["search_agent", "agent_writer", "team_manager", "router"],
    ["default_assistant", "generator", "collector", "starter"],
]
TOOL_NAMES = [
    ["fetch_page", "count_things", "open_drawer", "check_text"],
    ["ask_database", "transfer_funds", "agent_directory", "delegate_report"],
    ["handoff_report", "finish_line", "switch_lights", "tool_search"],
    ["run_agent_checks", "model_price", "final_total", "send_message"],
]


def analyze(requests, folder):
    recordings.write(requests, folder)
    return json.loads(run("analyze", folder, "--output", "json").stdout)


def expected_wrong(name):
    if name not in NOT_VISIBLE:
        return set()
    text = (recordings.FOLDER / name / "not_visible.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.split("#")[0].strip() for line in lines}


def rename_table(name, variant):
    truth = recordings.truth(name)
    table = dict(zip(truth["agents"], AGENT_NAMES[variant]))
    if all(a[0].isupper() for a in truth["agents"]):
        table = {old: new.title() for old, new in table.items()}
    # A framework's own tool names (a class, say) stay: only functions of the team are renamed.
    tools = [t for t in truth["tool_calls"] if "_" in t]
    return {**table, **dict(zip(tools, TOOL_NAMES[variant]))}


@pytest.mark.parametrize("variant", range(len(AGENT_NAMES)))
@pytest.mark.parametrize("name", recordings.names())
def test_other_names_of_agents_and_tools_change_nothing_else(name, variant, tmp_path):
    requests, truth = recordings.renamed(name, rename_table(name, variant))
    wrong = wrong_facts(analyze(requests, tmp_path), truth)
    assert wrong.keys() == expected_wrong(name), wrong


@pytest.mark.parametrize("name", recordings.names())
def test_other_ids_and_one_span_a_request_in_any_order_change_nothing(name, tmp_path):
    requests, truth = recordings.with_other_ids(name, b"other")
    said = analyze(recordings.one_by_one(requests, seed=7), tmp_path)
    wrong = wrong_facts(said, truth)
    assert wrong.keys() == expected_wrong(name), wrong


def doubled(said):
    out = {f"agent {a['name']}": [a["llm_calls"], a["tokens"]["input"], a["tool_calls"]]
           for a in said["agents"]}
    for h in said["handoffs"]:
        out[f"{h['from']} -> {h['to']} {h['kind']}"] = [h["count"]]
    for t in said["tools"]:
        out[f"tool {t['name']}"] = [t["calls"], t["errors"]]
    out["totals"] = [said["totals"]["llm_calls"], said["totals"]["llm_errors"], len(said["loops"])]
    out["outcomes"] = [sum(r["outcome"] == o for r in said["runs"])
                       for o in ("success", "failed", "limit", "unknown")]
    return out


@pytest.mark.parametrize("name", recordings.names())
def test_the_same_team_twice_at_the_same_time_is_twice_as_much(name, tmp_path):
    once = doubled(analyze(recordings.requests(name), tmp_path / "once"))
    other, _ = recordings.with_other_ids(name, b"twin")
    both = doubled(analyze([*recordings.requests(name), *other], tmp_path / "both"))
    assert both == {key: [2 * n for n in values] for key, values in once.items()}
