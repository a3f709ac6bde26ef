"""Proves that the wheel is all that a user needs: it installs into an empty environment and the quick
start runs there, and it holds nothing that does not belong into it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
OLD_NAMES = ("monitoring_integration_framework", "business_metrics_monitor",
             "proactive_alerting_system", "distributed_tracing_system")
# Of the machine that built the wheel; docs/reference/python.md names them.
LIBRARIES = {"ld-linux-x86-64", "libc", "libcrypto", "libgcc_s", "libm", "libre2", "libsimdjson",
             "libssl", "libstdc++", "libxxhash", "libz", "libzstd"}


def run(*command, cwd):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "--no-index",
        "-w", folder, PACKAGE, cwd=folder)
    [made] = folder.glob("*.whl")
    return made


def test_the_wheel_runs_the_quick_start_in_an_empty_environment(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-index", wheel, cwd=tmp_path)
    said = run(python, PACKAGE / "tests" / "snippets" / "quick_start.py", cwd=tmp_path)
    assert said.startswith("System Health: ")
    where = run(python, "-c", "import honeyguide; print(honeyguide.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path))


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    wanted = {"honeyguide", *(f"{name}.py" for name in OLD_NAMES),
              *(f"{name}-stubs" for name in OLD_NAMES)}
    assert {top for top in tops if not top.endswith(".dist-info")} == wanted
    inside = {name.removeprefix("honeyguide/") for name in names if name.startswith("honeyguide/")}
    source = {path.name for path in (PACKAGE / "honeyguide").iterdir() if path.is_file()}
    [extension] = inside - source
    assert extension.startswith("_core.") and extension.endswith(".so")
    assert source <= inside


def test_the_extension_asks_for_these_libraries_of_the_system_and_no_others(wheel, tmp_path):
    archive = zipfile.ZipFile(wheel)
    [name] = [name for name in archive.namelist() if name.endswith(".so")]
    dynamic = run("readelf", "-d", archive.extract(name, tmp_path), cwd=tmp_path)
    needed = {line.split("[")[1].split("]")[0] for line in dynamic.splitlines() if "NEEDED" in line}
    assert {library.split(".so")[0] for library in needed} <= LIBRARIES
