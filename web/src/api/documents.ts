import * as v from "valibot";
import {
  action, agentRef, agentRow, alert, changeEvent, dryRun, forecast, guard, listOf, maybe, maybeNs, maybeText, metric, ns, num,
  outcome, partial, sentence, series, severity, status, strip, text, total, traceRow, unknowns,
} from "./shapes";

// One schema a document of the API, in the order of docs/reference/ui-api.md.

export const statusDocument = v.object({
  now_unix_ns: ns,
  version: text,
  tenant: text,
  tenants: v.array(text),
  roles: v.array(text),
  first_span_unix_ns: maybeNs,
  last_span_unix_ns: maybeNs,
  health: v.object({ score: maybe, status }),
  receiving_spans_per_s: maybe,
  counts: v.object({ alerts: num, alerts_critical: num, approvals: num, conflicts: num, agents: num, workflows: num }),
  modes: v.object({ storm: maybeText, read_only: maybeText, demo: v.boolean() }),
});
export type StatusDocument = v.InferOutput<typeof statusDocument>;

export const overview = v.object({
  now_unix_ns: ns,
  start_unix_ns: ns,
  end_unix_ns: ns,
  health: v.object({
    score: maybe,
    status,
    series: v.nullable(series),
    changed: v.nullable(v.object({ from: num, at_unix_ns: ns })),
  }),
  attention: v.object({
    items: v.array(alert),
    total: num,
    more_warnings: num,
    inert_rules: num,
    silenced: v.nullable(v.object({ count: num, next_end_unix_ns: maybeNs })),
    quiet: v.nullable(v.object({ since_unix_ns: maybeNs, agents: num, tasks: num, horizon_ms: num })),
  }),
  cards: v.object({ throughput: metric, success: metric, cost: metric, tokens: metric }),
  agents: v.object({ items: v.array(agentRow), as_usual: num }),
  changes: v.array(changeEvent),
  partial,
});
export type Overview = v.InferOutput<typeof overview>;

export const agentGroup = v.object({
  name: text, agents: num, throughput_per_h: maybe, success_ratio: maybe, tokens_per_h: maybe, cost_per_h_usd: maybe, quality: maybe, cost_per_success_usd: maybe,
  previous: v.nullable(v.record(text, maybe)),
});
export const agents = v.object({ ...listOf(agentRow), groups: v.optional(v.array(agentGroup), []) });
export type Agents = v.InferOutput<typeof agents>;
export type AgentGroup = v.InferOutput<typeof agentGroup>;

export const agentDocument = v.object({
  row: agentRow,
  facts: v.array(v.object({ name: text, value: text })),
  alerts: v.array(alert),
  actions: v.array(action),
  control: v.object({
    supported: v.boolean(), directive: maybeText, since_unix_ns: maybeNs, reason: maybeText, by: maybeText, ack_state: maybeText, acked_unix_ns: maybeNs, help: maybeText,
  }),
  strip: v.nullable(strip),
  busy_ratio: maybe,
  busy_usual_ratio: maybe,
  charts: v.object({ throughput: metric, duration: metric, cost: metric, quality: metric }),
  tasks: v.object({
    items: v.array(
      v.object({
        id: text, name: text, type: maybeText, workflow: maybeText, state: text, outcome, start_unix_ns: ns, duration_ms: maybe, tokens: maybe, cost_usd: maybe, quality: maybe,
        trace_id: maybeText, span_id: maybeText,
      }),
    ),
    total,
    running: num,
  }),
  neighbours: v.array(
    v.object({ agent: agentRef, direction: v.picklist(["in", "out"]), messages_per_h: maybe, wait_p95_ms: maybe, wait_usual_ms: maybe, error_ratio: maybe }),
  ),
  tools: v.array(v.object({ name: text, calls: num, repeated_ratio: maybe, error_ratio: maybe, duration_p90_ms: maybe })),
  models: v.array(v.object({ name: text, calls: num, tokens: maybe, cost_usd: maybe, error_ratio: maybe, duration_p90_ms: maybe, price_known: v.boolean() })),
  report: v.array(sentence),
  partial,
});
export type AgentDocument = v.InferOutput<typeof agentDocument>;

export const effect = v.object({
  directive: text,
  agent: agentRef,
  does: text,
  reversible: v.boolean(),
  supported: v.boolean(),
  unsupported_reason: maybeText,
  running_tasks: maybe,
  waiting_agents: v.array(agentRef),
  dry_run: dryRun,
  guards: v.array(guard),
});
export type Effect = v.InferOutput<typeof effect>;

