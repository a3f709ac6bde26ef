import type uPlot from "uplot";
import { axisTime } from "@/base/moment";
import type { TokenReader } from "@/base/use_tokens";
import type { Maybe } from "@/base/model";
import { type ChartPlan, gaps } from "./plan";

export interface Mark {
  at: number;
  text: string;
  tone: "crit" | "warn" | "info";
}

export interface Eta {
  q10: number;
  q50: number | null;
  q90: number | null;
}

export interface LayerOptions {
  plan: ChartPlan;
  token: TokenReader;
  color: string;
  tone: "crit" | "warn";
  threshold: { value: number; label: string | null; tone: "crit" | "quiet" } | null;
  marks: Mark[];
  eta: Eta | null;
  refractoryUntil: number | null;
  /** A plan to compare with: a straight grey line between two points. */
  ideal: { from: number; fromValue: number; to: number; toValue: number } | null;
  compact: boolean;
  nowLabel: boolean;
}

type Layer = (u: uPlot) => void;

const FONT = (u: uPlot, px = 11, weight = 430) => `${weight} ${px * uScale(u)}px "Inter Variable", Inter, system-ui, sans-serif`;

function uScale(u: uPlot): number {
  return u.ctx.canvas.width / Math.max(1, u.width);
}

function xy(u: uPlot): { X: (t: number) => number; Y: (v: number) => number } {
  return { X: (t) => u.valToPos(t, "x", true), Y: (v) => u.valToPos(v, "y", true) };
}

function clip(u: uPlot, draw: () => void): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}

/** Fills between two curves, one closed shape per run of points where both are known. */
function between(u: uPlot, x: number[], a: Maybe[], b: Maybe[], fill: string): void {
  const { X, Y } = xy(u);
  const ctx = u.ctx;
  ctx.fillStyle = fill;
  for (let i = 0; i < x.length; ) {
    if (a[i] == null || b[i] == null) {
      i += 1;
      continue;
    }
    let end = i;
    while (end + 1 < x.length && a[end + 1] != null && b[end + 1] != null) end += 1;
    ctx.beginPath();
    for (let k = i; k <= end; k += 1) ctx.lineTo(X(x[k] ?? 0), Y(b[k] ?? 0));
    for (let k = end; k >= i; k -= 1) ctx.lineTo(X(x[k] ?? 0), Y(a[k] ?? 0));
    ctx.closePath();
    ctx.fill();
    i = end + 1;
  }
}

/** Below the line: violet ground of the future, expected band, what left it, gaps. */
export function underLayer(o: LayerOptions): Layer {
  const { plan, token } = o;
  return (u) => clip(u, () => {
    const { X, Y } = xy(u);
    const { ctx, bbox } = u;
    if (plan.end > plan.now) {
      ctx.fillStyle = token("--pred-bg");
      ctx.globalAlpha = 0.45;
      ctx.fillRect(X(plan.now), bbox.top, bbox.left + bbox.width - X(plan.now), bbox.height);
      ctx.globalAlpha = 1;
    }
    between(u, plan.x, plan.low, plan.high, token("--band"));
    ctx.globalAlpha = 0.32;
    const fill = token(o.tone === "crit" ? "--crit-solid" : "--warn-solid");
    const above = plan.actual.map((v, i) => (v !== null && plan.high[i] != null ? Math.max(v, plan.high[i] ?? v) : null));
    const below = plan.actual.map((v, i) => (v !== null && plan.low[i] != null ? Math.min(v, plan.low[i] ?? v) : null));
    between(u, plan.x, plan.high, above, fill);
    between(u, plan.x, below, plan.low, fill);
    ctx.globalAlpha = 0.2;
    between(u, plan.x, plan.q10, plan.q90, token("--pred-solid"));
    ctx.globalAlpha = 1;
    ctx.strokeStyle = token("--control-line");
    ctx.setLineDash([3 * uScale(u), 3 * uScale(u)]);
    ctx.lineWidth = uScale(u);
    for (const [from, to] of gaps(plan)) {
      const left = X(from) + 2;
      const width = X(to) - X(from) - 4;
      if (width < 6) continue;
      ctx.strokeRect(left, bbox.top + 2, width, bbox.height - 4);
      if (width > 52 * uScale(u)) label(u, "no data", left + width / 2, Y((plan.yMin + plan.yMax) / 2), token("--text-3"), "center");
    }
    ctx.setLineDash([]);
  });
}

