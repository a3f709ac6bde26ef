"""Proves that every Python block of the guide runs, page by page and in order, and prints what the text
block after it says (… stands for anything within a line)."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import server as real
from harness import run

from honeyguide import _setup

GUIDE = Path(__file__).parent.parent.parent / "docs" / "guide"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PAGES = sorted(page.name for page in GUIDE.glob("*.md") if "```python\n" in page.read_text("utf-8"))


def matches(printed, expected):
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, printed.strip()) is not None


def run_page(page):
    blocks = BLOCK.findall((GUIDE / page).read_text(encoding="utf-8"))
    names = {"__name__": page}
    for at, (language, text) in enumerate(blocks):
        if language != "python":
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(text, page, "exec"), names)  # pylint: disable=exec-used
        said = blocks[at + 1] if at + 1 < len(blocks) else ("", "")
        expected = said[1] if said[0] == "text" else ""
        assert matches(out.getvalue(), expected), f"{text}\nprinted:\n{out.getvalue()}"


SERVER_PAGE = "python-server.md"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A real server that the environment names, with a token for the agents of the page."""
    made = run("token", "--new", "agent", "--agents", "coder-*").stdout
    words = dict(line.split(": ", 1) for line in map(str.strip, made.splitlines()) if ": " in line)
    tokens = tmp_path / "tokens"
    tokens.write_text(words["line"].strip() + "\n")
    tokens.chmod(0o600)
    started = real.make(tmp_path, flags=["--token-file", tokens])
    monkeypatch.setenv("AGENT_TOKEN", words["token"].strip())
    monkeypatch.setenv("HONEYGUIDE_OTLP", started.otlp_http)
    monkeypatch.setenv("HONEYGUIDE_URL", started.http)
    yield started
    started.finish()


def test_the_page_about_the_server_is_true_of_a_real_one(server):
    # In a process of its own: init() is for good.
    done = subprocess.run([sys.executable, "-c", f"import test_guide; test_guide.run_page('{SERVER_PAGE}')"],
                          cwd=Path(__file__).parent, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    stored = str(server.json("/api/v1/traces?limit=50"))
    for name in ("newsroom", "kitchen"):
        assert name in stored


def test_the_page_names_every_framework_that_init_knows():
    page = (GUIDE / SERVER_PAGE).read_text(encoding="utf-8")
    for framework, targets in _setup.INSTRUMENTORS.items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{framework}` |")]
        named = [target.partition(":")[0] for target in targets if ":" in target]
        assert re.findall(r"`([\w.]*instrumentation[\w.]*)`", row) == named


@pytest.mark.parametrize("page", [page for page in PAGES if page != SERVER_PAGE])
def test_python_blocks_run_and_print_what_the_page_says(page):
    run_page(page)


def test_the_pages_of_the_python_package_are_there():
    assert {"python-quick-start.md", "python-tutorial.md", SERVER_PAGE,
            "troubleshooting.md"} <= set(PAGES)
