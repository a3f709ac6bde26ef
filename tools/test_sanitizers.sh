#!/usr/bin/env bash
# Unit tests under AddressSanitizer with UndefinedBehaviorSanitizer, then under ThreadSanitizer.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# RocksDB of Debian is not instrumented: what happens inside it looks like races.
export TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp ${TSAN_OPTIONS:-}"
failed=0
for preset in asan tsan; do
  echo "== $preset"
  cmake --preset "$preset" >/dev/null || exit 1
  nice -n 5 ninja -C "build/$preset" -j"${JOBS:-2}" --quiet || exit 1
  ctest --preset "$preset" -j"${JOBS:-2}" --output-on-failure --no-tests=error || failed=1
done
exit $failed
