import type { Maybe } from "@/base/model";

/** A small line without axes, beside a number. */
export function Spark({ values, width = 56, height = 18, dot = "--series" }: { values: Maybe[]; width?: number; height?: number; dot?: string }) {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < 2) return null;
  const lo = Math.min(...known);
  const hi = Math.max(...known);
  const X = (i: number) => 2 + (i / (values.length - 1)) * (width - 6);
  const Y = (v: number) => 3 + (1 - (hi === lo ? 0.5 : (v - lo) / (hi - lo))) * (height - 6);
  let open = false;
  let path = "";
  values.forEach((v, i) => {
    if (v === null) open = false;
    else {
      path += `${open ? "L" : "M"}${X(i).toFixed(1)} ${Y(v).toFixed(1)}`;
      open = true;
    }
  });
  const last = known[known.length - 1] ?? 0;
  return (
    <svg width={width} height={height} aria-hidden="true">
      <path d={path} style={{ fill: "none", stroke: "var(--text-3)", strokeWidth: 1.4 }} />
      <circle cx={X(values.length - 1)} cy={Y(last)} r="2.4" style={{ fill: `var(${dot})` }} />
    </svg>
  );
}
