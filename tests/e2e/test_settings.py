"""Proves what can be set about a running server: thresholds, budgets and the topology's layout change
at once, are kept over a restart, need their role, and refuse what does not fit."""

import time

import pytest
import requests

from harness import Server, wait_until
from test_trace_views import Run

pytestmark = pytest.mark.needs_command("serve")

WARNING = "thresholds.task_throughput.warning"


def change(server, method, path, body=None, token=True):
    headers = {"Authorization": "Bearer " + server.token} if token else {}
    return requests.request(method, server.http + path, json=body, headers=headers, timeout=30)


def entries(server):
    return {entry["key"]: entry for section in server.json("/api/v1/settings")["sections"]
            for entry in section["entries"]}


def test_the_seeds_thresholds_are_the_defaults(honeyguide):
    values = {key: entry["value"] for key, entry in entries(honeyguide).items()
              if key.startswith("thresholds.")}
    assert values == {
        "thresholds.task_throughput.target": 10, WARNING: 5,
        "thresholds.task_throughput.critical": 2,
        "thresholds.conflict_resolution.target": 0.9,
        "thresholds.conflict_resolution.warning": 0.7,
        "thresholds.conflict_resolution.critical": 0.5}


def test_a_threshold_changes_what_is_judged_and_survives_a_restart(honeyguide):
    honeyguide.send(Run().request)
    wait_until(lambda: honeyguide.json("/api/v1/agents")["total"]["count"] == 2, what="agents")
    before = honeyguide.json("/api/v1/conflicts")["summary"]
    assert before["warning_ratio"] == 0.7
    key = "thresholds.conflict_resolution.warning"
    done = change(honeyguide, "PUT", f"/api/v1/settings/{key}",
                  {"value": 0.8, "previous": 0.7, "note": "stricter"})
    assert done.status_code == 200, done.text
    assert done.json()["value"] == 0.8 and done.json()["source"] == "runtime"
    assert "operator" in done.json()["source_detail"]
    assert "stricter" in done.json()["source_detail"]
    assert honeyguide.json("/api/v1/conflicts")["summary"]["warning_ratio"] == 0.8
    honeyguide.stop()
    honeyguide.start()
    assert entries(honeyguide)[key]["value"] == 0.8
    assert honeyguide.json("/api/v1/conflicts")["summary"]["warning_ratio"] == 0.8
    audit = requests.get(honeyguide.http + "/api/v1/audit", timeout=30,
                         headers={"Authorization": "Bearer " + honeyguide.token}).json()
    assert any(key in entry["target"] + entry["detail"] for entry in audit["items"])


@pytest.mark.parametrize("body, status", [
    ({"value": 11}, 400), ({"value": -1}, 400), ({"value": 1}, 400), ({"value": "six"}, 400),
    ({}, 400), ([], 400), ({"value": 6, "previous": 4}, 409), ({"value": 6, "note": 3}, 400)])
def test_what_does_not_fit_is_refused_and_changes_nothing(honeyguide, body, status):
    answer = change(honeyguide, "PUT", f"/api/v1/settings/{WARNING}", body)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert answer.json()["error"]["code"] == "changed"
    assert entries(honeyguide)[WARNING]["value"] == 5


def test_only_an_admin_changes_settings_and_only_those_that_can_change(honeyguide):
    path = f"/api/v1/settings/{WARNING}"
    assert change(honeyguide, "PUT", path, {"value": 6}, token=False).status_code == 403
    assert change(honeyguide, "PUT", "/api/v1/settings/retention", {"value": 6}).status_code == 409
    assert change(honeyguide, "PUT", "/api/v1/settings/nothing", {"value": 6}).status_code == 404


