"""Proves what `make run` promises once the binary is built: it shows what arrived, and a second run
goes on where the first one was."""

import os
import re
import signal
import subprocess
import time

import pytest

from harness import BINARY, ROOT

pytestmark = pytest.mark.needs_command("demo")


def run_once(data):
    """The report of one `make run` without its build, up to its last line."""
    process = subprocess.Popen(
        ["tools/run.sh"], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "HG_BINARY": str(BINARY), "HG_DATA": str(data), "HG_HISTORY": "30m",
             "HG_SERVE_FLAGS": "--http 127.0.0.1:0 --otlp-http 127.0.0.1:0 "
                               "--otlp-grpc 127.0.0.1:0"})
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Stop:"):
                break
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    return "".join(lines)


def test_the_report_shows_what_arrived_and_a_second_run_goes_on(tmp_path):
    first = run_once(tmp_path / "data")
    assert re.search(r"Arrived: [\d,]+ spans in [\d,]+ runs from ", first)
    for part in ("Agents (", "Conflicts:", "Who waits for whom:", "Needs attention:",
                 "The newest run that failed", "Stop:"):
        assert part in first, first
    assert re.search(r"Open the page: +http://127\.0\.0\.1:\d+/login\?code=\S+", first)

    def sent(text):
        return int(re.search(r"history: (\d+) runs", text).group(1))

    def held(text):
        return int(re.search(r"Arrived: ([\d,]+) spans", text).group(1).replace(",", ""))

    begin = time.monotonic()
    second = run_once(tmp_path / "data")
    print(f"second run: {time.monotonic() - begin:.1f} s")
    assert sent(second) < sent(first) / 4, "history is sent once"
    assert held(second) >= held(first)
