#!/usr/bin/env bash
# Runs real agent frameworks against a live server and scores what is recognised. Arguments: names
# of recordings (default: all). Environments are kept in build/frameworks.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh
binary="${HG_BINARY:-build/dev/honeyguide}"
[ -x "$binary" ] || { echo "no $binary; build it or set HG_BINARY" >&2; exit 1; }
HG_BINARY="$(realpath "$binary")" exec .deps/venv/bin/python tests/frameworks/run.py "$@"
