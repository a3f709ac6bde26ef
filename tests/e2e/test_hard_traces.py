"""Proves that traces which are hard on a store come back complete and unaltered, by id and over a kill: hours
long, in 500 requests, out of order, without a root, 50,000 spans, 100 KB attributes, sent twice, equal ids in
different services, clocks that disagree."""

import os
import random
import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otlp import attributes_of, plain_spans_of_json, plain_spans_of_pb

pytestmark = pytest.mark.needs_command("serve")

HOUR_NS = 3_600_000_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from harness import Server

    out = Server(tmp_path_factory.mktemp("hard") / "data").start()
    yield out
    out.finish()


class Sender:
    """Sends spans of one trace and remembers them."""

    def __init__(self, server):
        self.server = server
        self.trace_id = os.urandom(16)
        self.sent = {}  # service -> what its spans are, by id

    def request(self, spans, service="hard"):
        """`spans`: dicts of id, parent, start, end, name, attributes."""
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add()
        group.resource.attributes.extend(attributes_of({"service.name": service}))
        scope = group.scope_spans.add()
        scope.scope.name = "hard"
        for item in spans:
            span = scope.spans.add(trace_id=self.trace_id, span_id=item["id"], name=item.get("name", "step"),
                                   kind=1, start_time_unix_nano=item["start"],
                                   end_time_unix_nano=item["end"])
            if item.get("parent"):
                span.parent_span_id = item["parent"]
            span.attributes.extend(attributes_of(item.get("attributes", {})))
        return request

    def send(self, spans, service="hard"):
        request = self.request(spans, service)
        self.server.send(request)
        self.sent.setdefault(service, {}).update(plain_spans_of_pb(request))

    def assert_whole(self):
        count = sum(map(len, self.sent.values()))
        for _ in range(2):
            groups = self.server.json(f"/api/v1/traces/{self.trace_id.hex()}")["resourceSpans"]
            assert sum(len(scope["spans"]) for group in groups for scope in group["scopeSpans"]) == count
            for service, sent in self.sent.items():
                own = [group for group in groups if service_of(group) == service]
                assert plain_spans_of_json({"resourceSpans": own}) == sent
            if count > 20_000:
                return  # once; the restart is shown by the others
            self.server.kill()
            self.server.start()


def service_of(group):
    values = {item["key"]: item["value"] for item in group["resource"]["attributes"]}
    return values["service.name"]["stringValue"]


def chain(count, start, step_ns=1_000_000, rootless=False):
    """Spans, each a child of the one before."""
    ids = [os.urandom(8) for _ in range(count + 1)]
    return [{"id": ids[i + 1], "parent": ids[i] if i or rootless else None, "start": start + i * step_ns,
             "end": start + (i + 1) * step_ns, "attributes": {"n": i}} for i in range(count)]


def test_a_trace_that_lasts_hours(server):
    sender = Sender(server)
    for part in range(8):
        sender.send(chain(5, time.time_ns() - (8 - part) * HOUR_NS, step_ns=HOUR_NS // 5))
    sender.assert_whole()


def test_a_trace_in_500_requests_out_of_order(server):
    sender = Sender(server)
    spans = chain(1000, time.time_ns() - 10**10)
    random.Random(5).shuffle(spans)
    for at in range(0, 1000, 2):
        sender.send(spans[at:at + 2])
    sender.assert_whole()


def test_a_trace_without_a_root(server):
    sender = Sender(server)
    sender.send(chain(20, time.time_ns() - 10**9, rootless=True))
    sender.assert_whole()
    found = server.json("/api/v1/traces", limit=200)["items"]
    assert sender.trace_id.hex() in {item["trace_id"] for item in found}


def test_a_trace_of_50000_spans(server):
    sender = Sender(server)
    spans = chain(50_000, time.time_ns() - 6 * 10**10)
    for at in range(0, 50_000, 10_000):
        sender.send(spans[at:at + 10_000])
    sender.assert_whole()


def test_attributes_of_100_kilobytes(server):
    sender = Sender(server)
    spans = chain(6, time.time_ns() - 10**9)
    for number, span in enumerate(spans):
        text = "".join(random.Random(number).choices("abcdefghij äöü\n\t\"", k=100_000))
        span["attributes"] = {"prompt": text, "again": text, "short": "x"}
    sender.send(spans)
    sender.assert_whole()


def test_spans_that_were_sent_twice_are_there_once(server):
    sender = Sender(server)
    spans = chain(30, time.time_ns() - 10**9)
    sender.send(spans)
    server.send(sender.request(spans[10:] + spans[:10]))  # another body: not taken for a retry
    server.send(sender.request(spans[::3]))
    sender.assert_whole()


def test_equal_span_ids_in_different_services_are_both_kept(server):
    sender = Sender(server)
    spans = chain(10, time.time_ns() - 10**9)
    sender.send(spans, "client")
    sender.send([{**span, "name": "served"} for span in spans], "server")
    sender.assert_whole()


def test_times_of_clocks_that_disagree_are_not_edited(server):
    sender = Sender(server)
    now = time.time_ns()
    root, child, late = os.urandom(8), os.urandom(8), os.urandom(8)
    sender.send([{"id": root, "start": now, "end": now + 1000}])
    sender.send([{"id": child, "parent": root, "start": now - 300 * 10**9, "end": now - 299 * 10**9},
                 {"id": late, "parent": root, "start": now + 60 * 10**9, "end": now + 59 * 10**9}])
    sender.assert_whole()
