"""Proves that a server starts the demo within itself on demand, once, that its history fills every
page, and that it ends with the server."""

import time

import pytest
import requests

from harness import run, wait_until

pytestmark = pytest.mark.needs_command("demo")


def start(server, body, token=True):
    headers = {"Authorization": "Bearer " + server.token} if token else {}
    return requests.post(server.http + "/api/v1/demo", json=body, headers=headers, timeout=30)


def test_the_demo_starts_once_on_demand_and_ends_with_the_server(honeyguide):
    assert start(honeyguide, {"history_ms": 1200_000}, token=False).status_code == 403
    assert honeyguide.json("/api/v1/status")["modes"]["demo"] is False
    answer = start(honeyguide, {"history_ms": 1200_000})
    assert answer.status_code == 200 and answer.json() == {"started": True}
    assert start(honeyguide, {}).status_code == 409
    wait_until(lambda: honeyguide.json("/api/v1/agents")["total"]["count"] > 8, 30, "the swarm")
    assert honeyguide.json("/api/v1/status")["modes"]["demo"] is True
    spans = honeyguide.json("/api/v1/stats")["traces"]["spans"]
    wait_until(lambda: honeyguide.json("/api/v1/stats")["traces"]["spans"] > spans, 30,
               "live spans after the history")
    honeyguide.stop()


@pytest.mark.parametrize("body", [{"history_ms": -1}, {"history_ms": "long"}, [],
                                  {"history_ms": 10**15}])
def test_a_history_that_cannot_be_is_refused(honeyguide, body):
    assert start(honeyguide, body).status_code == 400


def test_under_a_base_path_everything_lives_below_it(make_server):
    server = make_server(flags=["--base-path", "/hive"])
    server.json("/hive/api/v1/status")
    assert server.get("/api/v1/status").status_code == 404
    page = server.get("/hive/")
    assert page.status_code == 200 and '<base href="/hive/"' in page.text
    document = server.json("/hive/api/v1/openapi.json")
    assert document["servers"] == [{"url": "/hive"}]
    headers = {"Authorization": "Bearer " + server.token}
    done = requests.post(server.http + "/hive/api/v1/demo", json={"history_ms": 0},
                         headers=headers, timeout=30)
    assert done.status_code == 200
    assert run("services", "--url", server.http + "/hive").returncode == 0


def test_answers_are_compressed_only_when_asked(honeyguide):
    honeyguide.json("/api/v1/openapi.json")
    for asked, given in (("gzip", "gzip"), ("gzip;q=0.5, br", "gzip"), ("gzip;q=0", None),
                         ("identity", None), ("br", None), ("", None)):
        answer = requests.get(honeyguide.http + "/api/v1/openapi.json", timeout=30,
                              headers={"Accept-Encoding": asked})
        assert answer.headers.get("Content-Encoding") == given, asked
        assert answer.json()["openapi"] == "3.1.0"


def test_days_of_history_fill_every_day(honeyguide):
    run("demo", "--url", honeyguide.otlp_http, "--token-of", honeyguide.data,
               "--history", "3d", "--duration", "1s", timeout=600)
    day = 24 * 3600 * 10**9
    now = time.time_ns()
    for days in range(1, 4):
        rows = honeyguide.json("/api/v1/traces", start=now - days * day,
                               end=now - (days - 1) * day, limit=1)
        assert rows["items"], f"{days} days ago"

    def caught_up():
        stats = honeyguide.json("/api/v1/stats")
        return stats["analytics"]["sequence"] == stats["traces"]["last_sequence"]

    wait_until(caught_up, 300, "analytics at the end of the history")