function label(u: uPlot, text: string, x: number, y: number, color: string, align: CanvasTextAlign, px = 11, weight = 430): void {
  const ctx = u.ctx;
  ctx.font = FONT(u, px, weight);
  ctx.fillStyle = color;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y);
}

/** Above the line: forecast, threshold, now, marks, time to breach. */
export function overLayer(o: LayerOptions): Layer {
  return (u) => {
    const { plan, token, threshold } = o;
    const { X, Y } = xy(u);
    const { ctx, bbox } = u;
    const s = uScale(u);
    clip(u, () => {
      if (o.ideal) {
        ctx.strokeStyle = token("--line-2");
        ctx.lineWidth = 1.5 * s;
        stroke(ctx, X(o.ideal.from), Y(o.ideal.fromValue), X(o.ideal.to), Y(o.ideal.toValue));
      }
      dashed(u, plan.x, plan.q50, token("--pred-solid"), 1.6 * s, [5 * s, 3.5 * s]);
    });
    if (threshold) {
      ctx.strokeStyle = token(threshold.tone === "crit" ? "--crit-solid" : "--text-3");
      ctx.lineWidth = s;
      ctx.setLineDash(threshold.tone === "crit" ? [] : [2 * s, 3 * s]);
      stroke(ctx, bbox.left, Y(threshold.value), bbox.left + bbox.width, Y(threshold.value));
      ctx.setLineDash([]);
      if (threshold.label) label(u, threshold.label, bbox.left + bbox.width + 6 * s, Y(threshold.value), token("--crit"), "left", 12, 560);
    }
    if (!o.compact && plan.end > plan.now) {
      ctx.strokeStyle = token("--text-3");
      ctx.lineWidth = s;
      stroke(ctx, X(plan.now), bbox.top, X(plan.now), bbox.top + bbox.height);
    }
    endDot(u, o);
    for (const mark of o.marks) drawMark(u, o, mark);
    if (o.eta && threshold) drawEta(u, o, o.eta, threshold.value);
    if (o.refractoryUntil !== null) {
      const from = Math.min(X(o.refractoryUntil), bbox.left + bbox.width);
      ctx.fillStyle = token("--line-2");
      ctx.fillRect(X(plan.now), bbox.top + bbox.height - 3 * s, Math.max(0, from - X(plan.now)), 3 * s);
    }
    timeLabels(u, o);
  };
}

