import { type Repetition, repetitionAt } from "../repetition";
import { type TraceData, children, spanName } from "./trace_data";

// Repetition among siblings: equal neighbours, and sequences that come back with a period.

export const RUN_MIN = 4;
export const PERIOD_MAX = 6;
export const TURNS_MIN = 3;
/** Folds are closed by default in traces larger than this, and when they have more turns than this. */
export const FOLD_ABOVE = 200;
export const FOLD_TURNS = 5;
/** From this share of equal turns on, a repetition is named by what is mostly equal. */
const MOSTLY = 0.8;

export type Evidence = "same arguments" | "mostly same arguments" | "same result" | "mostly same result" | "same rhythm";

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
  const args = equalShare(data.argsHash, members, period);
  if (args === 1) return "same arguments";
  const results = equalShare(data.resultHash, members, period);
  if (results === 1) return "same result";
  if (args >= MOSTLY) return "mostly same arguments";
  return results >= MOSTLY ? "mostly same result" : "same rhythm";
}

/** Of the spans that carry a hash, the share that equals the one a turn before; 0 when none does. */
function equalShare(column: Float64Array, members: number[], period: number): number {
  let known = 0;
  let equal = 0;
  for (let i = period; i < members.length; i += 1) {
    const now = column[members[i] ?? 0] ?? 0;
    if (now === 0) continue;
    known += 1;
    if (now === column[members[i - period] ?? 0]) equal += 1;
  }
  return known === 0 ? 0 : equal / known;
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
