"""Proves the views of one trace: skeleton, span, conversation, critical path, comparison, completion
and search, over a run whose truth is known: a coder that repeats a failing call, and says so."""

import json
import os
import time

import pytest
import requests

from harness import wait_until
from otlp import ExportTraceServiceRequest, attributes_of

pytestmark = pytest.mark.needs_command("serve")

MS = 1_000_000
ASK = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "mend the test"}]}])
SAY = json.dumps([{"role": "assistant", "parts": [
    {"type": "text", "content": "I run the tests."},
    {"type": "tool_call", "name": "run_tests", "arguments": {"path": "t.py"}}]}])


class Run:
    """Builds one run: lead hands over to coder, who repeats run_tests `repeats` times."""

    def __init__(self, repeats=8, start_ns=None, slow=1):
        self.request = ExportTraceServiceRequest()
        group = self.request.resource_spans.add()
        group.resource.attributes.extend(attributes_of({"service.name": "team"}))
        self.spans = group.scope_spans.add().spans
        self.trace = os.urandom(16)
        self.at = start_ns or time.time_ns() - 60_000 * MS
        self.first = self.at
        root = self.add("fix-issue", 0, {"honeyguide.kind": "workflow",
                                         "gen_ai.workflow.name": "fix-issue"})
        lead = self.add("invoke_agent lead", root, {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "lead"})
        self.chat("lead", lead)
        self.close(lead)
        coder = self.add("invoke_agent coder", root, {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "coder"})
        self.tools = []
        for _ in range(repeats):
            self.chat("coder", coder)
            tool = self.add("execute_tool run_tests", coder, {
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "run_tests",
                "gen_ai.tool.call.arguments": '{"path": "t.py"}',
                "gen_ai.tool.call.result": "1 failed"})
            self.at += 200 * MS * slow
            self.close(tool)
            tool.status.code = 2
            tool.status.message = "exit 1"
            self.tools.append(tool)
        self.close(coder)
        self.close(root)
        self.root = root

    @property
    def id(self):
        return self.trace.hex()

    def add(self, name, parent, attributes):
        span = self.spans.add(trace_id=self.trace, span_id=os.urandom(8), name=name, kind=1,
                              start_time_unix_nano=self.at)
        if parent:
            span.parent_span_id = parent.span_id
        span.attributes.extend(attributes_of(attributes))
        self.at += 5 * MS
        return span

    def close(self, span):
        self.at += 5 * MS
        span.end_time_unix_nano = self.at

    def chat(self, agent, parent):
        span = self.add("chat gpt-4o", parent, {
            "gen_ai.operation.name": "chat", "gen_ai.agent.name": agent,
            "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 100, "gen_ai.input.messages": ASK,
            "gen_ai.output.messages": SAY, "gen_ai.response.time_to_first_chunk": 0.05})
        self.at += 100 * MS
        self.close(span)
        return span


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from harness import Server
    server = Server(tmp_path_factory.mktemp("views") / "data").start()
    run = Run()
    server.send(run.request)
    wait_until(lambda: server.json("/api/v1/agents")["total"]["count"] == 2, what="two agents")
    yield server, run
    server.finish()


def test_the_skeleton_holds_every_span_once_in_depth_first_order(served):
    server, run = served
    doc = server.json(f"/api/v1/traces/{run.id}/skeleton")
    columns = doc["columns"]
    assert {len(column) for column in columns.values()} == {len(run.spans)}
    assert sorted(columns["span_id"]) == sorted(s.span_id.hex() for s in run.spans)
    by_id = {s.span_id.hex(): s for s in run.spans}
    for i, span_id in enumerate(columns["span_id"]):
        span = by_id[span_id]
        parent = columns["parent"][i]
        assert parent < i
        assert (columns["span_id"][parent] if parent >= 0 else "") == span.parent_span_id.hex()
        assert int(doc["start_unix_ns"]) + columns["start_ns"][i] == span.start_time_unix_nano
        assert columns["duration_ns"][i] == span.end_time_unix_nano - span.start_time_unix_nano
        assert doc["names"][columns["name"][i]] == span.name
        assert columns["status"][i] == span.status.code
        agent = columns["agent"][i]
        wanted = "lead" if "lead" in span.name else "coder" if "coder" in span.name else None
        if wanted:
            assert doc["agents"][agent]["name"] == wanted
    assert doc["workflow"] == "fix-issue" and not doc["running"]
    kinds = [columns["kind"][columns["span_id"].index(t.span_id.hex())] for t in run.tools]
    assert set(kinds) == {4}
    chats = [i for i, kind in enumerate(columns["kind"]) if kind == 3]
    assert {columns["tokens"][i] for i in chats} == {1100}
    assert {columns["first_chunk_ns"][i] for i in chats} == {50 * MS}
    assert doc["tokens"] == 1100 * len(chats)
    assert doc["cost_usd"] == pytest.approx(sum(columns["cost_usd"][i] for i in chats))


