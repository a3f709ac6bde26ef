"""Proves that the reference page of the package says what the stubs and docstrings say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_reference_page_is_what_the_package_says():
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "gen_python_reference.py"), "--check"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
