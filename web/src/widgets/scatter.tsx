import { useEffect, useMemo, useRef, useState } from "react";
import { duration } from "@/base/format";
import { axisTime, moment } from "@/base/moment";
import type { Outcome } from "@/base/model";
import { useSize } from "@/base/use_size";
import { type TokenReader, useTokens } from "@/base/use_tokens";
import { outcomeWord } from "./status";
import { fitCanvas } from "./strip_draw";
import "./scatter.css";
import "./tip.css";

export interface ScatterPoint {
  trace_id: string;
  start_unix_ms: number;
  duration_ms: number;
  outcome: Outcome;
}

export interface ScatterBins {
  start_unix_ms: number;
  step_ms: number;
  columns: number;
  rows: number;
  duration_ms_min: number;
  duration_ms_max: number;
  counts: number[];
}

interface Props {
  points: ScatterPoint[];
  bins?: ScatterBins | null;
  from: number;
  to: number;
  height: number;
  p90_ms?: number | null;
  onOpen: (traceId: string) => void;
  onRange: (from: number, to: number) => void;
}

const LEFT = 48;
const BOTTOM = 18;
const TOP = 6;
const RIGHT = 10;

// Durations a person knows, about a decade apart.
const STEPS_MS = [0.001, 0.01, 0.1, 1, 10, 100, 1e3, 10e3, 60e3, 600e3, 3600e3, 36e6, 86400e3, 864e6];

interface Scale {
  x: (ms: number) => number;
  y: (ms: number) => number;
  lo: number;
  hi: number;
}

function scaleOf(props: Props, width: number): Scale {
  const all = props.points.map((p) => Math.max(0.01, p.duration_ms));
  if (props.bins) all.push(props.bins.duration_ms_min || 0.01, props.bins.duration_ms_max);
  const least = Math.min(...all, 1e9);
  const most = Math.max(...all, 0.1);
  const lo = STEPS_MS.findLast((s) => s <= least) ?? 0.001;
  const hi = STEPS_MS.find((s) => s >= most && s > lo) ?? most * 2;
  const plot = props.height - TOP - BOTTOM;
  return {
    lo,
    hi,
    x: (ms) => LEFT + ((ms - props.from) / (props.to - props.from)) * (width - LEFT - RIGHT),
    y: (ms) => TOP + plot * (1 - Math.log(Math.max(lo, ms) / lo) / Math.log(hi / lo)),
  };
}

/** Runs by start and duration (log). Above 5,000 the server's bins; failures stay single points on top. */
export function Scatter(props: Props) {
  const [box, size] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const token = useTokens();
  const [hover, setHover] = useState<ScatterPoint | null>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const scale = useMemo(() => scaleOf(props, size.width), [props, size.width]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context && size.width > 0) draw(context, props, scale, size.width, token);
  }, [props, scale, size.width, token]);
  const nearest = (event: React.PointerEvent | React.MouseEvent): ScatterPoint | null => {
    const rect = box.current?.getBoundingClientRect();
    if (!rect) return null;
    let best: ScatterPoint | null = null;
    let least = 12;
    for (const p of props.points) {
      const d = Math.hypot(scale.x(p.start_unix_ms) - (event.clientX - rect.left), scale.y(p.duration_ms) - (event.clientY - rect.top));
      if (d < least) {
        least = d;
        best = p;
      }
    }
    return best;
  };
  const start = (event: React.PointerEvent<HTMLDivElement>) => {
    const target = event.currentTarget;
    const rect = target.getBoundingClientRect();
    const x0 = event.clientX - rect.left;
    let x1 = x0;
    target.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent) => {
      x1 = e.clientX - rect.left;
      if (Math.abs(x1 - x0) > 4) setDrag({ from: Math.min(x0, x1), to: Math.max(x0, x1) });
    };
    const up = () => {
      target.removeEventListener("pointermove", move);
      setDrag(null);
      const ms = (x: number) => props.from + ((x - LEFT) / (rect.width - LEFT - RIGHT)) * (props.to - props.from);
      const hit = Math.abs(x1 - x0) > 4 ? null : nearest(event);
      if (hit) props.onOpen(hit.trace_id);
      else if (Math.abs(x1 - x0) > 4) props.onRange(ms(Math.min(x0, x1)), ms(Math.max(x0, x1)));
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up, { once: true });
  };
  const failed = props.points.filter((p) => p.outcome === "failed").length;
  return (
    <div
      className="scatter"
      ref={box}
      style={{ height: props.height }}
      role="img"
      aria-label={`Duration over time of ${props.points.length} runs, ${failed} failed. The table lists the same runs.`}
      onPointerMove={(e) => setHover(nearest(e))}
      onPointerLeave={() => setHover(null)}
      onPointerDown={start}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {drag && <i className="scatter-drag" style={{ left: drag.from, width: drag.to - drag.from }} />}
      {hover && (
        <div className="chart-tip" style={{ left: Math.min(size.width - 170, scale.x(hover.start_unix_ms) + 10), top: Math.max(0, scale.y(hover.duration_ms) - 30) }}>
          <div className="strong">{duration(hover.duration_ms)}, {outcomeWord(hover.outcome)}</div>
          <div className="t3">{moment(hover.start_unix_ms)}</div>
        </div>
      )}
    </div>
  );
}

