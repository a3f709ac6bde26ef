#!/usr/bin/env bash
# make run: starts the server with a live demo swarm, shows what arrived and where to look. Ctrl-C
# stops both. HG_BINARY and HG_DATA choose the binary and the data directory.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary="${HG_BINARY:-build/release/honeyguide}"
data="${HG_DATA:-build/demo-data}"
history="${HG_HISTORY:-2h}"

ready="$(mktemp)"
# The demo's agents hear directives: they need a token of their own.
new_token="$("$binary" token --new agent --agents '*')"
agent_token="$(sed -n 's/^token: *//p' <<<"$new_token")"
sed -n 's/^line: *//p' <<<"$new_token" >"$ready.tokens"
"$binary" serve --data "$data" --token-file "$ready.tokens" --login-url >"$ready" 2>"$ready.err" &
server=$!
demo=""
trap 'kill -TERM $demo $server 2>/dev/null; wait $server; rm -f "$ready" "$ready.err" "$ready.tokens"' EXIT
trap 'exit 0' INT TERM
until grep -q '"event":"ready"' "$ready"; do
  if ! kill -0 $server 2>/dev/null; then
    cat "$ready.err" >&2
    exit 1
  fi
  sleep 0.1
done

"$binary" demo --token-of "$data" --agent-token "$agent_token" --history "$history" >/dev/null &
demo=$!
echo "The demo swarm sends its history ..."
for _ in $(seq 1 100); do
  [[ "$("$binary" services 2>/dev/null | wc -l)" -ge 2 ]] && break
  sleep 0.2
done
sleep 3

echo
echo "Services that sent spans:"
"$binary" services | sed 's/^/  /'
echo
echo "The newest run that failed:"
trace="$("$binary" search 'status:error' --limit 1 2>/dev/null | cut -d' ' -f1)"
[[ "$trace" =~ ^[0-9a-f]{32}$ ]] && "$binary" trace "$trace" | head -20 | sed 's/^/  /'
echo
echo "Open the page:   $(sed -n 's/^page: //p' "$ready.err" | head -1)"
echo "Send your own:   export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
echo "Ask:             $binary search 'agent:coder-2 dur>5s'"
echo "Stop:            Ctrl-C"
wait $server
