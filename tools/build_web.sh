#!/usr/bin/env bash
# Builds the page into web/dist unless it is newer than all of its sources. Without a package
# registry the modules cannot be fetched; set HG_NO_WEB=1 to build a binary without the page.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/env.sh
[[ -f web/package.json ]] || exit 0
if [[ "${HG_NO_WEB:-0}" == 1 ]]; then
  echo "build_web: left out (HG_NO_WEB=1); the binary will have no page"
  exit 0
fi

lock_hash="$(sha256sum web/package-lock.json | cut -c1-16)"
if [[ "$(cat web/node_modules/.hg_lock_hash 2>/dev/null)" != "$lock_hash" ]]; then
  echo "build_web: npm ci"
  (cd web && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  echo "$lock_hash" >web/node_modules/.hg_lock_hash
fi
if [[ -f web/dist/index.html ]] &&
  [[ -z "$(find web/src web/public web/index.html web/package.json web/vite.config.ts -newer web/dist/index.html -print -quit)" ]]; then
  exit 0
fi
echo "build_web: npm run build"
(cd web && nice -n 5 npm run --silent build)
touch web/dist/index.html
