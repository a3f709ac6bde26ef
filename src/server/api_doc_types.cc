// The named types of the API's documents, in the notation of type_notation.h.
#include "server/openapi.h"

namespace honeyguide::server {
namespace {

constexpr TypeDoc kTypes[] = {
    {"Error",
     "{error: {code: string, message: string, request_id?: string, position?: integer, "
     "length?: integer, needs?: string}}",
     "What went wrong and what to do."},
    {"Agent", "{id: string, name: string, slot: integer(0..31)}", "An agent's name and identity."},
    {"Total", "{count: integer, exact: boolean}", "How many there are in all."},
    {"Partial", "{reason: string, missing?: string[]}", "Why an answer is not whole."},
    {"List", "{total: Total, next_cursor: string?, partial: Partial?}", "What every list carries."},
    {"Part",
     "{kind: 'text'|'strong'|'code'|'agent'|'workflow'|'duration'|'money'|'ratio'|'number'|'time', "
     "text?: string, agent?: Agent, name?: string, ms?: number, usd?: number, value?: number, "
     "unit?: string, unix_ns?: ns}",
     "A part of a sentence."},
    {"Sentence", "{text: string, parts: Part[]}", "A sentence as data."},
    {"Severity", "'low'|'medium'|'high'|'critical'|'emergency'", ""},
    {"Status", "'ok'|'warning'|'critical'|'unknown'", ""},
    {"Outcome", "'success'|'failed'|'limit'|'running'|'unknown'", "What came of a run."},
    {"Series",
     "{start_unix_ms: integer, step_ms: number, values: (number?)[], "
     "expected_low?: (number?)[]?, expected_high?: (number?)[]?}",
     "Equal steps of time, oldest first."},
    {"Forecast",
     "{start_unix_ms: integer, step_ms: number, q10: number[], q50: number[], q90: number[]}", ""},
    {"Strip", "{start_unix_ms: integer, cell_ms: integer, cells: string}",
     "One letter a cell: b busy, w waiting, i idle, e error, p paused, n no data."},
    {"Metric",
     "{value: number?, usual: number?, target: number?, change_ratio: number?, status: Status, "
     "unknown_reason: string?, series: Series, forecast: Forecast?}",
     "One figure with its course."},
    {"Figures",
     "{throughput_per_h: number?, success_ratio: number?, duration_p50_ms: number?, "
     "duration_p90_ms: number?, quality: number?, tokens_per_h: number?, cost_per_h_usd: number?, "
     "cost_per_success_usd: number?, waiting_ratio: number?}",
     "An agent's figures over a range."},
    {"AgentRow",
     "Figures & {agent: Agent, team: string?, framework: string?, model: string?, version: string?,"
     " state: 'busy'|'waiting'|'idle'|'error'|'paused'|'unknown', state_since_unix_ns: ns?, "
     "strip: Strip?, surprise: number?, differs: {text: string, severity: Severity?}?, "
     "alerts: integer, last_seen_unix_ns: ns?, previous: Figures?, unknown: map<string>}",
     ""},
    {"Task",
     "{id: string, name: string, type: string?, workflow: string?, state: string, outcome: Outcome,"
     " start_unix_ns: ns, duration_ms: number?, tokens: integer?, cost_usd: number?, "
     "quality: number?, trace_id: string?, span_id: string?}",
     "One piece of an agent's work."},
    {"Action",
     "{id: string, directive: string, agent: Agent?, title: string, state: string, "
     "reversible: boolean, needs_approval: boolean, expires_unix_ns: ns?, alert_id: string?, "
     "created_unix_ns: ns}",
     "Something done, or to be done, about an alert."},
    {"ActionDetail",
     "Action & {proposed_by: string, reason: string, does: string, running_tasks: integer, "
     "waiting_agents: Agent[], "
     "dry_run: {at_unix_ns: ns, text: string, saves_usd: number?, over_ms: number?}?, "
     "guards: Guard[], progress: {requested_unix_ns: ns?, delivered_unix_ns: ns?, "
     "obeyed_unix_ns: ns?, verified_unix_ns: ns?}, "
     "decided: {by: string, at_unix_ns: ns, note: string, decision: string}?, "
     "verification: {verdict: string, text: string, at_unix_ns: ns?, recurred: boolean}?, "
     "rollback: {possible: boolean, reason: string}, refused_by: string?, "
     "effect_chart: {title: string, unit: string, at_unix_ns: ns, series: Series}?, "
     "confirm_name: boolean, seq: integer, epoch: integer}",
     "An action with its guards, its progress and its verdict."},
    {"Guard", "{name: string, passed: boolean, text: string}", "A condition before an action."},
    {"Effect",
     "{directive: string, agent: Agent, does: string, reversible: boolean, supported: boolean, "
     "unsupported_reason: string?, running_tasks: integer?, waiting_agents: Agent[], "
     "dry_run: {at_unix_ns: ns, text: string, saves_usd: number?, over_ms: number?}?, "
     "guards: Guard[]}",
     "What a directive would do."},
    {"Control",
     "{supported: boolean, directive: string?, since_unix_ns: ns?, reason: string?, by: string?, "
     "ack_state: string?, acked_unix_ns: ns?, help: string?}",
     "An agent's control channel."},
    {"TimelineEntry", "{at_unix_ns: ns, kind: string, text: string, planned: boolean, by: string?}",
     "A line of an alert's record."},
    {"Matcher", "{name: string, value: string, is_regex?: boolean, is_equal?: boolean}",
     "A label that must, or must not, equal or match a value."},
    {"Silence",
     "{id: string, matchers: Matcher[], starts_unix_ns: ns, ends_unix_ns: ns?, "
     "state: 'active'|'pending'|'expired', created_by: string, reason: string, hides: integer}",
     "What is not notified for a while."},
    {"Rule",
     "{name: string, kind: string, expression: string, for_ms: integer, severity: Severity, "
     "category: string, state: string, fired: integer, source: string, inert_reason: string?}",
     "A threshold rule."},
    {"Alert",
     "{id: string, kind: 'condition'|'threshold'|'anomaly'|'prediction'|'inert_rule', "
     "severity: Severity, state: string, category: string, rule: string, sentence: Sentence, "
     "detail: Sentence?, agents: Agent[], workflow: string?, since_unix_ns: ns, "
     "resolved_unix_ns: ns?, "
     "measure: {name: string, value: number?, usual: number?, unit: string}?, "
     "impact: {cost_usd: number?, cost_per_h_usd: number?, cost_per_h_usual_usd: number?, "
     "runs_blocked: integer?, throughput_change_per_h: number?}, prediction: object?, "
     "action: Action?, acknowledged: {by: string, at_unix_ns: ns}?, assigned_to: string?, "
     "escalation: {policy: string, step: integer, next_unix_ns: ns?}?, "
     "silence: {id: string, ends_unix_ns: ns?}?, group_count: integer, caused_by: string?, "
     "evidence: {trace_id: string, span_id: string?}?, labels: map<string>, flapping: boolean, "
     "unknown: boolean, episodes: integer}",
     ""},
    {"Link", "{kind: string, id: string}", "Where a row leads."},
    {"Change",
     "{at_unix_ns: ns, kind: string, sentence: Sentence, severity: Severity?, "
     "before_alert: {alert_id: string, before_ms: number, what: string}?, link: Link?}",
     "Something that changed in the watched system."},
    {"TraceRow",
     "{trace_id: string, run_id: string?, workflow: string?, name: string, root_service: string?, "
     "outcome: Outcome, reason: string?, start_unix_ns: ns, duration_ms: number?, "
     "usual_p90_ms: number?, spans: integer, errors: integer, tokens: integer?, cost_usd: number?, "
     "score: number?, agents: Agent[], traces_joined: integer, unknown: map<string>}",
     "A trace, or the run that it is part of."},
    {"Point", "{trace_id: string, start_unix_ms: integer, duration_ms: number, outcome: Outcome}",
     "A run in a scatter chart."},
    {"WorkflowRow",
     "{name: string, runs_per_h: number?, success_ratio: number?, success_usual_ratio: number?, "
     "duration_p50_ms: number?, duration_p90_ms: number?, cost_per_run_usd: number?, "
     "cost_per_run_usual_usd: number?, agents: Agent[], last_runs: string, running: integer, "
     "alerts: integer, unknown: map<string>}",
     ""},
    {"Budget",
     "{limit_usd: number, period_start_unix_ns: ns, "
     "period_end_unix_ns: ns, spent_usd: Series, forecast: Forecast?, "
     "empty: {q10_unix_ns: ns?, q50_unix_ns: ns?, q90_unix_ns: ns?}?, "
     "contributors: {agent: Agent?, cost_usd: number}[]}",
     "Spending against a budget over its present period."},
    {"BudgetRow",
     "{name: string, selector: map<string>, limit_usd: number?, limit_tokens: integer?, "
     "period_ms: integer, period_start_unix_ns: ns, period_end_unix_ns: ns, spent_usd: number?, "
     "spent_tokens: number?, spent_ratio: number?, source: 'file'|'runtime'}",
     "A budget and what is spent of it in its present period."},
    {"Node",
     "{id: string, kind: 'agent'|'service'|'tool', agent: Agent, team: string?, state: string, "
     "state_text: string, status: Status, rate_per_h: number?, cost_per_h_usd: number?, "
     "strip: Strip?, x: number?, y: number?, pinned: boolean, ghost_since_unix_ns: ns?}",
     "Of the topology."},
    {"Edge",
     "{source: string, target: string, kind: string, count: integer, rate_per_h: number?, "
     "p50_ms: number?, p95_ms: number?, p95_usual_ms: number?, errors: integer, "
     "error_ratio: number?, "
     "wait: {since_unix_ns: ns?, oldest_ms: number, usual_ms: number?, count: integer}?, "
     "trace_id: string?}",
     "Who passes what to whom."},
    {"Conflict",
     "{id: string, type: string, state: string, parties: Agent[], about: string?, "
     "rounds: integer?, method: string?, severity: Severity, since_unix_ns: ns, age_ms: number, "
     "usual_ms: number?, resolved_unix_ns: ns?, resolution: string?, trace_id: string?, "
     "alert_id: string?, cycle_id: string?}",
     ""},
    {"OtlpTraces", "{resourceSpans?: object[]}", "OTLP JSON."},
    {"OtlpLogs", "{resourceLogs?: object[]}", "OTLP JSON."},
    {"PathOwner", "{agent: Agent?, operation: string, ms: number, share_ratio: number}", ""},
    {"LabelChange",
     "{label: string, critical_before_ms: number, critical_after_ms: number, "
     "self_before_ms: number, self_after_ms: number, spans_before: number, spans_after: number}",
     "Means a trace, before and after."},
    {"Turn",
     "{turn: integer, kind: 'message'|'tool'|'handoff'|'fold', role: string?, agent: Agent?, "
     "at_unix_ns: ns, span_id: string?, text: string?, bytes: integer, reasoning: string?, "
     "tool: {name: string, arguments: string?, result: string?, error: string?, "
     "same_as_before: integer?}?, handoff_to: Agent?, "
     "fold: {count: integer, from: integer, to: integer, cost_usd: number?}?, "
     "media: {type: string, bytes: integer?}[], content_missing: string?, model: string?, "
     "tokens: integer?, cost_usd: number?, duration_ms: number?}",
     "Of a conversation."},
    {"Columns",
     "{span_id: string[], parent: integer[], start_ns: integer[], duration_ns: integer[], "
     "agent: integer[], kind: integer[], name: integer[], status: integer[], self_ns: integer[], "
     "tokens: (integer?)[], cost_usd: (number?)[], args_hash: integer[], result_hash: integer[], "
     "first_chunk_ns: integer[], trace: integer[]}",
     "One list a column, one element a span, depth first."},
    {"Skeleton",
     "{trace_id: string, trace_ids: string[], joined_by: string?, run_id: string?, "
     "workflow: string?, name: string, outcome: Outcome, outcome_text: string, start_unix_ns: ns, "
     "duration_ns: integer, running: boolean, spans: integer, errors: integer, tokens: integer?, "
     "cost_usd: number?, cost_usual_usd: number?, truncated: {shown: integer, total: integer}?, "
     "culprit: {sentence: Sentence, confidence_ratio: number?, span: integer?}?, "
     "first_error: integer?, agents: Agent[], names: string[], columns: Columns, "
     "critical_path: {span: integer, start_ns: integer, end_ns: integer}[], "
     "critical_owners: PathOwner[], "
     "waits: {span: integer, agent: integer, target: integer, start_ns: integer, end_ns: integer, "
     "usual_ms: number?}[], "
     "interactions: {from: integer, to: integer, kind: 'handoff'|'delegation'|'message'|'return', "
     "at_ns: integer, label: string, span: integer, error: boolean}[], "
     "loops: {agent: integer, steps: string[], repeats: integer, evidence: string, span: integer, "
     "nothing_new_since_turn: integer?, cost_since_usd: number?, "
     "turns: {spans: integer[], changed: boolean[], new_information: boolean, tokens: integer?, "
     "cost_usd: number?}[]}[], partial: Partial?}",
     "A trace without its payloads."},
    {"Payload", "{text: string, bytes: integer, hash?: string}", ""},
    {"SpanDocument",
     "{resource: object, scope: object, span: object, "
     "derived: {kind: integer, agent: Agent?, self_ms: number?, critical_ratio: number?, "
     "model: string?, tokens_input: integer?, tokens_output: integer?, cost_usd: number?, "
     "first_chunk_ms: number?, same_as_before: integer?, recognised_by: string?}, "
     "arguments: Payload?, result: Payload?, "
     "messages: {role: string, text: string, bytes: integer}[], "
     "evaluations: {name: string, score: number?, label: string?, explanation: string?}[], "
     "content_missing: string?}",
     ""},
    {"SettingsEntry",
     "{key: string, title: string, help: string?, "
     "type: 'number'|'duration_ms'|'ratio'|'usd'|'text'|'boolean'|'list'|'json', value: any, "
     "unit: string?, default: any, source: 'default'|'file'|'flag'|'environment'|'runtime', "
     "source_detail: string?, changeable: boolean, why_not: string?, role: string}",
     "One setting with where its value comes from."},
    {"Anomaly",
     "{id: string, kind: 'series'|'agent'|'absence', metric: string, labels: map<string>, "
     "title: string, unit: string, agent: Agent?, class: string, severity: Severity, "
     "direction: 'up'|'down', onset_unix_ns: ns, end_unix_ns: ns?, value: number?, "
     "expected: number?, expected_low: number?, expected_high: number?, p_value: number?, "
     "rarity_minutes: number?, features: string[], reasons: {name: string, weight: number}[], "
     "feedback: string?, feedback_until_unix_ns: ns?, alert_id: string?, similar: integer, "
     "similar_ids: string[], trace_id: string?, refractory_until_unix_ns: ns?, series: Series?}",
     "A stretch of a series, an agent or a silence that is not as usual, and why."},
    {"ForecastAccuracy",
     "{class: string, series: integer, predictions: integer, breaches: integer, "
     "scored_forecasts: integer, waiting_forecasts: integer, precision_ratio: number?, "
     "recall_ratio: number?, f1_ratio: number?, coverage_ratio: number?, brier: number?, "
     "lead_median_ms: number?}",
     "How right the predictions of a class of metrics were."},
    {"Condition",
     "{name: string, description: string, severity: Severity, category: string, "
     "state: 'ok'|'pending'|'firing'|'unknown', since_unix_ns: ns?, evaluated_unix_ns: ns?, "
     "when: string, for_ms: integer, inputs: {name: string, value: number?, meaning: string}[], "
     "missing: string[], agents: Agent[], trace_id: string?, what_to_do: string?}",
     "A critical condition, its state and what it is judged by."},
    {"WatchedSeries",
     "{id: string, name: string, labels: map<string>, title: string, unit: string, class: string, "
     "state: 'usual'|'anomalous'|'cold', points: integer, step_ms: integer, judged_unix_ns: ns?, "
     "value: number?, expected: number?, expected_low: number?, expected_high: number?, "
     "p_value: number?, anomaly_id: string?, series: Series?}",
     "A series with its detector."},
    {"AuditEntry",
     "{id: integer, at_unix_ns: ns, actor: string, action: string, target: string, "
     "detail: string, result: string, hash: string}",
     ""},
};

}  // namespace

std::span<const TypeDoc> type_docs() {
  return kTypes;
}

}  // namespace honeyguide::server
