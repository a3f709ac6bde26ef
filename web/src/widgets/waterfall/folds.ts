import { type Repetition, repetitionAt } from "../repetition";
import { type TraceData, children, spanName } from "./trace_data";

// Repetition among siblings: equal neighbours, and sequences that come back with a period.

export const RUN_MIN = 4;
export const PERIOD_MAX = 6;
export const TURNS_MIN = 3;
/** Folds are closed by default in traces larger than this. */
export const FOLD_ABOVE = 200;

export type Evidence = "same arguments" | "same result" | "same rhythm";

export interface Fold {
  id: number;
  parent: number;
  /** Sibling spans in order; `period` of them make one turn. */
  members: number[];
  period: number;
  turns: number;
  evidence: Evidence;
  name: string;
}

export interface Folds {
  list: Fold[];
  /** Folds by their first member. */
  byFirst: Map<number, Fold>;
}

export const NO_FOLDS: Folds = { list: [], byFirst: new Map() };

/** Finds all repetition. Linear in spans times PERIOD_MAX. */
export function findFolds(data: TraceData): Folds {
  const list: Fold[] = [];
  const byFirst = new Map<number, Fold>();
  for (let parent = -1; parent < data.count; parent += 1) {
    if (parent >= 0 && (data.subtreeEnd[parent] ?? 0) < parent + 1 + RUN_MIN) continue;
    const siblings = children(data, parent);
    if (siblings.length < RUN_MIN) continue;
    const shape = siblings.map((s) => shapeKey(data, s));
    for (let i = 0; i < siblings.length; ) {
      const found = foldAt(data, siblings, shape, i);
      if (!found) {
        i += 1;
        continue;
      }
      const members = siblings.slice(i, i + found.period * found.turns);
      const fold: Fold = {
        id: list.length, parent, members, period: found.period, turns: found.turns,
        evidence: evidence(data, members, found.period), name: foldName(data, members, found.period),
      };
      list.push(fold);
      byFirst.set(members[0] ?? -1, fold);
      i += members.length;
    }
  }
  return { list, byFirst };
}

function shapeKey(data: TraceData, span: number): string {
  return `${data.agent[span]} ${data.kind[span]} ${data.name[span]}`;
}

function exactKey(data: TraceData, span: number): string {
  return `${shapeKey(data, span)} ${data.argsHash[span]}`;
}

function foldAt(data: TraceData, siblings: number[], shape: string[], from: number): Repetition | null {
  let run = 1;
  const first = exactKey(data, siblings[from] ?? 0);
  while (from + run < siblings.length && exactKey(data, siblings[from + run] ?? 0) === first) run += 1;
  if (run >= RUN_MIN) return { period: 1, turns: run };
  return repetitionAt(shape, from, { periodMax: PERIOD_MAX, runMin: RUN_MIN, turnsMin: TURNS_MIN });
}

function evidence(data: TraceData, members: number[], period: number): Evidence {
  const equal = (column: Float64Array) =>
    members.every((m, i) => {
      const before = members[i - period];
      return before === undefined || (column[m] === column[before] && (data.kind[m] !== 4 || (column[m] ?? 0) !== 0));
    });
  if (equal(data.argsHash) && members.some((m) => (data.argsHash[m] ?? 0) !== 0)) return "same arguments";
  if (equal(data.resultHash) && members.some((m) => (data.resultHash[m] ?? 0) !== 0)) return "same result";
  return "same rhythm";
}

function foldName(data: TraceData, members: number[], period: number): string {
  if (period === 1) return spanName(data, members[0] ?? 0);
  return members.slice(0, period).map((m) => spanName(data, m)).join(" → ");
}

/** Turns that differ from the one before by arguments, result or status: the odd ones stay visible. */
export function oddTurns(data: TraceData, fold: Fold): number[] {
  const odd: number[] = [];
  for (let turn = 1; turn < fold.turns - 1; turn += 1) {
    for (let step = 0; step < fold.period; step += 1) {
      const m = fold.members[turn * fold.period + step] ?? 0;
      const before = fold.members[(turn - 1) * fold.period + step] ?? 0;
      if (data.resultHash[m] !== data.resultHash[before] || data.status[m] !== data.status[before]) {
        odd.push(turn);
        break;
      }
    }
    if (odd.length >= 8) break;
  }
  return odd;
}
