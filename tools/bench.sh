#!/usr/bin/env bash
# Prints every budget of storage beside what was measured on this machine, and appends one JSON line to
# bench/results.jsonl. Arguments go to bench/budgets.py: --spans N (stored for lookup and search).
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/env.sh
[ -f build/bench/build.ninja ] || cmake --preset bench >/dev/null
nice -n 5 ninja -j"${JOBS:-2}" -C build/bench honeyguide bench_limit
exec python3 bench/budgets.py --build build/bench "$@"
