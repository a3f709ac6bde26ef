#!/usr/bin/env bash
# make run: starts the server with a live demo swarm, shows what arrived and where to look. Ctrl-C
# stops both. Started again it goes on where it was: history is sent only for the time since the last
# span. HG_BINARY, HG_DATA, HG_HISTORY and HG_SERVE_FLAGS choose binary, data directory, the first
# start's history and further flags of the server.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary="${HG_BINARY:-build/release/honeyguide}"
data="${HG_DATA:-build/demo-data}"
history="${HG_HISTORY:-2h}"

work="$(mktemp -d)"
# The demo's agents send, and hear directives, under a token that speaks for them.
new_token="$("$binary" token --new ingest,agent,operate --agents '*')"
agent_token="$(sed -n 's/^token: *//p' <<<"$new_token")"
sed -n 's/^line: *//p' <<<"$new_token" >"$work/tokens"
mkdir -p "$(dirname "$data")"
pager="$(cd "$(dirname "$data")" && pwd)/pager.log"
(umask 077 && tools/demo_config.sh "$pager" >"$work/honeyguide.yaml")
# shellcheck disable=SC2086
"$binary" serve --config "$work/honeyguide.yaml" --data "$data" --token-file "$work/tokens" \
  --enable-exec --login-url ${HG_SERVE_FLAGS:-} \
  >"$work/ready" 2>"$work/err" &
server=$!
demo=""
stop() {
  kill -TERM $demo $server 2>/dev/null
  wait $server
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 0' INT TERM
until grep -q '"event":"ready"' "$work/ready"; do
  if ! kill -0 $server 2>/dev/null; then
    cat "$work/err" >&2
    exit 1
  fi
  sleep 0.1
done
address() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/ready"; }
export HONEYGUIDE_URL="http://$(address http)"

since="$(python3 tools/run_report.py --since-last-span)"
[[ -n "$since" ]] && history="$since"
"$binary" demo --url "http://$(address otlp_http)" --api "$HONEYGUIDE_URL" \
  --token "$agent_token" --agent-token "$agent_token" --history "$history" >"$work/demo" &
demo=$!
until grep -q '^history:' "$work/demo" 2>/dev/null; do
  kill -0 $demo 2>/dev/null || exit 1
  sleep 0.1
done
echo "The demo swarm sent its $(cat "$work/demo"), and goes on in real time."
python3 tools/run_report.py --binary "$binary"
echo
echo "Open the page:   $(sed -n 's/^page: //p' "$work/err" | head -1)   (once; it signs you in)"
echo "Send your own:   export OTEL_EXPORTER_OTLP_ENDPOINT=http://$(address otlp_http)"
echo "Ask:             $binary search 'agent:coder-2 dur>5s'"
echo "Who was woken:   $pager"
echo "Stop:            Ctrl-C"
wait $server