function draw(context: CanvasRenderingContext2D, props: Props, s: Scale, width: number, token: TokenReader): void {
  fitCanvas(context, width, props.height);
  context.font = '430 11px "Inter Variable", Inter, system-ui, sans-serif';
  context.textBaseline = "middle";
  context.lineWidth = 1;
  for (const v of STEPS_MS.filter((step) => step >= s.lo && step <= s.hi)) {
    const y = Math.round(s.y(v)) + 0.5;
    context.strokeStyle = token("--grid");
    context.beginPath();
    context.moveTo(LEFT, y);
    context.lineTo(width - RIGHT, y);
    context.stroke();
    context.fillStyle = token("--text-3");
    context.textAlign = "right";
    context.fillText(duration(v), LEFT - 8, Math.min(props.height - BOTTOM - 2, Math.max(TOP + 3, y)));
  }
  const steps = Math.max(2, Math.min(6, Math.floor(width / 160)));
  for (let i = 0; i <= steps; i += 1) {
    const t = props.from + ((props.to - props.from) * i) / steps;
    context.textAlign = i === 0 ? "left" : i === steps ? "right" : "center";
    context.fillStyle = token("--text-3");
    context.fillText(axisTime(t, props.to - props.from), s.x(t), props.height - 7);
  }
  if (props.bins) drawBins(context, props.bins, s, token);
  if (props.p90_ms != null) {
    context.strokeStyle = token("--text-3");
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(LEFT, s.y(props.p90_ms));
    context.lineTo(width - RIGHT, s.y(props.p90_ms));
    context.stroke();
    context.setLineDash([]);
    context.textAlign = "right";
    context.fillText("p90", width - RIGHT, s.y(props.p90_ms) - 8);
  }
  const inRange = props.points.filter((p) => p.start_unix_ms >= props.from && p.start_unix_ms <= props.to);
  const order = inRange.sort((a, b) => rank(a.outcome) - rank(b.outcome));
  for (const p of order) drawPoint(context, p, s.x(p.start_unix_ms), s.y(p.duration_ms), token);
}

function rank(outcome: Outcome): number {
  return { success: 0, unknown: 1, running: 2, limit: 3, failed: 4 }[outcome];
}

function drawBins(context: CanvasRenderingContext2D, bins: ScatterBins, s: Scale, token: TokenReader): void {
  const most = Math.max(1, ...bins.counts);
  const ratio = Math.log(bins.duration_ms_max / bins.duration_ms_min);
  for (let row = 0; row < bins.rows; row += 1) {
    const lo = bins.duration_ms_min * Math.exp((ratio * row) / bins.rows);
    const hi = bins.duration_ms_min * Math.exp((ratio * (row + 1)) / bins.rows);
    for (let column = 0; column < bins.columns; column += 1) {
      const n = bins.counts[row * bins.columns + column] ?? 0;
      if (n === 0) continue;
      const x = s.x(bins.start_unix_ms + column * bins.step_ms);
      const w = s.x(bins.start_unix_ms + (column + 1) * bins.step_ms) - x;
      context.fillStyle = token(`--heat-${1 + Math.min(4, Math.floor((Math.log(n + 1) / Math.log(most + 1)) * 4.99))}`);
      context.fillRect(x, s.y(hi), w - 0.5, s.y(lo) - s.y(hi) - 0.5);
    }
  }
}

/** ● ok, ✕ failed, ⊘ limit, ◌ running: shape says it without colour. */
function drawPoint(context: CanvasRenderingContext2D, p: ScatterPoint, x: number, y: number, token: TokenReader): void {
  context.lineWidth = 1.5;
  if (p.outcome === "failed") {
    context.strokeStyle = token("--crit-solid");
    context.beginPath();
    context.moveTo(x - 3.2, y - 3.2);
    context.lineTo(x + 3.2, y + 3.2);
    context.moveTo(x + 3.2, y - 3.2);
    context.lineTo(x - 3.2, y + 3.2);
    context.stroke();
    return;
  }
  context.beginPath();
  context.arc(x, y, p.outcome === "success" ? 2.2 : 3.2, 0, 7);
  if (p.outcome === "success") {
    context.fillStyle = token("--series");
    context.globalAlpha = 0.5;
    context.fill();
    context.globalAlpha = 1;
    return;
  }
  context.strokeStyle = token(p.outcome === "limit" ? "--warn-solid" : p.outcome === "running" ? "--text" : "--unk-solid");
  if (p.outcome === "running") context.setLineDash([1.6, 1.6]);
  context.stroke();
  context.setLineDash([]);
  if (p.outcome === "limit") {
    context.beginPath();
    context.moveTo(x - 3, y + 3);
    context.lineTo(x + 3, y - 3);
    context.stroke();
  }
}
