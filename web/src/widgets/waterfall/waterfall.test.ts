// Proves the trace model: trees of any shape and depth, repetition found and named honestly, rows that
// open to what was asked for. Traces are built by hand, one column entry a span.
import { describe, expect, test } from "vitest";
import { Coverage } from "./coverage";
import { findFolds, oddTurns } from "./folds";
import { type RowState, buildRows, reveal } from "./rows";
import { type TraceData, ancestry, children, subtreeSum, subtreeTotals, traceData } from "./trace_data";

interface Span {
  parent: number;
  name?: number;
  kind?: number;
  start?: number;
  end?: number | null;
  args?: number;
  result?: number;
  bad?: boolean;
  cost?: number | null;
}

function make(spans: Span[], names = ["root", "run_tests", "chat", "edit_file"]): TraceData {
  const col = <T>(f: (s: Span, i: number) => T) => spans.map(f);
  return traceData(
    {
      span_id: col((_, i) => i.toString(16).padStart(16, "0")), parent: col((s) => s.parent), start_ns: col((s, i) => s.start ?? i), duration_ns: col((s, i) => (s.end === null ? -1 : (s.end ?? (s.start ?? i) + 1) - (s.start ?? i))),
      agent: col(() => 0), kind: col((s) => s.kind ?? 4), name: col((s) => s.name ?? 0), status: col((s) => (s.bad ? 2 : 0)), self_ns: col(() => 1), tokens: col(() => null), cost_usd: col((s) => s.cost ?? null), args_hash: col((s) => s.args ?? 0),
      result_hash: col((s) => s.result ?? 0), first_chunk_ns: col(() => -1),
    },
    { names, agents: [{ id: "a", name: "a", slot: 0 }], duration_ns: 0, waits: [], critical_path: [] },
  );
}

const CLOSED: RowState = { collapsed: new Set(), openFolds: new Set(), fullFolds: new Set(), only: null };
const spansOf = (data: TraceData, state: RowState = CLOSED) => buildRows(data, findFolds(data), state).map((r) => (r.type === "span" ? r.span : r.type));

describe("trace data", () => {
  test("a chain of 10,000 levels is built without recursion", () => {
    const data = make(Array.from({ length: 10_000 }, (_, i) => ({ parent: i - 1 })));
    expect([data.depth[9999], data.subtreeEnd[0], ancestry(data, 9999).length]).toEqual([9999, 10_000, 10_000]);
    expect(spansOf(data)).toHaveLength(10_000);
  });
  test("a parent that does not exist or comes later makes a root", () => {
    const data = make([{ parent: -1 }, { parent: 7 }, { parent: 2 }, { parent: 0 }]);
    expect([...data.parent]).toEqual([-1, -1, -1, 0]);
  });
  test("children are direct ones only", () => expect(children(make([{ parent: -1 }, { parent: 0 }, { parent: 1 }, { parent: 0 }]), 0)).toEqual([1, 3]));
  test("an open span ends where the trace ends now", () => {
    const data = make([{ parent: -1, start: 0, end: null }, { parent: 0, start: 5, end: 90 }]);
    expect([data.end[0], data.open[0]]).toEqual([90, 1]);
  });
  test("sums of a subtree are unknown when nothing in it is known", () => {
    const data = make([{ parent: -1 }, { parent: 0, cost: 2 }, { parent: 1, cost: 3 }, { parent: 0 }]);
    const totals = subtreeTotals(data);
    expect([totals.cost(0), totals.cost(1), totals.cost(3), subtreeSum(data, data.cost, 0)]).toEqual([5, 5, NaN, 5]);
  });
});

