import { ChevronDown, ChevronRight } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { UNKNOWN, change, duration, money, shortId } from "@/base/format";
import { useHotkeys } from "@/base/hotkeys";
import { middleEllipsis } from "@/base/text";
import type { Skeleton } from "@/api/trace_documents";
import { useSkeleton } from "@/api/trace_source";
import { AgentGlyph } from "@/widgets/agent";
import { Button, Chip } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { Skeleton as Grey } from "@/widgets/states";
import { KindIcon } from "@/widgets/waterfall/row_view";
import { type TraceData, spanAgent, spanName, subtreeTotals, traceData } from "@/widgets/waterfall/trace_data";
import { type PairRow, alignTraces, firstDivergence } from "@/widgets/compare/align";
import { useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import "./compare.css";

const ROWS_SHOWN = 400;

/** Two runs side by side: what is new, gone, different, slower, dearer; the first point where they part is selected. */
export function Compare({ a, otherId }: { a: Skeleton; otherId: string }) {
  const query = useSkeleton(otherId);
  return (
    <Loaded query={query} skeleton={<Grey lines={16} />}>
      {(b) => <Aligned now={a} before={b} />}
    </Loaded>
  );
}

function toData(doc: Skeleton): TraceData {
  return traceData(doc.columns, { names: doc.names, agents: doc.agents, duration_ns: doc.duration_ns, waits: doc.waits, critical_path: doc.critical_path });
}

/** The earlier, good run is A at the left; the run in question is B. */
function Aligned({ now, before }: { now: Skeleton; before: Skeleton }) {
  const set = useSetSearch();
  const a = useMemo(() => toData(before), [before]);
  const b = useMemo(() => toData(now), [now]);
  const rows = useMemo(() => alignTraces(a, b), [a, b]);
  const first = useMemo(() => firstDivergence(rows), [rows]);
  const [toggled, setToggled] = useState<ReadonlySet<number>>(new Set());
  const [selected, setSelected] = useState(first);
  const shown = useMemo(() => visibleRows(rows, toggled), [rows, toggled]);
  const totals = useMemo(() => ({ a: subtreeTotals(a), b: subtreeTotals(b) }), [a, b]);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => setSelected(first), [first]);
  useEffect(() => {
    box.current?.querySelector(".compare-row.selected")?.scrollIntoView({ block: "center" });
  }, [first]);
  const longest = Math.max(a.totalNs, b.totalNs);
  const counts = useMemo(() => countMarks(rows), [rows]);
  const next = (by: number) => {
    const marks = rows.flatMap((r, i) => (r.mark === "same" ? [] : [i]));
    const target = by > 0 ? marks.find((i) => i > selected) : marks.findLast((i) => i < selected);
    if (target !== undefined) setSelected(target);
  };
  useHotkeys([
    { keys: "e", title: "Next difference", group: "Trace", run: () => next(1) },
    { keys: "E", title: "Previous difference", group: "Trace", run: () => next(-1) },
    { keys: "Escape", title: "Leave the comparison", group: "Trace", run: () => set({ cmp: undefined }) },
  ]);
  const partAt = rows[first];
  return (
    <div className="compare">
      <header className="compare-head">
        <div className="compare-title">
          <h1>
            A <RunName doc={before} /> <span className="t3">against</span> B <RunName doc={now} />
          </h1>
          <p className="t2">
            {partAt ? (
              <>
                They part at <b className="medium mono tel">{middleEllipsis(partAt.b >= 0 ? spanName(b, partAt.b) : spanName(a, partAt.a), 48)}</b>: {markWords(partAt)}. {counts.new} new, {counts.gone} gone, {counts.differs} differ.
              </>
            ) : (
              "Both runs took the same steps with the same arguments and results."
            )}
          </p>
        </div>
        <dl className="trace-facts">
          <div><dd>{duration(a.totalNs / 1e6)} → {duration(b.totalNs / 1e6)}</dd><dt>duration {change(b.totalNs / a.totalNs - 1)}</dt></div>
          <div><dd>{money(before.cost_usd)} → {money(now.cost_usd)}</dd><dt>cost{before.cost_usd && now.cost_usd ? ` ${change(now.cost_usd / before.cost_usd - 1)}` : ""}</dt></div>
          <div><dd>{before.errors} → {now.errors}</dd><dt>errors</dt></div>
        </dl>
        <Button onClick={() => set({ cmp: undefined })}>Leave comparison</Button>
      </header>
      <div className="compare-columns compare-names">
        <span>Step</span><span>A</span><span>B</span><span className="num">Time</span><span className="num">Cost</span><span>Difference</span>
      </div>
      <div className="compare-body" ref={box} tabIndex={0} role="table" aria-label="Aligned steps">
        {shown.slice(0, ROWS_SHOWN).map((i) => {
          const row = rows[i];
          if (!row) return null;
          const parent = row.end > i + 1;
          const open = isOpen(row, toggled.has(i));
          return (
            <div key={i} role="row" className={`compare-columns compare-row ${row.mark} ${i === selected ? "selected" : ""}`} onClick={() => setSelected(i)}>
              <Step row={row} a={a} b={b} parent={parent} open={open} onToggle={() => setToggled(flip(toggled, i))} />
              <Bar data={a} span={row.a} longest={longest} />
              <Bar data={b} span={row.b} longest={longest} />
              <Delta a={spanNs(a, row.a)} b={spanNs(b, row.b)} show={(ns) => duration(ns / 1e6)} />
              <Delta a={row.a < 0 ? NaN : totals.a.cost(row.a)} b={row.b < 0 ? NaN : totals.b.cost(row.b)} show={money} />
              <span className="compare-why">{row.mark !== "same" || row.why.length > 0 ? markWords(row) : ""}</span>
            </div>
          );
        })}
        {shown.length > ROWS_SHOWN && <p className="t3 compare-more">first {ROWS_SHOWN} of {shown.length} rows; close branches to see further</p>}
      </div>
    </div>
  );
}

