"""Proves every kind of receiver from the configuration file: local servers check the exact payload,
a real Alertmanager shows the alert, a real SMTP server takes the mail, secrets stay secret."""

import json
import re
import shutil
import subprocess
import time

import pytest
import requests

from harness import free_port, run, wait_until
from test_mitigation import Hook

pytestmark = [pytest.mark.needs_command("serve"), pytest.mark.needs_command("receivers")]

SECRET = "S3CRET-routing-key"


class Notify:
    """A server with one receiver named `ops`."""

    def __init__(self, make_server, tmp_path, entries, flags=(), env=None):
        self.config = tmp_path / "honeyguide.yaml"
        lines = "\n".join(f"    {line}" for line in entries)
        self.config.write_text(f"external_url: http://hg.example\nreceivers:\n  - name: ops\n{lines}\n")
        self.config.chmod(0o600)
        self.server = make_server(flags=["--config", self.config, *flags], env=env or {})

    def test(self, name="ops"):
        answer = requests.post(
            f"{self.server.http}/api/v1/notifications/receivers/{name}/test", timeout=60,
            headers={"Authorization": "Bearer " + self.server.token})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def notify(make_server, tmp_path):
    return lambda *args, **kwargs: Notify(make_server, tmp_path, *args, **kwargs)


@pytest.fixture
def hook():
    server = Hook()
    yield server
    server.close()


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LABELS = {"alertname": "HoneyguideTest", "category": "test", "severity": "low"}
SUMMARY = {"summary": "A test notification that operator asked for."}


def test_a_webhook_gets_version_four(notify, hook):
    it = notify(["type: webhook", f"url: {hook.url}/alerts", "token_env: HOOK_TOKEN"],
                env={"HOOK_TOKEN": "t0ken"})
    assert it.test() == {"delivered": True, "error": None}
    (path, headers, body), = hook.requests
    assert path == "/alerts" and headers["authorization"] == "Bearer t0ken"
    assert re.fullmatch("[0-9a-f]{32}", headers["idempotency-key"])
    alert, = body["alerts"]
    assert TIME.fullmatch(alert.pop("startsAt"))
    fingerprint = alert["fingerprint"]
    assert body == {
        "version": "4", "groupKey": '{}/{}:{alertname="HoneyguideTest"}', "truncatedAlerts": 0,
        "status": "firing", "receiver": "ops", "groupLabels": {"alertname": "HoneyguideTest"},
        "commonLabels": LABELS, "commonAnnotations": SUMMARY, "externalURL": "http://hg.example",
        "alerts": [{"status": "firing", "labels": LABELS, "annotations": SUMMARY,
                    "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint,
                    "generatorURL": f"http://hg.example/alerts/{fingerprint}"}]}


def test_slack_gets_text_and_blocks(notify, hook, tmp_path):
    (tmp_path / "url").write_text(f"{hook.url}/services/T/B/X\n")
    it = notify(["type: slack", f"url_file: {tmp_path}/url", "title: '{{ severity }} {{ alertname }}'"])
    assert it.test()["delivered"]
    (path, _, body), = hook.requests
    assert path == "/services/T/B/X"
    assert body["text"] == "low HoneyguideTest"
    assert [block["type"] for block in body["blocks"]] == ["section"] * 3


def test_pagerduty_gets_an_event(notify, hook):
    it = notify(["type: pagerduty", f"url: {hook.url}/v2/enqueue", "routing_key_env: PD_KEY"],
                env={"PD_KEY": SECRET})
    assert it.test()["delivered"]
    (path, _, body), = hook.requests
    assert path == "/v2/enqueue" and TIME.fullmatch(body["payload"].pop("timestamp"))
    assert body["dedup_key"].startswith("honeyguide-") and len(body["dedup_key"]) <= 255
    body.pop("dedup_key"), body.pop("links")
    assert body == {
        "routing_key": SECRET, "event_action": "trigger", "client": "honeyguide",
        "client_url": "http://hg.example",
        "payload": {"summary": "[FIRING] HoneyguideTest", "source": "honeyguide",
                    "severity": "info", "class": "test", "custom_details": {
                        "alerts": 1, "lines": ["HoneyguideTest: " + SUMMARY["summary"]]}}}


