#!/usr/bin/env bash
# Jaeger's own test suite for remote storages, and Jaeger's collector in front, against this server.
#
# Builds Jaeger once from the Go module proxy (ten minutes and 5 GB of caches on two cores), kept in
# build/peers. Needs Go and the proxy; without them it says so and skips.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/env.sh
readonly version=v1.76.0
readonly peers="$PWD/build/peers"
readonly binary="${HG_BINARY:-$PWD/build/dev/honeyguide}"
export GOFLAGS="-mod=mod -buildvcs=false"

if [[ ! -x "$binary" ]]; then
  echo "test_peers: build first: make build, or set HG_BINARY" >&2
  exit 1
fi
if [[ ! -x "$peers/jaeger/cmd/jaeger/jaeger" || ! -x "$peers/suite" ]]; then
  mkdir -p "$peers"
  echo "test_peers: fetching Jaeger $version"
  if ! dir="$(cd "$peers" && go mod download -json "github.com/jaegertracing/jaeger@$version" \
    | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')" || [[ -z "$dir" ]]; then
    echo "test_peers: skipped: Jaeger's module is not to be had (no Go, or no module proxy)"
    exit 0
  fi
  rm -rf "$peers/jaeger" && cp -r "$dir" "$peers/jaeger" && chmod -R u+w "$peers/jaeger"
  echo "test_peers: building Jaeger and its suite"
  # Inside the module its own replace directive holds, which 'go install' refuses.
  (cd "$peers/jaeger" && nice go build -o cmd/jaeger/jaeger ./cmd/jaeger &&
    nice go test -c -o "$peers/suite" ./cmd/jaeger/internal/integration)
fi
HG_BINARY="$binary" HG_JAEGER="$peers/jaeger" HG_JAEGER_SUITE="$peers/suite" \
  "$HG_PYTHON" -m pytest tests/peers -q -ra -p no:cacheprovider --timeout 900 "$@"
