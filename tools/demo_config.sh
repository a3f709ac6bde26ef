#!/usr/bin/env bash
# Writes the configuration that `make run` starts the server with: a budget, an escalation that ends
# in a file, and three policies, so that the demo's incidents go all the way.
#   tools/demo_config.sh PAGER_FILE > honeyguide.yaml
set -euo pipefail
pager="$1"
cat <<EOF
# What the demo's newsroom and coders are watched by. docs/guide/alerting.md and
# docs/guide/mitigation.md explain every key.
budgets:
  - name: fix-issue
    selector: {workflow: fix-issue}
    usd: 15
    period: 2h

receivers:
  - name: pager file
    type: command
    command: [/usr/bin/tee, -a, "$pager"]

alerting:
  route:
    receiver: pager file
    group_by: [alertname, agent]
    group_wait: 10s
  escalation:
    - name: on-call
      severity_min: critical
      steps:
        - {after: 0s, receivers: [pager file], title: Tell the team}
        - {after: 3m, receivers: [pager file], title: Wake the on-call engineer}
      repeat: 15m
      repeats_max: 2

mitigation:
  actions:
    hold: {directive: pause, expires: 5m}
    slow: {directive: throttle, params: {ratio: 0.5}, expires: 10m}
    open-ring: {directive: break_wait}
  policies:
    - {name: loop-guard, match: {category: loop}, action: hold, mode: live, approval: true}
    - {name: open-rings, match: {category: deadlock}, action: open-ring, mode: live}
    - {name: slow-down, match: {category: performance}, action: slow, mode: dry_run}
EOF