export const topology = v.object({
  nodes: v.array(
    v.object({
      id: text, kind: v.picklist(["agent", "service", "tool"]), agent: agentRef, team: maybeText, state: text, state_text: text, status, rate_per_h: maybe, cost_per_h_usd: maybe,
      strip: v.nullable(strip), x: maybe, y: maybe, pinned: v.boolean(), ghost_since_unix_ns: maybeNs,
    }),
  ),
  edges: v.array(
    v.object({
      source: text, target: text, kind: text, count: num, rate_per_h: maybe, p50_ms: maybe, p95_ms: maybe, p95_usual_ms: maybe, errors: num, error_ratio: maybe,
      wait: v.nullable(v.object({ since_unix_ns: maybeNs, oldest_ms: num, usual_ms: maybe, count: num })),
      trace_id: maybeText,
    }),
  ),
  cycles: v.array(
    v.object({
      id: text, since_unix_ns: ns, edges: v.array(v.object({ source: text, target: text, wait_ms: num })), runs_blocked: maybe,
      release: v.nullable(v.object({ index: num, reason: text })), alert_id: maybeText,
    }),
  ),
  buckets: v.nullable(v.object({ start_unix_ms: num, step_ms: num, messages: v.array(maybe), waiting_ratio: v.array(maybe), errors: v.array(maybe) })),
  summary: v.object({ messages: maybe, messages_usual: maybe, waiting_ratio: maybe, waiting_usual_ratio: maybe, error_ratio: maybe, error_usual_ratio: maybe }),
  partial,
});
export type Topology = v.InferOutput<typeof topology>;

export const topologyPair = v.object({
  source: text,
  target: text,
  messages: v.array(v.object({ at_unix_ns: ns, kind: text, label: text, latency_ms: maybe, error: v.boolean(), trace_id: text, span_id: maybeText })),
});

export const workflowRow = v.object({
  name: text, runs_per_h: maybe, success_ratio: maybe, success_usual_ratio: maybe, duration_p50_ms: maybe, duration_p90_ms: maybe, cost_per_run_usd: maybe, cost_per_run_usual_usd: maybe,
  agents: v.array(agentRef), last_runs: text, running: num, alerts: num, unknown: unknowns,
});
export type WorkflowRow = v.InferOutput<typeof workflowRow>;
export const workflows = v.object(listOf(workflowRow));

const scatterPoint = v.object({ trace_id: text, start_unix_ms: num, duration_ms: num, outcome });
export const workflowDocument = v.object({
  row: workflowRow,
  scatter: v.array(scatterPoint),
  time_owners: v.array(v.object({ agent: v.nullable(agentRef), operation: text, share_ratio: num, p10_ms: maybe, p50_ms: num, p90_ms: maybe })),
  cost_by_agent: v.array(v.object({ agent: v.nullable(agentRef), cost_usd: num, share_ratio: num })),
  cost_by_model: v.array(v.object({ name: text, cost_usd: num, share_ratio: num })),
  usual_path: v.array(v.object({ step: text, share_ratio: num })),
  budget: v.nullable(
    v.object({
      limit_usd: num, period_start_unix_ns: ns, period_end_unix_ns: ns, spent_usd: series, forecast: v.nullable(forecast),
      empty: v.nullable(v.object({ q10_unix_ns: maybeNs, q50_unix_ns: maybeNs, q90_unix_ns: maybeNs })),
      contributors: v.array(v.object({ agent: v.nullable(agentRef), cost_usd: num })),
    }),
  ),
  partial,
});
export type WorkflowDocument = v.InferOutput<typeof workflowDocument>;

export const traces = v.object({
  ...listOf(traceRow),
  query: v.optional(
    v.nullable(
      v.object({
        errors: v.array(v.object({ position: num, length: num, message: text })),
        exclusions: v.optional(v.nullable(v.array(v.object({ part: text, without: num }))), []),
      }),
    ),
    null,
  ),
});
export type Traces = v.InferOutput<typeof traces>;
export const runs = v.object(listOf(traceRow));
export const facets = v.object({
  facets: v.array(v.object({ key: text, title: text, values: v.array(v.object({ value: text, count: num })), more: num })),
  partial,
});
export const scatter = v.object({
  points: v.array(scatterPoint),
  bins: v.nullable(v.object({ start_unix_ms: num, step_ms: num, columns: num, duration_ms_min: num, duration_ms_max: num, rows: num, counts: v.array(num) })),
});
export const completions = v.object({ replace_from: num, replace_to: num, items: v.array(v.object({ text, title: text, count: maybe })) });

export const silence = v.object({
  id: text, matchers: v.array(v.object({ name: text, value: text, is_regex: v.boolean(), is_equal: v.boolean() })), starts_unix_ns: ns, ends_unix_ns: maybeNs,
  state: text, created_by: text, reason: text, hides: maybe,
});
export const silences = v.object(listOf(silence));