function stroke(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function dashed(u: uPlot, x: number[], y: Maybe[], color: string, width: number, dash: number[]): void {
  const { X, Y } = xy(u);
  const ctx = u.ctx;
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  ctx.beginPath();
  let open = false;
  for (let i = 0; i < x.length; i += 1) {
    const v = y[i];
    if (v == null) {
      open = false;
    } else if (open) {
      ctx.lineTo(X(x[i] ?? 0), Y(v));
    } else {
      ctx.moveTo(X(x[i] ?? 0), Y(v));
      open = true;
    }
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

function endDot(u: uPlot, o: LayerOptions): void {
  const { plan, token } = o;
  let i = plan.x.length - 1;
  while (i >= 0 && plan.actual[i] == null) i -= 1;
  const value = plan.actual[i];
  if (i < 0 || value == null) return;
  const { X, Y } = xy(u);
  const s = uScale(u);
  u.ctx.beginPath();
  u.ctx.arc(X(plan.x[i] ?? 0), Y(value), (o.compact ? 2.4 : 3.2) * s, 0, 7);
  u.ctx.fillStyle = o.color;
  u.ctx.fill();
  u.ctx.strokeStyle = token("--surface");
  u.ctx.lineWidth = 1.5 * s;
  u.ctx.stroke();
}

function drawMark(u: uPlot, o: LayerOptions, mark: Mark): void {
  const { plan, token } = o;
  if (mark.at < (plan.x[0] ?? 0) || mark.at > plan.end) return;
  const { X, Y } = xy(u);
  const { ctx, bbox } = u;
  const s = uScale(u);
  const color = token(mark.tone === "info" ? "--text-2" : `--${mark.tone}-solid`);
  let i = 0;
  while (i + 1 < plan.x.length && (plan.x[i + 1] ?? 0) <= mark.at) i += 1;
  const value = plan.actual[i];
  const x = X(mark.at);
  ctx.strokeStyle = color;
  ctx.lineWidth = s;
  if (o.compact) {
    ctx.setLineDash([2 * s, 2 * s]);
    stroke(ctx, x, bbox.top, x, bbox.top + bbox.height);
    ctx.setLineDash([]);
    return;
  }
  const y = value == null ? bbox.top + bbox.height : Y(value);
  ctx.beginPath();
  ctx.arc(x, y, 3 * s, 0, 7);
  ctx.fillStyle = color;
  ctx.fill();
  const top = Math.max(bbox.top + 18 * s, y - 40 * s);
  ctx.strokeStyle = token("--text-3");
  stroke(ctx, x, y - 5 * s, x, top);
  label(u, mark.text, x, top - 8 * s, token("--text-2"), "center");
}

/** The I-beam on the threshold from q10 to q90 with a diamond at q50; an open arrow beyond the horizon. */
function drawEta(u: uPlot, o: LayerOptions, eta: Eta, threshold: number): void {
  const { X, Y } = xy(u);
  const { ctx, bbox } = u;
  const s = uScale(u);
  const color = o.token("--pred");
  const right = bbox.left + bbox.width;
  const y = Y(threshold);
  const x1 = X(eta.q10);
  const open = eta.q90 === null || X(eta.q90) > right;
  const x2 = open ? right - 2 * s : X(eta.q90 ?? eta.q10);
  ctx.strokeStyle = color;
  ctx.lineWidth = 2 * s;
  stroke(ctx, x1, y - 7 * s, x1, y + 7 * s);
  if (open) {
    stroke(ctx, x2 - 6 * s, y - 6 * s, x2, y);
    stroke(ctx, x2 - 6 * s, y + 6 * s, x2, y);
  } else {
    stroke(ctx, x2, y - 7 * s, x2, y + 7 * s);
  }
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = 5 * s;
  stroke(ctx, x1, y, x2, y);
  ctx.globalAlpha = 1;
  if (eta.q50 === null || X(eta.q50) > right) return;
  const x = X(eta.q50);
  ctx.lineWidth = s;
  ctx.setLineDash([2 * s, 2 * s]);
  stroke(ctx, x, bbox.top - 4 * s, x, y - 9 * s);
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x, y - 7 * s);
  ctx.lineTo(x + 7 * s, y);
  ctx.lineTo(x, y + 7 * s);
  ctx.lineTo(x - 7 * s, y);
  ctx.closePath();
  ctx.fillStyle = color;
  ctx.fill();
  ctx.strokeStyle = o.token("--surface");
  ctx.lineWidth = 1.5 * s;
  ctx.stroke();
}

function timeLabels(u: uPlot, o: LayerOptions): void {
  if (!o.compact) return;
  const { X } = xy(u);
  const { plan, token } = o;
  const s = uScale(u);
  const y = u.ctx.canvas.height - 7 * s;
  const first = plan.x[0] ?? plan.now;
  const range = plan.end - first;
  const color = token("--text-3");
  label(u, axisTime(first, range), u.bbox.left, y, color, "left");
  if (plan.end > plan.now) {
    label(u, axisTime(plan.end, range), u.bbox.left + u.bbox.width, y, color, "right");
    if (u.width > 180) label(u, "now", X(plan.now), y, color, "center");
  } else {
    label(u, o.nowLabel ? "now" : axisTime(plan.end, range), u.bbox.left + u.bbox.width, y, color, "right");
  }
}
