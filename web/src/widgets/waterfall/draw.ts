import { duration } from "@/base/format";
import { hueToken } from "@/base/identity";
import type { TokenReader } from "@/base/use_tokens";
import { fitCanvas, hatch } from "../strip_draw";
import type { Coverage } from "./coverage";
import type { Row } from "./rows";
import { KIND, STATUS, type TraceData, type WaitMark, spanAgent } from "./trace_data";

export const ROW_PX = 24;
const BAR_TOP = 6;
const BAR_PX = 12;
const MIN_PX = 2;
const FONT = '430 11px "Inter Variable", Inter, system-ui, sans-serif';
const NS_PER_MS = 1e6;

export interface View {
  from: number;
  to: number;
}

export interface BarsInput {
  data: TraceData;
  rows: Row[];
  first: number;
  last: number;
  /** Pixels between the top of row `first` and the top of the canvas; 0 or negative. */
  offset: number;
  width: number;
  height: number;
  view: View;
  token: TokenReader;
  coverage: Coverage;
  /** Pieces of the critical path by span, or null when it is off. */
  critical: Map<number, [number, number][]> | null;
  waits: Map<number, WaitMark[]>;
  dimOthers: boolean;
  coloured: ReadonlySet<number>;
  ticks: number[];
}

export function timeToX(ns: number, view: View, width: number): number {
  return ((ns - view.from) / (view.to - view.from)) * width;
}

/** Round steps for the ruler: at most one tick in 90 px. */
export function rulerTicks(view: View, width: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9, 2e9, 5e9, 1e10, 1.5e10, 3e10, 6e10, 12e10, 3e11, 6e11, 9e11, 18e11, 36e11, 72e11, 144e11, 432e11, 864e11, 6048e11];
  const least = ((view.to - view.from) / Math.max(1, width)) * 90;
  const step = steps.find((s) => s >= least) ?? least;
  const ticks: number[] = [];
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) ticks.push(t);
  return ticks;
}

