"""What the tests use to run the binary and to talk to it. No test lives here."""

import functools
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("HG_BINARY", ROOT / "build/dev/honeyguide")).resolve()
STOP_SECONDS_MAX = 5.0
READY_SECONDS_MAX = 60.0


def run(*args, timeout=120, check=True, **kwargs):
    """Runs the binary to its end; gives the finished process with text output."""
    done = subprocess.run([str(BINARY), *map(str, args)], capture_output=True, text=True,
                          timeout=timeout, check=False, **kwargs)
    if check and done.returncode != 0:
        raise AssertionError(f"honeyguide {' '.join(map(str, args))} -> {done.returncode}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done


@functools.lru_cache
def has_command(name):
    return any(line.split()[:1] == [name] for line in run("--help").stdout.splitlines())


def wait_until(condition, seconds=10.0, what="the condition"):
    """Polls `condition` until it gives something true and gives that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Server:
    """One `honeyguide serve` process over a data directory; start() again after stop() or kill()."""

    def __init__(self, data, flags=(), env=None, prefix=()):
        self.data = Path(data)
        self.flags = list(flags)
        self.env = env or {}
        self.prefix = list(prefix)  # a command to run the binary under
        self.process = None
        self.ready = None
        self.errors = []

    def command(self):
        return [*self.prefix, str(BINARY), "serve", "--data", str(self.data),
                "--http", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0",
                "--otlp-grpc", "127.0.0.1:0", *map(str, self.flags)]

    def start(self):
        self.errors = []
        self.process = subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **self.env})
        lines = queue.Queue()
        threading.Thread(target=self._read_out, args=(lines, self.process.stdout),
                         daemon=True).start()
        threading.Thread(target=self._read_errors, args=(self.process.stderr,),
                         daemon=True).start()
        try:
            line = lines.get(timeout=READY_SECONDS_MAX)
        except queue.Empty:
            self.process.kill()
            raise AssertionError("no ready line; stderr:\n" + self.stderr()) from None
        if line is None:
            self.process.wait()
            time.sleep(0.1)  # the error reader's last lines
            raise AssertionError(f"exit code {self.process.returncode} before it was ready; "
                                 f"stderr:\n{self.stderr()}")
        self.ready = json.loads(line)
        return self

    @staticmethod
    def _read_out(lines, stream):
        for line in stream:
            lines.put(line)
        lines.put(None)

    def _read_errors(self, stream):
        for line in stream:
            self.errors.append(line)

    def stderr(self):
        return "".join(self.errors)

    @property
    def http(self):
        return "http://" + self.ready["http"]

    @property
    def otlp_http(self):
        return "http://" + self.ready["otlp_http"]

    @property
    def otlp_grpc(self):
        return self.ready["otlp_grpc"]

    @property
    def token(self):
        return run("token", "--data", self.data).stdout.strip()

    def get(self, path, **kwargs):
        return requests.get(self.http + path, timeout=30, **kwargs)

    def json(self, path, **params):
        answer = self.get(path, params=params)
        assert answer.status_code == 200, f"{path} {params}: {answer.status_code} {answer.text}"
        return answer.json()

    def send(self, request, signal_name="traces", **headers):
        """Posts an OTLP export request (a protobuf message or bytes); asserts that all was taken."""
        body = request if isinstance(request, bytes) else request.SerializeToString()
        answer = requests.post(f"{self.otlp_http}/v1/{signal_name}", data=body, timeout=60,
                               headers={"Content-Type": "application/x-protobuf", **headers})
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        assert answer.content == b"", f"partial success: {answer.content!r}"
        return answer

    def stop(self):
        """SIGTERM; asserts exit code 0 within the promised five seconds."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX + 15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("did not stop on SIGTERM") from None
        seconds = time.monotonic() - start
        assert code == 0, f"exit code {code} after SIGTERM; stderr:\n{self.stderr()}"
        assert seconds <= STOP_SECONDS_MAX, f"took {seconds:.1f} s to stop"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def finish(self):
        if self.process is not None and self.process.poll() is None:
            self.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
