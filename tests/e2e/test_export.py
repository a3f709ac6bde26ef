"""Proves that what is exported and imported again is the same, span for span, in every form; and
that a file is whole or not there."""

import gzip
import json
import os

import pytest
import zstandard

from harness import ROOT, run
from otlp import ExportTraceServiceRequest, plain_spans_of_json, trace_request

pytestmark = pytest.mark.needs_command("export")

RECORDINGS = sorted((ROOT / "tests/golden/frameworks").glob("*/*.traces.pb"))


def spans_of(server):
    """Every span that the server holds, in one plain form."""
    out = {}
    cursor = {}
    while True:
        page = server.json("/api/v1/traces", limit=200, **cursor)
        for row in page["items"]:
            out |= plain_spans_of_json(server.json(f"/api/v1/traces/{row['trace_id']}"))
        if page["next_cursor"] is None:
            return out
        cursor = {"cursor": page["next_cursor"]}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    from harness import Server
    server = Server(tmp_path_factory.mktemp("export") / "data").start()
    run("import", "--url", server.otlp_http, "--token-of", server.data, *RECORDINGS)
    yield server
    server.finish()


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz", "all.jsonl.zst", "all.traces.pb",
                                  "all.traces.pb.gz", "all.traces.pb.zst"])
def test_exported_and_imported_again_is_the_same(recorded, make_server, tmp_path, name):
    file = tmp_path / name
    done = run("export", "--url", recorded.http, "--file", file)
    wanted = spans_of(recorded)
    traces = {trace for trace, _ in wanted}
    assert done.stdout == f"{len(traces)} traces\n"
    magic = {".gz": b"\x1f\x8b", "zst": b"\x28\xb5\x2f\xfd"}.get(name[-3:])
    assert magic is None or file.read_bytes().startswith(magic)
    other = make_server()
    run("import", "--url", other.otlp_http, "--token-of", other.data, file)
    assert spans_of(other) == wanted
    assert len(wanted) > 100


def test_a_query_and_a_time_choose_what_is_exported(honeyguide, tmp_path):
    old, old_id = trace_request(name="old", service="a", start_ns=10**18)
    new, new_id = trace_request(name="new", service="b", start_ns=10**18 + 10**12)
    honeyguide.send(old)
    honeyguide.send(new)

    def ids(*args):
        lines = run("export", "--url", honeyguide.http, *args).stdout.splitlines()
        return {span["traceId"] for line in lines for rs in json.loads(line)["resourceSpans"]
                for ss in rs["scopeSpans"] for span in ss["spans"]}

    assert ids() == {old_id, new_id}
    assert ids("service:a") == {old_id}
    assert ids("--service", "b") == {new_id}
    assert ids("--end", str(10**18 + 1)) == {old_id}
    assert ids("--start", str(10**18 + 10**12)) == {new_id}
    assert len(ids("--limit", "1")) == 1


def test_standard_output_is_only_data(honeyguide):
    request, trace_id = trace_request(name="one")
    honeyguide.send(request)
    done = run("export", "--url", honeyguide.http)
    assert json.loads(done.stdout)["resourceSpans"]
    assert done.stderr == "1 traces\n"
    assert trace_id in done.stdout


def test_a_file_is_never_overwritten_and_never_half(honeyguide, tmp_path):
    request, _ = trace_request(name="one")
    honeyguide.send(request)
    file = tmp_path / "x.jsonl"
    file.write_text("mine")
    done = run("export", "--url", honeyguide.http, "--file", file, check=False)
    assert done.returncode == 1 and "exists" in done.stderr and file.read_text() == "mine"
    other = tmp_path / "y.jsonl"
    done = run("export", "--url", "http://127.0.0.1:9", "--file", other, check=False)
    assert done.returncode == 1 and not other.exists()
    done = run("export", "{ broken", "--url", honeyguide.http, "--file", other, check=False)
    assert done.returncode == 1 and not other.exists()
    assert not (tmp_path / "y.jsonl.part").exists()


def test_large_exports_come_in_pieces_that_readers_join(honeyguide, tmp_path):
    # Two megabytes and more: several gzip members and zstd frames one after the other.
    total = 0
    for i in range(12):
        request, _ = trace_request(name=f"big-{i}", spans=60,
                                   attributes={"text": os.urandom(3000).hex()})
        honeyguide.send(request)
        total += 60
    for name, unpack in (("a.jsonl.gz", gzip.decompress),
                         ("a.jsonl.zst", lambda b: zstandard.ZstdDecompressor().stream_reader(
                             b, read_across_frames=True).read())):
        file = tmp_path / name
        run("export", "--url", honeyguide.http, "--file", file)
        lines = unpack(file.read_bytes()).splitlines()
        assert sum(len(ss["spans"]) for line in lines
                   for rs in json.loads(line)["resourceSpans"] for ss in rs["scopeSpans"]) == total
    file = tmp_path / "a.pb"
    run("export", "--url", honeyguide.http, "--file", file)
    request = ExportTraceServiceRequest.FromString(file.read_bytes())
    assert sum(len(ss.spans) for rs in request.resource_spans for ss in rs.scope_spans) == total
