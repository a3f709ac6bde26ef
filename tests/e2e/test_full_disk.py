"""Proves on a small real volume that a full disk refuses writes with the retryable answer, that reads go
on, and that all recovers when space returns: spans, figures, series. Needs root for the mount."""

import subprocess
import time

import grpc
import pytest
import requests
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from harness import wait_until
from otlp import metric_request, plain_spans_of_json, trace_request

pytestmark = pytest.mark.needs_command("serve")

VOLUME_BYTES = 160 << 20


@pytest.fixture
def volume(tmp_path):
    """A file system of its own."""
    path = tmp_path / "volume"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={VOLUME_BYTES}", "tmpfs", str(path)],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=False)


def fill(volume, leave_bytes):
    """Takes the free space but for `leave_bytes`, as another program on the volume would."""
    filler = volume / "filler"
    with filler.open("wb") as file:
        block = bytes(1 << 20)
        while True:
            space = free_bytes(volume) - leave_bytes
            if space < len(block):
                break
            file.write(block)
            file.flush()
        file.write(bytes(max(0, free_bytes(volume) - leave_bytes)))
    return filler


def free_bytes(path):
    import os
    stat = os.statvfs(path)
    return stat.f_bavail * stat.f_frsize


def post(server, request):
    return requests.post(server.otlp_http + "/v1/traces", data=request.SerializeToString(), timeout=20,
                         headers={"Content-Type": "application/x-protobuf"})


def assert_refused_http(server):
    answer = post(server, trace_request(spans=3)[0])
    assert answer.status_code in (429, 503), answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    status = status_pb2.Status.FromString(answer.content)
    assert "full" in status.message or "space" in status.message, status.message


def assert_refused_grpc(server):
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            TraceServiceStub(channel).Export(trace_request(spans=3)[0], timeout=20)
    code = refused.value.code()
    assert code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
    details = dict(refused.value.trailing_metadata() or [])["grpc-status-details-bin"]
    kinds = [any_value.type_url for any_value in status_pb2.Status.FromString(details).details]
    # RESOURCE_EXHAUSTED is retried only with this.
    assert "type.googleapis.com/" + error_details_pb2.RetryInfo.DESCRIPTOR.full_name in kinds


def tasks(server):
    return {row["id"] for row in server.json("/api/v1/tasks", limit=200)["items"]}


def task_request(number):
    return trace_request(spans=1, name="task", attributes={
        "span.type": "task", "agent.id": f"agent-{number % 3}", "task.id": f"t{number}",
        "task.type": "x"})[0]


# Nothing at all is left, or less than the reserve: state and series cannot write, or still can.
@pytest.mark.parametrize("leave_bytes", [0, 8 << 20])
def test_a_full_disk_refuses_and_recovers(make_server, volume, leave_bytes):
    server = make_server(volume / "data")
    request, before = trace_request(spans=20, attributes={"when": "before"})
    server.send(request)
    server.send(task_request(1))
    wait_until(lambda: tasks(server) == {"t1"}, 20, "the first task")
    filler = fill(volume, leave_bytes)
    end = time.monotonic() + 13  # longer than the time between two checkpoints
    while time.monotonic() < end:
        assert_refused_http(server)
        assert_refused_grpc(server)
        assert len(plain_spans_of_json(server.json(f"/api/v1/traces/{before}"))) == 20
        found = server.json("/api/v1/traces", q='{ span.when = "before" }')
        assert [item["trace_id"] for item in found["items"]] == [before]
        time.sleep(1)
    filler.unlink()
    request, after = trace_request(spans=20, attributes={"when": "after"})
    wait_until(lambda: post(server, request).status_code == 200, 20, "an acknowledgement")
    server.send(task_request(2))
    server.send(metric_request(name="e2e.after", value=7), "metrics")
    wait_until(lambda: tasks(server) == {"t1", "t2"}, 20, "figures of the new task")
    time.sleep(11)  # a checkpoint of the state store
    server.kill()
    server.start()
    for trace_id in (before, after):
        assert len(plain_spans_of_json(server.json(f"/api/v1/traces/{trace_id}"))) == 20
    wait_until(lambda: tasks(server) == {"t1", "t2"}, 20, "figures after the restart")
    assert server.json("/api/v1/stats")["traces"]["quarantined_records"] == 0
    server.send(trace_request()[0])
