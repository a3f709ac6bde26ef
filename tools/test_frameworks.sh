#!/usr/bin/env bash
# Runs real agent frameworks against a live server and scores what is recognised; then the same
# with honeyguide.init() in place of their own set-up. Arguments: names
# of recordings (default: all). Environments are kept in build/frameworks.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh
binary="${HG_BINARY:-build/dev/honeyguide}"
[ -x "$binary" ] || { echo "no $binary; build it or set HG_BINARY" >&2; exit 1; }
export HG_BINARY="$(realpath "$binary")"
failed=0
.deps/venv/bin/python tests/frameworks/run.py "$@" || failed=1
if (($# == 0)); then .deps/venv/bin/python tests/frameworks/init_check.py || failed=1; fi
exit $failed