def test_no_secret_is_logged_or_shown(notify, hook):
    it = notify(["type: pagerduty", f"url: {hook.url}/x", "routing_key_env: PD_KEY"],
                flags=["--log-level", "debug"], env={"PD_KEY": SECRET})
    it.test()
    seen = it.server.stderr()
    for path in ("/api/v1/notifications/receivers", "/metrics", "/api/v1/audit", "/api/v1/settings"):
        seen += it.server.get(path).text
    assert "ops" in seen and SECRET not in seen


def test_a_receiver_that_throttles_is_tried_again(notify):
    hook = Hook(statuses=(503, 429, 200))
    try:
        it = notify(["type: webhook", f"url: {hook.url}"])
        assert it.test()["delivered"]
        assert len({headers["idempotency-key"] for _, headers, _ in hook.requests}) == 1
        assert len(hook.requests) == 3
    finally:
        hook.close()


def test_a_refusal_is_told_and_counted(notify):
    hook = Hook(statuses=(404,))
    try:
        it = notify(["type: slack", f"url: {hook.url}"])
        answer = it.test()
        assert not answer["delivered"] and "404" in answer["error"]
        status, = it.server.json("/api/v1/notifications/receivers")["items"]
        assert status["status"] == "failing" and status["failures"] == 1
        assert ('honeyguide_notifications_total{receiver="ops",outcome="failed"} 1'
                in it.server.get("/metrics").text)
        server = ["--url", it.server.http, "--token-of", it.server.data]
        done = run("receivers", "test", "ops", *server, check=False)
        assert done.returncode == 1 and "404" in done.stdout
        assert "ops  slack  failing" in run("receivers", *server).stdout
    finally:
        hook.close()


def test_unknown_receivers_and_other_roles_are_refused(notify, hook):
    it = notify(["type: webhook", f"url: {hook.url}"])
    url = f"{it.server.http}/api/v1/notifications/receivers/%s/test"
    assert requests.post(url % "ops", timeout=20).status_code == 403
    operator = {"Authorization": "Bearer " + it.server.token}
    assert requests.post(url % "nobody", timeout=20, headers=operator).status_code == 404
    assert hook.requests == []


def test_a_command_gets_the_webhooks_json(notify, tmp_path):
    script = tmp_path / "notify.sh"
    script.write_text(f"#!/bin/sh\ncat > {tmp_path}/stdin\n")
    script.chmod(0o700)
    it = notify(["type: command", f"command: [{script}]"], flags=["--enable-exec"])
    assert it.test()["delivered"]
    assert json.loads((tmp_path / "stdin").read_text())["version"] == "4"


def test_metadata_addresses_are_refused(notify):
    it = notify(["type: webhook", "url: http://169.254.169.254/latest", "timeout: 5s"])
    assert not it.test()["delivered"]


