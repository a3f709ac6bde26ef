import type { ReactNode } from "react";
import { UNKNOWN, age, change, count, duration, money, percent, wholePercent } from "@/base/format";
import { nowMs, nsToMs } from "@/base/clock";
import { severityTone } from "@/base/model";
import { visibleLine } from "@/base/text";
import type { AgentRow } from "@/api/shapes";
import { AgentLink } from "@/widgets/agent";
import { StateStrip } from "@/widgets/strip";
import type { Column } from "@/widgets/table/data_table";

type FigureKey = keyof NonNullable<AgentRow["previous"]>;

const BAND = 0.1;

/** A figure, with its change under it when the period before is asked for; grey unless beyond a tenth. */
function figure(row: AgentRow, key: FigureKey, show: (v: number | null) => string, worseUp: boolean | null): ReactNode {
  const value = row[key];
  const text = <span title={value === null ? (row.unknown[key] ?? "not known") : undefined}>{show(value)}</span>;
  if (!row.previous) return text;
  const before = row.previous[key];
  const ratio = value === null || before === null || before === 0 ? null : value / before - 1;
  const beyond = ratio !== null && Math.abs(ratio) > BAND;
  const bad = beyond && worseUp !== null && (ratio > 0) === worseUp;
  return (
    <span className="agents-pair">
      {text}
      <span className={bad ? "warn" : beyond ? "t2" : "t3"}>{ratio === null ? UNKNOWN : change(ratio)}</span>
    </span>
  );
}

const STATE_TONE: Record<AgentRow["state"], string> = { busy: "", waiting: "", idle: "t3", error: "crit", paused: "t2", unknown: "t3" };

export function agentColumns(compare: boolean): Column<AgentRow>[] {
  const w = compare ? "minmax(66px, 1fr)" : "minmax(54px, 1fr)";
  return [
    { id: "name", title: "Agent", width: "minmax(130px, 2fr)", sort: "name", render: (r) => <AgentLink agent={r.agent} max={32} /> },
    {
      id: "state", title: "State", width: "minmax(58px, 0.8fr)", sort: "state",
      render: (r) => <span className={STATE_TONE[r.state]}>{r.state[0]?.toUpperCase() + r.state.slice(1)}</span>,
    },
    { id: "strip", title: "Range, by minute", width: "minmax(92px, 1.6fr)", hide: "phone", render: (r) => <StateStrip strip={r.strip} slot={r.agent.slot} height={13} /> },
    {
      id: "differs", title: "What differs", width: "minmax(116px, 2fr)", sort: "surprise", hide: "narrow",
      render: (r) => <span className={`tel ${r.differs?.severity ? severityTone(r.differs.severity) : "t2"}`} title={r.differs?.text}>{r.differs ? visibleLine(r.differs.text.slice(0, 120)) : <span className="t3">{r.surprise === null ? "no history yet" : "as usual"}</span>}</span>,
    },
    { id: "throughput", title: "Tasks/h", width: w, align: "right", sort: "throughput_per_h", hide: "phone", render: (r) => figure(r, "throughput_per_h", count, false) },
    { id: "success", title: "Success", width: w, align: "right", sort: "success_ratio", render: (r) => figure(r, "success_ratio", percent, false) },
    { id: "p50", title: "p50", width: "minmax(72px, 1fr)", align: "right", sort: "duration_p50_ms", hide: "narrow", render: (r) => figure(r, "duration_p50_ms", duration, true) },
    { id: "p90", title: "p90", width: "minmax(72px, 1fr)", align: "right", sort: "duration_p90_ms", hide: "phone", render: (r) => figure(r, "duration_p90_ms", duration, true) },
    { id: "quality", title: "Quality", width: w, align: "right", sort: "quality", hide: "phone", render: (r) => figure(r, "quality", (v) => (v === null ? UNKNOWN : v.toFixed(2)), false) },
    { id: "tokens", title: "Tokens/h", width: w, align: "right", sort: "tokens_per_h", hide: "narrow", render: (r) => figure(r, "tokens_per_h", count, true) },
    { id: "cost", title: "Cost/h", width: w, align: "right", sort: "cost_per_h_usd", render: (r) => figure(r, "cost_per_h_usd", money, true) },
    { id: "cps", title: "Cost/success", width: "minmax(74px, 1fr)", align: "right", sort: "cost_per_success_usd", hide: "narrow", render: (r) => figure(r, "cost_per_success_usd", money, true) },
    { id: "waiting", title: "Waiting", width: w, align: "right", sort: "waiting_ratio", hide: "phone", render: (r) => figure(r, "waiting_ratio", wholePercent, true) },
    { id: "alerts", title: "Alerts", width: "40px", align: "right", sort: "alerts", hide: "phone", render: (r) => (r.alerts > 0 ? <span className="crit">{r.alerts}</span> : <span className="t3">0</span>) },
    { id: "seen", title: "Seen", width: "38px", align: "right", sort: "last_seen_unix_ns", hide: "phone", render: (r) => (r.last_seen_unix_ns ? age(nowMs() - nsToMs(r.last_seen_unix_ns)) : UNKNOWN) },
  ];
}

export const CSV_HEAD = [
  "agent", "team", "framework", "model", "state", "throughput_per_h", "success_ratio", "duration_p50_ms", "duration_p90_ms", "quality", "tokens_per_h", "cost_per_h_usd", "cost_per_success_usd", "waiting_ratio", "alerts",
];

export function csvRow(r: AgentRow): (string | number | null)[] {
  return [
    r.agent.name, r.team, r.framework, r.model, r.state, r.throughput_per_h, r.success_ratio, r.duration_p50_ms, r.duration_p90_ms, r.quality, r.tokens_per_h, r.cost_per_h_usd, r.cost_per_success_usd, r.waiting_ratio, r.alerts,
  ];
}

