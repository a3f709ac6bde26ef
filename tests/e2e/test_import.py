"""Proves that recordings are imported whole, and that importing needs the right to."""

import gzip

import pytest
from harness import ROOT, run
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

RECORDINGS = sorted((ROOT / "tests/golden/frameworks").glob("*/*.traces.pb"))


def test_every_recording_is_imported_whole(honeyguide):
    assert RECORDINGS, "the project's own recordings are missing"
    spans = set()
    for path in RECORDINGS:
        request = ExportTraceServiceRequest.FromString(path.read_bytes())
        spans |= {(span.trace_id, span.span_id) for rs in request.resource_spans
                  for ss in rs.scope_spans for span in ss.spans}
    done = run("import", "--url", honeyguide.otlp_http, "--token-of", honeyguide.data, *RECORDINGS)
    assert f"{len(RECORDINGS)} files" in done.stdout
    found = 0
    for trace_id in {trace for trace, _ in spans}:
        otlp = honeyguide.json(f"/api/v1/traces/{trace_id.hex()}")
        found += sum(len(ss["spans"]) for rs in otlp["resourceSpans"] for ss in rs["scopeSpans"])
    assert found >= len(spans)


def test_compressed_files_are_told_by_their_content(honeyguide, tmp_path):
    packed = tmp_path / "one.traces.pb.gz"
    packed.write_bytes(gzip.compress(RECORDINGS[0].read_bytes()))
    run("import", "--url", honeyguide.otlp_http, "--token-of", honeyguide.data, packed)
    assert honeyguide.json("/api/v1/services")["services"]


@pytest.mark.parametrize("token", [(), ("--token", "wrong")])
def test_importing_without_the_right_says_what_to_do(honeyguide, token):
    done = run("import", "--url", honeyguide.otlp_http, *token, RECORDINGS[0], check=False)
    assert done.returncode == 1
    assert "--token-of" in done.stderr