/** Draws the bars of the visible rows; under 2 ms for 60 rows. */
export function drawBars(context: CanvasRenderingContext2D, input: BarsInput): void {
  const { token, width, height, view } = input;
  fitCanvas(context, width, height);
  context.strokeStyle = token("--grid");
  context.lineWidth = 1;
  context.beginPath();
  for (const t of input.ticks) {
    const x = Math.round(timeToX(t, view, width)) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
  for (let i = input.first; i < input.last; i += 1) {
    const row = input.rows[i];
    if (!row) continue;
    const y = input.offset + (i - input.first) * ROW_PX;
    if (row.type === "span") drawSpan(context, input, row.span, y);
    else if (row.type === "fold") drawFold(context, input, row, y);
  }
}

function spanColor(input: BarsInput, span: number): string {
  const agent = spanAgent(input.data, span);
  if (!agent) return input.token("--text-3");
  return input.coloured.has(input.data.agent[span] ?? -1) ? input.token(hueToken(agent.slot)) : input.token("--unk-solid");
}

interface Box {
  x: number;
  w: number;
}

function boxOf(input: BarsInput, from: number, to: number): Box {
  const x = timeToX(from, input.view, input.width);
  return { x, w: Math.max(MIN_PX, timeToX(to, input.view, input.width) - x) };
}

function drawSpan(context: CanvasRenderingContext2D, input: BarsInput, span: number, y: number): void {
  const { data, token } = input;
  const start = data.start[span] ?? 0;
  const end = data.end[span] ?? 0;
  const { x, w } = boxOf(input, start, end);
  if (x > input.width || x + w < 0) {
    drawOutside(context, input, x > input.width, y);
    return;
  }
  const color = spanColor(input, span);
  const faded = input.dimOthers && input.critical !== null && !input.critical.has(span);
  context.globalAlpha = faded ? 0.35 : 1;
  if (data.kind[span] === KIND.wait) drawWait(context, token, x, w, y);
  else drawSolid(context, input, span, color, { x, w }, y, faded ? 0.35 : 1);
  for (const wait of input.waits.get(span) ?? []) {
    const box = boxOf(input, wait.start_ns, wait.end_ns);
    drawWait(context, token, box.x, box.w, y);
  }
  context.globalAlpha = 1;
  if (data.status[span] === STATUS.error) {
    context.fillStyle = token("--crit-solid");
    context.fillRect(x, y + BAR_TOP - 1, 3, BAR_PX + 2);
  }
  if (data.open[span]) openEdge(context, color, x + w, y);
  drawCritical(context, input, span, y);
  drawLabel(context, input, { x, w: w + (data.open[span] ? 8 : 0) }, duration((end - start) / NS_PER_MS), y, hasFill(data, span));
}

function hasFill(data: TraceData, span: number): boolean {
  return (data.subtreeEnd[span] ?? 0) > span + 1;
}

function drawSolid(context: CanvasRenderingContext2D, input: BarsInput, span: number, color: string, box: Box, y: number, alpha: number): void {
  const { data, token } = input;
  context.fillStyle = color;
  const parent = hasFill(data, span);
  context.globalAlpha = alpha * 0.92;
  bar(context, box.x, y + BAR_TOP, box.w, BAR_PX);
  if (parent) {
    // Time in children stands back: the bar's colour under a veil of the surface.
    context.fillStyle = token("--surface");
    context.globalAlpha = 0.58;
    const covered = input.coverage.of(span);
    for (let i = 0; i < covered.length; i += 2) {
      const from = Math.max(box.x, timeToX(covered[i] ?? 0, input.view, input.width));
      const to = Math.min(box.x + box.w, timeToX(covered[i + 1] ?? 0, input.view, input.width));
      if (to > from && to > 0 && from < input.width) context.fillRect(from, y + BAR_TOP, to - from, BAR_PX);
    }
    drawGaps(context, input, span, y);
  } else if (data.kind[span] === KIND.llm && (data.firstChunk[span] ?? -1) > 0) {
    const first = timeToX((data.start[span] ?? 0) + (data.firstChunk[span] ?? 0), input.view, input.width);
    context.fillStyle = token("--surface");
    context.globalAlpha = 0.5;
    context.fillRect(box.x, y + BAR_TOP, Math.max(0, Math.min(box.w, first - box.x)), BAR_PX);
  }
  context.globalAlpha = alpha;
}

function drawGaps(context: CanvasRenderingContext2D, input: BarsInput, span: number, y: number): void {
  const gaps = input.coverage.gaps(span);
  if (gaps.length === 0) return;
  const { token } = input;
  for (let i = 0; i < gaps.length; i += 2) {
    const from = timeToX(gaps[i] ?? 0, input.view, input.width);
    const w = timeToX(gaps[i + 1] ?? 0, input.view, input.width) - from;
    if (w < 4) continue;
    context.globalAlpha = 1;
    context.fillStyle = token("--surface");
    context.fillRect(from, y + BAR_TOP, w, BAR_PX);
    context.strokeStyle = token("--unk-solid");
    context.setLineDash([2, 2]);
    context.strokeRect(from + 0.5, y + BAR_TOP + 0.5, w - 1, BAR_PX - 1);
    context.setLineDash([]);
    const text = `${duration(((gaps[i + 1] ?? 0) - (gaps[i] ?? 0)) / NS_PER_MS)} not traced`;
    context.font = FONT;
    if (w > context.measureText(text).width + 12) {
      context.fillStyle = token("--text-3");
      context.textBaseline = "middle";
      context.textAlign = "center";
      context.fillText(text, from + w / 2, y + ROW_PX / 2 + 0.5);
    }
  }
}

function bar(context: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
  if (w < 4) {
    context.fillRect(x, y, w, h);
    return;
  }
  context.beginPath();
  context.roundRect(x, y, w, h, 2);
  context.fill();
}

function drawWait(context: CanvasRenderingContext2D, token: TokenReader, x: number, w: number, y: number): void {
  hatch(context, x, y + BAR_TOP, w, BAR_PX, token("--hatch"), 5, 1.5);
  context.strokeStyle = token("--hatch");
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + BAR_TOP + 0.5, Math.max(1, w - 1), BAR_PX - 1);
}

