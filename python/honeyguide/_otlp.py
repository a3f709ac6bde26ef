"""OTLP over HTTP as JSON, with the retries that OTLP asks for. Standard library only."""

import gzip
import http.client
import json
import random
import ssl
import threading
import time
from urllib.parse import urlsplit

RETRYABLE = frozenset({429, 502, 503, 504})
GZIP_FROM_BYTES = 1024


def any_value(value):
    """A Python value as OTLP JSON has it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)} if -(2**63) <= value < 2**63 else {"stringValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value} if value == value and abs(value) != float("inf") else {"stringValue": str(value)}
    if isinstance(value, (list, tuple)):
        return {"arrayValue": {"values": [any_value(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attribute_list(value)}}
    if value is None:
        return {}
    return {"stringValue": str(value)}


def attribute_list(attributes):
    return [{"key": str(key), "value": any_value(value)} for key, value in attributes.items()]


class OtlpSender:
    """Posts to one receiver over a kept connection. Thread-safe.

    post() raises ConnectionError if nobody took the body within `timeout_s`, ValueError if the receiver
    refused it for good or a part of it; both say why.
    """

    def __init__(self, base_url, token="", timeout_s=10.0):
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"server: '{base_url}' is no address; write http://127.0.0.1:4318")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port or (443 if self._secure else 80)
        self._path = parts.path.rstrip("/").removesuffix("/v1/traces")
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._connection = None

    def post(self, path, body):
        headers = dict(self._headers)
        if len(body) >= GZIP_FROM_BYTES:
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        end = time.monotonic() + self._timeout_s
        delay = 0.25
        while True:
            status, answer, wait = self._once(path, body, headers, end)
            if status == 200:
                return self._check_partial(answer)
            if status not in RETRYABLE and status != 0:
                raise ValueError(f"{self._host}:{self._port}{path} answered {status}: {answer[:200]}")
            pause = wait if wait is not None else delay * random.uniform(0.5, 1.0)
            if time.monotonic() + pause >= end:
                raise ConnectionError(f"{self._host}:{self._port} did not take it: {answer[:200]}")
            time.sleep(pause)
            delay = min(delay * 2, 5.0)

    def _once(self, path, body, headers, end):
        """(status, text, seconds to wait); status 0: no answer."""
        with self._lock:
            try:
                connection = self._connect(max(0.1, end - time.monotonic()))
                connection.request("POST", self._path + path, body, headers)
                answer = connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                after = answer.headers.get("Retry-After", "")
                return answer.status, text, float(after) if after.isdigit() else None
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                return 0, str(error) or type(error).__name__, None

    def _connect(self, timeout):
        if self._connection is None:
            if self._secure:
                self._connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout,
                                                               context=ssl.create_default_context())
            else:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        return self._connection

    def _drop(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _check_partial(answer):
        partial = json.loads(answer or "{}").get("partialSuccess") or {}
        if int(partial.get("rejectedSpans") or 0) > 0:
            raise ValueError(f"{partial['rejectedSpans']} spans were rejected: {partial.get('errorMessage', '')}")

    def close(self):
        with self._lock:
            self._drop()