def test_the_critical_path_covers_the_root_without_gap_or_overlap(served):
    server, run = served
    doc = server.json(f"/api/v1/traces/{run.id}/critical-path")
    at = 0
    for segment in doc["segments"]:
        assert segment["start_ns"] == at < segment["end_ns"]
        at = segment["end_ns"]
    assert at == doc["duration_ns"]
    assert sum(o["share_ratio"] for o in doc["critical_owners"]) == pytest.approx(1)
    assert doc["critical_owners"][0]["operation"] == "execute_tool run_tests"
    assert doc["critical_owners"][0]["agent"]["name"] == "coder"


def test_the_loop_is_told_turn_by_turn_and_named_as_the_culprit(served):
    server, run = served
    doc = server.json(f"/api/v1/traces/{run.id}/skeleton")
    loop, = doc["loops"]
    assert loop["repeats"] == 8 and loop["evidence"] == "same arguments"
    assert doc["agents"][loop["agent"]]["name"] == "coder"
    assert loop["steps"] == ["execute_tool run_tests", "chat gpt-4o"]
    assert len(loop["turns"]) == 8
    assert [turn["new_information"] for turn in loop["turns"]] == [True] + [False] * 7
    assert loop["nothing_new_since_turn"] == 1
    assert loop["cost_since_usd"] == pytest.approx(
        sum(turn["cost_usd"] or 0 for turn in loop["turns"][1:]))
    assert doc["culprit"]["sentence"]["text"] == "coder repeats run_tests 8 times"
    first = doc["columns"]["span_id"][doc["first_error"]]
    assert first == run.tools[0].span_id.hex()


def test_a_span_comes_with_its_words_and_what_was_made_of_it(served):
    server, run = served
    path = f"/api/v1/traces/{run.id}/spans/"
    tool = server.json(path + run.tools[3].span_id.hex())
    assert tool["arguments"]["text"] == '{"path": "t.py"}' and tool["result"]["text"] == "1 failed"
    assert tool["derived"]["same_as_before"] == 3 and tool["derived"]["kind"] == 4
    assert tool["span"]["status"] == {"code": 2, "message": "exit 1"}
    chat = server.json(path + next(s for s in run.spans if s.name.startswith("chat"))
                       .span_id.hex())
    assert [m["role"] for m in chat["messages"]] == ["user", "assistant"]
    assert chat["derived"]["tokens_input"] == 1000 and chat["derived"]["model"] == "gpt-4o"
    assert chat["content_missing"] is None
    assert server.get(path + "00000000000000aa").status_code == 404
    assert server.get(path + "nonsense").status_code == 400


def test_long_texts_come_cut_with_their_size_and_whole_when_asked(make_server):
    server = make_server()
    run = Run(repeats=1)
    text = "ü" * 5000
    run.tools[0].attributes[3].value.string_value = text
    server.send(run.request)
    path = f"/api/v1/traces/{run.id}/spans/{run.tools[0].span_id.hex()}"
    cut = server.json(path)["result"]
    assert cut["bytes"] == 10_000 and text.startswith(cut["text"]) and len(cut["text"]) == 1024
    assert server.json(path, full=1)["result"]["text"] == text


def test_the_conversation_reads_in_order_and_folds_what_repeats(served):
    server, run = served
    doc = server.json(f"/api/v1/traces/{run.id}/conversation")
    turns = doc["items"]
    assert turns[0]["role"] == "user" and turns[0]["text"] == "mend the test"
    assert turns[0]["agent"] is None
    assert turns[1]["agent"]["name"] == "lead" and "I run the tests." in turns[1]["text"]
    fold, = [turn for turn in turns if turn["kind"] == "fold"]
    assert fold["fold"]["count"] == 14, "8 pairs of chat and call, the first pair stays"
    assert [turn["turn"] for turn in turns] == sorted(turn["turn"] for turn in turns)
    pages = []
    cursor = None
    while True:
        page = server.json(f"/api/v1/traces/{run.id}/conversation", limit=2,
                           **({"cursor": cursor} if cursor else {}))
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == turns