@pytest.mark.parametrize("login", [False, True])
def test_a_real_smtp_server_takes_the_mail(notify, login):
    controller = pytest.importorskip("aiosmtpd.controller", reason="aiosmtpd is not installed")
    from aiosmtpd.smtp import AuthResult, LoginPassword
    mails = []

    class Keep:
        async def handle_DATA(self, _server, session, envelope):
            mails.append((envelope, session.authenticated))
            return "250 OK"

    def authenticate(_server, _session, _envelope, _mechanism, data):
        good = data == LoginPassword(b"hg", b"pa55")
        return AuthResult(success=good, handled=good)
    options = {"authenticator": authenticate, "auth_require_tls": False} if login else {}
    smtp = controller.Controller(Keep(), hostname="127.0.0.1", port=free_port(), **options)
    smtp.start()
    try:
        entries = ["type: email", f"url: smtp://127.0.0.1:{smtp.port}", "require_tls: false",
                   "from: hg@a.example", "to: [kim@b.example, lee@b.example]",
                   "title: 'Käthe: {{ alertname }}'"]
        if login:
            entries += ["user: hg", "password_env: MAIL_PASSWORD"]
        it = notify(entries, env={"MAIL_PASSWORD": "pa55"})
        assert it.test() == {"delivered": True, "error": None}
    finally:
        smtp.stop()
    import email
    import email.policy
    (envelope, authenticated), = mails
    assert bool(authenticated) == login
    assert envelope.mail_from == "hg@a.example"
    assert envelope.rcpt_tos == ["kim@b.example", "lee@b.example"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert mail["Subject"] == "Käthe: HoneyguideTest"
    assert mail["To"] == "kim@b.example, lee@b.example"
    assert re.fullmatch(r"<[0-9a-f]{32}@honeyguide>", mail["Message-ID"])
    assert SUMMARY["summary"] in mail.get_content()
    assert "http://hg.example/alerts" in mail.get_content()


def test_a_mail_without_tls_is_not_sent_where_tls_is_required(notify):
    controller = pytest.importorskip("aiosmtpd.controller", reason="aiosmtpd is not installed")
    mails = []

    class Keep:
        async def handle_DATA(self, _server, _session, envelope):
            mails.append(envelope)
            return "250 OK"
    smtp = controller.Controller(Keep(), hostname="127.0.0.1", port=free_port())
    smtp.start()
    try:
        it = notify(["type: email", f"url: smtp://127.0.0.1:{smtp.port}", "from: hg@a.example",
                     "to: kim@b.example"])
        assert not it.test()["delivered"]
    finally:
        smtp.stop()
    assert mails == []


@pytest.fixture
def alertmanager(tmp_path):
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if not binary:
        pytest.skip("no Alertmanager on this machine (Debian: prometheus-alertmanager)")
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    port = free_port()
    process = subprocess.Popen(
        [binary, f"--config.file={config}", f"--storage.path={tmp_path}/am",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def ready():
        try:
            return requests.get(url + "/-/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False
    try:
        wait_until(ready, seconds=30, what="Alertmanager is ready")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def test_a_real_alertmanager_shows_the_alert(notify, alertmanager):
    it = notify(["type: alertmanager", f"url: {alertmanager}/", "hold: 2h"])
    assert it.test() == {"delivered": True, "error": None}
    alert, = requests.get(alertmanager + "/api/v2/alerts", timeout=10).json()
    assert alert["labels"] == LABELS and alert["annotations"] == SUMMARY
    assert alert["status"]["state"] in ("active", "unprocessed")
    ends = time.mktime(time.strptime(alert["endsAt"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert 2 * 3600 - 60 < ends - time.time() < 2 * 3600 + 60


@pytest.mark.parametrize("entries, words", [
    (["type: fax"], "webhook, slack, pagerduty"),
    (["type: webhook"], "url is an http or https address"),
    (["type: pagerduty"], "routing_key"),
    (["type: email", "url: smtp://a"], "'from' and 'to'"),
    (["type: slack", "url_file: /no/such/file"], "/no/such/file"),
    (["type: slack", "url_env: NO_SUCH_VARIABLE_HERE"], "no environment variable"),
    (["type: webhook", "colour: red"], "unknown entry 'colour'"),
    (["type: webhook", "url: http://a", "timeout: soon"], "duration"),
])
def test_a_wrong_receiver_is_refused_by_name(tmp_path, entries, words):
    config = tmp_path / "honeyguide.yaml"
    config.write_text("receivers:\n  - name: ops\n" + "".join(f"    {e}\n" for e in entries))
    done = run("check-config", config, check=False)
    assert done.returncode == 1
    assert "receiver 'ops'" in done.stderr and words in done.stderr, done.stderr
