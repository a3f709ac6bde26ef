import { useEffect, useRef } from "react";
import { hueToken } from "@/base/identity";
import { clock } from "@/base/moment";
import type { StripData } from "@/base/model";
import { useSize } from "@/base/use_size";
import { useTokens } from "@/base/use_tokens";
import { drawStrip } from "./strip_draw";
import "./strip.css";

const WORDS: Record<string, string> = {
  b: "busy", w: "waiting", i: "idle", e: "error", p: "paused", n: "no data",
};

/** Share of each state, in words, for people who cannot see the cells. */
export function stripSummary(cells: string): string {
  const counts = new Map<string, number>();
  for (const c of cells) counts.set(c, (counts.get(c) ?? 0) + 1);
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([c, n]) => `${WORDS[c] ?? "unknown"} ${Math.round((100 * n) / cells.length)} %`);
  return parts.join(", ") || "no data";
}

interface Props {
  strip: StripData | null;
  slot: number;
  height?: number;
  muted?: boolean;
}

/** One cell a minute: busy solid, waiting hatched, idle a line, error a red notch, paused bars, hollow no data. */
export function StateStrip({ strip, slot, height = 14, muted = false }: Props) {
  const [box, size] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const token = useTokens();
  const cells = strip?.cells ?? "";
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || size.width === 0) return;
    const color = token(muted ? "--unk-solid" : hueToken(slot));
    drawStrip(context, cells, size.width, height, {
      color, error: token("--crit-solid"), line: token("--line-2"), paused: token("--text-2"),
    });
  }, [cells, size.width, height, token, slot, muted]);
  if (!strip || cells.length === 0) return <span className="t3">–</span>;
  const from = clock(strip.start_unix_ms);
  const to = clock(strip.start_unix_ms + strip.cell_ms * cells.length);
  return (
    <div ref={box} className="strip" style={{ height }} role="img" aria-label={`${from} to ${to}: ${stripSummary(cells)}`} title={`${from} – ${to}: ${stripSummary(cells)}`}>
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}

const LEGEND = ["b", "w", "i", "e", "p", "n"] as const;

export function StripLegend({ slot, shown = LEGEND }: { slot?: number; shown?: readonly string[] }) {
  return (
    <div className="legend">
      {shown.map((c) => (
        <span key={c}>
          <LegendCell cell={c} slot={slot} />
          {WORDS[c]}
        </span>
      ))}
    </div>
  );
}

function LegendCell({ cell, slot }: { cell: string; slot: number | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const token = useTokens();
  const width = cell === "w" ? 14 : 9;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    drawStrip(context, cell, width, 11, {
      color: token(slot === undefined ? "--text-3" : hueToken(slot)), error: token("--crit-solid"), line: token("--line-2"), paused: token("--text-2"),
    });
  }, [cell, width, token, slot]);
  return <canvas ref={canvas} aria-hidden="true" />;
}