export const conflicts = v.object({
  summary: v.object({
    resolution_ratio: maybe, target_ratio: maybe, warning_ratio: maybe, critical_ratio: maybe, status, change: maybe, open: num, median_resolution_ms: maybe, deadlocks: num,
  }),
  counts: v.object({ open: num, resolved: num, review: num }),
  ...listOf(
    v.object({
      id: text, type: text, state: text, parties: v.array(agentRef), about: maybeText, rounds: maybe, method: maybeText, severity, since_unix_ns: ns, age_ms: num, usual_ms: maybe,
      resolved_unix_ns: maybeNs, resolution: maybeText, trace_id: maybeText, alert_id: maybeText, cycle_id: maybeText,
    }),
  ),
});
export type Conflicts = v.InferOutput<typeof conflicts>;

export const dependencies = v.object({
  chains: v.array(
    v.object({ chain: v.array(agentRef), deadlock: v.boolean(), severity: v.nullable(severity), oldest_ms: num, usual_ms: maybe, cycle_id: maybeText, trace_id: maybeText }),
  ),
  edges: v.array(v.object({ consumer: agentRef, producer: agentRef, count: num, wait_p50_ms: maybe, wait_p95_ms: maybe, wait_usual_ms: maybe, waiting_now: num })),
  partial,
});
export type Dependencies = v.InferOutput<typeof dependencies>;

export const health = v.object({
  score: maybe,
  status,
  now_unix_ns: ns,
  inputs: v.array(v.object({ name: text, score: maybe, weight: num, text: maybeText, unknown_reason: maybeText })),
  recommendations: v.array(v.object({ text, severity })),
  stages: v.array(v.object({ name: text, rate_per_s: maybe, lag_ms: maybe, drops: maybe, p99_ms: maybe, status })),
  storage: v.nullable(
    v.object({
      bytes: maybe, cap_bytes: maybe, growth_bytes_per_day: maybe, full_in: v.nullable(v.object({ q10_ms: maybe, q50_ms: maybe, q90_ms: maybe })),
      classes: v.array(v.object({ name: text, retention_ms: maybe, bytes: maybe })), series: v.nullable(series),
    }),
  ),
  resources: v.array(v.object({ name: text, unit: text, used: maybe, limit: maybe, status, series: v.nullable(series) })),
  clients: v.array(v.object({ name: text, version: maybeText, service: maybeText, last_seen_unix_ns: maybeNs, spans_per_s: maybe, drops_reported: maybe })),
  validation: v.array(v.object({ name: text, status: v.picklist(["ok", "warning", "failed"]), text, fix: maybeText, spans: maybe })),
  partial,
});
export type Health = v.InferOutput<typeof health>;

const settingsEntry = v.object({
  key: text, title: text, help: maybeText, type: v.picklist(["number", "duration_ms", "ratio", "usd", "text", "boolean", "list", "json"]), value: v.unknown(), unit: maybeText,
  default: v.unknown(), source: v.picklist(["default", "file", "flag", "environment", "runtime"]), source_detail: maybeText, changeable: v.boolean(), why_not: maybeText,
  role: v.optional(text, "admin"),
});
export type SettingsEntry = v.InferOutput<typeof settingsEntry>;
export const settings = v.object({
  sections: v.array(v.object({ id: text, title: text, help: maybeText, entries: v.array(settingsEntry) })),
  inert_rules: v.array(v.object({ name: text, reason: text })),
  rules: v.array(
    v.object({ name: text, kind: text, expression: text, for_ms: maybe, severity, state: text, fired: maybe, source: text, inert_reason: maybeText }),
  ),
});
export type Settings = v.InferOutput<typeof settings>;
export const settingsEntryDocument = settingsEntry;
export const rulePreview = v.object({ fired: num, over_ms: num, series: v.nullable(series), fired_at_unix_ns: v.array(ns), threshold: maybe });

export const receivers = v.object({
  listeners: v.array(
    v.object({ name: text, protocol: text, address: text, endpoint: text, listening: v.boolean(), error: maybeText, connections: num, requests: num, spans: num, last_unix_ns: maybeNs }),
  ),
  refused: v.array(v.object({ reason: text, count: num, fix: maybeText, last_unix_ns: maybeNs })),
  first_trace: v.nullable(v.object({ trace_id: text, agent: v.nullable(agentRef), service: maybeText, spans: num })),
  token_needed: v.boolean(),
  demo_available: v.boolean(),
});
export type Receivers = v.InferOutput<typeof receivers>;

export const searchResults = v.object({
  items: v.array(v.object({ kind: v.picklist(["agent", "workflow", "trace", "alert"]), id: text, title: text, subtitle: maybeText, agent: v.optional(v.nullable(agentRef), null) })),
});
export type SearchResult = v.InferOutput<typeof searchResults>["items"][number];

