import { UNKNOWN, count, duration, money } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { fullMoment, moment } from "@/base/moment";
import { middleEllipsis } from "@/base/text";
import type { TraceRow } from "@/api/shapes";
import { AgentGlyphs } from "@/widgets/agent";
import { RatioBar } from "@/widgets/bars";
import { To, paths } from "@/widgets/link";
import { OutcomeLabel } from "@/widgets/status";
import type { Column } from "@/widgets/table/data_table";
import "./trace_columns.css";

const CLOCK_LENGTH = "00:00:00".length;

export const traceKey = (row: TraceRow) => row.trace_id;

/** A run against its workflow's p90: the whole bar is twice that. */
function DurationCell({ row }: { row: TraceRow }) {
  const usual = row.usual_p90_ms;
  const value = row.duration_ms;
  const tone = usual !== null && value !== null && value > 2 * usual ? "crit" : usual !== null && value !== null && value > usual ? "warn" : undefined;
  return (
    <span className="trace-duration" title={usual === null ? undefined : `p90 of this workflow: ${duration(usual)}`}>
      <span className="num">{duration(value)}</span>
      {usual !== null && value !== null && <RatioBar value={value} max={usual * 2} mark={usual} tone={tone} label={`${Math.round((100 * value) / usual)} % of the usual p90`} />}
    </span>
  );
}

/** Columns of a run; `wanted` picks and orders them by id. */
export function traceColumns(wanted?: string[], rows: TraceRow[] = []): Column<TraceRow>[] {
  // A day is named only where a run is not of today; the column grows with it.
  const dated = rows.some((r) => moment(nsToMs(r.start_unix_ns)).length > CLOCK_LENGTH);
  const all: Column<TraceRow>[] = [
    { id: "start", title: "Start", width: dated ? "124px" : "64px", sort: "start_unix_ns", render: (r) => <time className="t2" title={fullMoment(nsToMs(r.start_unix_ns))}>{moment(nsToMs(r.start_unix_ns))}</time> },
    {
      id: "name", title: "Run", width: "minmax(140px, 2.6fr)",
      render: (r) => (
        <To to={paths.trace(r.trace_id)} className="tel">
          {r.workflow && !r.name.startsWith(r.workflow) && <span className="t3">{middleEllipsis(r.workflow, 20)} · </span>}
          <span className="medium">{middleEllipsis(r.name, 64)}</span>
        </To>
      ),
    },
    { id: "outcome", title: "Outcome", width: "118px", sort: "outcome", render: (r) => <span title={r.reason ?? undefined}><OutcomeLabel outcome={r.outcome} /></span> },
    { id: "duration", title: "Duration", width: "minmax(120px, 1fr)", align: "right", sort: "duration_ms", render: (r) => <DurationCell row={r} /> },
    { id: "agents", title: "Agents", width: "70px", hide: "phone", render: (r) => <AgentGlyphs agents={r.agents} /> },
    { id: "spans", title: "Spans", width: "52px", align: "right", sort: "spans", hide: "phone", render: (r) => count(r.spans) },
    { id: "errors", title: "Errors", width: "56px", align: "right", sort: "errors", hide: "phone", render: (r) => (r.errors > 0 ? <span className="crit">{count(r.errors)}</span> : <span className="t3">0</span>) },
    { id: "tokens", title: "Tokens", width: "68px", align: "right", sort: "tokens", hide: "phone", render: (r) => <span title={r.unknown.tokens}>{count(r.tokens)}</span> },
    { id: "cost", title: "Cost", width: "72px", align: "right", sort: "cost_usd", render: (r) => <span title={r.unknown.cost_usd}>{money(r.cost_usd)}</span> },
    { id: "score", title: "Score", width: "44px", align: "right", sort: "score", hide: "narrow", render: (r) => (r.score === null ? UNKNOWN : r.score.toFixed(2)) },
    { id: "service", title: "Service", width: "minmax(80px, 0.8fr)", hide: "narrow", render: (r) => <span className="t2 tel">{middleEllipsis(r.root_service ?? UNKNOWN, 24)}</span> },
  ];
  const ids = wanted ?? ["start", "name", "outcome", "duration", "agents", "spans", "errors", "tokens", "cost", "score"];
  return ids.map((id) => all.find((c) => c.id === id)).filter((c): c is Column<TraceRow> => c !== undefined);
}

export const TRACE_COLUMN_IDS = ["start", "name", "outcome", "duration", "agents", "spans", "errors", "tokens", "cost", "score", "service"];
