import * as v from "valibot";
import { actionDetail, agentRef, alert, changeEvent, forecast, link, listOf, maybe, maybeNs, maybeText, ns, num, sentence, series, severity, text, total } from "./shapes";

export const alerts = v.object({
  ...listOf(alert),
  counts: v.object({ active: num, predicted: num, anomalies: num, mitigations: num, silences: num }),
});
export type Alerts = v.InferOutput<typeof alerts>;

export const alertDocument = v.object({
  alert,
  chart: v.nullable(
    v.object({
      title: text, unit: text, series, forecast: v.nullable(forecast), threshold: maybe, threshold_label: maybeText, below: v.boolean(),
      marks: v.array(v.object({ at_unix_ns: ns, text, severity: v.nullable(severity) })), onset_unix_ns: maybeNs, end_unix_ns: maybeNs, refractory_until_unix_ns: maybeNs,
    }),
  ),
  why: v.array(v.object({ sentence, share_ratio: maybe, link })),
  change: v.nullable(changeEvent),
  record: v.nullable(
    v.object({ outcomes: v.array(v.picklist(["inside", "outside", "no_breach"])), inside: num, total: num, nominal_ratio: num, lead_median_ms: maybe }),
  ),
  culprits: v.array(v.object({ agent: v.nullable(agentRef), confidence_ratio: maybe, sentence })),
  action: v.nullable(actionDetail),
  what_to_do: maybeText,
  runbook_url: maybeText,
  timeline: v.array(v.object({ at_unix_ns: ns, kind: text, text, planned: v.boolean(), by: maybeText })),
  partial: v.nullable(v.object({ reason: text })),
});
export type AlertDocument = v.InferOutput<typeof alertDocument>;

export const predictions = v.object({
  ...listOf(alert),
  accuracy: v.array(
    v.object({ class: text, predictions: num, precision_ratio: maybe, recall_ratio: maybe, coverage_ratio: maybe, lead_median_ms: maybe }),
  ),
});
export type Predictions = v.InferOutput<typeof predictions>;

export const anomaly = v.object({
  id: text, metric: text, title: text, unit: text, agent: v.nullable(agentRef), severity, direction: text, onset_unix_ns: ns, end_unix_ns: maybeNs, value: maybe,
  expected_low: maybe, expected_high: maybe, p_value: maybe, rarity_minutes: maybe, features: v.array(text), feedback: maybeText, alert_id: maybeText, similar: num,
  series: v.nullable(series), refractory_until_unix_ns: maybeNs,
});
export type Anomaly = v.InferOutput<typeof anomaly>;
export const anomalies = v.object(listOf(anomaly));

export const mitigations = v.object({
  ...listOf(actionDetail),
  counts: v.object({ pending: num, running: num, done: num, refused: num }),
});
export type Mitigations = v.InferOutput<typeof mitigations>;

export const escalations = v.object({
  policies: v.array(v.object({ name: text, steps: v.array(v.object({ after_ms: num, receivers: v.array(text), title: text })), repeat_ms: maybe })),
  current: v.array(v.object({ alert_id: text, sentence, policy: text, step: num, next_unix_ns: maybeNs, acknowledged_by: maybeText })),
  receivers: v.array(v.object({ name: text, type: text, status: text, last_success_unix_ns: maybeNs, failures: num })),
});
export type Escalations = v.InferOutput<typeof escalations>;

export const audit = v.object({
  items: v.array(v.object({ id: num, at_unix_ns: ns, actor: text, action: text, target: text, detail: text, result: text, hash: text })),
  chain: v.object({ status: text, verified_unix_ns: maybeNs, entries: num }),
  actors: v.array(text),
  total,
  next_cursor: maybeText,
  partial: v.nullable(v.object({ reason: text })),
});
export type Audit = v.InferOutput<typeof audit>;
