import { repetitionAt } from "../repetition";
import { KIND, STATUS, type TraceData, spanName } from "../waterfall/trace_data";

export interface Interaction {
  from: number;
  to: number;
  kind: "handoff" | "delegation" | "message" | "return";
  at_ns: number;
  label: string;
  span: number;
  error: boolean;
}

/** One thing that happens on the lanes. `times` above 1: that many in a row, alike. */
export interface SequenceEvent {
  type: "arrow" | "tool" | "llm";
  at: number;
  from: number;
  to: number;
  kind: Interaction["kind"] | "";
  label: string;
  span: number;
  error: boolean;
  times: number;
}

export interface SequenceRow {
  type: "event" | "frame-start" | "frame-end";
  event: SequenceEvent | null;
  frame: { id: number; times: number; lanes: [number, number]; spanNs: number } | null;
  y: number;
  height: number;
}

export interface Activation {
  lane: number;
  from: number;
  to: number;
  waiting: boolean;
}

export interface SequencePlan {
  /** Agent indices, left to right; the last stands for all others when `others` > 0. */
  lanes: number[];
  others: number;
  rows: SequenceRow[];
  activations: Activation[];
  height: number;
}

export const LANES_MAX = 12;
const HEIGHT = { arrow: 40, tool: 32, llm: 28 };
const FRAME_HEAD = 36;
const FRAME_FOOT = 26;
const TOP = 18;
const BREAK_AFTER = 10;

/** Events in time order: what agents send each other, their tools and model calls, neighbours alike merged. */
export function sequenceEvents(data: TraceData, interactions: Interaction[]): SequenceEvent[] {
  const events: SequenceEvent[] = interactions.map((i) => ({
    type: "arrow", at: i.at_ns, from: i.from, to: i.to, kind: i.kind, label: i.label, span: i.span, error: i.error, times: 1,
  }));
  for (let s = 0; s < data.count; s += 1) {
    const kind = data.kind[s];
    const agent = data.agent[s] ?? -1;
    if (agent < 0 || (kind !== KIND.tool && kind !== KIND.llm)) continue;
    events.push({
      type: kind === KIND.tool ? "tool" : "llm", at: data.start[s] ?? 0, from: agent, to: agent, kind: "",
      label: spanName(data, s), span: s, error: data.status[s] === STATUS.error, times: 1,
    });
  }
  return events.sort((a, b) => a.at - b.at || a.span - b.span);
}

function keyOf(e: SequenceEvent): string {
  return `${e.type} ${e.from} ${e.to} ${e.kind} ${e.type === "arrow" ? "" : e.label}`;
}

function mergeNeighbours(events: SequenceEvent[]): SequenceEvent[] {
  const merged: SequenceEvent[] = [];
  for (const event of events) {
    const last = merged[merged.length - 1];
    if (last && last.type !== "arrow" && keyOf(last) === keyOf(event)) {
      last.times += 1;
      last.error ||= event.error;
    } else merged.push({ ...event });
  }
  return merged;
}

/** Lanes by first activity; beyond twelve the quiet ones share the last lane. */
function lanesOf(events: SequenceEvent[]): { lanes: number[]; others: number } {
  const order: number[] = [];
  const seen = new Set<number>();
  for (const e of events) {
    for (const a of [e.from, e.to]) {
      if (a < 0 || seen.has(a)) continue;
      seen.add(a);
      order.push(a);
    }
  }
  return order.length <= LANES_MAX ? { lanes: order, others: 0 } : { lanes: order.slice(0, LANES_MAX), others: order.length - LANES_MAX + 1 };
}

export function planSequence(data: TraceData, interactions: Interaction[], options: { fold: boolean; toScale: boolean }): SequencePlan {
  const raw = sequenceEvents(data, interactions);
  const events = options.fold ? mergeNeighbours(raw) : raw;
  const { lanes, others } = lanesOf(events);
  const laneOf = new Map(lanes.map((agent, i) => [agent, i]));
  const lane = (agent: number) => laneOf.get(agent) ?? lanes.length - 1;
  const rows: SequenceRow[] = [];
  let y = TOP;
  const push = (row: Omit<SequenceRow, "y">) => {
    rows.push({ ...row, y });
    y += row.height;
  };
  const pauses = options.toScale ? scaleOf(events) : null;
  const pushEvent = (event: SequenceEvent, before: SequenceEvent | undefined) => {
    if (pauses && before) y += pauses(event.at - before.at);
    push({ type: "event", event, frame: null, height: HEIGHT[event.type] });
  };
  const keys = events.map(keyOf);
  let frames = 0;
  for (let i = 0; i < events.length; ) {
    const event = events[i];
    if (!event) break;
    const found = options.fold ? repetitionAt(keys, i, { periodMax: 6, runMin: 4, turnsMin: 3 }) : null;
    if (!found) {
      pushEvent(event, events[i - 1]);
      i += 1;
      continue;
    }
    const turn = events.slice(i, i + found.period);
    const all = events.slice(i, i + found.period * found.turns);
    const touched = turn.flatMap((e) => [lane(e.from), lane(e.to)]);
    const frame = {
      id: frames, times: found.turns, lanes: [Math.min(...touched), Math.max(...touched)] as [number, number],
      spanNs: (all[all.length - 1]?.at ?? 0) - event.at,
    };
    frames += 1;
    push({ type: "frame-start", event: null, frame, height: FRAME_HEAD });
    turn.forEach((e, k) => {
      const times = all.filter((_, j) => j % found.period === k).reduce((n, x) => n + x.times, 0);
      const errors = all.some((x, j) => j % found.period === k && x.error);
      push({ type: "event", event: { ...e, times: e.type === "arrow" ? 1 : times, error: e.error || errors }, frame, height: HEIGHT[e.type] });
    });
    push({ type: "frame-end", event: null, frame, height: FRAME_FOOT });
    i += found.period * found.turns;
  }
  return { lanes, others, rows, activations: activationsOf(rows, lane, y), height: y + 24 };
}

/** Pixels of pause before an event when drawn to scale; pauses beyond ten medians are cut. */
function scaleOf(events: SequenceEvent[]): (gapNs: number) => number {
  const gaps = events.slice(1).map((e, i) => e.at - (events[i]?.at ?? 0)).filter((g) => g > 0).sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)] ?? 1;
  return (gapNs) => (Math.min(gapNs, median * BREAK_AFTER) / median) * 14;
}

/** When an agent works and when it waits for an answer, in rows: a hand-off ends its work, a message makes it wait. */
function activationsOf(rows: SequenceRow[], lane: (agent: number) => number, end: number): Activation[] {
  const done: Activation[] = [];
  const open = new Map<number, Activation>();
  const close = (l: number, y: number) => {
    const a = open.get(l);
    if (a && y > a.from) done.push({ ...a, to: y });
    open.delete(l);
  };
  const begin = (l: number, y: number, waiting: boolean) => {
    close(l, y);
    open.set(l, { lane: l, from: y, to: y, waiting });
  };
  for (const row of rows) {
    const e = row.event;
    if (!e) continue;
    const middle = row.y + row.height / 2;
    const a = lane(e.from);
    const b = lane(e.to);
    if (e.type !== "arrow") {
      const now = open.get(a);
      if (!now || now.waiting) begin(a, row.y, false);
      continue;
    }
    if (!open.has(a)) open.set(a, { lane: a, from: row.y, to: row.y, waiting: false });
    if (e.kind === "message" || e.kind === "delegation") begin(a, middle, true);
    else close(a, middle);
    if (b !== a) begin(b, middle, false);
  }
  for (const l of [...open.keys()]) close(l, end);
  return done;
}
