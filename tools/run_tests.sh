#!/usr/bin/env bash
# make test: every suite runs even if an earlier one failed; each prints its own closing line and
# the last lines sum up. Exit code 1 if any suite failed.
#   tools/run_tests.sh            all suites
#   tools/run_tests.sh unit e2e   only these: unit, e2e, python, web
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs="${JOBS:-2}"
suites=("$@")
if ((${#suites[@]} == 0)); then suites=(unit e2e python web); fi

tools/install_deps.sh || exit 1
source tools/env.sh
tools/build_web.sh || exit 1

echo "== build (preset dev)"
if [[ ! -f build/dev/build.ninja ]]; then
  cmake --preset dev >.deps/configure.log 2>&1 || { cat .deps/configure.log; exit 1; }
  rm -f .deps/configure.log
fi
nice -n 5 ninja -C build/dev -j"$jobs" --quiet || exit 1

unit() { # C++: unit tests, tiny benchmarks, fuzz corpora, tidy, whole-node simulation
  ctest --preset dev -j"$jobs" --output-on-failure --progress --no-tests=error
}

e2e() { # the real binary against official SDKs, crashes, recordings
  "$HG_PYTHON" -m pytest tests/e2e -q -ra --timeout 600
}

python() { # the Python package
  if [[ -x tools/test_python.sh ]]; then tools/test_python.sh; else echo "no tools/test_python.sh"; fi
}

web() { # the page
  if [[ -x tools/test_web.sh ]]; then tools/test_web.sh; else echo "no tools/test_web.sh"; fi
}

failed=()
for suite in "${suites[@]}"; do
  echo "== $suite"
  start=$SECONDS
  "$suite" || failed+=("$suite")
  echo "== $suite took $((SECONDS - start)) s"
done
if ((${#failed[@]} > 0)); then
  echo "suites: ${#suites[@]} run, FAILED: ${failed[*]}"
  exit 1
fi
echo "suites: ${#suites[@]} run, all passed"
