// What is said about each route; openapi.cc joins it with the router's table, and a test refuses a
// route that is missing here and an entry that no route has.
#include "server/openapi.h"

namespace honeyguide::server {
namespace {

#define HG_FILTER                                                                     \
  "q: string = agent:*, service: string, operation: string, start: time, end: time, " \
  "min_duration: duration, max_duration: duration"
#define HG_RANGE "start: time, end: time"

constexpr RouteDoc kRoutes[] = {
    // Traces.
    {"GET /api/v1/traces", "traces",
     "Finds traces by query, service, operation, time and duration.",
     HG_FILTER ", limit: integer(1..1000), cursor: string", "",
     "List & {items: TraceRow[], query: object?, cost: object}", ""},
    {"GET /api/v1/traces/{trace_id}", "traces", "One whole trace as OTLP JSON.", "", "",
     "OtlpTraces", "410"},
    {"DELETE /api/v1/traces/{trace_id}", "traces", "Deletes a trace for good.", "", "",
     "{deleted: string}", ""},
    {"GET /api/v1/traces/{trace_id}/skeleton", "traces",
     "A trace as columns, without payloads, with its critical path, loops and culprit.", "", "",
     "Skeleton", "410"},
    {"GET /api/v1/traces/{trace_id}/critical-path", "traces",
     "What the end of a trace waited for, from its start.", "", "",
     "{trace_id: string, start_unix_ns: ns, duration_ns: integer, "
     "segments: {span_id: string, name: string, agent: Agent?, start_ns: integer, "
     "end_ns: integer}[], critical_owners: PathOwner[], partial: Partial?}",
     "410"},
    {"GET /api/v1/traces/{trace_id}/spans/{span_id}", "traces",
     "Everything about one span; texts are cut at 2,048 bytes unless full is 1.",
     "full: integer(0..1)", "", "SpanDocument", "410"},
    {"GET /api/v1/traces/{trace_id}/conversation", "traces",
     "A trace as a text to read, repetitions folded.", "limit: integer(1..200), cursor: string", "",
     "List & {items: Turn[]}", "410"},
    {"GET /api/v1/traces/facets", "traces", "How the runs of a range divide.", HG_RANGE, "",
     "{facets: {key: string, title: string, values: {value: string, count: integer}[], "
     "more: integer}[], partial: Partial?}",
     ""},
    {"GET /api/v1/traces/scatter", "traces", "Runs as points of start and duration.", HG_RANGE, "",
     "{points: Point[], bins: object?}", ""},
    {"GET /api/v1/traces/complete", "traces",
     "What a half-written query can go on with; positions count characters.",
     "q: string = ag, at: integer(0..2147483647)", "",
     "{replace_from: integer, replace_to: integer, "
     "items: {text: string, title: string, count: integer?}[]}",
     ""},
    {"GET /api/v1/summaries", "traces", "Summaries of up to 1,000 traces by id.",
     "trace_id!: string = 7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f", "", "{items: TraceRow[]}", ""},
    {"GET /api/v1/bottlenecks", "traces",
     "Where the time of the newest traces that match goes, by agent, operation or kind.",
     HG_FILTER ", by: 'agent'|'operation'|'kind', limit: integer(1..500), cursor: string", "",
     "{traces: integer, wall_ms: number, "
     "items: {label: string, spans: integer, errors: integer, traces: integer, self_ms: number, "
     "critical_ms: number, share_ratio: number, detached_ms: number, critical_p50_ms: number?, "
     "critical_p90_ms: number?}[], partial: Partial?}",
     ""},
    {"GET /api/v1/compare", "traces",
     "Two traces (before, after), or the traces of two times (before_start … after_end).",
     "before: string, after: string, before_start: time, before_end: time, after_start: time, "
     "after_end: time, by: 'agent'|'operation'|'kind', q: string, service: string, "
     "operation: string, min_duration: duration, max_duration: duration, limit: integer(1..500)",
     "",
     "{kind: 'traces'|'times', traces_before: integer, traces_after: integer, "
     "labels: LabelChange[], "
     "paths: {path: string, count_before: integer, count_after: integer, "
     "duration_before_ms: number, duration_after_ms: number, self_before_ms: number, "
     "self_after_ms: number}[], partial: Partial?}",
     "404"},
    {"GET /api/v1/services", "traces", "Services that sent spans.", "", "", "{services: string[]}",
     ""},
    {"GET /api/v1/operations", "traces", "Span names, of one service or of all.", "service: string",
     "", "{operations: {name: string, kind: string}[]}", ""},
    {"GET /api/v1/attributes", "traces", "Attribute keys with the scopes they were seen in.", "",
     "", "{attributes: {key: string, blocks: integer, scopes: string[]}[]}", ""},
    {"GET /api/v1/attributes/{key}/values", "traces", "Values of one attribute, newest first.",
     "limit: integer(1..10000)", "", "{key: string, values: string[]}", ""},
    {"GET /api/v1/logs", "traces", "Log records as OTLP JSON, newest first.",
     "trace_id: string, start: time, end: time, limit: integer(1..10000)", "", "OtlpLogs", ""},
    {"GET /api/v1/search", "traces", "Agents, workflows and traces by name or id, at most 20.",
     "q: string = planner", "",
     "{items: {kind: 'agent'|'workflow'|'trace'|'alert', id: string, title: string, "
     "subtitle: string?, agent: Agent?}[]}",
     ""},
    // Overview.
    {"GET /api/v1/status", "overview", "A small document for the frame of every page.", "", "",
     "{now_unix_ns: ns, version: string, tenant: string, tenants: string[], roles: string[], "
     "first_span_unix_ns: ns?, last_span_unix_ns: ns?, "
     "health: {score: number?, status: Status}, receiving_spans_per_s: number?, "
     "counts: {alerts: integer, alerts_critical: integer, approvals: integer, conflicts: integer, "
     "agents: integer, workflows: integer}, "
     "modes: {storm: string?, read_only: string?, demo: boolean}}",
     ""},
    {"GET /api/v1/overview", "overview", "The whole overview in one answer.", HG_RANGE, "",
     "{now_unix_ns: ns, start_unix_ns: ns, end_unix_ns: ns, "
     "health: {score: number?, status: Status, series: Series?, changed: object?}, "
     "attention: {items: Alert[], total: integer, more_warnings: integer, inert_rules: integer, "
     "silenced: object?, quiet: object?}, "
     "cards: {throughput: Metric, success: Metric, cost: Metric, tokens: Metric}, "
     "agents: {items: AgentRow[], as_usual: integer}, changes: Change[], partial: Partial?}",
     ""},
    {"GET /api/v1/dashboard", "overview", "The real-time dashboard of the library, as JSON.", "",
     "",
     "{timestamp_unix_ns: ns, active_tasks: integer, active_conflicts: integer, "
     "total_hourly_throughput: number, agent_status: map<object>, system_health: string}",
     ""},
    {"GET /api/v1/dashboard/alerts", "overview",
     "The alert section of the library's health dashboard, as JSON.", "", "",
     "{timestamp_unix_ns: ns, total_active_alerts: integer, critical_alerts: integer, "
     "alert_counts_by_category: map<object>, critical_conditions_active: integer, "
     "prediction_engine_status: 'active'|'training', "
     "next_predictions: {metric: string, predicted_value: number, eta_ms: integer?, "
     "confidence: number}[]}",
     ""},
    {"GET /api/v1/live", "overview", "Server-sent events: what changed.", "", "",
     "text/event-stream", ""},
    // Alerts.
    {"GET /api/v1/alerts", "alerts",
     "Alerts that are open, predicted, pending or past. The worst unacknowledged one is first.",
     "view: 'active'|'predicted'|'pending'|'history', q: string, start: time, end: time, "
     "limit: integer(1..200), cursor: string",
     "",
     "List & {items: Alert[], counts: {active: integer, predicted: integer, anomalies: integer, "
     "mitigations: integer, silences: integer}, "
     "means: {acknowledge_ms: number?, resolve_ms: number?}}",
     ""},
    {"GET /api/v1/alerts/{id}", "alerts",
     "One alert with its chart, its causes and its record; also one of the past.", "", "",
     "{alert: Alert, chart: object?, why: object[], change: object?, record: object?, "
     "culprits: {agent: Agent?, confidence_ratio: number?, sentence: Sentence, trace_id: "
     "string?}[], "
     "action: object?, what_to_do: string?, runbook_url: string?, "
     "timeline: TimelineEntry[], partial: Partial?}",
     ""},
    {"POST /api/v1/alerts/{id}/ack", "alerts", "Somebody takes care of it: escalation stops.", "",
     "{note?: string?}", "Alert", ""},
    {"POST /api/v1/alerts/{id}/unack", "alerts",
     "Takes the acknowledgement back: escalation begins anew.", "", "{note?: string?}", "Alert",
     ""},
    {"POST /api/v1/alerts/{id}/assign", "alerts", "Says who has it; nobody with an empty name.", "",
     "{to?: string?}", "Alert", ""},
    {"GET /api/v1/silences", "alerts", "Silences, the newest change first.", "", "",
     "List & {items: Silence[]}", ""},
    {"POST /api/v1/silences", "alerts", "Hides alerts that match, until a time or a resolution.",
     "", "{matchers: Matcher[], ends_unix_ns?: ns?, reason?: string?, alert_id?: string?}",
     "Silence", "429"},
    {"POST /api/v1/silences/preview", "alerts", "How many open alerts matchers would hide.", "",
     "{matchers: Matcher[]}", "{hides: integer}", ""},
    {"DELETE /api/v1/silences/{id}", "alerts", "Ends a silence now.", "", "", "{expired: string}",
     ""},
    {"GET /api/v1/escalations", "alerts", "Policies, escalations under way, receivers.", "", "",
     "{policies: object[], current: object[], receivers: object[]}", ""},
    {"GET /api/v1/rules", "alerts", "Rules in force and whether they fire or are inert.", "", "",
     "List & {items: Rule[]}", ""},
    {"POST /api/v1/rules/preview", "alerts",
     "What a rule, or an expression, would have done over the time before now (`over`, 7d).", "",
     "{rule?: string?, threshold?: number, expr?: string?, for?: string?, "
     "keep_firing_for?: string?, clear?: number?, over?: string?}",
     "{fired: integer, over_ms: integer, series_judged: integer, firing_ms: integer, "
     "series: Series, fired_at_unix_ns: ns[], threshold: number}",
     "404"},
    {"GET /api/v1/agents", "agents", "Agents with their figures over a range.",
     HG_RANGE ", q: string, sort: string = -cost_per_h_usd, group: string, "
              "limit: integer(1..200), cursor: string, compare: string",
     "", "List & {items: AgentRow[], groups: object[]}", ""},
    {"GET /api/v1/agents/{id}", "agents", "One agent in full.", HG_RANGE, "",
     "{row: AgentRow, facts: {name: string, value: string}[], alerts: Alert[], actions: Action[], "
     "control: Control, strip: Strip?, busy_ratio: number?, busy_usual_ratio: number?, "
     "charts: {throughput: Metric, duration: Metric, cost: Metric, quality: Metric}, "
     "tasks: {items: Task[], total: Total, running: integer}, neighbours: object[], "
     "tools: object[], models: object[], report: Sentence[], partial: Partial?}",
     ""},
    {"GET /api/v1/agents/{id}/effect", "control", "What a directive would do.",
     "directive!: string = pause", "", "Effect", ""},
    {"POST /api/v1/agents/{id}/directives", "control", "Gives an agent a directive.", "",
     "{directive: string, params?: object, reason?: string, expires_in_ms?: integer, "
     "force?: boolean}",
     "ActionDetail", ""},
    {"GET /api/v1/agents/{id}/directive", "control",
     "An agent asks for its directive and waits for a newer one.",
     "after: integer(0..9223372036854775807), epoch: integer(0..9223372036854775807), "
     "wait_s: integer(0..60)",
     "", "any", ""},
    {"GET /api/v1/agents/{id}/directives", "control", "An agent's directives as events.",
     "after: integer(0..9223372036854775807), epoch: integer(0..9223372036854775807)", "",
     "text/event-stream", ""},
    {"POST /api/v1/agents/{id}/directives/{seq}/ack", "control",
     "An agent says what became of a directive.", "", "{state: string, detail?: string}",
     "{seq: integer, epoch: integer, state: string, detail: string}", ""},
    {"GET /api/v1/mitigations", "control", "Actions: proposed, running, done, refused.",
     "state: string, limit: integer(1..200), cursor: string", "",
     "List & {items: ActionDetail[], counts: {pending: integer, running: integer, done: integer, "
     "refused: integer}, breaker: string}",
     ""},
    {"POST /api/v1/mitigations/{id}/approve", "control", "Lets a proposed action begin.", "",
     "{note?: string, confirm_name?: string}", "ActionDetail", "404 409"},
    {"POST /api/v1/mitigations/{id}/deny", "control", "Ends a proposed action.", "",
     "{reason?: string}", "ActionDetail", "404 409"},
    {"POST /api/v1/mitigations/{id}/dry-run", "control", "What a proposal would do now.", "", "{}",
     "ActionDetail", "404"},
    {"POST /api/v1/mitigations/{id}/rollback", "control", "Undoes a reversible action.", "",
     "{reason?: string}", "ActionDetail", "404 409"},
    {"GET /api/v1/notifications/receivers", "control", "Receivers and how deliveries went.", "", "",
     "List & {items: {name: string, type: string, status: string, delivered: integer, "
     "failures: integer, queued: integer, last_success_unix_ns: ns?, last_failure_unix_ns: ns?, "
     "last_error: string?}[]}",
     ""},
    {"POST /api/v1/notifications/receivers/{name}/test", "control",
     "Sends one notification and says how it went.", "", "", "{delivered: boolean, error: string?}",
     "404"},
    {"GET /api/v1/mitigations/breaker", "control", "Whether automation is held.", "", "",
     "{state: string}", ""},
    {"POST /api/v1/mitigations/breaker", "control", "Resets the breaker.", "", "",
     "{state: string}", ""},
    {"GET /api/v1/audit", "control", "Who changed what, chained by hashes.",
     "actor: string, start: time, end: time, limit: integer(1..1000), cursor: string", "",
     "List & {items: AuditEntry[], actors: string[], "
     "chain: {status: string, verified_unix_ns: ns?, entries: integer}}",
     ""},
    // Work.
    {"GET /api/v1/workflows", "work", "Workflows with their figures.", HG_RANGE, "",
     "List & {items: WorkflowRow[]}", ""},
    {"GET /api/v1/workflows/{name}", "work", "One workflow in full.", HG_RANGE, "",
     "{row: WorkflowRow, scatter: Point[], time_owners: object[], cost_by_agent: object[], "
     "cost_by_model: object[], usual_path: {step: string, share_ratio: number}[], budget: Budget?, "
     "partial: Partial?}",
     ""},
    {"GET /api/v1/runs", "work", "Runs, newest first.",
     "workflow: string, agent: string, outcome: 'success'|'failed'|'limit'|'running'|'unknown', "
     "start: time, end: time, limit: integer(1..200), cursor: string",
     "", "List & {items: TraceRow[]}", ""},
    {"GET /api/v1/runs/{id}", "work", "One run, by run id, workflow id or trace id.", "", "",
     "{row: TraceRow, run: object}", ""},
    {"GET /api/v1/tasks", "work", "Tasks, newest first.",
     "agent: string, limit: integer(1..200), cursor: string", "", "List & {items: Task[]}", ""},
    {"GET /api/v1/sessions", "work", "Sessions with their sums.", HG_RANGE, "",
     "List & {items: {session: string, runs: integer, running: integer, messages: integer, "
     "llm_calls: integer, tokens: integer, cost_usd: number?, last_seen_unix_ns: ns?}[]}",
     ""},
    {"GET /api/v1/loops", "work", "Loops, newest first.", "", "",
     "List & {items: {agent: Agent, tool: string?, peer: string?, repeats: integer, "
     "progress: boolean, confidence_ratio: number, evidence: string, run_id: string, "
     "workflow: string, start_unix_ns: ns?, end_unix_ns: ns?, trace_ids: string[]}[]}",
     ""},
    {"GET /api/v1/topology", "work", "Who passes what to whom, and who waits.",
     HG_RANGE ", range_start: time, range_end: time", "",
     "{nodes: Node[], edges: Edge[], "
     "cycles: {id: string, since_unix_ns: ns?, "
     "edges: {source: string, target: string, wait_ms: number}[], runs_blocked: integer?, "
     "release: {index: integer, reason: string}?, alert_id: string?}[], buckets: object?, "
     "summary: object, partial: Partial?}",
     ""},
    {"GET /api/v1/conflicts", "work", "Conflicts between agents.",
     HG_RANGE ", state: 'open'|'resolved'|'review', limit: integer(1..200), cursor: string", "",
     "List & {items: Conflict[], summary: object, "
     "counts: {open: integer, resolved: integer, review: integer}}",
     ""},
    {"GET /api/v1/dependencies", "work", "Who waits for whom now, and how long it usually takes.",
     HG_RANGE, "", "{chains: object[], edges: object[], partial: Partial?}", ""},
    {"PUT /api/v1/topology/positions", "work",
     "Stores where agents stand: for the tenant with role operate, else for oneself.", "",
     "{positions: {id: string, x: number, y: number, pinned?: boolean}[]}", "{stored: integer}",
     ""},
    {"GET /api/v1/topology/pair", "work", "The last 20 messages from one agent to another.",
     HG_RANGE ", source!: string = planner, target!: string = coder", "",
     "{source: string, target: string, "
     "messages: {at_unix_ns: ns, kind: string, label: string, latency_ms: number?, "
     "error: boolean, trace_id: string, span_id: string?}[]}",
     ""},
    {"GET /api/v1/budgets", "work", "Budgets and what is spent of them in their present period.",
     "", "", "List & {items: BudgetRow[]}", ""},
    {"POST /api/v1/budgets", "work", "Adds or replaces a budget, while the server runs.", "",
     "{name: string, selector?: map<string>?, limit_usd?: number?, limit_tokens?: integer?, "
     "period_ms?: integer?}",
     "BudgetRow", ""},
    {"DELETE /api/v1/budgets/{name}", "work", "Forgets a budget that was set while running.", "",
     "", "{deleted: string}", ""},
    // What is unusual.
    {"GET /api/v1/anomalies", "alerting", "What left its expected band, newest first.",
     HG_RANGE ", agent: string, metric: string, open: 'true'|'false', limit: integer(1..200), "
              "cursor: string",
     "", "List & {items: Anomaly[]}", ""},
    {"GET /api/v1/anomalies/{id}", "alerting", "One anomaly with its series and band.", "", "",
     "Anomaly", ""},
    {"POST /api/v1/anomalies/{id}/feedback", "alerting",
     "An opinion moves the bar of this series for 14 days; null takes it back.", "",
     "{verdict: 'anomaly'|'not_anomaly'|null}", "Anomaly", ""},
    {"GET /api/v1/series", "alerting",
     "Watched series, the strangest first; with name also their course and band.",
     HG_RANGE ", name: string, agent: string, q: string, limit: integer(1..200), cursor: string",
     "",
     "List & {items: WatchedSeries[], detectors: {count: integer, limit: integer, cold: integer, "
     "waiting_series: integer, dropped_points: integer}}",
     ""},
    {"GET /api/v1/predictions", "alerting",
     "Breaches that are predicted, the soonest first, and how right such predictions were.",
     "limit: integer(1..200), cursor: string", "",
     "List & {items: Alert[], accuracy: ForecastAccuracy[]}", ""},
    {"GET /api/v1/predictions/accuracy", "alerting",
     "Measured accuracy by metric class, and every series that is forecast.", "", "",
     "{classes: ForecastAccuracy[], "
     "forecasters: {count: integer, limit: integer, refused_points: integer}, "
     "series: {id: string, series: string, title: string, class: string, value: number?, "
     "threshold: number, direction: 'up'|'down', horizon_ms: integer, breached: boolean, "
     "breach_ratio: number, expected_peak: number?, made_unix_ns: ns?}[]}",
     ""},
    {"GET /api/v1/conditions", "alerting",
     "Critical conditions with their inputs; what has no input is unknown.", "", "",
     "List & {items: Condition[], firing: integer}", ""},
    {"POST /api/v1/validation", "server",
     "Begins a check of the whole server in a tenant of its own; one at a time.", "", "",
     "{token: string, tenant: string, otlp_http: string, otlp_grpc: string, "
     "expires_unix_ns: ns}",
     ""},
    {"POST /api/v1/validation/finish", "server",
     "Takes what was found, with the token of the validation only; deletes what it sent.", "",
     "{results: {name: string, status: 'ok'|'warning'|'failed', text?: string?, fix?: string?}[]}",
     "{deleted_traces: integer}", ""},
    {"GET /api/v1/health", "server", "How the server is, and what to do about it.", "", "",
     "{score: number, status: Status, now_unix_ns: ns, "
     "inputs: {name: string, score: number?, weight: number, text: string?, "
     "unknown_reason: string?}[], "
     "components: {name: string, status: Status, text: string?, fix: string?}[], "
     "recommendations: {text: string, severity: Severity}[], "
     "stages: {name: string, rate_per_s: number?, lag_ms: number?, drops: number?, "
     "p99_ms: number?, status: Status}[], storage: object?, "
     "resources: {name: string, unit: string, used: number?, limit: number?, status: Status, "
     "series: Series?}[], clients: object[], validation: object[], partial: Partial?}",
     ""},
    // The server.
    {"GET /api/v1/settings", "server", "Every setting with where its value comes from.", "", "",
     "{sections: {id: string, title: string, help: string?, entries: SettingsEntry[]}[], "
     "inert_rules: {name: string, reason: string}[], rules: object[]}",
     ""},
    {"PUT /api/v1/settings/{key}", "server", "Changes a threshold, kept over restarts.", "",
     "{value: any, previous?: number?, note?: string?}", "SettingsEntry", ""},
    {"GET /api/v1/stats", "server", "What the server holds and how it is doing.", "", "",
     "{now_unix_ns: ns, traces: object, series: object, ingest: object, "
     "ingest_bytes_in_flight: integer, ingest_bytes_limit: integer, analytics: object}",
     ""},
    {"GET /api/v1/openapi.json", "server", "This document.", "", "", "object", ""},
    {"POST /api/v1/demo", "server", "Starts the demo swarm within the server.", "",
     "{history_ms?: integer}", "{started: boolean}", "501"},
    {"POST /api/v1/admin/snapshot", "server", "A consistent copy in a new directory.",
     "directory!: string = /tmp/copy", "", "{snapshot: string}", ""},
    {"POST /api/v1/admin/purge", "server",
     "Deletes everything; only under --allow-purge, on loopback.", "", "", "{purged: boolean}", ""},
    {"GET /healthz", "server", "The process lives.", "", "", "text/plain", ""},
    {"GET /readyz", "server", "The process serves.", "", "", "text/plain", ""},
    {"GET /metrics", "server", "Metrics of the server and of agents for Prometheus.", "", "",
     "text/plain", ""},
};
#undef HG_FILTER
#undef HG_RANGE

}  // namespace

std::span<const RouteDoc> route_docs() {
  return kRoutes;
}

}  // namespace honeyguide::server
