"""control(): an agent hears from a honeyguide server that it shall pause, slow down or stop, and answers.

    agent = honeyguide.control("coder-2")
    while work:
        agent.wait_while_paused()          # raises AgentStopped when told to stop
        step()

One thread of this process asks for all agents (docs/reference/control-channel.md); another one delivers
callbacks, so a callback may take its time. Nothing is fatal: without a server an agent runs, and a
directive ends when it expires even if the server is gone.
"""

import asyncio
import json
import logging
import os
import queue
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from honeyguide._settings import api_from_environment, token_from_environment

__all__ = ["AgentStopped", "Control", "Directive", "Refused", "control"]

_log = logging.getLogger("honeyguide")

WAIT_SECONDS = 30  # of one long poll
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
KINDS = frozenset({"run", "throttle", "pause", "stop", "reassign", "break_wait", "switch_model"})


class AgentStopped(Exception):
    """The agent was told to stop. `directive` says why."""

    def __init__(self, directive):
        super().__init__(f"stopped by the server: {directive.reason or 'no reason given'}")
        self.directive = directive


class Refused(Exception):
    """Raise it in a callback to refuse the directive; its text is told to the server."""


@dataclass(frozen=True)
class Directive:
    """What an agent shall do. kind: run, throttle, pause, stop, reassign, break_wait or switch_model."""

    kind: str = "run"
    params: dict = field(default_factory=dict)
    reason: str = ""
    seq: int = 0
    epoch: int = 0
    expires: float = float("inf")  # time.monotonic()

    @property
    def expired(self):
        """True once its life is over: it then means run."""
        return time.monotonic() >= self.expires


RUN = Directive()


def _seconds_left(document, date):
    """Of the directive's life, by the server's clock."""
    expires = document.get("expires_at")
    if not expires:
        return float("inf")
    # Nine digits of a second are three more than older Pythons read.
    stamp = parse_rfc3339(expires)
    now = parsedate_to_datetime(date).timestamp() if date else time.time()
    return stamp - now


def parse_rfc3339(text):
    """Seconds since 1970 of "2026-11-27T12:00:00.000000000Z"."""
    from datetime import datetime, timezone

    whole, _, rest = text.removesuffix("Z").partition(".")
    fraction = float("0." + rest) if rest.isdigit() else 0.0
    return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp() + fraction


class _Http:
    """One HTTP/1.1 request over asyncio; small answers, no redirects."""

    def __init__(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"server: '{url}' is no address; write http://127.0.0.1:8321")
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.host, self.port = parts.hostname, parts.port or (443 if self.tls else 80)
        self.base = parts.path.rstrip("/")

    async def request(self, method, path, token, body=None, timeout=10.0):
        """(status, lower-case headers, body)."""
        return await asyncio.wait_for(self._exchange(method, path, token, body), timeout)

    async def _exchange(self, method, path, token, body):
        reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.tls)
        try:
            lines = [f"{method} {self.base}{path} HTTP/1.1", f"Host: {self.host}:{self.port}", "Connection: close"]
            if token:
                lines.append(f"Authorization: Bearer {token}")
            data = b"" if body is None else json.dumps(body).encode()
            if body is not None:
                lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
            writer.write("\r\n".join([*lines, "", ""]).encode() + data)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            status = int(head[0].split(" ")[1])
            length = headers.get("content-length")
            content = await reader.readexactly(int(length)) if length else (b"" if status == 204 else await reader.read())
            return status, headers, content
        finally:
            writer.close()


