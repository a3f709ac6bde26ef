"""The real server for tests of the package. No test lives here."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

BINARY = Path(os.environ.get("HG_BINARY", ROOT / "build/dev/honeyguide"))


def make(tmp_path, flags=()):
    if not BINARY.exists():
        pytest.skip(f"no {BINARY}; build it or set HG_BINARY")
    from harness import Server

    return Server(tmp_path / "data", flags=flags).start()


def spans_of(server, trace_id):
    """name -> span of a stored trace, with its attributes as a dictionary of Python values."""
    out = {}
    for group in server.json(f"/api/v1/traces/{trace_id}")["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                span["values"] = {item["key"]: plain(item["value"]) for item in span.get("attributes", [])}
                span["scope"] = scope.get("scope", {}).get("name", "")
                span["resource"] = {item["key"]: plain(item["value"])
                                    for item in group.get("resource", {}).get("attributes", [])}
                out[span["name"]] = span
    return out


def plain(value):
    if "intValue" in value:
        return int(value["intValue"])
    if "arrayValue" in value:
        return [plain(one) for one in value["arrayValue"].get("values", [])]
    return next(iter(value.values()), None)
