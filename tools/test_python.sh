#!/usr/bin/env bash
# Builds the Python package into the project's environment and runs its tests. The build folder is
# kept, so a second run compiles what changed only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/install_deps.sh
source tools/env.sh
CMAKE_BUILD_PARALLEL_LEVEL="${JOBS:-2}" "$HG_PYTHON" -m pip install -q --no-build-isolation ./python
"$HG_PYTHON" -m pytest python/tests -q -ra -p no:cacheprovider
