"""A real Prometheus scrapes /metrics, takes every sample and answers questions about agents; its
linter finds nothing wrong with names, types and help."""

import shutil
import subprocess

import pytest
import requests

import recordings
from harness import free_port, wait_until

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None,
                                reason="no prometheus here (Debian package 'prometheus')")
RECORDING = "pydantic-ai-builtin"


@pytest.fixture
def loaded(honeyguide):
    for request in recordings.requests(RECORDING):
        honeyguide.send(request)
    runs = len(recordings.truth(RECORDING)["runs"])
    wait_until(lambda: honeyguide.json("/api/v1/runs")["total"]["count"] == runs, what="all runs")
    return honeyguide


@pytest.fixture
def prometheus(loaded, tmp_path):
    config = tmp_path / "prometheus.yml"
    config.write_text(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: honeyguide
    static_configs: [{{targets: ['{loaded.ready["http"]}']}}]
""")
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
         f"--web.listen-address={url.removeprefix('http://')}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(expression):
        answer = requests.get(f"{url}/api/v1/query", params={"query": expression}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["result"]

    def scraped():
        try:
            ready = requests.get(f"{url}/-/ready", timeout=10)
        except requests.ConnectionError:
            return None
        return ready.status_code == 200 and query("up{job='honeyguide'} == 1")

    try:
        wait_until(scraped, 60, "the first scrape")
        yield query
    finally:
        process.terminate()
        process.wait(20)


def test_prometheus_answers_what_the_truth_says(prometheus):
    truth = recordings.truth(RECORDING)
    for side in ("input", "output"):
        rows = prometheus("sum by (gen_ai_agent_name) "
                          f"(gen_ai_client_inference_usage_{side}_tokens_total)")
        got = {row["metric"]["gen_ai_agent_name"]: int(float(row["value"][1])) for row in rows}
        want = {name: told[side] for name, told in truth["per_agent"].items() if told[side] > 0}
        assert got == want
    (calls,) = prometheus("sum(gen_ai_execute_tool_duration_seconds_count)")
    assert int(calls["value"][1]) == sum(t["calls"] for t in truth["tool_calls"].values())
    rows = prometheus("histogram_quantile(0.9, sum by (le) "
                      "(gen_ai_client_inference_duration_seconds_bucket))")
    assert 0 < float(rows[0]["value"][1]) < 60
    (runs,) = prometheus("sum(honeyguide_workflow_runs_total)")
    assert int(runs["value"][1]) == len(truth["runs"])


def test_the_linter_finds_nothing(loaded):
    if shutil.which("promtool") is None:
        pytest.skip("no promtool here (Debian package 'prometheus')")
    page = loaded.get("/metrics")
    assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    done = subprocess.run(["promtool", "check", "metrics"], input=page.text, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout + done.stderr == "", done.stdout + done.stderr
