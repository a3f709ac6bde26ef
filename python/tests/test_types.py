"""Proves that the package's types can be relied on: strict user code checks, wrong code is refused, and
no stub says anything else than what is there at run time."""

import subprocess
import sys
from pathlib import Path

import pytest

import honeyguide

INSTALLED = Path(honeyguide.__file__).parent
OLD_NAMES = ("monitoring_integration_framework", "business_metrics_monitor",
             "proactive_alerting_system", "distributed_tracing_system")
RENEW = ("stubs of the extension are renewed by: "
         "python -m nanobind.stubgen -m honeyguide._core -o python/honeyguide/_core.pyi")


def command(*arguments, cwd):
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def test_strict_user_code_checks_and_wrong_code_does_not(tmp_path):
    usage = Path(__file__).parent / "typed_usage.py"
    status, said = command("mypy", "--strict", "--cache-dir", str(tmp_path), str(usage), cwd=tmp_path)
    assert status == 0, said


def test_python_stubs_say_what_is_there(tmp_path):
    modules = [f"honeyguide.{stub.stem}" for stub in INSTALLED.glob("*.pyi") if stub.stem != "_core"]
    assert len(modules) >= len(OLD_NAMES)
    status, said = command("mypy.stubtest", *modules, *OLD_NAMES, cwd=tmp_path)
    assert status == 0, said


def test_the_extensions_stub_is_what_nanobind_makes_of_it(tmp_path):
    made = tmp_path / "_core.pyi"
    status, said = command("nanobind.stubgen", "-q", "-m", "honeyguide._core", "-o", str(made),
                           cwd=tmp_path)
    assert status == 0, said
    if made.read_text(encoding="utf-8") != (INSTALLED / "_core.pyi").read_text(encoding="utf-8"):
        pytest.fail(RENEW)


def test_the_package_tells_checkers_that_it_is_typed():
    assert (INSTALLED / "py.typed").exists()
    for name in OLD_NAMES:
        assert (INSTALLED.parent / f"{name}-stubs" / "__init__.pyi").exists()
