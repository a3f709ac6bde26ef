"""A slow, obvious model of a team of agents: what happened, as OTLP JSON, and every figure of it.

The figures are computed from the events themselves, with nothing shared with the product but the
definitions in docs/reference/conventions.md.
"""

import json
import math
import random

SECOND = 1_000_000_000
FINE = 10 * SECOND
COARSE = 600 * SECOND
WINDOWS = {"5m": 300 * SECOND, "1h": 3600 * SECOND, "24h": 86_400 * SECOND, "total": None}
BASE = 1_750_000_000 * SECOND
# USD per million tokens: input, cached, output. None: not in the price table.
PRICES = {"gpt-4o-mini": (0.15, 0.075, 0.6), "gpt-4": (30, 30, 60), "unheard-of-model": None}


def attribute(key, value):
    if isinstance(value, bool):
        return {"key": key, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    return {"key": key, "value": {"stringValue": value}}


def span(trace, number, parent, name, start, end, attributes, error=False, events=()):
    made = {
        "traceId": f"{trace:032x}", "spanId": f"{number:016x}", "name": name, "kind": 1,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(end or 0),
        "attributes": [attribute(k, v) for k, v in attributes.items()],
        "status": {"code": 2} if error else {},
        "events": [{"timeUnixNano": str(t), "name": n,
                    "attributes": [attribute(k, v) for k, v in a.items()]} for t, n, a in events],
    }
    if parent:
        made["parentSpanId"] = f"{parent:016x}"
    return made


def bucket(time, width):
    return time - time % width


def in_window(time, now, window):
    if window == "total":
        return True
    width = COARSE if window == "24h" else FINE
    return bucket(now - WINDOWS[window], width) <= bucket(time, width) <= now


def union(intervals):
    covered, until = 0, None
    for start, end in sorted(intervals):
        if until is None or start > until:
            covered, until = covered + end - start, end
        elif end > until:
            covered, until = covered + end - until, end
    return covered


def micro_usd(model, tokens_in, tokens_out):
    price = PRICES[model]
    if price is None:
        return None
    nano = tokens_in * round(price[0] * 1000) + tokens_out * round(price[2] * 1000)
    return (nano + 500) // 1000


class Team:
    """Events of a team; `draw(n)` gives a whole number in [0, n)."""

    def __init__(self, draw, runs):
        self.draw = draw
        self.spans = []
        self.number = 0
        self.calls, self.tools, self.tasks = [], [], []
        self.invocations, self.messages, self.conflicts = [], [], []
        self.delegations, self.runs = [], []
        for trace in range(1, runs + 1):
            self.make_run(trace)

    def next(self):
        self.number += 1
        return self.number

    def add(self, *args, **kwargs):
        self.spans.append(span(*args, **kwargs))

    def make_run(self, trace):
        workflow = ["build", "review"][self.draw(2)]
        root = self.next()
        start = BASE + self.draw(7200) * SECOND + self.draw(SECOND)
        at = start
        for _ in range(1 + self.draw(3)):
            at = self.make_invocation(trace, root, at, depth=0) + self.draw(5 * SECOND)
        failed = self.draw(4) == 0
        self.runs.append({"workflow": workflow, "start": start, "end": at, "failed": failed})
        self.add(trace, root, 0, "invoke_workflow x", start, at,
                 {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": workflow},
                 error=failed)

    def make_invocation(self, trace, parent, at, depth, avoid=()):
        agent = [a for a in ("ann", "bob", "cid", "dee") if a not in avoid][self.draw(4 - len(avoid))]
        me, start = self.next(), at
        for _ in range(1 + self.draw(3)):
            at = self.make_call(trace, me, agent, at)
            if self.draw(2):
                at = self.make_tool(trace, me, agent, at)
            if depth == 0 and self.draw(4) == 0:
                inner = at
                at = self.make_invocation(trace, me, at, 1, avoid=(agent,))
                other = self.invocations[-1]["agent"]
                self.delegations.append({"from": agent, "to": other, "start": inner, "end": at})
            at += self.draw(3 * SECOND)
        events = []
        if self.draw(3) == 0:
            sent = start + (at - start) // 2
            to = ["ann", "bob", "cid", "dee"][self.draw(4)]
            events.append((sent, "communication",
                           {"communication.sender": agent, "communication.receiver": to}))
            self.messages.append({"from": agent, "to": to, "time": sent})
        error = self.draw(6) == 0
        self.add(trace, me, parent, f"invoke_agent {agent}", start, at,
                 {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent},
                 error=error, events=events)
        self.invocations.append({"agent": agent, "start": start, "end": at, "error": error})
        self.make_task(trace, parent, agent, start, at)
        if self.draw(4) == 0:
            self.make_conflict(trace, parent, agent, start, at)
        return at

    def make_call(self, trace, parent, agent, at):
        end = at + 1 + self.draw(20 * SECOND)
        model = list(PRICES)[self.draw(len(PRICES))]
        tokens = (self.draw(5000), self.draw(2000))
        error = self.draw(8) == 0
        self.calls.append({"agent": agent, "model": model, "time": end, "tokens": tokens,
                           "error": error})
        self.add(trace, self.next(), parent, "chat", at, end,
                 {"gen_ai.operation.name": "chat", "gen_ai.request.model": model,
                  "gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1]},
                 error=error)
        return end

    def make_tool(self, trace, parent, agent, at):
        end = at + self.draw(5 * SECOND)
        tool = ["search", "compile"][self.draw(2)]
        error = self.draw(5) == 0
        self.tools.append({"agent": agent, "tool": tool, "time": end, "error": error})
        self.add(trace, self.next(), parent, f"execute_tool {tool}", at, end,
                 {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool,
                  "gen_ai.tool.call.arguments": json.dumps({"n": self.number})}, error=error)
        return end

    def make_task(self, trace, parent, agent, start, end):
        number = self.next()
        state = ["completed", "completed", "failed", "cancelled"][self.draw(4)]
        task = {"agent": agent, "state": state, "start": start, "end": end, "quality": None}
        attributes = {"gen_ai.operation.name": "execute_task", "task.id": f"t{number}",
                      "task.type": ["fix", "test"][self.draw(2)], "task.status": state,
                      "gen_ai.agent.name": agent}
        if self.draw(2):
            task["quality"] = self.draw(1001) / 1000
            attributes["task.quality"] = task["quality"]
        self.tasks.append(task)
        self.add(trace, number, parent, "execute_task t", start, end, attributes)

    def make_conflict(self, trace, parent, agent, start, end):
        number = self.next()
        other = ["ann", "bob", "cid", "dee"][self.draw(4)]
        agents = sorted({agent, other})
        state = ["resolved", "failed", "open"][self.draw(3)]
        attributes = {"conflict.id": f"c{number}", "conflict.type": "merge",
                      "conflict.agents": ",".join(agents)}
        if state != "open":
            attributes["conflict.resolved"] = state == "resolved"
        self.conflicts.append({"agents": agents, "state": state, "opened": start, "closed": end})
        self.add(trace, number, parent, "conflict_resolution_merge", start,
                 0 if state == "open" else end, attributes)

    def requests(self, shuffle):
        """The spans as OTLP JSON requests: shuffled, split, some sent twice."""
        spans = self.spans + [s for s in self.spans if shuffle.random() < 0.2]
        shuffle.shuffle(spans)
        while spans:
            count = shuffle.randint(1, 40)
            part, spans = spans[:count], spans[count:]
            yield {"resourceSpans": [{
                "resource": {"attributes": [attribute("service.name", "team")]},
                "scopeSpans": [{"scope": {"name": "oracle"}, "spans": part}]}]}

    # --- The figures, each from its definition. ---

    def now(self):
        return max(max(int(s["startTimeUnixNano"]), int(s["endTimeUnixNano"])) for s in self.spans)

    def first_seen(self, agent):
        seen = [i["start"] for i in self.invocations if i["agent"] == agent]
        return min(seen + [t["start"] for t in self.tasks if t["agent"] == agent])

    def agents(self):
        return sorted({i["agent"] for i in self.invocations})

    def agent(self, agent, window):
        now, first = self.now(), self.first_seen(agent)
        inside = lambda time: in_window(time, now, window)  # noqa: E731
        mine = lambda rows, time: [r for r in rows if r["agent"] == agent and inside(r[time])]  # noqa: E731
        tasks, calls = mine(self.tasks, "end"), mine(self.calls, "time")
        tools, invocations = mine(self.tools, "time"), mine(self.invocations, "end")
        length = now - first if window == "total" else min(WINDOWS[window], now - first)
        start = first if window == "total" else max(first, now - WINDOWS[window])
        busy = union([(max(i["start"], start), min(i["end"], now))
                      for i in self.invocations + self.tasks
                      if i["agent"] == agent and i["end"] > start and i["end"] > i["start"]])
        states = [t["state"] for t in tasks]
        ok, failed = states.count("completed"), states.count("failed")
        scores = [t["quality"] for t in tasks if t["quality"] is not None]
        costs = [micro_usd(c["model"], *c["tokens"]) for c in calls]
        closed = [c for c in self.conflicts
                  if agent in c["agents"] and c["state"] != "open" and inside(c["closed"])]
        resolved = [c for c in closed if c["state"] == "resolved"]
        waited = sum(d["end"] - d["start"] for d in self.delegations
                     if d["from"] == agent and inside(d["end"]))
        unpriced = sum(1 for c, cost in zip(calls, costs) if cost is None and sum(c["tokens"]) > 0)
        known = sum(cost for cost in costs if cost is not None)
        return {
            "tasks": (len(tasks), ok, failed, states.count("cancelled")),
            "throughput_per_hour": ok / (length / (3600 * SECOND)) if length else None,
            "success_rate": ok / (ok + failed) if ok + failed else None,
            "utilization": busy / (now - start) if now > start else None,
            "quality": sum(scores) / len(scores) if scores else None,
            "llm": (len(calls), sum(c["error"] for c in calls)),
            "tokens": (sum(c["tokens"][0] for c in calls), sum(c["tokens"][1] for c in calls)),
            "cost_usd": None if known == 0 and unpriced else known / 1e6,
            "tools": (len(tools), sum(t["error"] for t in tools)),
            "invocations": (len(invocations), sum(i["error"] for i in invocations)),
            "messages_out": sum(m["from"] == agent and inside(m["time"]) for m in self.messages),
            "conflicts_closed": len(closed),
            "conflict_resolution_rate": len(resolved) / len(closed) if closed else None,
            "conflicts_open": sum(agent in c["agents"] and c["state"] == "open"
                                  for c in self.conflicts),
            "waiting_ratio": min(waited, busy) / busy if busy else None,
            "durations": sorted(t["end"] - t["start"] for t in tasks),
        }

    def workflow(self, name, window):
        rows = [r for r in self.runs
                if r["workflow"] == name and in_window(r["end"], self.now(), window)]
        return len(rows)

    def conflict_totals(self, window):
        closed = [c for c in self.conflicts
                  if c["state"] != "open" and in_window(c["closed"], self.now(), window)]
        return (len(closed), sum(c["state"] == "resolved" for c in closed),
                sum(c["state"] == "open" for c in self.conflicts))

    def waits(self, window):
        edges = {}
        for d in self.delegations:
            if in_window(d["end"], self.now(), window):
                key = d["from"], d["to"]
                edges[key] = edges.get(key, 0) + 1
        return edges


def rank(values, quantile):
    """The value of that rank, which a sketch of bins answers to within a bin."""
    return values[max(1, math.ceil(quantile * len(values))) - 1] if values else None


def random_team(seed, runs):
    source = random.Random(seed)
    return Team(lambda n: source.randrange(n), runs)
