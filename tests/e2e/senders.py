"""Runs the official OpenTelemetry SDKs of Python, JavaScript and Go as processes that tell one
story (send_python.py, js/send.mjs, go/main.go). Their packages come from their registries, pinned by lock
files, into .deps; a test skips and says why when a registry is away. No test lives here."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import ROOT

E2E = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("HG_PEERS_CACHE", ROOT / ".deps"))
ENVIRONMENT = {**os.environ, "PATH": f"{ROOT / '.deps/bin'}:{os.environ['PATH']}"}
INSTALL_SECONDS_MAX = 900


def _install(command, what, **kwargs):
    if shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
        pytest.skip(f"no {command[0]} here; tools/install_deps.sh brings it")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=INSTALL_SECONDS_MAX, **kwargs)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what}: not installed within {INSTALL_SECONDS_MAX} s")
    if done.returncode == 0:
        return
    signs = ("registry", "ENOTFOUND", "ECONN", "ETIMEDOUT", "dial tcp", "proxy", "no such host")
    if any(sign in done.stderr for sign in signs):
        pytest.skip(f"{what} cannot be installed, is the registry away? {done.stderr[-500:]}")
    pytest.fail(f"{what}: {done.stderr[-3000:]}")


def _newer(source, built):
    return not built.exists() or any(path.stat().st_mtime > built.stat().st_mtime
                                     for path in source if path.is_file())


@functools.cache
def js_sender():
    """[node, script] of the JavaScript sender, its packages installed."""
    home = CACHE / "e2e-js"
    home.mkdir(parents=True, exist_ok=True)
    stamp = home / "installed"
    sources = [E2E / "js" / name for name in ("package.json", "package-lock.json", "send.mjs")]
    if _newer(sources, stamp):
        for source in sources:
            shutil.copy(source, home / source.name)
        _install(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                 "the JavaScript SDK", cwd=home, env=ENVIRONMENT)
        stamp.touch()
    return ["node", str(home / "send.mjs")]


@functools.cache
def go_sender():
    """[program] of the Go sender, built."""
    program = CACHE / "e2e-go" / "senders"
    program.parent.mkdir(parents=True, exist_ok=True)
    if _newer(list((E2E / "go").iterdir()), program):
        _install(["go", "build", "-o", str(program), "."], "the Go SDK", cwd=E2E / "go",
                 env={"GOFLAGS": "-mod=readonly", **ENVIRONMENT})
    return [str(program)]


@functools.cache
def h2spec():
    """The HTTP/2 conformance suite, built from the Go module proxy."""
    program = CACHE / "e2e-go" / "h2spec"
    program.parent.mkdir(parents=True, exist_ok=True)
    if _newer(list((E2E / "h2spec").iterdir()), program):
        _install(["go", "build", "-o", str(program), "github.com/summerwind/h2spec/cmd/h2spec"],
                 "h2spec", cwd=E2E / "h2spec", env={"GOFLAGS": "-mod=readonly", **ENVIRONMENT})
    return str(program)


def python_sender():
    return [sys.executable, str(E2E / "send_python.py")]


SENDERS = {"python": python_sender, "js": js_sender, "go": go_sender}
PROTOCOLS = [("python", "grpc"), ("python", "protobuf"), ("js", "grpc"), ("js", "protobuf"),
             ("js", "json"), ("go", "grpc"), ("go", "protobuf")]


def start(server, language, protocol, *args, grpc=None, http=None):
    """Starts a sender against `server`; its output is JSON."""
    command = SENDERS[language]()
    grpc, http = grpc or server.otlp_grpc, http or server.otlp_http
    if language == "go":
        at = grpc if protocol == "grpc" else http.removeprefix("http://")
    else:
        at = "http://" + grpc if protocol == "grpc" else http
    return subprocess.Popen([*command, protocol, at, *map(str, args)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def finish(process, seconds=120):
    out, errors = process.communicate(timeout=seconds)
    assert process.returncode == 0, errors
    return json.loads(out)
