import type { ReactNode } from "react";
import { UNKNOWN, change, inUnit } from "@/base/format";
import type { Metric } from "@/api/shapes";
import { TimeChart } from "@/widgets/chart/time_chart";
import type { Mark } from "@/widgets/chart/layers";
import { To } from "@/widgets/link";
import "./metric_card.css";

interface Props {
  title: string;
  metric: Metric;
  unit: string;
  /** The figure without its unit, and the unit, quiet. */
  figure: (value: number) => { text: string; unit: string };
  to?: string;
  search?: Record<string, string>;
  fromZero?: boolean;
  syncKey: string;
  marks?: Mark[];
  note?: ReactNode;
  onZoom?: (from: number, to: number) => void;
}

const TONES = { ok: "t3", warning: "warn", critical: "crit", unknown: "t3" } as const;

function round(value: number, unit: string): string {
  return inUnit(value, unit).replace(/\.0+(?!\d)/, "");
}

/** Shares change by points, everything else by its share. */
function changeWords(metric: Metric, unit: string): string {
  if (unit !== "ratio" || metric.value === null || metric.usual === null) return `${change(metric.change_ratio)} vs usual`;
  const points = (metric.value - metric.usual) * 100;
  return `${points < 0 ? "\u2212" : "+"}${Math.abs(points).toFixed(1)} pt vs usual`;
}

/** One figure: its name, its value against usual or target, and its line with band and forecast. */
export function MetricCard({ title, metric, unit, figure, to, search, fromZero = true, syncKey, marks, note, onZoom }: Props) {
  const against =
    metric.target !== null ? `target ${round(metric.target, unit)}` : metric.usual !== null ? `usual ${round(metric.usual, unit)}` : "";
  const shown = metric.value === null ? null : figure(metric.value);
  const head = (
    <>
      <h2>
        {title}
        <span>{against}</span>
      </h2>
      <div className="metric-value">
        {shown ? (
          <>
            {shown.text}
            <small className={shown.unit.startsWith(" ") ? "apart" : ""}>{shown.unit.trim()}</small>
          </>
        ) : (
          <>
            {UNKNOWN}
            <small className="metric-why" title={metric.unknown_reason ?? undefined}>{metric.unknown_reason ?? "not known"}</small>
          </>
        )}
        {metric.change_ratio !== null && shown && <span className={`metric-change ${TONES[metric.status]}`}>{changeWords(metric, unit)}</span>}
        {note}
      </div>
    </>
  );
  return (
    <section className="card metric">
      {to === undefined ? <div className="metric-head">{head}</div> : <To to={to} className="metric-head" {...(search ? { search } : {})}>{head}</To>}
      {metric.series.values.length > 0 ? (
        <TimeChart
          label={title}
          series={metric.series}
          forecast={metric.forecast}
          unit={unit}
          height={78}
          compact
          fromZero={fromZero}
          tone={metric.status === "critical" ? "crit" : "warn"}
          threshold={metric.target === null ? null : { value: metric.target, tone: "quiet" }}
          syncKey={syncKey}
          {...(marks ? { marks } : {})}
          onZoom={onZoom}
        />
      ) : (
        <div className="metric-none">{metric.unknown_reason ?? "no data in this range"}</div>
      )}
    </section>
  );
}
