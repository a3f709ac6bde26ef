"""The fixtures of the end-to-end tests, for tests against programs that take long to build."""

import sys
from pathlib import Path

E2E = Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))

# By path: two files are called conftest.
from importlib.util import module_from_spec, spec_from_file_location  # noqa: E402

_spec = spec_from_file_location("e2e_conftest", E2E / "conftest.py")
_e2e = module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
make_server = _e2e.make_server