def test_bottlenecks_sum_up_to_the_wall_time(served):
    server, _ = served
    for by in ("agent", "operation", "kind"):
        doc = server.json("/api/v1/bottlenecks", by=by)
        assert doc["traces"] == 1
        assert sum(row["critical_ms"] for row in doc["items"]) == pytest.approx(doc["wall_ms"])
    assert doc["items"][0]["label"] == "tool_call"
    assert server.get("/api/v1/bottlenecks?by=colour").status_code == 400


def test_two_traces_and_two_times_compare(make_server):
    server = make_server()
    now = time.time_ns()
    old, new = Run(start_ns=now - 1800 * 1000 * MS), Run(start_ns=now - 600 * 1000 * MS, slow=3)
    server.send(old.request)
    server.send(new.request)
    wait_until(lambda: server.json("/api/v1/agents")["total"]["count"] == 2, what="two agents")
    both = server.json("/api/v1/compare", before=old.id, after=new.id, by="operation")
    top = both["labels"][0]
    assert top["label"] == "execute_tool run_tests"
    assert top["critical_after_ms"] - top["critical_before_ms"] == pytest.approx(8 * 400)
    assert both["paths"][0]["path"].endswith("execute_tool run_tests")
    times = server.json("/api/v1/compare", by="operation",
                        before_start=now - 3000 * 1000 * MS, before_end=now - 1200 * 1000 * MS,
                        after_start=now - 1200 * 1000 * MS, after_end=now)
    assert times["traces_before"] == times["traces_after"] == 1
    assert times["labels"][0] == top
    for wrong in ("", "?before=" + old.id, "?before_start=1&after_start=2"):
        assert server.get("/api/v1/compare" + wrong).status_code == 400


def test_completion_offers_keys_and_values(served):
    server, _ = served

    def offered(query, at=None):
        doc = server.json("/api/v1/traces/complete", q=query,
                          **({"at": at} if at is not None else {}))
        for item in doc["items"]:
            done = query[:doc["replace_from"]] + item["text"] + query[doc["replace_to"]:]
            if not done.endswith(":") and not done.endswith("."):
                answer = server.get("/api/v1/traces", params={"q": done, "start": "1"})
                assert answer.status_code == 200, (done, answer.text)
        return [item["text"] for item in doc["items"]]

    assert "agent:" in offered("ag")
    assert offered("agent:co") == ["coder"]
    assert offered("status:") == ["error", "ok", "unset"]
    assert offered("service:t") == ["team"]
    assert offered("tool:run") == ["run_tests"]
    assert "gen_ai.tool.name:" in offered("tool.na")
    assert offered("name:exec") == ['"execute_tool run_tests"']


def test_the_command_box_finds_agents_workflows_and_traces(served):
    server, run = served

    def kinds(query):
        return [(item["kind"], item["id"])
                for item in server.json("/api/v1/search", q=query)["items"]]

    assert kinds("coder") == [("agent", "coder")]
    assert ("workflow", "fix-issue") in kinds("fix")
    assert ("trace", run.id) in kinds(run.id[:8])
    assert kinds(run.id) == [("trace", run.id)]
    assert kinds("no such thing") == []


def test_a_trace_that_is_gone_says_so_and_an_unknown_one_is_unknown(make_server):
    server = make_server()
    run = Run()
    server.send(run.request)
    wait_until(lambda: server.json("/api/v1/agents")["total"]["count"] == 2, what="two agents")
    gone = requests.delete(f"{server.http}/api/v1/traces/{run.id}", timeout=30,
                           headers={"Authorization": "Bearer " + server.token})
    assert gone.status_code == 200
    for path in (f"/api/v1/traces/{run.id}", f"/api/v1/traces/{run.id}/skeleton"):
        answer = server.get(path)
        assert answer.status_code == 410 and answer.json()["error"]["code"] == "expired"
        assert server.get(path.replace(run.id, "ab" * 16)).status_code == 404


def test_a_trace_without_agents_or_root_has_a_skeleton_too(make_server):
    server = make_server()
    run = Run(repeats=1)
    lost = ExportTraceServiceRequest()
    spans = lost.resource_spans.add().scope_spans.add().spans
    trace = os.urandom(16)
    for i in range(3):
        spans.add(trace_id=trace, span_id=os.urandom(8), parent_span_id=os.urandom(8),
                  name=f"orphan-{i}", start_time_unix_nano=run.first + i,
                  end_time_unix_nano=run.first + 1000 + i)
    server.send(lost)
    doc = server.json(f"/api/v1/traces/{trace.hex()}/skeleton")
    assert doc["columns"]["parent"] == [-1, -1, -1]
    assert doc["agents"] == [] and doc["workflow"] is None
