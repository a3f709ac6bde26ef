import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { inUnit } from "@/base/format";
import { axisTime, moment } from "@/base/moment";
import { useSize } from "@/base/use_size";
import { useTokens } from "@/base/use_tokens";
import type { Forecast, Series } from "@/base/model";
import { type Eta, type LayerOptions, type Mark, overLayer, underLayer } from "./layers";
import { type ChartPlan, planChart } from "./plan";
import "uplot/dist/uPlot.min.css";
import "../tip.css";
import "./chart.css";

export interface TimeChartProps {
  label: string;
  series: Series;
  unit: string;
  forecast?: Forecast | null;
  threshold?: { value: number; label?: string; tone?: "crit" | "quiet" } | null;
  height: number;
  tone?: "crit" | "warn";
  /** Token of the line; the neutral series ink by default. */
  color?: string;
  /** Small charts in cards: no value axis, three times below. */
  compact?: boolean;
  fromZero?: boolean;
  marks?: Mark[];
  eta?: Eta | null;
  refractoryUntil?: number | null;
  /** Charts with the same key share one crosshair. */
  syncKey?: string;
  nowLabel?: boolean;
  ideal?: LayerOptions["ideal"];
  onZoom?: ((from: number, to: number) => void) | undefined;
}

const NO_MARKS: Mark[] = [];

/** Every time series of the page is drawn here; uPlot stays behind this door. */
export function TimeChart(props: TimeChartProps) {
  const { series, forecast, threshold, height, fromZero = true, compact = false, marks = NO_MARKS } = props;
  const [box, size] = useSize<HTMLDivElement>();
  const [hover, setHover] = useState<{ index: number; left: number } | null>(null);
  const token = useTokens();
  const zoom = useRef(props.onZoom);
  zoom.current = props.onZoom;
  const plan = useMemo(
    () => planChart({ series, forecast, threshold: threshold?.value ?? null, fromZero }),
    [series, forecast, threshold?.value, fromZero],
  );
  const etaKey = props.eta ? `${props.eta.q10} ${props.eta.q50} ${props.eta.q90}` : "";
  useEffect(() => {
    const element = box.current;
    if (!element || size.width === 0 || plan.x.length === 0) return;
    const layers: LayerOptions = {
      plan, token, compact, marks,
      color: token(props.color ?? "--series"),
      tone: props.tone ?? "crit",
      threshold: threshold ? { value: threshold.value, label: threshold.label ?? null, tone: threshold.tone ?? "quiet" } : null,
      eta: props.eta ?? null,
      refractoryUntil: props.refractoryUntil ?? null,
      nowLabel: props.nowLabel ?? true,
      ideal: props.ideal ?? null,
    };
    const chart = new uPlot(
      options(layers, { width: size.width, height, unit: props.unit, syncKey: props.syncKey }, setHover, (from, to) => zoom.current?.(from, to)),
      [plan.x, plan.actual] as uPlot.AlignedData,
      element,
    );
    return () => chart.destroy();
  }, [plan, token, size.width, height, compact, props.color, props.tone, threshold?.value, threshold?.label, threshold?.tone, etaKey, props.unit, props.syncKey, props.refractoryUntil, marks, box, props.eta, props.nowLabel, props.ideal]);
  return (
    <div className="chart" style={{ height }} role="img" aria-label={`${props.label}: ${summary(plan, props.unit)}`}>
      <div ref={box} className="chart-box" />
      {hover && <Tip plan={plan} hover={hover} unit={props.unit} width={size.width} />}
    </div>
  );
}

function options(
  layers: LayerOptions,
  frame: { width: number; height: number; unit: string; syncKey: string | undefined },
  setHover: (hover: { index: number; left: number } | null) => void,
  onZoom: (from: number, to: number) => void,
): uPlot.Options {
  const { plan, token, compact } = layers;
  const axis = {
    stroke: token("--text-3"), font: '430 11px "Inter Variable", Inter, system-ui, sans-serif',
    ticks: { show: false }, grid: { stroke: token("--grid"), width: 1 },
  };
  const first = plan.x[0] ?? 0;
  return {
    width: frame.width,
    height: frame.height,
    ms: 1,
    padding: compact ? [4, 4, 16, 0] : [layers.eta ? 24 : 10, layers.threshold?.label ? 84 : 12, 0, 0],
    legend: { show: false },
    cursor: {
      y: false, points: { size: 6, fill: layers.color, stroke: token("--surface") },
      drag: { x: true, y: false, setScale: false },
      ...(frame.syncKey ? { sync: { key: frame.syncKey } } : {}),
    },
    scales: { x: { time: true, range: () => [first, plan.end > first ? plan.end : first + 1] }, y: { range: () => [plan.yMin, plan.yMax] } },
    axes: compact
      ? [{ show: false }, { show: false }]
      : [
          { ...axis, grid: { show: false }, size: 24, gap: 4, space: 90, values: (_u, splits) => splits.map((t) => axisTime(t, plan.end - first)) },
          { ...axis, size: 52, gap: 6, space: 32, values: (_u, splits) => splits.map((v) => inUnit(v, frame.unit).replace(/\.0+(?!\d)/, "")) },
        ],
    series: [{}, { stroke: layers.color, width: 1.5, points: { show: false }, spanGaps: false }],
    hooks: {
      drawAxes: [underLayer(layers)],
      draw: [overLayer(layers)],
      setCursor: [(u) => {
        const index = u.cursor.idx;
        setHover(index == null || u.cursor.left == null || u.cursor.left < 0 ? null : { index, left: u.cursor.left + u.bbox.left / (globalThis.devicePixelRatio || 1) });
      }],
      setSelect: [(u) => {
        if (u.select.width < 6) return;
        onZoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      }],
    },
  };
}

function Tip({ plan, hover, unit, width }: { plan: ChartPlan; hover: { index: number; left: number }; unit: string; width: number }) {
  const t = plan.x[hover.index];
  if (t === undefined) return null;
  const value = plan.actual[hover.index];
  const q50 = plan.q50[hover.index];
  const low = plan.low[hover.index];
  const high = plan.high[hover.index];
  const future = t > plan.now;
  const side = hover.left > width / 2 ? { right: width - hover.left + 10 } : { left: hover.left + 10 };
  return (
    <div className="chart-tip" style={side}>
      <div className="t3">{moment(t)}</div>
      {future ? (
        <div className="pred">
          {inUnit(q50, unit)} <span className="t3">({inUnit(plan.q10[hover.index], unit)} – {inUnit(plan.q90[hover.index], unit)})</span>
        </div>
      ) : (
        <div className="strong">{value == null ? "no data" : inUnit(value, unit)}</div>
      )}
      {low != null && high != null && (
        <div className="t3">usual {inUnit(low, unit)} – {inUnit(high, unit)}</div>
      )}
    </div>
  );
}

function summary(plan: ChartPlan, unit: string): string {
  const known = plan.actual.filter((v): v is number => v !== null);
  if (known.length === 0) return "no data";
  const last = known[known.length - 1] ?? 0;
  const q50 = plan.q50[plan.q50.length - 1];
  const ahead = q50 != null && plan.end > plan.now ? `, predicted ${inUnit(q50, unit)} at ${moment(plan.end)}` : "";
  return `now ${inUnit(last, unit)}, from ${inUnit(Math.min(...known), unit)} to ${inUnit(Math.max(...known), unit)}${ahead}`;
}
