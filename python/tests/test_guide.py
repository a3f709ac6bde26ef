"""Proves that every Python block of the guide runs, page by page and in order, and prints what the text
block after it says (… stands for anything within a line)."""

import contextlib
import io
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parent.parent.parent / "docs" / "guide"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PAGES = sorted(page.name for page in GUIDE.glob("*.md") if "```python\n" in page.read_text("utf-8"))


def matches(printed, expected):
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, printed.strip()) is not None


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run_and_print_what_the_page_says(page):
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


def test_the_pages_of_the_python_package_are_there():
    assert {"python-quick-start.md", "python-tutorial.md", "troubleshooting.md"} <= set(PAGES)
