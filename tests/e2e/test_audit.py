"""Proves the audit log of the real binary: who gave and who obeyed a directive, verification that
names the tampered entry, and an unfinished last line after SIGKILL."""

import json

import pytest
import requests

from harness import run

pytestmark = [pytest.mark.needs_command("serve"), pytest.mark.needs_command("audit")]


def operator(server):
    return {"Authorization": "Bearer " + server.token}


def pause(server, agent="coder-2", **body):
    answer = requests.post(f"{server.http}/api/v1/agents/{agent}/directives", timeout=20,
                           json={"directive": "pause", **body}, headers=operator(server))
    assert answer.status_code == 201, answer.text
    return answer.json()


def log_file(server):
    files = sorted((server.data / "audit").glob("audit-*.log"))
    assert len(files) == 1
    return files[0]


def verify(server, *flags):
    done = run("audit", "verify", "--data", server.data, "--output", "json", *flags, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["status"] == "ok" else 1)
    return report


def test_a_directive_and_its_answer_are_entries_with_actor_and_state(honeyguide):
    action = pause(honeyguide, reason="loop")
    pause(honeyguide, reason="still")
    answer = requests.post(
        f"{honeyguide.http}/api/v1/agents/coder-2/directives/{action['seq']}/ack", timeout=20,
        json={"state": "obeyed", "detail": "turn 3"}, headers=operator(honeyguide))
    assert answer.status_code == 200
    page = honeyguide.json("/api/v1/audit")
    ack, second, first = page["items"]
    assert (first["actor"], first["action"], first["target"]) == \
        ("operator", "directive.pause", "coder-2")
    assert first["detail"] == "loop" and first["before"] is None
    assert second["before"]["directive"] == "pause", "what was replaced"
    assert (ack["action"], ack["result"], ack["detail"]) == ("directive.ack", "obeyed", "turn 3")
    assert page["chain"]["status"] == "ok" and page["chain"]["entries"] == 3
    assert page["actors"] == ["operator"] and page["total"] == {"count": 3, "exact": True}
    assert len(first["hash"]) == 8 and first["full_hash"].startswith(first["hash"])


def test_refused_requests_leave_no_directive_and_no_entry(honeyguide):
    url = f"{honeyguide.http}/api/v1/agents/coder-2/directives"
    assert requests.post(url, json={"directive": "pause"}, timeout=20).status_code == 403
    wrong = requests.post(url, json={"directive": "throttle"}, timeout=20,
                          headers=operator(honeyguide))
    assert wrong.status_code == 400
    assert honeyguide.json("/api/v1/audit")["items"] == []


def test_other_changes_are_noted_by_route_and_result(honeyguide):
    url = f"{honeyguide.http}/api/v1/traces/{'ab' * 16}"
    status = requests.delete(url, timeout=20, headers=operator(honeyguide)).status_code
    entry = honeyguide.json("/api/v1/audit")["items"][0]
    assert entry["action"] == "delete /api/v1/traces/{trace_id}" and entry["target"] == "ab" * 16
    assert entry["result"] == ("ok" if status < 400 else f"failed {status}")


def test_metrics_publish_the_head_that_verify_can_be_given(honeyguide):
    pause(honeyguide)
    metrics = honeyguide.get("/metrics").text
    assert f'honeyguide_audit_head{{hash="{verify(honeyguide)["head"]}"}} 1' in metrics
    assert "honeyguide_audit_chain_ok 1" in metrics
    assert "honeyguide_directives_issued_total 1" in metrics
    assert 'honeyguide_directive_acks_total{state="obeyed"} 0' in metrics


def test_pages_follow_the_cursor(honeyguide):
    for _ in range(5):
        pause(honeyguide)
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = honeyguide.json("/api/v1/audit", **params)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [5, 4, 3, 2, 1]


def test_verify_names_the_changed_entry_while_the_server_runs_and_after(honeyguide):
    for reason in ("one", "two", "three"):
        pause(honeyguide, reason=reason)
    good = verify(honeyguide)
    assert good["status"] == "ok" and good["entries"] == 3
    assert verify(honeyguide, "--head", good["head"])["status"] == "ok"
    assert verify(honeyguide, "--head", "ab" * 32)["status"] == "broken"
    honeyguide.stop()
    file = log_file(honeyguide)
    whole = file.read_text()
    file.write_text(whole.replace('"detail":"two"', '"detail":"owt"'))
    assert verify(honeyguide)["broken_seq"] == 2
    text = run("audit", "verify", "--data", honeyguide.data, check=False)
    assert text.returncode == 1 and "entry 2 was changed" in text.stdout
    file.write_text("".join(whole.splitlines(keepends=True)[:2]))
    assert verify(honeyguide)["broken_seq"] == 3, "cut off at the end"
    honeyguide.start()
    assert honeyguide.json("/api/v1/audit")["chain"]["status"] == "broken"
    pause(honeyguide)  # a broken chain stops nobody
    file.write_text(whole)


def test_an_unfinished_last_line_after_sigkill_is_dropped_and_noted(honeyguide):
    pause(honeyguide, reason="one")
    honeyguide.kill()
    file = log_file(honeyguide)
    with file.open("a") as out:
        out.write('{"seq":2,"at_unix_ns":"17')
    report = verify(honeyguide)
    assert report["status"] == "ok" and report["torn_bytes"] > 0
    honeyguide.start()
    page = honeyguide.json("/api/v1/audit")
    assert page["chain"]["status"] == "ok"
    assert [item["action"] for item in page["items"]] == ["audit.recovered", "directive.pause"]
    assert verify(honeyguide)["torn_bytes"] == 0


def test_the_command_gives_a_directive_and_lists_the_log(honeyguide):
    server = ["--url", honeyguide.http, "--token-of", honeyguide.data]
    done = run("directive", "team/coder 2", "throttle", "--params", '{"ratio":0.5}',
               "--reason", "cost", *server)
    assert "Throttle team/coder 2: requested" in done.stdout
    listed = run("audit", "list", *server)
    assert "directive.throttle" in listed.stdout and "chain: ok" in listed.stderr
    refused = run("directive", "a", "pause", "--url", honeyguide.http, check=False)
    assert refused.returncode == 1
