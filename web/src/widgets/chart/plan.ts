import type { Forecast, Maybe, Series } from "@/base/model";

/** What a time chart draws, laid out on one axis of instants (ms). */
export interface ChartPlan {
  x: number[];
  actual: Maybe[];
  low: Maybe[];
  high: Maybe[];
  q10: Maybe[];
  q50: Maybe[];
  q90: Maybe[];
  /** Last instant of history; the forecast lies right of it. */
  now: number;
  end: number;
  yMin: number;
  yMax: number;
}

export interface PlanInput {
  series: Series;
  forecast?: Forecast | null | undefined;
  threshold?: number | null | undefined;
  /** Axis from zero: right for areas and rates; off for values that live far from zero. */
  fromZero?: boolean;
}

function at(values: Maybe[] | null | undefined, i: number): Maybe {
  return values?.[i] ?? null;
}

export function planChart({ series, forecast, threshold, fromZero = true }: PlanInput): ChartPlan {
  const x: number[] = [];
  const plan: ChartPlan = { x, actual: [], low: [], high: [], q10: [], q50: [], q90: [], now: 0, end: 0, yMin: 0, yMax: 1 };
  const n = series.values.length;
  for (let i = 0; i < n; i += 1) {
    x.push(series.start_unix_ms + i * series.step_ms);
    plan.actual.push(at(series.values, i));
    plan.low.push(at(series.expected_low, i));
    plan.high.push(at(series.expected_high, i));
    plan.q10.push(null);
    plan.q50.push(null);
    plan.q90.push(null);
  }
  plan.now = x[n - 1] ?? series.start_unix_ms;
  const last = plan.actual[n - 1];
  if (forecast && forecast.q50.length > 0) {
    if (n > 0 && last !== null && last !== undefined) {
      plan.q10[n - 1] = last;
      plan.q50[n - 1] = last;
      plan.q90[n - 1] = last;
    }
    for (let i = 0; i < forecast.q50.length; i += 1) {
      const t = forecast.start_unix_ms + (i + 1) * forecast.step_ms;
      if (t <= plan.now) continue;
      x.push(t);
      plan.actual.push(null);
      plan.low.push(null);
      plan.high.push(null);
      plan.q10.push(at(forecast.q10, i));
      plan.q50.push(at(forecast.q50, i));
      plan.q90.push(at(forecast.q90, i));
    }
  }
  plan.end = x[x.length - 1] ?? plan.now;
  [plan.yMin, plan.yMax] = yBounds(plan, threshold ?? null, fromZero);
  return plan;
}

function yBounds(plan: ChartPlan, threshold: Maybe, fromZero: boolean): [number, number] {
  let lo = Infinity;
  let hi = -Infinity;
  const include = (v: Maybe) => {
    if (v === null || !Number.isFinite(v)) return;
    lo = Math.min(lo, v);
    hi = Math.max(hi, v);
  };
  for (const list of [plan.actual, plan.low, plan.high, plan.q50]) for (const v of list) include(v);
  include(threshold);
  if (lo > hi) return [0, 1];
  // A wide interval may leave the plot at the top; the middle and the threshold may not.
  const middle = hi;
  for (const v of plan.q90) include(v === null ? null : Math.min(v, middle * 1.35));
  for (const v of plan.q10) include(v);
  // A line that stays far from zero shows more without it; where zero is near, it belongs there.
  if (lo > 0 && (fromZero || lo < 0.25 * hi)) lo = 0;
  const room = (hi - lo) * 0.08 || Math.abs(hi) * 0.1 || 1;
  return [lo === 0 ? 0 : lo - room, hi + room];
}

/** Spans of history without data, as [from, to] in ms; the line is never joined across them. */
export function gaps(plan: ChartPlan): [number, number][] {
  const found: [number, number][] = [];
  let from: number | null = null;
  let seen = false;
  for (let i = 0; i < plan.x.length; i += 1) {
    const t = plan.x[i] ?? 0;
    if (t > plan.now) break;
    const value = plan.actual[i] ?? null;
    if (value === null) {
      if (seen && from === null) from = plan.x[i - 1] ?? t;
    } else {
      if (from !== null) found.push([from, t]);
      from = null;
      seen = true;
    }
  }
  if (from !== null) found.push([from, plan.now]);
  return found;
}