class _Hub:
    """The two threads behind all controls of this process. Made with the first one."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.calls = queue.SimpleQueue()
        self.asking = threading.Thread(target=self.loop.run_forever, name="honeyguide-control", daemon=True)
        self.telling = threading.Thread(target=self._tell, name="honeyguide-callbacks", daemon=True)
        self.asking.start()
        self.telling.start()

    def _tell(self):
        while True:
            call = self.calls.get()
            try:
                call()
            except Exception:  # a callback's fault must not end the thread that all share
                _log.exception("honeyguide: a control callback failed")


_lock = threading.Lock()
_hub = None
_controls = []


def _the_hub():
    global _hub
    with _lock:
        if _hub is None:
            _hub = _Hub()
        return _hub


def _after_fork():
    """The parent's threads are not here: the child asks anew for the agents it controls."""
    global _lock, _hub
    _lock, _hub = threading.Lock(), None
    for one in list(_controls):
        one._revive()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Control:
    """What one agent is told. Thread-safe. Close it when the agent ends."""

    def __init__(self, agent_id, server, token, on_change):
        self.agent_id = agent_id
        self._http = _Http(server)
        self._token = token
        self._on_change = on_change
        self._path = f"/api/v1/agents/{quote(agent_id, safe='')}"
        self._condition = threading.Condition()
        self._directive = RUN
        self._settled = (0, 0)  # (epoch, seq) that was obeyed or refused
        self._error = None
        self._asked = threading.Event()
        self._closed = False
        self._begin()

    def _begin(self):
        hub = _the_hub()
        self._hub = hub
        self._task = asyncio.run_coroutine_threadsafe(self._ask(), hub.loop)

    def _revive(self):
        if self._closed:
            return
        self._condition = threading.Condition()
        self._asked = threading.Event()
        self._begin()

    # --- what the agent asks ---

    @property
    def directive(self):
        """The Directive in force; kind "run" without one."""
        with self._condition:
            return RUN if self._directive.expired else self._directive

    @property
    def paused(self):
        """True while a pause is in force."""
        return self.directive.kind == "pause"

    @property
    def stopped(self):
        """True while a stop is in force."""
        return self.directive.kind == "stop"

    @property
    def throttle(self):
        """Params of the throttle in force (max_concurrency, tokens_per_min, ratio), or an empty dict."""
        now = self.directive
        return dict(now.params) if now.kind == "throttle" else {}

    @property
    def last_error(self):
        """Why the server could not be asked the last time; None if it could."""
        return self._error

    def wait_until_asked(self, timeout_s=5.0):
        """Waits until the server has answered once; False if it did not in time."""
        return self._asked.wait(timeout_s)

    def wait_while_paused(self, timeout_s=None):
        """Returns at once if the agent may run; waits while it is paused. Being here is obeying.

        False if it is still paused after `timeout_s`. AgentStopped if it was told to stop.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            now = self.directive
            if now.kind == "stop":
                self.obey(now)
                raise AgentStopped(now)
            if now.kind != "pause":
                return True
            self.obey(now)
            limit = now.expires if end is None else min(now.expires, end)
            with self._condition:
                if self._directive is now:
                    self._condition.wait(None if limit == float("inf") else max(0.0, limit - time.monotonic()))
            if end is not None and time.monotonic() >= end:
                return self.directive.kind not in ("pause", "stop")

    async def wait_while_paused_async(self, poll_s=0.1):
        """As wait_while_paused(), for coroutines: the event loop goes on."""
        while True:
            now = self.directive
            if now.kind == "stop":
                self.obey(now)
                raise AgentStopped(now)
            if now.kind != "pause":
                return True
            self.obey(now)
            await asyncio.sleep(poll_s)

    def obey(self, directive=None):
        """Tells the server that the directive is obeyed. Once each; repeats cost nothing."""
        self._settle(directive or self.directive, "obeyed", "")

    def refuse(self, detail, directive=None):
        """Tells the server that it is not, and why (at most 500 bytes)."""
        self._settle(directive or self.directive, "refused", detail)

    def close(self):
        """Asks no more. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._task.cancel()
        with _lock:
            if self in _controls:
                _controls.remove(self)
        with self._condition:
            self._condition.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        self.close()

    # --- the conversation ---

    async def _ask(self):
        failures = 0
        while not self._closed:
            known = self._directive
            path = f"{self._path}/directive?after={known.seq}&wait_s={WAIT_SECONDS if self._asked.is_set() else 0}"
            if known.seq:
                path += f"&epoch={known.epoch}"
            try:
                status, headers, body = await self._http.request("GET", path, self._token, timeout=WAIT_SECONDS + 10)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
                self._error = str(error) or type(error).__name__
                failures += 1
            else:
                self._error = None if status in (200, 204) else self._refusal(status, body)
                failures = 0 if status in (200, 204) else failures + 1
                if status == 200:
                    self._take(json.loads(body), headers.get("date"))
                if status in (200, 204):
                    self._asked.set()
            if failures:
                await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])

    def _refusal(self, status, body):
        text = body.decode("utf-8", "replace")[:200]
        if status in (401, 403):
            text += ("; the agent needs a token with role agent for its id: honeyguide token --new agent --agents "
                     f"'{self.agent_id}'")
        if self._error is None:
            _log.warning("honeyguide: agent %s hears no directives: %s %s", self.agent_id, status, text)
        return f"{status} {text}"

    def _take(self, document, date):
        kind = document.get("directive", "run")
        new = Directive(kind, dict(document.get("params") or {}), document.get("reason") or "", int(document["seq"]),
                        int(document["epoch"]), time.monotonic() + _seconds_left(document, date))
        with self._condition:
            if (new.epoch, new.seq) <= (self._directive.epoch, self._directive.seq):
                return
            self._directive = new
            self._condition.notify_all()
        self._acknowledge(new, "received", "")
        if kind not in KINDS:
            self.refuse(f"this agent does not know the directive '{kind}'", new)
        elif self._on_change is not None:
            self._hub.calls.put(lambda: self._call(new))
        elif kind == "run":
            self.obey(new)

    def _call(self, directive):
        try:
            self._on_change(directive)
        except Refused as refusal:
            self.refuse(str(refusal), directive)
        except Exception as error:
            self.refuse(f"{type(error).__name__}: {error}", directive)
            raise
        else:
            # A pause is obeyed where the agent waits, a stop where it ends.
            if directive.kind not in ("pause", "stop"):
                self.obey(directive)

    def _settle(self, directive, state, detail):
        if directive.seq == 0:
            return
        with self._condition:
            if self._settled == (directive.epoch, directive.seq):
                return
            self._settled = (directive.epoch, directive.seq)
        self._acknowledge(directive, state, detail)

    def _acknowledge(self, directive, state, detail):
        asyncio.run_coroutine_threadsafe(self._send_ack(directive, state, detail), self._hub.loop)

    async def _send_ack(self, directive, state, detail):
        body = {"state": state, "detail": detail.encode()[:500].decode("utf-8", "ignore")}
        for pause in (*BACKOFF_SECONDS, None):
            try:
                status, _, answer = await self._http.request("POST", f"{self._path}/directives/{directive.seq}/ack",
                                                             self._token, body)
                if status < 500 and status != 429:
                    if status >= 400:
                        _log.warning("honeyguide: %s of directive %d: %s", state, directive.seq, answer[:200])
                    return
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError, IndexError):
                pass
            if pause is None:
                return
            await asyncio.sleep(pause)


def control(agent_id, *, server=None, token=None, on_change=None):
    """Begins to listen for `agent_id`; gives its Control.

    server: base URL of a honeyguide server's API; without it HONEYGUIDE_URL, else
    http://127.0.0.1:8321. token: one with role agent for this id; without it HONEYGUIDE_TOKEN.
    on_change(directive): called with every new Directive on a thread of honeyguide's; may raise Refused.
    ValueError for an address that is none or an id that is empty or longer than 256 bytes.
    """
    if not agent_id or len(agent_id.encode()) > 256:
        raise ValueError("agent_id: 1 to 256 bytes of UTF-8")
    made = Control(agent_id, server or api_from_environment(), token if token is not None else token_from_environment(),
                   on_change)
    with _lock:
        _controls.append(made)
    return made
