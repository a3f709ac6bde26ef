"""The real binary as a fixture: starts `honeyguide serve` on free ports in a fresh directory."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import BINARY, Server, has_command  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=50, help="cycles of the SIGKILL ledger test")
    parser.addoption("--seed", type=int, default=1, help="seed of the randomised tests")


def pytest_collection_modifyitems(items):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} does not exist; build it or set HG_BINARY", returncode=1)


def pytest_report_header():
    return f"binary: {BINARY}"


@pytest.fixture
def make_server(tmp_path):
    """Starts servers; each must stop cleanly at the end unless the test stopped or killed it."""
    servers = []

    def make(data=None, **kwargs):
        server = Server(data or tmp_path / f"data-{len(servers)}", **kwargs)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.finish()


@pytest.fixture
def honeyguide(make_server):
    return make_server()


@pytest.fixture(scope="session")
def shared_data():
    root = Path(os.environ.get("HG_SHARED_DATA", Path(__file__).parents[3] / "../shared/data"))
    if not root.is_dir():
        pytest.skip(f"no test data at {root}; set HG_SHARED_DATA")
    return root.resolve()


def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs_command"):
        if not has_command(mark.args[0]):
            pytest.skip(f"this binary has no command '{mark.args[0]}'")
