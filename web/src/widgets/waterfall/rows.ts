import { type Fold, type Folds, oddTurns } from "./folds";
import { type TraceData, hasChildren } from "./trace_data";

export interface SpanRow {
  type: "span";
  span: number;
  depth: number;
  expandable: boolean;
  expanded: boolean;
}
export interface FoldRow {
  type: "fold";
  fold: Fold;
  depth: number;
  expandable: true;
  expanded: boolean;
}
/** "+36 alike": the turns of an open fold that say nothing new. */
export interface MoreRow {
  type: "more";
  fold: Fold;
  hidden: number;
  depth: number;
  expandable: false;
  expanded: false;
}
export type Row = SpanRow | FoldRow | MoreRow;

export interface RowState {
  collapsed: ReadonlySet<number>;
  openFolds: ReadonlySet<number>;
  fullFolds: ReadonlySet<number>;
  /** Only these spans and their ancestors, when set. */
  only: ReadonlySet<number> | null;
}

interface Frame {
  /** Sibling spans left to visit, as a range in depth-first order or as a list. */
  next: number;
  end: number;
  list: number[] | null;
  depth: number;
  after: MoreRow | null;
}

/** The rows to show, top to bottom. Linear in shown rows; a collapsed subtree costs nothing. */
export function buildRows(data: TraceData, folds: Folds, state: RowState): Row[] {
  const rows: Row[] = [];
  const stack: Frame[] = [{ next: 0, end: data.count, list: null, depth: 0, after: null }];
  while (stack.length > 0) {
    const frame = stack[stack.length - 1] as Frame;
    const span = frame.list ? (frame.list[frame.next] ?? -1) : frame.next;
    if (frame.list ? frame.next >= frame.list.length : frame.next >= frame.end) {
      if (frame.after) rows.push(frame.after);
      stack.pop();
      continue;
    }
    const fold = frame.list === null ? folds.byFirst.get(span) : undefined;
    if (fold && state.only === null) {
      const last = fold.members[fold.members.length - 1] ?? span;
      frame.next = data.subtreeEnd[last] ?? last + 1;
      pushFold(data, fold, frame.depth, state, rows, stack);
      continue;
    }
    if (frame.list) frame.next += 1;
    else frame.next = data.subtreeEnd[span] ?? span + 1;
    if (state.only && !state.only.has(span)) continue;
    const expandable = hasChildren(data, span);
    const expanded = expandable && !state.collapsed.has(span);
    rows.push({ type: "span", span, depth: frame.depth, expandable, expanded });
    if (expanded) stack.push({ next: span + 1, end: data.subtreeEnd[span] ?? span + 1, list: null, depth: frame.depth + 1, after: null });
  }
  return rows;
}

function pushFold(data: TraceData, fold: Fold, depth: number, state: RowState, rows: Row[], stack: Frame[]): void {
  const expanded = state.openFolds.has(fold.id);
  rows.push({ type: "fold", fold, depth, expandable: true, expanded });
  if (!expanded) return;
  const all = state.fullFolds.has(fold.id) || fold.turns <= 5;
  const last = fold.turns - 1;
  const odd = all ? [] : oddTurns(data, fold);
  const head = all ? fold.members : turns(fold, [0, ...odd]);
  const hidden = fold.turns - 2 - odd.length;
  // Frames are popped last first: the tail below, then the head with its "+ alike" row after it.
  if (!all) stack.push({ next: 0, end: 0, list: turns(fold, [last]), depth: depth + 1, after: null });
  stack.push({
    next: 0, end: 0, list: head, depth: depth + 1,
    after: all || hidden <= 0 ? null : { type: "more", fold, hidden, depth: depth + 1, expandable: false, expanded: false },
  });
}

function turns(fold: Fold, which: number[]): number[] {
  return which.flatMap((t) => fold.members.slice(t * fold.period, (t + 1) * fold.period));
}

export function rowKey(row: Row): string {
  if (row.type === "span") return `s${row.span}`;
  return `${row.type === "fold" ? "f" : "m"}${row.fold.id}`;
}

/** Spans that must be opened so that `span` has a row: its ancestors, and the folds that hide it or them. */
export function reveal(data: TraceData, folds: Folds, span: number, state: RowState): Pick<RowState, "collapsed" | "openFolds" | "fullFolds"> {
  const collapsed = new Set(state.collapsed);
  const openFolds = new Set(state.openFolds);
  const fullFolds = new Set(state.fullFolds);
  const chain = new Set<number>();
  for (let at = span; at >= 0; at = data.parent[at] ?? -1) {
    chain.add(at);
    if (at !== span) collapsed.delete(at);
  }
  for (const fold of folds.list) {
    const index = fold.members.findIndex((m) => chain.has(m));
    if (index < 0) continue;
    openFolds.add(fold.id);
    const turn = Math.floor(index / fold.period);
    if (turn !== 0 && turn !== fold.turns - 1) fullFolds.add(fold.id);
  }
  return { collapsed, openFolds, fullFolds };
}
