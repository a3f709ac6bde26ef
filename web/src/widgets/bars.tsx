import "./bars.css";

/** A bar against a common maximum, with an optional mark for what is usual. */
export function RatioBar({ value, max, mark, tone, label }: { value: number; max: number; mark?: number | null; tone?: "crit" | "warn" | "quiet"; label: string }) {
  const share = (v: number) => `${Math.max(0, Math.min(100, (v / (max || 1)) * 100))}%`;
  return (
    <span className="ratio-bar" role="img" aria-label={label}>
      <i className={tone ?? ""} style={{ width: share(value) }} />
      {mark != null && mark > 0 && <b style={{ left: share(mark) }} />}
    </span>
  );
}

/** Median bar with its p10–p90 whisker. */
export function WhiskerBar({ p10, p50, p90, max, label }: { p10: number | null; p50: number; p90: number | null; max: number; label: string }) {
  const share = (v: number) => `${Math.max(0, Math.min(100, (v / (max || 1)) * 100))}%`;
  return (
    <span className="ratio-bar whisker" role="img" aria-label={label}>
      <i style={{ width: share(p50) }} />
      {p10 !== null && p90 !== null && <u style={{ left: share(p10), width: `calc(${share(p90)} - ${share(p10)})` }} />}
    </span>
  );
}

/** Waiting is hatched everywhere. */
export function WaitBar({ value, max, long, label }: { value: number; max: number; long: boolean; label: string }) {
  return (
    <span className="ratio-bar" role="img" aria-label={label}>
      <i className={`wait ${long ? "long" : ""}`} style={{ width: `${Math.max(2, Math.min(100, (value / (max || 1)) * 100))}%` }} />
    </span>
  );
}
