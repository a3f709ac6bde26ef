// Generated from docs/reference/openapi.json by scripts/gen_api.mjs (npm run gen:api). Do not edit.

export type Action = { id: string; directive: string; agent: Agent | null; title: string; state: string; reversible: boolean; needs_approval: boolean; expires_unix_ns: string | null; alert_id: string | null; created_unix_ns: string };
export type ActionDetail = Action & { proposed_by: string; reason: string; does: string; running_tasks: number; waiting_agents: Agent[]; dry_run: { at_unix_ns: string; text: string; saves_usd: number | null; over_ms: number | null } | null; guards: Guard[]; progress: { requested_unix_ns: string | null; delivered_unix_ns: string | null; obeyed_unix_ns: string | null; verified_unix_ns: string | null }; decided: { by: string; at_unix_ns: string; note: string; decision: string } | null; verification: { verdict: string; text: string; at_unix_ns: string | null; recurred: boolean } | null; rollback: { possible: boolean; reason: string }; refused_by: string | null; effect_chart: { title: string; unit: string; at_unix_ns: string; series: Series } | null; confirm_name: boolean; seq: number; epoch: number };
export type Agent = { id: string; name: string; slot: number };
export type AgentRow = Figures & { agent: Agent; team: string | null; framework: string | null; model: string | null; version: string | null; state: "busy" | "waiting" | "idle" | "error" | "paused" | "unknown"; state_since_unix_ns: string | null; strip: Strip | null; surprise: number | null; differs: { text: string; severity: Severity | null } | null; alerts: number; last_seen_unix_ns: string | null; previous: Figures | null; unknown: Record<string, string> };
export type Alert = { id: string; kind: "condition" | "threshold" | "anomaly" | "prediction" | "inert_rule"; severity: Severity; state: string; category: string; rule: string; sentence: Sentence; detail: Sentence | null; agents: Agent[]; workflow: string | null; since_unix_ns: string; resolved_unix_ns: string | null; measure: { name: string; value: number | null; usual: number | null; unit: string } | null; impact: { cost_usd: number | null; cost_per_h_usd: number | null; cost_per_h_usual_usd: number | null; runs_blocked: number | null; throughput_change_per_h: number | null }; prediction: Record<string, unknown> | null; action: Action | null; acknowledged: { by: string; at_unix_ns: string } | null; assigned_to: string | null; escalation: { policy: string; step: number; next_unix_ns: string | null } | null; silence: { id: string; ends_unix_ns: string | null } | null; group_count: number; caused_by: string | null; evidence: { trace_id: string; span_id: string | null } | null; labels: Record<string, string>; flapping: boolean; unknown: boolean; episodes: number };
export type Anomaly = { id: string; kind: "series" | "agent" | "absence"; metric: string; labels: Record<string, string>; title: string; unit: string; agent: Agent | null; class: string; severity: Severity; direction: "up" | "down"; onset_unix_ns: string; end_unix_ns: string | null; value: number | null; expected: number | null; expected_low: number | null; expected_high: number | null; p_value: number | null; rarity_minutes: number | null; features: string[]; reasons: { name: string; weight: number }[]; feedback: string | null; feedback_until_unix_ns: string | null; alert_id: string | null; similar: number; similar_ids: string[]; trace_id: string | null; refractory_until_unix_ns: string | null; series: Series | null };
export type AuditEntry = { id: number; at_unix_ns: string; actor: string; action: string; target: string; detail: string; result: string; hash: string };
export type Budget = { limit_usd: number; period_start_unix_ns: string; period_end_unix_ns: string; spent_usd: Series; forecast: Forecast | null; empty: { q10_unix_ns: string | null; q50_unix_ns: string | null; q90_unix_ns: string | null } | null; contributors: ({ agent: Agent | null; cost_usd: number })[] };
export type BudgetRow = { name: string; selector: Record<string, string>; limit_usd: number | null; limit_tokens: number | null; period_ms: number; period_start_unix_ns: string; period_end_unix_ns: string; spent_usd: number | null; spent_tokens: number | null; spent_ratio: number | null; source: "file" | "runtime" };
export type Change = { at_unix_ns: string; kind: string; sentence: Sentence; severity: Severity | null; before_alert: { alert_id: string; before_ms: number; what: string } | null; link: Link | null };
export type Condition = { name: string; description: string; severity: Severity; category: string; state: "ok" | "pending" | "firing" | "unknown"; since_unix_ns: string | null; evaluated_unix_ns: string | null; when: string; for_ms: number; inputs: ({ name: string; value: number | null; meaning: string })[]; missing: string[]; agents: Agent[]; trace_id: string | null; what_to_do: string | null };
export type Conflict = { id: string; type: string; state: string; parties: Agent[]; about: string | null; rounds: number | null; method: string | null; severity: Severity; since_unix_ns: string; age_ms: number; usual_ms: number | null; resolved_unix_ns: string | null; resolution: string | null; trace_id: string | null; alert_id: string | null; cycle_id: string | null };
export type Control = { supported: boolean; directive: string | null; since_unix_ns: string | null; reason: string | null; by: string | null; ack_state: string | null; acked_unix_ns: string | null; help: string | null };
export type Edge = { source: string; target: string; kind: string; count: number; rate_per_h: number | null; p50_ms: number | null; p95_ms: number | null; p95_usual_ms: number | null; errors: number; error_ratio: number | null; wait: { since_unix_ns: string | null; oldest_ms: number; usual_ms: number | null; count: number } | null; trace_id: string | null };
export type Effect = { directive: string; agent: Agent; does: string; reversible: boolean; supported: boolean; unsupported_reason: string | null; running_tasks: number | null; waiting_agents: Agent[]; dry_run: { at_unix_ns: string; text: string; saves_usd: number | null; over_ms: number | null } | null; guards: Guard[] };
export type Error = { error: { code: string; message: string; request_id?: string; position?: number; length?: number; needs?: string } };
export type ForecastAccuracy = { class: string; series: number; predictions: number; breaches: number; scored_forecasts: number; waiting_forecasts: number; precision_ratio: number | null; recall_ratio: number | null; f1_ratio: number | null; coverage_ratio: number | null; brier: number | null; lead_median_ms: number | null };
export type LabelChange = { label: string; critical_before_ms: number; critical_after_ms: number; self_before_ms: number; self_after_ms: number; spans_before: number; spans_after: number };
export type List = { total: Total; next_cursor: string | null; partial: Partial | null };
export type Matcher = { name: string; value: string; is_regex?: boolean; is_equal?: boolean };
export type Metric = { value: number | null; usual: number | null; target: number | null; change_ratio: number | null; status: Status; unknown_reason: string | null; series: Series; forecast: Forecast | null };
export type Node = { id: string; kind: "agent" | "service" | "tool"; agent: Agent; team: string | null; state: string; state_text: string; status: Status; rate_per_h: number | null; cost_per_h_usd: number | null; strip: Strip | null; x: number | null; y: number | null; pinned: boolean; ghost_since_unix_ns: string | null };
export type OtlpLogs = { resourceLogs?: Record<string, unknown>[] };
export type OtlpTraces = { resourceSpans?: Record<string, unknown>[] };
export type Partial = { reason: string; missing?: string[] };
export type PathOwner = { agent: Agent | null; operation: string; ms: number; share_ratio: number };
export type Point = { trace_id: string; start_unix_ms: number; duration_ms: number; outcome: Outcome };
export type Rule = { name: string; kind: string; expression: string; for_ms: number; severity: Severity; category: string; state: string; fired: number; source: string; inert_reason: string | null };
export type Sentence = { text: string; parts: Part[] };
export type Series = { start_unix_ms: number; step_ms: number; values: (number | null)[]; expected_low?: (number | null)[] | null; expected_high?: (number | null)[] | null };
export type SettingsEntry = { key: string; title: string; help: string | null; type: "number" | "duration_ms" | "ratio" | "usd" | "text" | "boolean" | "list" | "json"; value: unknown; unit: string | null; default: unknown; source: "default" | "file" | "flag" | "environment" | "runtime"; source_detail: string | null; changeable: boolean; why_not: string | null; role: string };
export type Severity = "low" | "medium" | "high" | "critical" | "emergency";
export type Silence = { id: string; matchers: Matcher[]; starts_unix_ns: string; ends_unix_ns: string | null; state: "active" | "pending" | "expired"; created_by: string; reason: string; hides: number };
export type Skeleton = { trace_id: string; trace_ids: string[]; joined_by: string | null; run_id: string | null; workflow: string | null; name: string; outcome: Outcome; outcome_text: string; start_unix_ns: string; duration_ns: number; running: boolean; spans: number; errors: number; tokens: number | null; cost_usd: number | null; cost_usual_usd: number | null; truncated: { shown: number; total: number } | null; culprit: { sentence: Sentence; confidence_ratio: number | null; span: number | null } | null; first_error: number | null; agents: Agent[]; names: string[]; columns: Columns; critical_path: { span: number; start_ns: number; end_ns: number }[]; critical_owners: PathOwner[]; waits: ({ span: number; agent: number; target: number; start_ns: number; end_ns: number; usual_ms: number | null })[]; interactions: ({ from: number; to: number; kind: "handoff" | "delegation" | "message" | "return"; at_ns: number; label: string; span: number; error: boolean })[]; loops: ({ agent: number; steps: string[]; repeats: number; evidence: string; span: number; nothing_new_since_turn: number | null; cost_since_usd: number | null; turns: ({ spans: number[]; changed: boolean[]; new_information: boolean; tokens: number | null; cost_usd: number | null })[] })[]; partial: Partial | null };
export type SpanDocument = { resource: Record<string, unknown>; scope: Record<string, unknown>; span: Record<string, unknown>; derived: { kind: number; agent: Agent | null; self_ms: number | null; critical_ratio: number | null; model: string | null; tokens_input: number | null; tokens_output: number | null; cost_usd: number | null; first_chunk_ms: number | null; same_as_before: number | null; recognised_by: string | null }; arguments: Payload | null; result: Payload | null; messages: { role: string; text: string; bytes: number }[]; evaluations: ({ name: string; score: number | null; label: string | null; explanation: string | null })[]; content_missing: string | null };
export type Status = "ok" | "warning" | "critical" | "unknown";
export type Strip = { start_unix_ms: number; cell_ms: number; cells: string };
export type Task = { id: string; name: string; type: string | null; workflow: string | null; state: string; outcome: Outcome; start_unix_ns: string; duration_ms: number | null; tokens: number | null; cost_usd: number | null; quality: number | null; trace_id: string | null; span_id: string | null };
export type TimelineEntry = { at_unix_ns: string; kind: string; text: string; planned: boolean; by: string | null };
export type Total = { count: number; exact: boolean };
export type TraceRow = { trace_id: string; run_id: string | null; workflow: string | null; name: string; root_service: string | null; outcome: Outcome; reason: string | null; start_unix_ns: string; duration_ms: number | null; usual_p90_ms: number | null; spans: number; errors: number; tokens: number | null; cost_usd: number | null; score: number | null; agents: Agent[]; traces_joined: number; unknown: Record<string, string> };
export type Turn = { turn: number; kind: "message" | "tool" | "handoff" | "fold"; role: string | null; agent: Agent | null; at_unix_ns: string; span_id: string | null; text: string | null; bytes: number; reasoning: string | null; tool: { name: string; arguments: string | null; result: string | null; error: string | null; same_as_before: number | null } | null; handoff_to: Agent | null; fold: { count: number; from: number; to: number; cost_usd: number | null } | null; media: ({ type: string; bytes: number | null })[]; content_missing: string | null; model: string | null; tokens: number | null; cost_usd: number | null; duration_ms: number | null };
export type WatchedSeries = { id: string; name: string; labels: Record<string, string>; title: string; unit: string; class: string; state: "usual" | "anomalous" | "cold"; points: number; step_ms: number; judged_unix_ns: string | null; value: number | null; expected: number | null; expected_low: number | null; expected_high: number | null; p_value: number | null; anomaly_id: string | null; series: Series | null };
export type WorkflowRow = { name: string; runs_per_h: number | null; success_ratio: number | null; success_usual_ratio: number | null; duration_p50_ms: number | null; duration_p90_ms: number | null; cost_per_run_usd: number | null; cost_per_run_usual_usd: number | null; agents: Agent[]; last_runs: string; running: number; alerts: number; unknown: Record<string, string> };
export type Columns = { span_id: string[]; parent: number[]; start_ns: number[]; duration_ns: number[]; agent: number[]; kind: number[]; name: number[]; status: number[]; self_ns: number[]; tokens: (number | null)[]; cost_usd: (number | null)[]; args_hash: number[]; result_hash: number[]; first_chunk_ns: number[]; trace: number[] };
export type Figures = { throughput_per_h: number | null; success_ratio: number | null; duration_p50_ms: number | null; duration_p90_ms: number | null; quality: number | null; tokens_per_h: number | null; cost_per_h_usd: number | null; cost_per_success_usd: number | null; waiting_ratio: number | null };
export type Forecast = { start_unix_ms: number; step_ms: number; q10: number[]; q50: number[]; q90: number[] };
export type Guard = { name: string; passed: boolean; text: string };
export type Link = { kind: string; id: string };
export type Outcome = "success" | "failed" | "limit" | "running" | "unknown";
export type Part = { kind: "text" | "strong" | "code" | "agent" | "workflow" | "duration" | "money" | "ratio" | "number" | "time"; text?: string; agent?: Agent; name?: string; ms?: number; usd?: number; value?: number; unit?: string; unix_ns?: string };
export type Payload = { text: string; bytes: number; hash?: string };

