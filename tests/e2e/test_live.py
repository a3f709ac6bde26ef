"""Proves that a live stream tells of new data, and that an open one does not hold up a stop."""

import requests
from otlp import trace_request


def test_new_data_is_told_and_a_stop_ends_the_stream(make_server):
    server = make_server()
    with requests.get(server.http + "/api/v1/live", stream=True, timeout=30) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        lines = stream.iter_lines(decode_unicode=True)
        request, _ = trace_request(spans=2)
        server.send(request)
        for line in lines:
            if line == "event: changed":
                break
        assert '"topics"' in next(lines)
        server.stop()  # asserts that it took less than five seconds


def test_the_page_asks_for_nothing_that_is_refused(honeyguide):
    for path in ("status", "overview", "agents", "topology", "workflows", "runs", "conflicts",
                 "dependencies", "alerts", "traces/facets", "traces/scatter", "loops", "sessions",
                 "tasks", "dashboard", "stats", "health", "conditions", "anomalies",
                 "predictions", "predictions/accuracy", "series", "services", "operations", "attributes", "logs"):
        assert honeyguide.get(f"/api/v1/{path}").status_code == 200, path