function openEdge(context: CanvasRenderingContext2D, color: string, x: number, y: number): void {
  context.strokeStyle = color;
  context.lineWidth = 1.6;
  context.beginPath();
  context.moveTo(x + 3, y + 8);
  context.lineTo(x + 7, y + 12);
  context.lineTo(x + 3, y + 16);
  context.stroke();
}

function drawOutside(context: CanvasRenderingContext2D, input: BarsInput, right: boolean, y: number): void {
  context.fillStyle = input.token("--text-3");
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = right ? "right" : "left";
  context.fillText(right ? "›" : "‹", right ? input.width - 4 : 4, y + ROW_PX / 2);
}

function drawFold(context: CanvasRenderingContext2D, input: BarsInput, row: Extract<Row, { type: "fold" }>, y: number): void {
  const { data, token } = input;
  const { members } = row.fold;
  const first = members[0] ?? 0;
  const last = members[members.length - 1] ?? first;
  const color = spanColor(input, first);
  const whole = boxOf(input, data.start[first] ?? 0, data.end[last] ?? 0);
  context.fillStyle = color;
  context.globalAlpha = 0.18;
  bar(context, whole.x, y + BAR_TOP + 1, whole.w, BAR_PX - 2);
  context.globalAlpha = 0.78;
  let reach = -Infinity;
  for (const m of members) {
    const { x, w } = boxOf(input, data.start[m] ?? 0, data.end[m] ?? 0);
    if (x > input.width || x + w < Math.max(0, reach)) continue;
    const wide = Math.max(1.2, w - 1);
    context.fillRect(Math.max(x, reach), y + BAR_TOP + 1, wide, BAR_PX - 2);
    reach = x + 0.6;
    if (data.status[m] === STATUS.error) {
      context.fillStyle = token("--crit-solid");
      context.fillRect(x, y + BAR_TOP + 1, 2, BAR_PX - 2);
      context.fillStyle = color;
    }
  }
  context.globalAlpha = 1;
  for (const m of members) drawCritical(context, input, m, y);
  drawLabel(context, input, whole, duration(((data.end[last] ?? 0) - (data.start[first] ?? 0)) / NS_PER_MS), y, true);
}

/** A 3 px ink line with a surface halo at the foot of the row. */
function drawCritical(context: CanvasRenderingContext2D, input: BarsInput, span: number, y: number): void {
  const pieces = input.critical?.get(span);
  if (!pieces) return;
  for (const [from, to] of pieces) {
    const { x, w } = boxOf(input, from, to);
    context.fillStyle = input.token("--surface");
    context.fillRect(x - 1, y + 18, w + 2, 5);
    context.fillStyle = input.token("--ink");
    context.fillRect(x, y + 19, w, 3);
  }
}

function drawLabel(context: CanvasRenderingContext2D, input: BarsInput, box: Box, text: string, y: number, filled: boolean): void {
  context.font = FONT;
  context.textBaseline = "middle";
  const w = context.measureText(text).width;
  const middle = y + ROW_PX / 2 + 0.5;
  const right = box.x + box.w + 6;
  const { token, width } = input;
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = token("--surface");
  context.fillStyle = token("--text-3");
  if (right + w < width - 4) {
    context.textAlign = "left";
    context.strokeText(text, right, middle);
    context.fillText(text, right, middle);
  } else if (box.x - 6 - w > 0) {
    context.textAlign = "right";
    context.strokeText(text, box.x - 6, middle);
    context.fillText(text, box.x - 6, middle);
  } else if (filled || box.w > w + 20) {
    const x = Math.max(0, box.x) + 10;
    context.textAlign = "left";
    context.globalAlpha = 0.86;
    context.fillStyle = token("--surface");
    context.fillRect(x - 3, y + BAR_TOP, w + 6, BAR_PX);
    context.globalAlpha = 1;
    context.fillStyle = token("--text-2");
    context.fillText(text, x, middle);
  }
}
