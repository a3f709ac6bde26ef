// Proves the models behind the other hard widgets: charts that never join over missing data, lists that
// never jump, sequences that fold, comparisons that find where two runs part.
import { describe, expect, test } from "vitest";
import { gaps, planChart } from "./chart/plan";
import { alignTraces, firstDivergence, pairLevel } from "./compare/align";
import { planSequence } from "./sequence/model";
import { freezeOrder } from "./table/frozen_order";
import { stripSummary } from "./strip";
import { type TraceData, traceData } from "./waterfall/trace_data";

describe("chart plan", () => {
  const series = { start_unix_ms: 0, step_ms: 10, values: [1, null, null, 4, 5] };
  test("missing points stay missing", () => expect(planChart({ series }).actual).toEqual([1, null, null, 4, 5]));
  test("the gap is known, for the hollow box", () => expect(gaps(planChart({ series }))).toEqual([[0, 30]]));
  test("a forecast begins at the last value and lies after now", () => {
    const plan = planChart({ series, forecast: { start_unix_ms: 40, step_ms: 10, q10: [4, 3], q50: [6, 7], q90: [8, 9] } });
    expect([plan.now, plan.end, plan.q50.slice(4)]).toEqual([40, 60, [5, 6, 7]]);
  });
  test("an empty series still has bounds", () => expect(planChart({ series: { start_unix_ms: 0, step_ms: 1, values: [] } }).yMax).toBeGreaterThan(0));
  test("the threshold is always inside", () => expect(planChart({ series, threshold: 50 }).yMax).toBeGreaterThan(50));
});

describe("a list in use", () => {
  const key = (s: string) => s[0] ?? "";
  const shown = ["a1", "b1", "c1"].map((row) => ({ row, gone: false }));
  test("keeps its order, renews its cells, marks what left and counts what came", () => {
    expect(freezeOrder(shown, ["c2", "a2", "d2"], key, true)).toEqual({ rows: [{ row: "a2", gone: false }, { row: "b1", gone: true }, { row: "c2", gone: false }], newcomers: 1 });
  });
  test("not in use follows the server", () => expect(freezeOrder(shown, ["c2", "a2"], key, false).rows.map((r) => r.row)).toEqual(["c2", "a2"]));
});

function trace(spans: { parent: number; name: string; agent?: number; kind?: number; start?: number; status?: number; args?: number }[], agents = 3): TraceData {
  const names = [...new Set(spans.map((s) => s.name))];
  return traceData(
    {
      span_id: spans.map((_, i) => String(i).padStart(16, "0")), parent: spans.map((s) => s.parent), start_ns: spans.map((s, i) => s.start ?? i * 1e9), duration_ns: spans.map(() => 1e8), agent: spans.map((s) => s.agent ?? 0), kind: spans.map((s) => s.kind ?? 4),
      name: spans.map((s) => names.indexOf(s.name)), status: spans.map((s) => s.status ?? 0), self_ns: spans.map(() => 1), tokens: spans.map(() => null), cost_usd: spans.map(() => null), args_hash: spans.map((s) => s.args ?? 0), result_hash: spans.map(() => 0), first_chunk_ns: spans.map(() => -1),
    },
    { names, agents: Array.from({ length: agents }, (_, i) => ({ id: `a${i}`, name: `agent ${i}`, slot: i })), duration_ns: 0, waits: [], critical_path: [] },
  );
}

describe("sequence", () => {
  const data = trace([{ parent: -1, name: "root", kind: 1 }, { parent: 0, name: "plan", agent: 0 }, { parent: 0, name: "code", agent: 1 }]);
  const message = (at: number, from: number, to: number, kind: "message" | "return" | "handoff") => ({ from, to, kind, at_ns: at * 1e9, label: kind, span: 0, error: false });
  test("lanes stand in order of first activity", () => expect(planSequence(data, [message(5, 2, 1, "handoff")], { fold: true, toScale: false }).lanes).toEqual([0, 1, 2]));
  test("a question and its answer that come back are one frame with their number", () => {
    const loop = Array.from({ length: 5 }, (_, i) => [message(10 + i * 2, 1, 2, "message"), message(11 + i * 2, 2, 1, "return")]).flat();
    const plan = planSequence(data, loop, { fold: true, toScale: false });
    expect(plan.rows.find((r) => r.type === "frame-start")?.frame?.times).toBe(5);
    expect(planSequence(data, loop, { fold: false, toScale: false }).rows.filter((r) => r.type !== "event")).toEqual([]);
  });
  test("who asks waits until the answer comes", () => {
    const plan = planSequence(data, [message(10, 1, 2, "message"), message(20, 2, 1, "return")], { fold: false, toScale: false });
    expect(plan.activations.filter((a) => a.waiting).map((a) => a.lane)).toEqual([1]);
  });
  test("more than twelve agents share the last lane", () => {
    const many = Array.from({ length: 20 }, (_, i) => message(i, i, i + 1, "handoff"));
    const plan = planSequence(trace([{ parent: -1, name: "root", kind: 1 }], 21), many, { fold: false, toScale: false });
    expect([plan.lanes.length, plan.others]).toEqual([12, 10]);
  });
});

describe("comparison", () => {
  const good = trace([{ parent: -1, name: "run" }, { parent: 0, name: "plan" }, { parent: 0, name: "code" }, { parent: 2, name: "test", args: 5 }]);
  const bad = trace([{ parent: -1, name: "run" }, { parent: 0, name: "plan" }, { parent: 0, name: "search" }, { parent: 0, name: "code" }, { parent: 3, name: "test", args: 6, status: 2 }]);
  test("equal runs do not part", () => expect(firstDivergence(alignTraces(good, good))).toBe(-1));
  test("marks what is new and what differs, and why", () => {
    const rows = alignTraces(good, bad);
    expect(rows.map((r) => r.mark)).toEqual(["same", "same", "new", "same", "differs"]);
    expect(rows[4]?.why).toEqual(["status", "arguments"]);
    expect(firstDivergence(rows)).toBe(2);
  });
  test("marks what is gone", () => expect(alignTraces(bad, good).filter((r) => r.mark === "gone")).toHaveLength(1));
  test("only branches with a difference say so", () => expect(alignTraces(good, bad).map((r) => r.differsBelow)).toEqual([true, false, false, true, false]));
  test("very wide levels are paired in order without a table of all pairs", () => {
    const wide = Array.from({ length: 3000 }, (_, i) => `k${i % 7}`);
    const pairs = pairLevel(wide, wide.slice(1));
    expect(pairs.filter(([a, b]) => a >= 0 && b >= 0).every(([a, b]) => wide[a] === wide[b + 1])).toBe(true);
  });
});

test("a strip is told in words", () => expect(stripSummary("bbbw")).toBe("busy 75 %, waiting 25 %"));
