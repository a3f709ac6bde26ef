import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { axisTime, clock } from "@/base/moment";
import { useSize } from "@/base/use_size";
import { useTokens } from "@/base/use_tokens";
import type { Topology } from "@/api/documents";
import { Button } from "@/widgets/controls";
import { fitCanvas, hatch } from "@/widgets/strip_draw";

type Buckets = NonNullable<Topology["buckets"]>;

interface Props {
  buckets: Buckets;
  bounds: { from: number; to: number };
  window: { from: number; to: number } | null;
  onWindow: (window: { from: number; to: number } | null) => void;
}

const PLOT = 56;
const STEP_MS = 600;

/** Messages, waiting and errors per bucket. Drag a window; nodes stay, only weights change. */
export function TimeSlider({ buckets, window, onWindow }: Props) {
  const [box, size] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const token = useTokens();
  const [playing, setPlaying] = useState(false);
  const n = buckets.messages.length;
  const start = buckets.start_unix_ms;
  const end = start + n * buckets.step_ms;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || size.width === 0 || n === 0) return;
    fitCanvas(context, size.width, PLOT);
    const most = Math.max(1, ...buckets.messages.map((m) => m ?? 0));
    const w = size.width / n;
    for (let i = 0; i < n; i += 1) {
      const t = start + i * buckets.step_ms;
      const inside = !window || (t >= window.from && t < window.to);
      context.globalAlpha = inside ? 1 : 0.4;
      const m = ((buckets.messages[i] ?? 0) / most) * (PLOT - 10);
      context.fillStyle = token("--line-2");
      context.fillRect(i * w, PLOT - m, w - 1.5, m);
      const waiting = m * (buckets.waiting_ratio[i] ?? 0);
      if (waiting > 1) hatch(context, i * w, PLOT - waiting, w - 1.5, waiting, token("--text-2"), 4, 1.2);
      const errors = buckets.errors[i] ?? 0;
      if (errors > 0) {
        context.fillStyle = token("--crit-solid");
        context.fillRect(i * w, PLOT - m - 5, w - 1.5, Math.min(4, 2 + errors / 4));
      }
    }
    context.globalAlpha = 1;
  }, [buckets, size.width, token, window, n, start]);
  useEffect(() => {
    if (!playing) return;
    const width = window ? window.to - window.from : buckets.step_ms * 10;
    const timer = setInterval(() => {
      const from = (window?.from ?? start - buckets.step_ms) + buckets.step_ms;
      if (from + width > end) setPlaying(false);
      else onWindow({ from, to: from + width });
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [playing, window, buckets, start, end, onWindow]);
  const drag = (event: React.PointerEvent<HTMLDivElement>) => {
    const target = event.currentTarget;
    const rect = target.getBoundingClientRect();
    const at = (x: number) => start + Math.max(0, Math.min(1, (x - rect.left) / rect.width)) * (end - start);
    const snap = (t: number) => start + Math.round((t - start) / buckets.step_ms) * buckets.step_ms;
    const origin = at(event.clientX);
    target.setPointerCapture(event.pointerId);
    const inside = window && origin >= window.from && origin <= window.to ? window : null;
    const move = (e: PointerEvent) => {
      const t = at(e.clientX);
      if (inside) {
        const by = Math.max(start - inside.from, Math.min(end - inside.to, snap(t) - snap(origin)));
        onWindow({ from: inside.from + by, to: inside.to + by });
      } else if (Math.abs(t - origin) > buckets.step_ms / 2) onWindow({ from: snap(Math.min(t, origin)), to: Math.max(snap(Math.max(t, origin)), snap(Math.min(t, origin)) + buckets.step_ms) });
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", () => target.removeEventListener("pointermove", move), { once: true });
  };
  const step = (by: number) => {
    const w = window ?? { from: end - 10 * buckets.step_ms, to: end };
    onWindow({ from: w.from + by * buckets.step_ms, to: w.to + by * buckets.step_ms });
  };
  const share = (t: number) => `${((t - start) / (end - start)) * 100}%`;
  return (
    <div className="topo-slider">
      <Button size="icon" aria-label={playing ? "Stop" : "Play, ten times as fast"} onClick={() => setPlaying(!playing)}>
        {playing ? <Pause size={14} /> : <Play size={14} />}
      </Button>
      <div className="topo-slider-plot">
        <div
          ref={box}
          className="topo-slider-track"
          role="slider"
          tabIndex={0}
          aria-label="Time window"
          aria-valuemin={start}
          aria-valuemax={end}
          aria-valuenow={window?.from ?? start}
          aria-valuetext={window ? `${clock(window.from)} to ${clock(window.to)}` : "the whole range"}
          onPointerDown={drag}
          onDoubleClick={() => onWindow(null)}
          onKeyDown={(e) => {
            if (e.key === "ArrowLeft") step(-1);
            else if (e.key === "ArrowRight") step(1);
            else if (e.key === "Escape") onWindow(null);
            else return;
            e.preventDefault();
            e.stopPropagation();
          }}
        >
          <canvas ref={canvas} aria-hidden="true" />
          {window && <div className="topo-slider-window" style={{ left: share(window.from), right: `calc(100% - ${share(window.to)})` }} />}
        </div>
        <div className="topo-slider-axis">
          {[0, 0.25, 0.5, 0.75, 1].map((k) => (
            <span key={k}>{axisTime(start + k * (end - start), end - start)}</span>
          ))}
        </div>
      </div>
    </div>
  );
}