describe("repetition", () => {
  const turn = (args: number, result = 7): Span[] => [{ parent: 0, name: 1, args, result }, { parent: 0, name: 2, kind: 3 }, { parent: 0, name: 3, args: 9 }];
  test("four equal siblings are one fold", () => {
    const fold = findFolds(make([{ parent: -1 }, ...Array.from({ length: 4 }, () => ({ parent: 0, name: 1, args: 5 }))])).list[0];
    expect([fold?.period, fold?.turns, fold?.evidence]).toEqual([1, 4, "same arguments"]);
  });
  test("three equal siblings are not", () => expect(findFolds(make([{ parent: -1 }, ...Array.from({ length: 3 }, () => ({ parent: 0, name: 1, args: 5 }))])).list).toEqual([]));
  test("a period of three comes back and is named by its arguments", () => {
    const fold = findFolds(make([{ parent: -1 }, ...turn(5), ...turn(5), ...turn(5)])).list[0];
    expect([fold?.period, fold?.turns, fold?.evidence, fold?.name]).toEqual([3, 3, "same arguments", "run_tests → chat → edit_file"]);
  });
  test("nearly all arguments equal is said as mostly", () => {
    const turns = Array.from({ length: 12 }, (_, i) => turn(i < 2 ? i : 5, i)).flat();
    expect(findFolds(make([{ parent: -1 }, ...turns])).list[0]?.evidence).toBe("mostly same arguments");
  });
  test("calls with other arguments and results only share their rhythm", () => {
    const spans = Array.from({ length: 6 }, (_, i) => ({ parent: 0, name: 1, args: 10 + i, result: 20 + i }));
    expect(findFolds(make([{ parent: -1 }, ...spans])).list[0]?.evidence).toBe("same rhythm");
  });
  test("a turn that failed otherwise is odd", () => {
    const data = make([{ parent: -1 }, ...Array.from({ length: 7 }, (_, i) => ({ parent: 0, name: 1, args: 5, result: 7, bad: i === 3 }))]);
    const fold = findFolds(data).list[0];
    expect(fold && oddTurns(data, fold)).toEqual([3, 4]);
  });
});

describe("rows", () => {
  const data = make([{ parent: -1 }, ...Array.from({ length: 9 }, () => ({ parent: 0, name: 1, args: 5, result: 7 })), { parent: 0, name: 2 }]);
  test("a fold is one row", () => expect(spansOf(data)).toEqual([0, "fold", 10]));
  test("an open fold shows the first and the last, and counts the rest", () => {
    const rows = buildRows(data, findFolds(data), { ...CLOSED, openFolds: new Set([0]) });
    expect(rows.map((r) => (r.type === "span" ? r.span : r.type))).toEqual([0, "fold", 1, "more", 9, 10]);
    expect(rows[3]?.type === "more" && rows[3].hidden).toBe(7);
  });
  test("asking for the rest shows all", () => expect(spansOf(data, { ...CLOSED, openFolds: new Set([0]), fullFolds: new Set([0]) })).toEqual([0, "fold", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
  test("a closed subtree costs no rows", () => expect(spansOf(data, { ...CLOSED, collapsed: new Set([0]) })).toEqual([0]));
  test("revealing a span opens what hides it", () => {
    const opened = reveal(data, findFolds(data), 5, { ...CLOSED, collapsed: new Set([0]) });
    expect(spansOf(data, { ...CLOSED, ...opened })).toContain(5);
  });
  test("a search keeps hits and their ancestors", () => expect(spansOf(data, { ...CLOSED, only: new Set([0, 10]) })).toEqual([0, 10]));
});

describe("coverage", () => {
  test("overlapping children cover once; the untraced rest of a task is a gap", () => {
    const data = make([{ parent: -1, kind: 2, start: 0, end: 10e9 }, { parent: 0, start: 0, end: 2e9 }, { parent: 0, start: 1e9, end: 3e9 }, { parent: 0, start: 8e9, end: 9e9 }]);
    const coverage = new Coverage(data);
    expect(coverage.of(0)).toEqual([0, 3e9, 8e9, 9e9]);
    expect(coverage.gaps(0)).toEqual([3e9, 8e9, 9e9, 10e9]);
  });
  test("a tool without children has no gap: nobody promised to trace it", () => expect(new Coverage(make([{ parent: -1, kind: 4, start: 0, end: 10e9 }])).gaps(0)).toEqual([]));
});
