"""Proves that SIGKILL at random points under load loses no acknowledged span, by id and by search, and
that the next start needs no repair by hand."""

import concurrent.futures
import random
import threading
import time

import requests
from otlp import plain_spans_of_json, trace_request


def send_until(server, stop, ledger, seed):
    """Sends small traces; what is acknowledged is written down only then."""
    rng = random.Random(seed)
    session = requests.Session()
    while not stop.is_set():
        spans = rng.randint(1, 30)
        request, trace_id = trace_request(spans=spans, attributes={"ledger": trace_key(seed)})
        try:
            answer = session.post(server.otlp_http + "/v1/traces", timeout=10,
                                  data=request.SerializeToString(),
                                  headers={"Content-Type": "application/x-protobuf"})
        except requests.RequestException:
            return
        if answer.status_code == 200:
            ledger[trace_id] = (spans, trace_key(seed))


def trace_key(seed):
    return f"sender-{seed}"


def traces_of(server, key):
    """Every trace id that a search for the sender's key finds, page after page."""
    found, cursor = set(), ""
    while True:
        page = server.json("/api/v1/traces", q=f'{{ span.ledger = "{key}" }}', limit=200, cursor=cursor)
        found |= {item["trace_id"] for item in page["items"]}
        cursor = page["next_cursor"]
        if not cursor:
            assert page["partial"] is None
            return found


def test_no_acknowledged_span_is_lost_by_sigkill(make_server, pytestconfig):
    kills = pytestconfig.getoption("kills")
    rng = random.Random(pytestconfig.getoption("seed"))
    server = make_server()
    ledger = {}
    for cycle in range(kills):
        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for sender in range(4):
                pool.submit(send_until, server, stop, ledger, 4 * cycle + sender)
            time.sleep(rng.uniform(0.05, 0.4))
            server.kill()
            stop.set()
        server.start()
    assert len(ledger) >= kills, "the senders hardly got anything acknowledged"
    by_key = {}
    for trace_id, (spans, key) in ledger.items():
        found = plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))
        assert len(found) == spans, f"{trace_id}: {len(found)} of {spans} spans after {kills} kills"
        by_key.setdefault(key, set()).add(trace_id)
    for key, trace_ids in by_key.items():
        missing = trace_ids - traces_of(server, key)
        assert not missing, f"{len(missing)} acknowledged traces are not found by search"
    print(f"{kills} kills, {len(ledger)} acknowledged traces, none lost")


def test_figures_survive_sigkill(make_server):
    """Agents' figures after a kill equal those before it: checkpoint plus replay."""
    server = make_server()
    for i in range(40):
        request, _ = trace_request(spans=1, name="task", attributes={
            "span.type": "task", "agent.id": f"agent-{i % 4}", "task.id": f"t{i}", "task.type": "x"})
        server.send(request)

    def tasks():
        rows = server.json("/api/v1/tasks", limit=200)["items"]
        return sorted(row["id"] for row in rows)

    deadline = time.monotonic() + 20
    while len(tasks()) < 40 and time.monotonic() < deadline:
        time.sleep(0.2)
    before = tasks()
    assert len(before) == 40
    server.kill()
    server.start()
    deadline = time.monotonic() + 20
    while tasks() != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert tasks() == before
