"""What a recording's truth says, fact by fact, beside what `analyze` says. No test lives here."""

GOOD_OUTCOMES = {"ok": "success", "stuck": "limit", "failed": "failed"}


def counted_pairs(rows):
    pairs = {}
    for source, target, count in rows:
        pairs[source, target] = pairs.get((source, target), 0) + count
    return pairs


def agent_facts(said, truth):
    agents = {a["name"]: a for a in said["agents"]}
    for name in truth["agents"]:
        yield f"agent {name}", True, name in agents
        for side in ("input", "output"):
            tokens = agents.get(name, {}).get("tokens", {}).get(side)
            yield f"tokens {side} of {name}", truth["per_agent"].get(name, {}).get(side), tokens
    for name in agents.keys() - set(truth["agents"]):
        yield f"agent {name} does not exist", False, True


def tool_facts(said, truth):
    tools = {t["name"]: t for t in said["tools"]}
    for name, told in truth["tool_calls"].items():
        for what in ("calls", "errors"):
            yield f"tool {name} {what}", told[what], tools.get(name, {}).get(what)
    for name in tools.keys() - truth["tool_calls"].keys():
        yield f"tool {name} is not a tool", False, True


def handoff_facts(said, truth):
    want = counted_pairs(row[:3] for row in truth["handoffs"])
    got = counted_pairs((h["from"], h["to"], h["count"]) for h in said["handoffs"])
    back_to = (truth.get("implicit_returns") or {}).get("to")
    for pair, count in want.items():
        yield f"hand-off {pair[0]} -> {pair[1]}", count, got.get(pair)
    for pair in got.keys() - want.keys():
        if pair[1] != back_to:  # control came back without a trace: reporting it is no error
            yield f"hand-off {pair[0]} -> {pair[1]} did not happen", None, got[pair]


def run_facts(said, truth):
    for loop in truth["loops"]:
        found = any(x["agent"] == loop["agent"] and x["tool"] == loop["tool"] and x["repeats"] >= 4
                    for x in said["loops"])
        yield f"loop {loop['agent']} {loop['tool']}", True, found
    for told in truth["runs"]:
        ids = set(told["trace_ids"])
        hit = next((r for r in said["runs"] if ids & set(r["trace_ids"])), {})
        verdict = told["verdict"].split()[0].rstrip(":,;")
        yield f"outcome of {told['name']}", GOOD_OUTCOMES.get(verdict), hit.get("outcome")


def facts_of(said, truth):
    """(name, true value, said value) for every fact of the truth and every claim beyond it."""
    totals = said["totals"]
    facts = [("llm_calls", truth["llm_calls"], totals["llm_calls"]),
             ("llm_errors", truth["failed_llm_calls"], totals["llm_errors"])]
    for side in ("input", "output"):
        facts.append((f"tokens {side}", truth["tokens"][side], totals["tokens"][side]))
    for group in (agent_facts, tool_facts, handoff_facts, run_facts):
        facts.extend(group(said, truth))
    return facts


def wrong_facts(said, truth):
    return {name: (want, got) for name, want, got in facts_of(said, truth) if want != got}
