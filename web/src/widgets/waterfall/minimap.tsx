import { useEffect, useMemo, useRef } from "react";
import { hueToken } from "@/base/identity";
import { useSize } from "@/base/use_size";
import { type TokenReader, useTokens } from "@/base/use_tokens";
import { fitCanvas } from "../strip_draw";
import { STATUS, type TraceData, spanAgent } from "./trace_data";
import type { ViewControl } from "./use_view";

const HEIGHT = 56;
const LANES = 14;
const EDGE_PX = 6;
const LANE_PX_MAX = 7;

interface Props {
  data: TraceData;
  control: ViewControl;
  coloured: ReadonlySet<number>;
  critical: boolean;
}

/** All spans in 14 lanes; the window is dragged, its edges resize it, a double click shows all again. */
export function Minimap({ data, control, coloured, critical }: Props) {
  const [box, size] = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const token = useTokens();
  const lanes = useMemo(() => packLanes(data), [data]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || size.width === 0) return;
    draw(context, { data, lanes, width: size.width, token, coloured, critical });
  }, [data, lanes, size.width, token, coloured, critical]);
  const { view } = control;
  const left = (view.from / data.totalNs) * 100;
  const width = ((view.to - view.from) / data.totalNs) * 100;
  const drag = (event: React.PointerEvent<HTMLDivElement>) => {
    const rect = event.currentTarget.getBoundingClientRect();
    const nsAt = (x: number) => ((x - rect.left) / rect.width) * data.totalNs;
    const origin = nsAt(event.clientX);
    const startView = view;
    const near = (edge: number) => Math.abs(event.clientX - rect.left - (edge / data.totalNs) * rect.width) < EDGE_PX;
    const mode = near(startView.from) ? "from" : near(startView.to) ? "to" : !control.isWhole && origin > startView.from && origin < startView.to ? "move" : "new";
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent) => {
      const at = nsAt(e.clientX);
      if (mode === "move") control.set({ from: startView.from + at - origin, to: startView.to + at - origin });
      else if (mode === "from") control.set({ from: Math.min(at, startView.to), to: startView.to });
      else if (mode === "to") control.set({ from: startView.from, to: Math.max(at, startView.from) });
      else if (Math.abs(at - origin) > data.totalNs / 500) control.set({ from: Math.min(at, origin), to: Math.max(at, origin) });
    };
    const up = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", up);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up);
  };
  return (
    <div className="wf-minimap" ref={box} role="img" aria-label="Minimap of the whole trace" onPointerDown={drag} onDoubleClick={control.reset}>
      <canvas ref={canvas} aria-hidden="true" />
      <div className={`wf-window ${control.isWhole ? "" : "narrow"}`} style={{ left: `${left}%`, width: `${width}%` }}>
        <i />
        <i />
      </div>
    </div>
  );
}

/** A lane for each span: the first lane free at its start; deep traces share the last one. */
function packLanes(data: TraceData): Uint8Array {
  const lanes = new Uint8Array(data.count);
  const busyUntil = new Float64Array(LANES);
  const order = Array.from({ length: data.count }, (_, i) => i).sort((a, b) => (data.start[a] ?? 0) - (data.start[b] ?? 0) || a - b);
  for (const span of order) {
    const start = data.start[span] ?? 0;
    let lane = Math.min(LANES - 1, data.depth[span] ?? 0);
    while (lane < LANES - 1 && (busyUntil[lane] ?? 0) > start) lane += 1;
    lanes[span] = lane;
    busyUntil[lane] = Math.max(busyUntil[lane] ?? 0, data.end[span] ?? 0);
  }
  return lanes;
}

interface DrawInput {
  data: TraceData;
  lanes: Uint8Array;
  width: number;
  token: TokenReader;
  coloured: ReadonlySet<number>;
  critical: boolean;
}

function draw(context: CanvasRenderingContext2D, { data, lanes, width, token, coloured, critical }: DrawInput): void {
  fitCanvas(context, width, HEIGHT);
  const used = lanes.reduce((a, b) => Math.max(a, b), 0) + 1;
  const laneHeight = Math.min(LANE_PX_MAX, (HEIGHT - 10) / used);
  const scale = width / data.totalNs;
  const drawn = new Float64Array(LANES).fill(-1);
  for (let pass = 0; pass < 2; pass += 1) {
    drawn.fill(-1);
    for (let i = 0; i < data.count; i += 1) {
      const failed = data.status[i] === STATUS.error;
      if (failed !== (pass === 1)) continue;
      const lane = lanes[i] ?? 0;
      const x = (data.start[i] ?? 0) * scale;
      const w = Math.max(1, ((data.end[i] ?? 0) - (data.start[i] ?? 0)) * scale);
      // Spans that fall on a pixel already painted in their lane change nothing.
      if (x + w <= (drawn[lane] ?? 0)) continue;
      drawn[lane] = Math.max(drawn[lane] ?? 0, x + w);
      const agent = spanAgent(data, i);
      const leaf = (data.subtreeEnd[i] ?? 0) === i + 1;
      context.globalAlpha = failed ? 1 : leaf ? 0.85 : 0.4;
      context.fillStyle = failed && leaf ? token("--crit-solid") : agent && coloured.has(data.agent[i] ?? -1) ? token(hueToken(agent.slot)) : token("--text-3");
      context.fillRect(x, 3 + lane * laneHeight, w, laneHeight - 0.8);
    }
  }
  context.globalAlpha = 1;
  if (!critical) return;
  context.fillStyle = token("--ink");
  for (const piece of data.criticalPath) context.fillRect(piece.start_ns * scale, HEIGHT - 4, Math.max(1, (piece.end_ns - piece.start_ns) * scale), 2);
}
