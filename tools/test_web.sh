#!/usr/bin/env bash
# Tests of the web page: types and unit tests, then the browser tests against the built page.
# Prints each runner's closing lines. Without a Chromium the browser part is skipped and says so.
#   tools/test_web.sh    types, unit tests, journeys, states, hostile telemetry, pictures, real server
#   HG_WEB_PERF=1        also measures the page's budgets and prints them
set -uo pipefail
export NO_COLOR=1
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/env.sh
tools/build_web.sh || exit 1

cd web
failed=0

echo "== web: types"
npx --no-install tsc --noEmit || failed=1

echo "== web: unit tests"
npx --no-install vitest run 2>&1 | grep -vE "^ *$|✓" | tail -n 40
[[ "${PIPESTATUS[0]}" -eq 0 ]] || failed=1

chromium="${HG_CHROMIUM:-/usr/bin/chromium}"
if [[ ! -x "$chromium" ]]; then
  echo "web: browser tests skipped: no $chromium (Debian package chromium, or set HG_CHROMIUM)"
  exit "$failed"
fi

suites=(journeys states hostile)
# Pictures are compared only by the browser that took them: another one draws letters differently.
taken_by="$(cat e2e/snapshots/CHROMIUM 2>/dev/null)"
browser="$("$chromium" --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1)"
if [[ "$taken_by" == "$browser" ]]; then
  suites+=(visual)
else
  echo "web: pictures skipped: taken by Chromium $taken_by, this is $browser"
fi
# The page against a real server with the demo swarm behind it.
export HG_BINARY="${HG_BINARY:-$PWD/../build/dev/honeyguide}"
if [[ -x "$HG_BINARY" ]]; then
  suites+=(real)
else
  echo "web: the page on a real server skipped: no $HG_BINARY (build it, or set HG_BINARY)"
fi
if [[ "${HG_WEB_PERF:-0}" == 1 ]]; then suites+=(perf); fi
echo "== web: browser tests (${suites[*]})"
HG_CHROMIUM="$chromium" nice -n 5 npx --no-install playwright test --config e2e/playwright.config.ts \
  --reporter=dot "${suites[@]}" 2>&1 | grep -vE "^ *$|^[·]+$" | tail -n 60
[[ "${PIPESTATUS[0]}" -eq 0 ]] || failed=1
exit "$failed"