/** The JSON answer of each route. */
export type Answers = {
  /** Deletes everything; only under --allow-purge, on loopback. */
  "POST /api/v1/admin/purge": { purged: boolean };
  /** A consistent copy in a new directory. */
  "POST /api/v1/admin/snapshot": { snapshot: string };
  /** Agents with their figures over a range. */
  "GET /api/v1/agents": List & { items: AgentRow[]; groups: Record<string, unknown>[] };
  /** One agent in full. */
  "GET /api/v1/agents/{id}": { row: AgentRow; facts: { name: string; value: string }[]; alerts: Alert[]; actions: Action[]; control: Control; strip: Strip | null; busy_ratio: number | null; busy_usual_ratio: number | null; charts: { throughput: Metric; duration: Metric; cost: Metric; quality: Metric }; tasks: { items: Task[]; total: Total; running: number }; neighbours: Record<string, unknown>[]; tools: Record<string, unknown>[]; models: Record<string, unknown>[]; report: Sentence[]; partial: Partial | null };
  /** An agent asks for its directive and waits for a newer one. */
  "GET /api/v1/agents/{id}/directive": unknown;
  /** Gives an agent a directive. */
  "POST /api/v1/agents/{id}/directives": ActionDetail;
  /** An agent says what became of a directive. */
  "POST /api/v1/agents/{id}/directives/{seq}/ack": { seq: number; epoch: number; state: string; detail: string };
  /** What a directive would do. */
  "GET /api/v1/agents/{id}/effect": Effect;
  /** Alerts that are open, predicted, pending or past. The worst unacknowledged one is first. */
  "GET /api/v1/alerts": List & { items: Alert[]; counts: { active: number; predicted: number; anomalies: number; mitigations: number; silences: number }; means: { acknowledge_ms: number | null; resolve_ms: number | null } };
  /** One alert with its chart, its causes and its record; also one of the past. */
  "GET /api/v1/alerts/{id}": { alert: Alert; chart: Record<string, unknown> | null; why: Record<string, unknown>[]; change: Record<string, unknown> | null; record: Record<string, unknown> | null; culprits: ({ agent: Agent | null; confidence_ratio: number | null; sentence: Sentence; trace_id: string | null })[]; action: Record<string, unknown> | null; what_to_do: string | null; runbook_url: string | null; timeline: TimelineEntry[]; partial: Partial | null };
  /** Somebody takes care of it: escalation stops. */
  "POST /api/v1/alerts/{id}/ack": Alert;
  /** Says who has it; nobody with an empty name. */
  "POST /api/v1/alerts/{id}/assign": Alert;
  /** Takes the acknowledgement back: escalation begins anew. */
  "POST /api/v1/alerts/{id}/unack": Alert;
  /** What left its expected band, newest first. */
  "GET /api/v1/anomalies": List & { items: Anomaly[] };
  /** One anomaly with its series and band. */
  "GET /api/v1/anomalies/{id}": Anomaly;
  /** An opinion moves the bar of this series for 14 days; null takes it back. */
  "POST /api/v1/anomalies/{id}/feedback": Anomaly;
  /** Attribute keys with the scopes they were seen in. */
  "GET /api/v1/attributes": { attributes: { key: string; blocks: number; scopes: string[] }[] };
  /** Values of one attribute, newest first. */
  "GET /api/v1/attributes/{key}/values": { key: string; values: string[] };
  /** Who changed what, chained by hashes. */
  "GET /api/v1/audit": List & { items: AuditEntry[]; actors: string[]; chain: { status: string; verified_unix_ns: string | null; entries: number } };
  /** Where the time of the newest traces that match goes, by agent, operation or kind. */
  "GET /api/v1/bottlenecks": { traces: number; wall_ms: number; items: ({ label: string; spans: number; errors: number; traces: number; self_ms: number; critical_ms: number; share_ratio: number; detached_ms: number; critical_p50_ms: number | null; critical_p90_ms: number | null })[]; partial: Partial | null };
  /** Budgets and what is spent of them in their present period. */
  "GET /api/v1/budgets": List & { items: BudgetRow[] };
  /** Adds or replaces a budget, while the server runs. */
  "POST /api/v1/budgets": BudgetRow;
  /** Forgets a budget that was set while running. */
  "DELETE /api/v1/budgets/{name}": { deleted: string };
  /** Two traces (before, after), or the traces of two times (before_start … after_end). */
  "GET /api/v1/compare": { kind: "traces" | "times"; traces_before: number; traces_after: number; labels: LabelChange[]; paths: { path: string; count_before: number; count_after: number; duration_before_ms: number; duration_after_ms: number; self_before_ms: number; self_after_ms: number }[]; partial: Partial | null };
  /** Critical conditions with their inputs; what has no input is unknown. */
  "GET /api/v1/conditions": List & { items: Condition[]; firing: number };
  /** Conflicts between agents. */
  "GET /api/v1/conflicts": List & { items: Conflict[]; summary: Record<string, unknown>; counts: { open: number; resolved: number; review: number } };
  /** The real-time dashboard of the library, as JSON. */
  "GET /api/v1/dashboard": { timestamp_unix_ns: string; active_tasks: number; active_conflicts: number; total_hourly_throughput: number; agent_status: Record<string, Record<string, unknown>>; system_health: string };
  /** The alert section of the library's health dashboard, as JSON. */
  "GET /api/v1/dashboard/alerts": { timestamp_unix_ns: string; total_active_alerts: number; critical_alerts: number; alert_counts_by_category: Record<string, Record<string, unknown>>; critical_conditions_active: number; prediction_engine_status: "active" | "training"; next_predictions: ({ metric: string; predicted_value: number; eta_ms: number | null; confidence: number })[] };
  /** Starts the demo swarm within the server. */
  "POST /api/v1/demo": { started: boolean };
  /** Who waits for whom now, and how long it usually takes. */
  "GET /api/v1/dependencies": { chains: Record<string, unknown>[]; edges: Record<string, unknown>[]; partial: Partial | null };
  /** Policies, escalations under way, receivers. */
  "GET /api/v1/escalations": { policies: Record<string, unknown>[]; current: Record<string, unknown>[]; receivers: Record<string, unknown>[] };
  /** How the server is, and what to do about it. */
  "GET /api/v1/health": { score: number; status: Status; now_unix_ns: string; inputs: ({ name: string; score: number | null; weight: number; text: string | null; unknown_reason: string | null })[]; components: ({ name: string; status: Status; text: string | null; fix: string | null })[]; recommendations: { text: string; severity: Severity }[]; stages: ({ name: string; rate_per_s: number | null; lag_ms: number | null; drops: number | null; p99_ms: number | null; status: Status })[]; storage: Record<string, unknown> | null; resources: ({ name: string; unit: string; used: number | null; limit: number | null; status: Status; series: Series | null })[]; clients: Record<string, unknown>[]; validation: Record<string, unknown>[]; partial: Partial | null };
  /** Log records as OTLP JSON, newest first. */
  "GET /api/v1/logs": OtlpLogs;
  /** Loops, newest first. */
  "GET /api/v1/loops": List & { items: ({ agent: Agent; tool: string | null; peer: string | null; repeats: number; progress: boolean; confidence_ratio: number; evidence: string; run_id: string; workflow: string; start_unix_ns: string | null; end_unix_ns: string | null; trace_ids: string[] })[] };
  /** Actions: proposed, running, done, refused. */
  "GET /api/v1/mitigations": List & { items: ActionDetail[]; counts: { pending: number; running: number; done: number; refused: number }; breaker: string };
  /** Whether automation is held. */
  "GET /api/v1/mitigations/breaker": { state: string };
  /** Resets the breaker. */
  "POST /api/v1/mitigations/breaker": { state: string };
  /** Lets a proposed action begin. */
  "POST /api/v1/mitigations/{id}/approve": ActionDetail;
  /** Ends a proposed action. */
  "POST /api/v1/mitigations/{id}/deny": ActionDetail;
  /** What a proposal would do now. */
  "POST /api/v1/mitigations/{id}/dry-run": ActionDetail;
  /** Undoes a reversible action. */
  "POST /api/v1/mitigations/{id}/rollback": ActionDetail;
  /** Receivers and how deliveries went. */
  "GET /api/v1/notifications/receivers": List & { items: ({ name: string; type: string; status: string; delivered: number; failures: number; queued: number; last_success_unix_ns: string | null; last_failure_unix_ns: string | null; last_error: string | null })[] };
  /** Sends one notification and says how it went. */
  "POST /api/v1/notifications/receivers/{name}/test": { delivered: boolean; error: string | null };
  /** This document. */
  "GET /api/v1/openapi.json": Record<string, unknown>;
  /** Span names, of one service or of all. */
  "GET /api/v1/operations": { operations: { name: string; kind: string }[] };
  /** The whole overview in one answer. */
  "GET /api/v1/overview": { now_unix_ns: string; start_unix_ns: string; end_unix_ns: string; health: { score: number | null; status: Status; series: Series | null; changed: Record<string, unknown> | null }; attention: { items: Alert[]; total: number; more_warnings: number; inert_rules: number; silenced: Record<string, unknown> | null; quiet: Record<string, unknown> | null }; cards: { throughput: Metric; success: Metric; cost: Metric; tokens: Metric }; agents: { items: AgentRow[]; as_usual: number }; changes: Change[]; partial: Partial | null };
  /** Breaches that are predicted, the soonest first, and how right such predictions were. */
  "GET /api/v1/predictions": List & { items: Alert[]; accuracy: ForecastAccuracy[] };
  /** Measured accuracy by metric class, and every series that is forecast. */
  "GET /api/v1/predictions/accuracy": { classes: ForecastAccuracy[]; forecasters: { count: number; limit: number; refused_points: number }; series: ({ id: string; series: string; title: string; class: string; value: number | null; threshold: number; direction: "up" | "down"; horizon_ms: number; breached: boolean; breach_ratio: number; expected_peak: number | null; made_unix_ns: string | null })[] };
  /** Rules in force and whether they fire or are inert. */
  "GET /api/v1/rules": List & { items: Rule[] };
  /** What a rule, or an expression, would have done over the time before now (`over`, 7d). */
  "POST /api/v1/rules/preview": { fired: number; over_ms: number; series_judged: number; firing_ms: number; series: Series; fired_at_unix_ns: string[]; threshold: number };
  /** Runs, newest first. */
  "GET /api/v1/runs": List & { items: TraceRow[] };
  /** One run, by run id, workflow id or trace id. */
  "GET /api/v1/runs/{id}": { row: TraceRow; run: Record<string, unknown> };
  /** Agents, workflows and traces by name or id, at most 20. */
  "GET /api/v1/search": { items: ({ kind: "agent" | "workflow" | "trace" | "alert"; id: string; title: string; subtitle: string | null; agent: Agent | null })[] };
  /** Watched series, the strangest first; with name also their course and band. */
  "GET /api/v1/series": List & { items: WatchedSeries[]; detectors: { count: number; limit: number; cold: number; waiting_series: number; dropped_points: number } };
  /** Services that sent spans. */
  "GET /api/v1/services": { services: string[] };
  /** Sessions with their sums. */
  "GET /api/v1/sessions": List & { items: ({ session: string; runs: number; running: number; messages: number; llm_calls: number; tokens: number; cost_usd: number | null; last_seen_unix_ns: string | null })[] };
  /** Every setting with where its value comes from. */
  "GET /api/v1/settings": { sections: ({ id: string; title: string; help: string | null; entries: SettingsEntry[] })[]; inert_rules: { name: string; reason: string }[]; rules: Record<string, unknown>[] };
  /** Changes a threshold, kept over restarts. */
  "PUT /api/v1/settings/{key}": SettingsEntry;
  /** Silences, the newest change first. */
  "GET /api/v1/silences": List & { items: Silence[] };
  /** Hides alerts that match, until a time or a resolution. */
  "POST /api/v1/silences": Silence;
  /** How many open alerts matchers would hide. */
  "POST /api/v1/silences/preview": { hides: number };
  /** Ends a silence now. */
  "DELETE /api/v1/silences/{id}": { expired: string };
  /** What the server holds and how it is doing. */
  "GET /api/v1/stats": { now_unix_ns: string; traces: Record<string, unknown>; series: Record<string, unknown>; ingest: Record<string, unknown>; ingest_bytes_in_flight: number; ingest_bytes_limit: number; analytics: Record<string, unknown> };
  /** A small document for the frame of every page. */
  "GET /api/v1/status": { now_unix_ns: string; version: string; tenant: string; tenants: string[]; roles: string[]; first_span_unix_ns: string | null; last_span_unix_ns: string | null; health: { score: number | null; status: Status }; receiving_spans_per_s: number | null; counts: { alerts: number; alerts_critical: number; approvals: number; conflicts: number; agents: number; workflows: number }; modes: { storm: string | null; read_only: string | null; demo: boolean } };
  /** Summaries of up to 1,000 traces by id. */
  "GET /api/v1/summaries": { items: TraceRow[] };
  /** Tasks, newest first. */
  "GET /api/v1/tasks": List & { items: Task[] };
  /** Who passes what to whom, and who waits. */
  "GET /api/v1/topology": { nodes: Node[]; edges: Edge[]; cycles: ({ id: string; since_unix_ns: string | null; edges: { source: string; target: string; wait_ms: number }[]; runs_blocked: number | null; release: { index: number; reason: string } | null; alert_id: string | null })[]; buckets: Record<string, unknown> | null; summary: Record<string, unknown>; partial: Partial | null };
  /** The last 20 messages from one agent to another. */
  "GET /api/v1/topology/pair": { source: string; target: string; messages: ({ at_unix_ns: string; kind: string; label: string; latency_ms: number | null; error: boolean; trace_id: string; span_id: string | null })[] };
  /** Stores where agents stand: for the tenant with role operate, else for oneself. */
  "PUT /api/v1/topology/positions": { stored: number };
  /** Finds traces by query, service, operation, time and duration. */
  "GET /api/v1/traces": List & { items: TraceRow[]; query: Record<string, unknown> | null; cost: Record<string, unknown> };
  /** What a half-written query can go on with; positions count characters. */
  "GET /api/v1/traces/complete": { replace_from: number; replace_to: number; items: ({ text: string; title: string; count: number | null })[] };
  /** How the runs of a range divide. */
  "GET /api/v1/traces/facets": { facets: { key: string; title: string; values: { value: string; count: number }[]; more: number }[]; partial: Partial | null };
  /** Runs as points of start and duration. */
  "GET /api/v1/traces/scatter": { points: Point[]; bins: Record<string, unknown> | null };
  /** One whole trace as OTLP JSON. */
  "GET /api/v1/traces/{trace_id}": OtlpTraces;
  /** Deletes a trace for good. */
  "DELETE /api/v1/traces/{trace_id}": { deleted: string };
  /** A trace as a text to read, repetitions folded. */
  "GET /api/v1/traces/{trace_id}/conversation": List & { items: Turn[] };
  /** What the end of a trace waited for, from its start. */
  "GET /api/v1/traces/{trace_id}/critical-path": { trace_id: string; start_unix_ns: string; duration_ns: number; segments: ({ span_id: string; name: string; agent: Agent | null; start_ns: number; end_ns: number })[]; critical_owners: PathOwner[]; partial: Partial | null };
  /** A trace as columns, without payloads, with its critical path, loops and culprit. */
  "GET /api/v1/traces/{trace_id}/skeleton": Skeleton;
  /** Everything about one span; texts are cut at 2,048 bytes unless full is 1. */
  "GET /api/v1/traces/{trace_id}/spans/{span_id}": SpanDocument;
  /** Begins a check of the whole server in a tenant of its own; one at a time. */
  "POST /api/v1/validation": { token: string; tenant: string; otlp_http: string; otlp_grpc: string; expires_unix_ns: string };
  /** Takes what was found, with the token of the validation only; deletes what it sent. */
  "POST /api/v1/validation/finish": { deleted_traces: number };
  /** Workflows with their figures. */
  "GET /api/v1/workflows": List & { items: WorkflowRow[] };
  /** One workflow in full. */
  "GET /api/v1/workflows/{name}": { row: WorkflowRow; scatter: Point[]; time_owners: Record<string, unknown>[]; cost_by_agent: Record<string, unknown>[]; cost_by_model: Record<string, unknown>[]; usual_path: { step: string; share_ratio: number }[]; budget: Budget | null; partial: Partial | null };
};
