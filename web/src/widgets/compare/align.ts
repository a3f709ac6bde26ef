import { type TraceData, children, spanAgent, spanName } from "../waterfall/trace_data";

export type Mark = "same" | "new" | "gone" | "differs";

/** One line of a comparison: a span of A, of B, or both aligned. */
export interface PairRow {
  a: number;
  b: number;
  depth: number;
  mark: Mark;
  /** What differs, in words: status, arguments, duration. */
  why: string[];
  /** Some descendant is new, gone or differs. */
  differsBelow: boolean;
  end: number;
}

const EXACT_MAX = 400;
const SLOWER = 1.5;
const SLOWER_NS_MIN = 250e6;

function key(data: TraceData, span: number): string {
  return `${spanAgent(data, span)?.name ?? ""}\u0000${data.kind[span]}\u0000${spanName(data, span)}`;
}

/** Aligns two traces level by level with the longest common subsequence of (agent, kind, name). */
export function alignTraces(a: TraceData, b: TraceData): PairRow[] {
  const rows: PairRow[] = [];
  interface Work {
    a: number;
    b: number;
    depth: number;
    row: number;
  }
  const stack: Work[] = [];
  const pushLevel = (parentA: number, parentB: number, depth: number) => {
    const left = parentA === -2 ? [] : children(a, parentA);
    const right = parentB === -2 ? [] : children(b, parentB);
    const pairs = pairLevel(left.map((s) => key(a, s)), right.map((s) => key(b, s)));
    for (let i = pairs.length - 1; i >= 0; i -= 1) {
      const [x, y] = pairs[i] ?? [-1, -1];
      stack.push({ a: x < 0 ? -1 : (left[x] ?? -1), b: y < 0 ? -1 : (right[y] ?? -1), depth, row: -1 });
    }
  };
  pushLevel(-1, -1, 0);
  while (stack.length > 0) {
    const work = stack.pop() as Work;
    if (work.row >= 0) {
      const row = rows[work.row];
      if (row) {
        row.end = rows.length;
        row.differsBelow = rows.slice(work.row + 1).some((r) => r.mark !== "same");
      }
      continue;
    }
    const row = pairRow(a, b, work.a, work.b, work.depth);
    rows.push(row);
    stack.push({ ...work, row: rows.length - 1 });
    if (row.mark !== "new" && row.mark !== "gone") pushLevel(work.a, work.b, work.depth + 1);
  }
  return rows;
}

function pairRow(a: TraceData, b: TraceData, x: number, y: number, depth: number): PairRow {
  const row: PairRow = { a: x, b: y, depth, mark: x < 0 ? "new" : y < 0 ? "gone" : "same", why: [], differsBelow: false, end: 0 };
  if (x < 0 || y < 0) return row;
  if (a.status[x] !== b.status[y]) row.why.push("status");
  if (a.argsHash[x] !== b.argsHash[y] && (a.argsHash[x] ?? 0) !== 0 && (b.argsHash[y] ?? 0) !== 0) row.why.push("arguments");
  const da = (a.end[x] ?? 0) - (a.start[x] ?? 0);
  const db = (b.end[y] ?? 0) - (b.start[y] ?? 0);
  if (Math.abs(da - db) > SLOWER_NS_MIN && Math.max(da, db) > SLOWER * Math.min(da, db)) row.why.push(db > da ? "slower" : "faster");
  if (row.why.includes("status") || row.why.includes("arguments")) row.mark = "differs";
  return row;
}

/** Index pairs in order; -1 where one side has no partner. */
export function pairLevel(left: string[], right: string[]): [number, number][] {
  return left.length * right.length <= EXACT_MAX * EXACT_MAX ? exact(left, right) : greedy(left, right);
}

function exact(left: string[], right: string[]): [number, number][] {
  const n = left.length;
  const m = right.length;
  const table = new Int32Array((n + 1) * (m + 1));
  const at = (i: number, j: number) => table[i * (m + 1) + j] ?? 0;
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      table[i * (m + 1) + j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && left[i] === right[j]) pairs.push([i++, j++]);
    else if (j >= m || (i < n && at(i + 1, j) >= at(i, j + 1))) pairs.push([i++, -1]);
    else pairs.push([-1, j++]);
  }
  return pairs;
}

/** Very wide levels: each left child takes the next right child of its name that is still ahead. */
function greedy(left: string[], right: string[]): [number, number][] {
  const where = new Map<string, number[]>();
  right.forEach((k, j) => {
    const list = where.get(k);
    if (list) list.push(j);
    else where.set(k, [j]);
  });
  const pairs: [number, number][] = [];
  let next = 0;
  left.forEach((k, i) => {
    const j = (where.get(k) ?? []).find((c) => c >= next);
    if (j === undefined) return pairs.push([i, -1]);
    for (; next < j; next += 1) pairs.push([-1, next]);
    pairs.push([i, j]);
    next = j + 1;
  });
  for (; next < right.length; next += 1) pairs.push([-1, next]);
  return pairs;
}

/** The first row where the two part, or -1. */
export function firstDivergence(rows: PairRow[]): number {
  return rows.findIndex((r) => r.mark !== "same" && !(r.depth === 0 && r.mark === "differs"));
}