function RunName({ doc }: { doc: Skeleton }) {
  return (
    <>
      <To to={paths.trace(doc.trace_id)} className="tel">{middleEllipsis(doc.name, 36)}</To> <Chip><span className="mono">{shortId(doc.trace_id)}</span> {doc.outcome_text.slice(0, 40)}</Chip>
    </>
  );
}

function countMarks(rows: PairRow[]): Record<PairRow["mark"], number> {
  const counts = { same: 0, new: 0, gone: 0, differs: 0 };
  for (const r of rows) counts[r.mark] += 1;
  return counts;
}

function markWords(row: PairRow): string {
  if (row.mark === "new") return "+ new in B";
  if (row.mark === "gone") return "− gone in B";
  return row.why.length > 0 ? `≠ ${row.why.join(", ")}` : "";
}

/** Only branches that differ are open, until a person says otherwise. */
function isOpen(row: PairRow, flipped: boolean): boolean {
  return flipped ? !row.differsBelow : row.differsBelow;
}

function visibleRows(rows: PairRow[], toggled: ReadonlySet<number>): number[] {
  const shown: number[] = [];
  for (let i = 0; i < rows.length; ) {
    shown.push(i);
    const row = rows[i] as PairRow;
    i = row.end > i + 1 && !isOpen(row, toggled.has(i)) ? row.end : i + 1;
  }
  return shown;
}

function flip(set: ReadonlySet<number>, i: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(i)) next.add(i);
  return next;
}

function spanNs(data: TraceData, span: number): number {
  return span < 0 ? NaN : (data.end[span] ?? 0) - (data.start[span] ?? 0);
}

function Step({ row, a, b, parent, open, onToggle }: { row: PairRow; a: TraceData; b: TraceData; parent: boolean; open: boolean; onToggle: () => void }) {
  const data = row.b >= 0 ? b : a;
  const span = row.b >= 0 ? row.b : row.a;
  const agent = spanAgent(data, span);
  return (
    <span className="compare-step" role="cell" style={{ paddingLeft: Math.min(row.depth, 12) * 14 }}>
      <button type="button" className="wf-chevron" aria-label={open ? "Close" : "Open"} aria-hidden={!parent} tabIndex={parent ? 0 : -1} onClick={onToggle}>
        {parent && (open ? <ChevronDown size={12} /> : <ChevronRight size={12} />)}
      </button>
      {agent && <AgentGlyph slot={agent.slot} />}
      <KindIcon kind={data.kind[span] ?? 0} />
      <span className="ell tel">{middleEllipsis(spanName(data, span), 48)}</span>
    </span>
  );
}

function Bar({ data, span, longest }: { data: TraceData; span: number; longest: number }) {
  if (span < 0) return <span className="compare-none" role="cell">–</span>;
  const from = ((data.start[span] ?? 0) / longest) * 100;
  const width = Math.max(0.6, (spanNs(data, span) / longest) * 100);
  return (
    <span className="compare-bar" role="cell" title={duration(spanNs(data, span) / 1e6)}>
      <i className={data.status[span] === 2 ? "bad" : ""} style={{ left: `${from}%`, width: `${Math.min(width, 100 - from)}%` }} />
    </span>
  );
}

function Delta({ a, b, show }: { a: number; b: number; show: (v: number) => string }) {
  if (Number.isNaN(a) || Number.isNaN(b)) return <span className="num t3" role="cell">{Number.isNaN(b) ? (Number.isNaN(a) ? UNKNOWN : `−${show(a)}`) : `+${show(b)}`}</span>;
  const d = b - a;
  const much = Math.abs(d) > 0.5 * Math.max(a, 1e-9);
  return <span className={`num ${much ? (d > 0 ? "warn" : "ok") : "t3"}`} role="cell">{d === 0 ? "=" : `${d > 0 ? "+" : "−"}${show(Math.abs(d))}`}</span>;
}
