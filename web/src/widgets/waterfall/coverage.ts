import { type TraceData, KIND } from "./trace_data";

/** Part of a parent that some child covers, as flat pairs [from, to, from, to …] in ns, ascending. */
export type Intervals = number[];

const GAP_SHARE = 0.05;
const GAP_NS_MIN = 250e6;
const PIECES_MAX = 400;

/** Child coverage of spans, computed when first asked for and kept. */
export class Coverage {
  private readonly cache = new Map<number, Intervals>();
  constructor(private readonly data: TraceData) {}

  of(span: number): Intervals {
    const hit = this.cache.get(span);
    if (hit) return hit;
    const made = childCoverage(this.data, span);
    this.cache.set(span, made);
    return made;
  }

  /** Stretches of a workflow or task that nothing in the trace explains. */
  gaps(span: number): Intervals {
    const { data } = this;
    const kind = data.kind[span];
    if ((kind !== KIND.workflow && kind !== KIND.task) || (data.subtreeEnd[span] ?? 0) <= span + 1) return [];
    const start = data.start[span] ?? 0;
    const end = data.end[span] ?? 0;
    const least = Math.max((end - start) * GAP_SHARE, GAP_NS_MIN);
    const found: Intervals = [];
    let at = start;
    const covered = this.of(span);
    for (let i = 0; i < covered.length; i += 2) {
      if ((covered[i] ?? 0) - at >= least) found.push(at, covered[i] ?? 0);
      at = Math.max(at, covered[i + 1] ?? 0);
    }
    if (!data.open[span] && end - at >= least) found.push(at, end);
    return found;
  }
}

function childCoverage(data: TraceData, span: number): Intervals {
  const start = data.start[span] ?? 0;
  const end = data.end[span] ?? 0;
  const pieces: [number, number][] = [];
  const last = data.subtreeEnd[span] ?? span + 1;
  for (let c = span + 1; c < last; c = Math.max(c + 1, data.subtreeEnd[c] ?? c + 1)) {
    const from = Math.max(start, data.start[c] ?? 0);
    const to = Math.min(end, data.end[c] ?? 0);
    if (to > from) pieces.push([from, to]);
  }
  pieces.sort((a, b) => a[0] - b[0]);
  // Children nearer than a pixel of a wide screen are one piece: the drawing could not tell them apart.
  const near = pieces.length > PIECES_MAX ? (end - start) / 2000 : 0;
  const merged: Intervals = [];
  for (const [from, to] of pieces) {
    const n = merged.length;
    if (n > 0 && from <= (merged[n - 1] ?? 0) + near) merged[n - 1] = Math.max(merged[n - 1] ?? 0, to);
    else merged.push(from, to);
  }
  return merged;
}
