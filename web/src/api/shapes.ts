import * as v from "valibot";

// Pieces that several documents share; docs/reference/ui-api.md spells them out.

export const num = v.number();
export const maybe = v.nullable(v.number());
export const text = v.string();
export const maybeText = v.nullable(v.string());
export const ns = v.pipe(v.string(), v.regex(/^-?\d{1,20}$/));
export const maybeNs = v.nullable(ns);

// A word that a newer server adds must not blank a page: it is shown as unknown.
export const severity = v.fallback(v.picklist(["low", "medium", "high", "critical", "emergency"]), "medium");
export const status = v.fallback(v.picklist(["ok", "warning", "critical", "unknown"]), "unknown");
export const outcome = v.fallback(v.picklist(["success", "failed", "limit", "running", "unknown"]), "unknown");
export const agentState = v.fallback(v.picklist(["busy", "waiting", "idle", "error", "paused", "unknown"]), "unknown");

export const agentRef = v.object({ id: text, name: text, slot: num });

export const sentencePart = v.variant("kind", [
  v.object({ kind: v.picklist(["text", "strong", "code"]), text }),
  v.object({ kind: v.literal("agent"), agent: agentRef }),
  v.object({ kind: v.literal("workflow"), name: text }),
  v.object({ kind: v.literal("duration"), ms: num }),
  v.object({ kind: v.literal("money"), usd: num }),
  v.object({ kind: v.literal("ratio"), value: num }),
  v.object({ kind: v.literal("number"), value: num, unit: text }),
  v.object({ kind: v.literal("time"), unix_ns: ns }),
]);
export const sentence = v.object({ text, parts: v.array(sentencePart) });

export const series = v.object({
  start_unix_ms: num,
  step_ms: num,
  values: v.array(maybe),
  expected_low: v.optional(v.nullable(v.array(maybe))),
  expected_high: v.optional(v.nullable(v.array(maybe))),
});
export const forecast = v.object({ start_unix_ms: num, step_ms: num, q10: v.array(num), q50: v.array(num), q90: v.array(num) });
export const strip = v.object({ start_unix_ms: num, cell_ms: num, cells: text });

export const metric = v.object({
  value: maybe,
  usual: maybe,
  target: maybe,
  change_ratio: maybe,
  status,
  unknown_reason: maybeText,
  series,
  forecast: v.nullable(forecast),
});
export type Metric = v.InferOutput<typeof metric>;

export const partial = v.nullable(v.object({ reason: text, missing: v.optional(v.array(text)) }));
export const total = v.object({ count: num, exact: v.boolean() });
export type Total = v.InferOutput<typeof total>;
export const link = v.nullable(v.object({ kind: text, id: text }));
export type EntityLink = v.InferOutput<typeof link>;

/** A page of a list. */
export function listOf<T extends v.GenericSchema>(item: T) {
  return { items: v.array(item), total, next_cursor: maybeText, partial };
}

const unknownReasons = v.optional(v.record(text, text), {});

const actionFields = {
  id: text,
  directive: text,
  agent: v.nullable(agentRef),
  title: text,
  state: v.picklist([
    "proposed", "approved", "denied", "requested", "delivered", "obeyed", "verified", "failed", "refused", "rolled_back", "expired", "dry_run",
  ]),
  reversible: v.boolean(),
  needs_approval: v.boolean(),
  expires_unix_ns: maybeNs,
  alert_id: maybeText,
  created_unix_ns: ns,
};
export const action = v.object(actionFields);
export type Action = v.InferOutput<typeof action>;

export const guard = v.object({ name: text, passed: v.boolean(), text });
export const dryRun = v.nullable(v.object({ at_unix_ns: ns, text, saves_usd: maybe, over_ms: maybe }));