def test_every_setting_says_where_its_value_comes_from(make_server, tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text("query_threads: 2\nmemory: 128MB\n")
    server = make_server(flags=["--config", config, "--retention", "48h"],
                         env={"HONEYGUIDE_MEMORY": "160MB"})
    found = entries(server)
    assert found["query_threads"]["source"] == "file"
    assert found["query_threads"]["source_detail"] == f"{config}:1"
    assert found["memory"]["source"] == "environment" and found["memory"]["value"] == 160_000_000
    assert found["retention"]["source"] == "flag" and found["retention"]["value"] == 172_800_000
    assert found["retention"]["source_detail"] == "--retention"
    assert found["sync"]["source"] == "default" and not found["sync"]["changeable"]


def test_budgets_of_the_file_and_of_the_running_server_count_spending(make_server, tmp_path):
    config = tmp_path / "honeyguide.yaml"
    config.write_text("budgets:\n  - {name: all, usd: 100, period: 24h}\n")
    server = make_server(flags=["--config", config])
    run = Run(start_ns=time.time_ns() - 120 * 1_000_000_000)
    server.send(run.request)
    spent = server.json
    wait_until(lambda: spent("/api/v1/budgets")["items"][0]["spent_usd"], 60, "spending")
    cost = server.json(f"/api/v1/traces/{run.id}/skeleton")["cost_usd"]
    budget, = spent("/api/v1/budgets")["items"]
    assert budget["spent_usd"] == pytest.approx(cost) and budget["source"] == "file"
    assert budget["spent_ratio"] == pytest.approx(cost / 100)
    made = change(server, "POST", "/api/v1/budgets", {
        "name": "fix", "selector": {"workflow": "fix-issue"}, "limit_usd": 2,
        "period_ms": 24 * 3600 * 1000})
    assert made.status_code == 200 and made.json()["spent_usd"] == pytest.approx(cost)
    assert made.json()["source"] == "runtime"
    page = server.json("/api/v1/workflows/fix-issue")["budget"]
    assert page["limit_usd"] == 2
    assert max(v for v in page["spent_usd"]["values"] if v is not None) == pytest.approx(cost)
    server.stop()
    server.start()
    assert [b["name"] for b in spent("/api/v1/budgets")["items"]] == ["all", "fix"]
    assert change(server, "DELETE", "/api/v1/budgets/fix").status_code == 200
    assert change(server, "DELETE", "/api/v1/budgets/all").status_code == 404
    assert [b["name"] for b in spent("/api/v1/budgets")["items"]] == ["all"]


@pytest.mark.parametrize("body", [
    {}, {"name": "x"}, {"name": "x", "limit_usd": -1}, {"name": "", "limit_usd": 1},
    {"name": "x", "limit_usd": 1, "selector": {"colour": "red"}},
    {"name": "x", "limit_usd": 1, "selector": {"agent": "a", "team": "b"}},
    {"name": "x", "limit_usd": 1, "period_ms": 1}])
def test_a_budget_that_cannot_be_is_refused(honeyguide, body):
    assert change(honeyguide, "POST", "/api/v1/budgets", body).status_code == 400
    assert honeyguide.json("/api/v1/budgets")["items"] == []


def test_positions_are_kept_for_the_tenant_and_for_oneself(honeyguide):
    honeyguide.send(Run().request)
    wait_until(lambda: honeyguide.json("/api/v1/agents")["total"]["count"] == 2, what="agents")
    path = "/api/v1/topology/positions"

    def places(token):
        headers = {"Authorization": "Bearer " + honeyguide.token} if token else {}
        nodes = honeyguide.get("/api/v1/topology", headers=headers).json()["nodes"]
        return {node["id"]: (node["x"], node["y"], node["pinned"]) for node in nodes}

    assert set(places(True).values()) == {(None, None, False)}
    lead = {"positions": [{"id": "lead", "x": 10, "y": -2.5, "pinned": True}]}
    assert change(honeyguide, "PUT", path, lead).json() == {"stored": 1}
    own = {"positions": [{"id": "lead", "x": 1, "y": 1}, {"id": "coder", "x": 2, "y": 2}]}
    assert change(honeyguide, "PUT", path, own, token=False).json() == {"stored": 2}
    honeyguide.stop()
    honeyguide.start()
    assert places(True)["lead"] == (10, -2.5, True) and places(True)["coder"][0] is None
    assert places(False)["lead"] == (1, 1, False) and places(False)["coder"] == (2, 2, False)
    for wrong in ({}, {"positions": [{"id": "a", "x": 1}]}, {"positions": [{"x": 1, "y": 1}]},
                  {"positions": [{"id": "a", "x": "1", "y": 1}]}, {"positions": 3}):
        assert change(honeyguide, "PUT", path, wrong).status_code == 400, wrong


def test_what_passed_between_two_agents(tmp_path):
    from harness import run
    server = Server(tmp_path / "data").start()
    try:
        run("demo", "--url", server.otlp_http, "--token-of", server.data, "--history", "20m",
            "--duration", "1s")
        edge = wait_until(lambda: [e for e in server.json("/api/v1/topology")["edges"]
                                   if e["kind"] == "handoff"], what="a hand-off")[0]
        doc = server.json("/api/v1/topology/pair", source=edge["source"], target=edge["target"])
        assert 0 < len(doc["messages"]) <= 20
        times = [int(message["at_unix_ns"]) for message in doc["messages"]]
        assert times == sorted(times, reverse=True)
        trace = doc["messages"][0]["trace_id"]
        names = {agent["name"] for agent in
                 server.json(f"/api/v1/traces/{trace}/skeleton")["agents"]}
        assert {edge["source"], edge["target"]} <= names
        assert server.get("/api/v1/topology/pair?source=a").status_code == 400
    finally:
        server.finish()


def test_files_of_prices_and_mappings_are_in_force(make_server, tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("gpt-4o: {input: 100, output: 1000}\n")
    mappings = tmp_path / "conventions.yaml"
    mappings.write_text("- {attribute: acme.agent, field: agent_name}\n"
                        "- {attribute: acme.kind, value: robot, role: agent}\n")
    checked = tmp_path / "all.yaml"
    checked.write_text(f"prices_file: {prices}\nconventions_file: {mappings}\n")
    server = make_server(flags=["--config", checked])
    run = Run(repeats=1)
    root = run.add("robot at work", run.root, {"acme.agent": "welder", "acme.kind": "robot"})
    run.close(root)
    server.send(run.request)
    doc = wait_until(lambda: server.json(f"/api/v1/traces/{run.id}/skeleton"), what="the trace")
    assert "welder" in {agent["name"] for agent in doc["agents"]}
    # Two calls of 1,000 tokens in and 100 out.
    assert doc["cost_usd"] == pytest.approx(2 * (1000 * 100 + 100 * 1000) / 1e6)
