"""Proves what operators do with stored data: a snapshot is the server again, repair brings every index
back, the byte cap frees the disk, one trace goes for good, memory pools keep to their bounds."""

import json
import time

import pytest

from harness import Server, run, wait_until
from otlp import log_request, metric_request, plain_spans_of_json, trace_request

pytestmark = pytest.mark.needs_command("snapshot")


def bytes_of(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def picture(server, trace_ids):
    """What a server says of its data, without times of its own."""
    out = {"traces": {}}
    for trace_id in trace_ids:
        out["traces"][trace_id] = sorted(
            json.dumps(span, sort_keys=True, default=str)
            for span in plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}")))
    out["search"] = [item["trace_id"] for item in server.json("/api/v1/traces", limit=200)["items"]]
    out["services"] = server.json("/api/v1/services")
    out["tasks"] = sorted(row["id"] for row in server.json("/api/v1/tasks", limit=200)["items"])
    out["agents"] = sorted(json.dumps(row["agent"], sort_keys=True)
                           for row in server.json("/api/v1/agents")["items"])
    out["spans"] = server.json("/api/v1/stats")["traces"]["spans"]
    out["series"] = server.json("/api/v1/stats")["series"]["series"]
    return out


def send_team(server, first, count):
    ids = []
    for number in range(first, first + count):
        request, trace_id = trace_request(spans=4, name="task", attributes={
            "span.type": "task", "agent.id": f"agent-{number % 4}", "task.id": f"t{number}-{first}",
            "task.type": "x"})
        server.send(request)
        ids.append(trace_id)
    server.send(log_request()[0], "logs")
    server.send(metric_request(name=f"e2e.gauge.{first}", value=first), "metrics")
    return ids


def wait_for_analytics(server):
    def done():
        stats = server.json("/api/v1/stats")
        return stats["analytics"]["sequence"] == stats["traces"]["last_sequence"]

    wait_until(done, 30, "analytics to follow")


def test_a_snapshot_of_a_running_server_is_that_server_again(make_server, tmp_path):
    server = make_server()
    ids = send_team(server, 0, 30)
    wait_for_analytics(server)
    before = picture(server, ids)
    assert before["tasks"] and before["agents"] and before["series"] > 0
    copy = tmp_path / "copy"
    run("snapshot", copy, "--url", server.http, "--token", server.token)
    assert json.loads((copy / "SNAPSHOT").read_text())["format"] == 1
    assert not (copy / "SNAPSHOT.partial").exists()
    # The original goes on and changes; the copy does not see it.
    later = send_team(server, 100, 10)
    wait_for_analytics(server)
    assert picture(server, ids + later)["spans"] > before["spans"]
    restored = make_server(copy)
    wait_for_analytics(restored)
    assert picture(restored, ids) == before
    for trace_id in later:
        assert restored.get(f"/api/v1/traces/{trace_id}").status_code == 404
    more = send_team(restored, 200, 5)
    wait_for_analytics(restored)
    assert set(picture(restored, ids + more)["search"]) == set(ids + more)


def test_a_snapshot_into_what_exists_is_refused(make_server, tmp_path):
    server = make_server()
    refused = run("snapshot", tmp_path, "--url", server.http, "--token", server.token, check=False)
    assert refused.returncode == 1
    assert "there already" in refused.stderr


def test_snapshots_under_load_hold_every_trace_whole_or_not_at_all(make_server, tmp_path):
    import threading

    server = make_server()
    sent = []
    stop = threading.Event()

    def send():
        while not stop.is_set():
            request, trace_id = trace_request(spans=50)
            server.send(request)
            sent.append(trace_id)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for number in range(3):
            time.sleep(0.5)
            acknowledged = list(sent)
            copy = tmp_path / f"copy-{number}"
            run("snapshot", copy, "--url", server.http, "--token", server.token)
            restored = Server(copy).start()
            try:
                for trace_id in acknowledged:
                    assert len(plain_spans_of_json(restored.json(f"/api/v1/traces/{trace_id}"))) == 50
                assert restored.json("/api/v1/stats")["traces"]["spans"] % 50 == 0
            finally:
                restored.stop()
    finally:
        stop.set()
        sender.join()


def settled_blocks(server):
    return server.json("/api/v1/stats")["traces"]["settled_blocks"]


def load(server, seconds, **flags):
    more = [text for name, value in flags.items() for text in (f"--{name.replace('_', '-')}", value)]
    report = run("load", "--url", server.otlp_http, "--duration", f"{seconds}s", "--output", "json",
                 *more, timeout=200)
    return json.loads(report.stdout)


@pytest.mark.needs_command("load")
def test_repair_rebuilds_every_index_and_the_byte_cap_frees_the_disk(make_server):
    server = make_server()
    while server.json("/api/v1/stats")["traces"]["spans"] < 2_300_000:
        load(server, 3)
    wait_until(lambda: settled_blocks(server) > 400, 60, "files to settle")
    spans = server.json("/api/v1/stats")["traces"]["spans"]
    some = [item["trace_id"] for item in server.json("/api/v1/traces", limit=20)["items"]]
    server.stop()
    indexes = {path: path.read_bytes() for path in server.data.rglob("*.hgi")}
    assert len(indexes) >= 2
    first, *others = indexes
    first.unlink()
    for path in others:
        path.write_bytes(b"garbage")
    run("repair", "--data", server.data)
    for path, content in indexes.items():
        assert path.read_bytes() == content, f"{path.name} is not what it was"
    server.start()
    stats = server.json("/api/v1/stats")["traces"]
    assert stats["spans"] == spans and stats["quarantined_records"] == 0
    for trace_id in some:
        assert len(plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))) == 10
    for pool in server.json("/api/v1/stats")["memory"]:
        if pool["limit_bytes"]:
            assert pool["used_bytes"] <= pool["limit_bytes"] * 1.1, pool
    # A cap of less than what is settled.
    before = bytes_of(server.data / "traces")
    server.stop()
    server.flags += ["--disk", "45MB"]
    server.start()
    assert before > 60_000_000
    wait_until(lambda: bytes_of(server.data / "traces") < 46_000_000, 100, "the disk to be freed")
    assert 0 < server.json("/api/v1/stats")["traces"]["spans"] < spans


def test_a_deleted_trace_is_gone_at_once_and_over_a_restart(make_server):
    server = make_server()
    ids = send_team(server, 0, 5)
    run("delete", ids[2], "--url", server.http, "--token", server.token)
    for _ in range(2):
        assert server.get(f"/api/v1/traces/{ids[2]}").status_code in (404, 410)
        found = [item["trace_id"] for item in server.json("/api/v1/traces", limit=50)["items"]]
        assert set(found) == set(ids) - {ids[2]}
        server.kill()
        server.start()