export const actionDetail = v.object({
  ...actionFields,
  proposed_by: text,
  does: text,
  running_tasks: maybe,
  waiting_agents: v.array(agentRef),
  dry_run: dryRun,
  guards: v.array(guard),
  progress: v.object({ requested_unix_ns: maybeNs, delivered_unix_ns: maybeNs, obeyed_unix_ns: maybeNs, verified_unix_ns: maybeNs }),
  decided: v.nullable(v.object({ by: text, at_unix_ns: ns, note: text, decision: text })),
  verification: v.nullable(v.object({ verdict: v.picklist(["cleared", "not_cleared", "worse", "pending"]), text, at_unix_ns: maybeNs })),
  rollback: v.object({ possible: v.boolean(), reason: maybeText }),
  refused_by: maybeText,
  effect_chart: v.nullable(v.object({ title: text, unit: text, at_unix_ns: ns, series })),
  confirm_name: v.boolean(),
});
export type ActionDetail = v.InferOutput<typeof actionDetail>;

export const alert = v.object({
  id: text,
  kind: v.picklist(["condition", "threshold", "anomaly", "prediction", "inert_rule"]),
  severity,
  state: v.picklist(["pending", "firing", "acknowledged", "resolved", "silenced", "predicted", "inert"]),
  category: text,
  rule: text,
  sentence,
  detail: v.nullable(sentence),
  agents: v.array(agentRef),
  workflow: maybeText,
  since_unix_ns: ns,
  resolved_unix_ns: maybeNs,
  measure: v.nullable(v.object({ name: text, value: maybe, usual: maybe, unit: text })),
  impact: v.object({ cost_usd: maybe, cost_per_h_usd: maybe, cost_per_h_usual_usd: maybe, runs_blocked: maybe, throughput_change_per_h: maybe }),
  prediction: v.nullable(
    v.object({ eta_q10_ms: num, eta_q50_ms: maybe, eta_q90_ms: maybe, breach_ratio: maybe, threshold: num, unit: text, stays_until_unix_ns: maybeNs }),
  ),
  action: v.nullable(action),
  acknowledged: v.nullable(v.object({ by: text, at_unix_ns: ns })),
  assigned_to: maybeText,
  escalation: v.nullable(v.object({ policy: text, step: num, next_unix_ns: maybeNs })),
  silence: v.nullable(v.object({ id: text, ends_unix_ns: maybeNs })),
  group_count: num,
  caused_by: maybeText,
  evidence: v.nullable(v.object({ trace_id: text, span_id: maybeText })),
});
export type Alert = v.InferOutput<typeof alert>;

const figures = {
  throughput_per_h: maybe,
  success_ratio: maybe,
  duration_p50_ms: maybe,
  duration_p90_ms: maybe,
  quality: maybe,
  tokens_per_h: maybe,
  cost_per_h_usd: maybe,
  cost_per_success_usd: maybe,
  waiting_ratio: maybe,
};
export const agentRow = v.object({
  agent: agentRef,
  team: maybeText,
  framework: maybeText,
  model: maybeText,
  version: maybeText,
  state: agentState,
  state_since_unix_ns: maybeNs,
  strip: v.nullable(strip),
  surprise: maybe,
  differs: v.nullable(v.object({ text, severity: v.nullable(severity) })),
  ...figures,
  alerts: num,
  last_seen_unix_ns: maybeNs,
  previous: v.nullable(v.object(figures)),
  unknown: unknownReasons,
});
export type AgentRow = v.InferOutput<typeof agentRow>;

export const changeEvent = v.object({
  at_unix_ns: ns,
  kind: v.picklist(["deploy", "config", "model", "prompt", "new_agent", "new_tool", "alert", "prediction", "action", "conflict", "other"]),
  sentence,
  severity: v.nullable(severity),
  before_alert: v.nullable(v.object({ alert_id: text, before_ms: num, what: text })),
  link,
});
export type ChangeEvent = v.InferOutput<typeof changeEvent>;

export const traceRow = v.object({
  trace_id: text,
  run_id: maybeText,
  workflow: maybeText,
  name: text,
  root_service: maybeText,
  outcome,
  reason: maybeText,
  start_unix_ns: ns,
  duration_ms: maybe,
  usual_p90_ms: maybe,
  spans: num,
  errors: num,
  tokens: maybe,
  cost_usd: maybe,
  score: maybe,
  agents: v.array(agentRef),
  traces_joined: num,
  unknown: unknownReasons,
});
export type TraceRow = v.InferOutput<typeof traceRow>;

export const unknowns = unknownReasons;
