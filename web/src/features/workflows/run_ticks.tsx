import "./run_ticks.css";

const WORDS: Record<string, string> = { o: "done", x: "failed", l: "stopped at limit", r: "running", u: "unknown" };

/** The last runs, oldest first; a failed one is a full-height bar, so it shows without colour. */
export function RunTicks({ runs }: { runs: string }) {
  const counts = new Map<string, number>();
  for (const c of runs) counts.set(c, (counts.get(c) ?? 0) + 1);
  const words = [...counts].map(([c, n]) => `${n} ${WORDS[c] ?? "unknown"}`).join(", ");
  if (runs === "") return <span className="t3">–</span>;
  return (
    <span className="ticks" role="img" aria-label={words} title={words}>
      {[...runs.slice(-60)].map((c, i) => (
        <i key={i} className={`tick-${c}`} />
      ))}
    </span>
  );
}

export function RunTicksLegend() {
  return (
    <div className="legend">
      {["o", "x", "l", "r"].map((c) => (
        <span key={c}>
          <span className="ticks">
            <i className={`tick-${c}`} />
          </span>
          {WORDS[c]}
        </span>
      ))}
    </div>
  );
}
