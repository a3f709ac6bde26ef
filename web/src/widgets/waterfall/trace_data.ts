import type { AgentRef } from "@/base/model";

// A trace as columns: typed arrays, no object per span, loops instead of recursion (depth 10,000 happens).

export const KIND = { other: 0, workflow: 1, task: 2, llm: 3, tool: 4, handoff: 5, wait: 6 } as const;
export const STATUS = { unset: 0, ok: 1, error: 2 } as const;

/** Columns in depth-first order as the server sends them. Times in ns from the start of the trace. */
export interface TraceColumns {
  span_id: string[];
  parent: number[];
  start_ns: number[];
  duration_ns: number[];
  agent: number[];
  kind: number[];
  name: number[];
  status: number[];
  self_ns: number[];
  tokens: (number | null)[];
  cost_usd: (number | null)[];
  args_hash: number[];
  result_hash: number[];
  first_chunk_ns: number[];
}

export interface WaitMark {
  span: number;
  agent: number;
  target: number;
  start_ns: number;
  end_ns: number;
  usual_ms: number | null;
}

export interface PathPiece {
  span: number;
  start_ns: number;
  end_ns: number;
}

export interface TraceData {
  count: number;
  names: string[];
  agents: AgentRef[];
  spanId: string[];
  parent: Int32Array;
  start: Float64Array;
  /** End in ns; spans still open end where the trace ends now. */
  end: Float64Array;
  open: Uint8Array;
  agent: Int16Array;
  kind: Uint8Array;
  name: Int32Array;
  status: Uint8Array;
  self: Float64Array;
  /** NaN where unknown. */
  tokens: Float64Array;
  cost: Float64Array;
  argsHash: Float64Array;
  resultHash: Float64Array;
  firstChunk: Float64Array;
  depth: Int32Array;
  /** One past the last descendant, in depth-first order. */
  subtreeEnd: Int32Array;
  totalNs: number;
  waits: WaitMark[];
  criticalPath: PathPiece[];
}

interface Rest {
  names: string[];
  agents: AgentRef[];
  duration_ns: number;
  waits: WaitMark[];
  critical_path: PathPiece[];
}

/** Builds the columns that the views draw from. Bad parents (forward or missing) become roots. */
export function traceData(columns: TraceColumns, rest: Rest): TraceData {
  const n = columns.span_id.length;
  const data: TraceData = {
    count: n,
    names: rest.names,
    agents: rest.agents,
    spanId: columns.span_id,
    parent: new Int32Array(n),
    start: Float64Array.from(columns.start_ns),
    end: new Float64Array(n),
    open: new Uint8Array(n),
    agent: Int16Array.from(columns.agent),
    kind: Uint8Array.from(columns.kind),
    name: Int32Array.from(columns.name),
    status: Uint8Array.from(columns.status),
    self: Float64Array.from(columns.self_ns),
    tokens: Float64Array.from(columns.tokens, (v) => v ?? NaN),
    cost: Float64Array.from(columns.cost_usd, (v) => v ?? NaN),
    argsHash: Float64Array.from(columns.args_hash),
    resultHash: Float64Array.from(columns.result_hash),
    firstChunk: Float64Array.from(columns.first_chunk_ns),
    depth: new Int32Array(n),
    subtreeEnd: new Int32Array(n),
    totalNs: 0,
    waits: rest.waits,
    criticalPath: rest.critical_path,
  };
  let total = Math.max(0, rest.duration_ns);
  for (let i = 0; i < n; i += 1) total = Math.max(total, (data.start[i] ?? 0) + Math.max(0, columns.duration_ns[i] ?? 0));
  data.totalNs = total || 1;
  for (let i = 0; i < n; i += 1) {
    const parent = columns.parent[i] ?? -1;
    data.parent[i] = parent >= 0 && parent < i ? parent : -1;
    data.depth[i] = data.parent[i] === -1 ? 0 : (data.depth[data.parent[i] ?? 0] ?? 0) + 1;
    const duration = columns.duration_ns[i] ?? 0;
    data.open[i] = duration < 0 ? 1 : 0;
    data.end[i] = duration < 0 ? data.totalNs : (data.start[i] ?? 0) + duration;
    data.subtreeEnd[i] = i + 1;
  }
  for (let i = n - 1; i > 0; i -= 1) {
    const parent = data.parent[i] ?? -1;
    if (parent >= 0) data.subtreeEnd[parent] = Math.max(data.subtreeEnd[parent] ?? 0, data.subtreeEnd[i] ?? 0);
  }
  return data;
}

export function hasChildren(data: TraceData, span: number): boolean {
  return (data.subtreeEnd[span] ?? 0) > span + 1;
}

/** Direct children of a span, or the roots for -1. */
export function children(data: TraceData, parent: number): number[] {
  const found: number[] = [];
  const end = parent < 0 ? data.count : (data.subtreeEnd[parent] ?? parent + 1);
  for (let c = parent + 1; c < end; c = Math.max(c + 1, data.subtreeEnd[c] ?? c + 1)) found.push(c);
  return found;
}

/** From the root down to the span itself. */
export function ancestry(data: TraceData, span: number): number[] {
  const path: number[] = [];
  for (let at = span; at >= 0; at = data.parent[at] ?? -1) path.push(at);
  return path.reverse();
}

export function spanName(data: TraceData, span: number): string {
  return data.names[data.name[span] ?? -1] ?? "";
}

export function spanAgent(data: TraceData, span: number): AgentRef | null {
  return data.agents[data.agent[span] ?? -1] ?? null;
}

/** Sums of tokens or cost over a subtree; NaN when nothing in it is known. */
export function subtreeSum(data: TraceData, column: Float64Array, span: number): number {
  let sum = NaN;
  const end = data.subtreeEnd[span] ?? span + 1;
  for (let i = span; i < end; i += 1) {
    const v = column[i] ?? NaN;
    if (!Number.isNaN(v)) sum = Number.isNaN(sum) ? v : sum + v;
  }
  return sum;
}

/** Prefix sums, so that any subtree's total is one subtraction. Unknown counts as nothing known. */
export interface SubtreeTotals {
  cost(span: number): number;
  tokens(span: number): number;
}

export function subtreeTotals(data: TraceData): SubtreeTotals {
  const make = (column: Float64Array) => {
    const sum = new Float64Array(data.count + 1);
    const known = new Int32Array(data.count + 1);
    for (let i = 0; i < data.count; i += 1) {
      const v = column[i] ?? NaN;
      sum[i + 1] = (sum[i] ?? 0) + (Number.isNaN(v) ? 0 : v);
      known[i + 1] = (known[i] ?? 0) + (Number.isNaN(v) ? 0 : 1);
    }
    return (span: number) => {
      const end = data.subtreeEnd[span] ?? span + 1;
      return (known[end] ?? 0) === (known[span] ?? 0) ? NaN : (sum[end] ?? 0) - (sum[span] ?? 0);
    };
  };
  return { cost: make(data.cost), tokens: make(data.tokens) };
}
