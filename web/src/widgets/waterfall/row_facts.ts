import { duration } from "@/base/format";
import type { Row } from "./rows";
import type { RowFacts } from "./row_view";
import { STATUS, type SubtreeTotals, type TraceData, type WaitMark, spanAgent, spanName } from "./trace_data";

const COLOURED_MAX = 8;

/** Indices of the agents that get their hue: those with the most spans. The rest keep glyph and name. */
export function colouredAgents(data: TraceData): ReadonlySet<number> {
  const counts = new Map<number, number>();
  for (const a of data.agent) if (a >= 0) counts.set(a, (counts.get(a) ?? 0) + 1);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return new Set(ranked.slice(0, COLOURED_MAX).map(([a]) => a));
}

export function criticalBySpan(data: TraceData): Map<number, [number, number][]> {
  const map = new Map<number, [number, number][]>();
  for (const piece of data.criticalPath) {
    const list = map.get(piece.span);
    if (list) list.push([piece.start_ns, piece.end_ns]);
    else map.set(piece.span, [[piece.start_ns, piece.end_ns]]);
  }
  return map;
}

export function waitsBySpan(data: TraceData): Map<number, WaitMark[]> {
  const map = new Map<number, WaitMark[]>();
  for (const wait of data.waits) {
    const list = map.get(wait.span);
    if (list) list.push(wait);
    else map.set(wait.span, [wait]);
  }
  return map;
}

interface FactsCache {
  totals: SubtreeTotals;
  cache: Map<string, RowFacts>;
}

export function rowFacts(data: TraceData, row: Row, coloured: ReadonlySet<number>, store: FactsCache): RowFacts {
  const key = row.type === "span" ? `s${row.span}` : `${row.type}${row.fold.id}`;
  const hit = store.cache.get(key);
  if (hit) return hit;
  const facts = row.type === "span" ? spanFacts(data, row.span, coloured, store.totals) : foldFacts(data, row, coloured, store.totals);
  store.cache.set(key, facts);
  return facts;
}

function spanFacts(data: TraceData, span: number, coloured: ReadonlySet<number>, totals: SubtreeTotals): RowFacts {
  const wait = data.waits.find((w) => w.span === span && data.kind[span] === 6);
  const usual = wait?.usual_ms ?? null;
  return {
    name: spanName(data, span),
    agent: spanAgent(data, span),
    coloured: coloured.has(data.agent[span] ?? -1),
    kind: data.kind[span] ?? 0,
    failed: data.status[span] === STATUS.error,
    running: data.open[span] === 1,
    cost: totals.cost(span),
    tokens: totals.tokens(span),
    note: usual === null ? null : `usual ${duration(usual)}`,
    noteIsBad: false,
    title: spanName(data, span),
  };
}

function foldFacts(data: TraceData, row: Exclude<Row, { type: "span" }>, coloured: ReadonlySet<number>, totals: SubtreeTotals): RowFacts {
  const { fold } = row;
  const first = fold.members[0] ?? 0;
  let cost = NaN;
  let tokens = NaN;
  let failed = 0;
  for (const m of fold.members) {
    const c = totals.cost(m);
    const t = totals.tokens(m);
    if (!Number.isNaN(c)) cost = Number.isNaN(cost) ? c : cost + c;
    if (!Number.isNaN(t)) tokens = Number.isNaN(tokens) ? t : tokens + t;
    if (data.status[m] === STATUS.error) failed += 1;
  }
  return {
    name: fold.period > 1 ? `loop ×${fold.turns}` : fold.name,
    agent: spanAgent(data, first),
    coloured: coloured.has(data.agent[first] ?? -1),
    kind: data.kind[first] ?? 0,
    failed: failed > fold.members.length / 2,
    running: fold.members.some((m) => data.open[m] === 1),
    cost,
    tokens,
    title: fold.name,
    note: `${fold.period === 1 ? `×${fold.turns} · ` : ""}${fold.evidence}`,
    noteIsBad: fold.evidence !== "same rhythm",
  };
}
