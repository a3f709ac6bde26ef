import { useEffect, useMemo, useRef, useState } from "react";
import { duration } from "@/base/format";
import { useHotkeys } from "@/base/hotkeys";
import { hueVar } from "@/base/identity";
import { clockSeconds } from "@/base/moment";
import { middleEllipsis } from "@/base/text";
import { useSize } from "@/base/use_size";
import { AgentLabel } from "../agent";
import { Empty } from "../states";
import type { TraceData } from "../waterfall/trace_data";
import { type Interaction, type SequencePlan, type SequenceRow, planSequence } from "./model";
import "./sequence.css";

interface Props {
  data: TraceData;
  interactions: Interaction[];
  startMs: number;
  fold: boolean;
  selected: number | null;
  onSelect: (span: number) => void;
}

const RAIL = 112;
const LANE_MIN = 150;
const TAIL = 84;
const OVERSCAN_PX = 300;
const LABEL_MAX = 60;

/** One lane per agent; vertical is order, or time with `v`. Only rows near the view exist. */
export function Sequence(props: Props) {
  const [toScale, setToScale] = useState(false);
  const [box, size] = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const plan = useMemo(
    () => planSequence(props.data, props.interactions, { fold: props.fold, toScale }),
    [props.data, props.interactions, props.fold, toScale],
  );
  useHotkeys([{ keys: "v", title: "Order or time to scale", group: "Trace", run: () => setToScale(!toScale) }]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onScroll = () => setTop(Math.floor(element.scrollTop / 100) * 100);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [box]);
  const scrolled = useRef<number | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element || props.selected === null || scrolled.current === props.selected) return;
    scrolled.current = props.selected;
    const row = plan.rows.find((r) => r.event?.span === props.selected);
    if (row && (row.y < element.scrollTop || row.y > element.scrollTop + element.clientHeight - 80)) element.scrollTop = row.y - 120;
  }, [props.selected, plan, box]);
  if (plan.lanes.length === 0) return <Empty>No agent of this run was recognised, so there is nothing to put on lanes.</Empty>;
  const width = Math.max(size.width, RAIL + plan.lanes.length * LANE_MIN);
  const laneX = (lane: number) => RAIL + ((lane + 0.5) * (width - RAIL - TAIL)) / plan.lanes.length;
  const laneOf = new Map(plan.lanes.map((agent, i) => [agent, i]));
  const x = (agent: number) => laneX(laneOf.get(agent) ?? plan.lanes.length - 1);
  const from = top - OVERSCAN_PX;
  const to = top + size.height + OVERSCAN_PX;
  const rows = plan.rows.filter((r) => r.y + r.height > from && r.y < to);
  return (
    <div className="seq" ref={box} tabIndex={0} role="region" aria-label="Sequence between agents">
      <div className="seq-head" style={{ width }}>
        <button type="button" className="seq-mode" onClick={() => setToScale(!toScale)}>
          {toScale ? "time to scale" : "order, not scale"} <kbd>V</kbd>
        </button>
        {plan.lanes.map((agent, i) => (
          <span key={agent} className="seq-lane" style={{ left: laneX(i) }}>
            {plan.others > 0 && i === plan.lanes.length - 1 ? `${plan.others} others` : <LaneName data={props.data} agent={agent} />}
          </span>
        ))}
      </div>
      <svg width={width} height={plan.height} className="seq-svg">
        {plan.lanes.map((agent, i) => (
          <path key={agent} className="seq-line" d={`M${laneX(i)} 0V${plan.height}`} />
        ))}
        <Frames plan={plan} laneX={laneX} from={from} to={to} />
        <Activations plan={plan} data={props.data} laneX={laneX} from={from} to={to} />
        {rows.map((row, i) => (
          <Row key={`${row.type} ${row.y} ${i}`} row={row} x={x} props={props} />
        ))}
      </svg>
    </div>
  );
}

function LaneName({ data, agent }: { data: TraceData; agent: number }) {
  const ref = data.agents[agent];
  return ref ? <AgentLabel agent={ref} max={22} /> : null;
}

interface PartProps {
  plan: SequencePlan;
  laneX: (lane: number) => number;
  from: number;
  to: number;
}

function Frames({ plan, laneX, from, to }: PartProps) {
  const ends = new Map(plan.rows.filter((r) => r.type === "frame-end").map((r) => [r.frame?.id, r]));
  return (
    <>
      {plan.rows
        .filter((r) => r.type === "frame-start")
        .map((start) => {
          const end = ends.get(start.frame?.id);
          if (!start.frame || !end || end.y + end.height < from || start.y > to) return null;
          const left = laneX(start.frame.lanes[0]) - 84;
          const right = laneX(start.frame.lanes[1]) + 190;
          return (
            <g key={start.frame.id}>
              <rect className="seq-frame" x={left} y={start.y + 4} width={right - left} height={end.y + end.height - start.y - 8} rx={6} />
              <text className="seq-frame-title" x={left + 12} y={start.y + 23}>loop ×{start.frame.times}</text>
              <text className="seq-frame-note" x={right - 12} y={start.y + 23} textAnchor="end">{duration(start.frame.spanNs / 1e6)}</text>
            </g>
          );
        })}
    </>
  );
}

function Activations({ plan, data, laneX, from, to }: PartProps & { data: TraceData }) {
  return (
    <>
      <defs>
        <pattern id="seq-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0V5" className="seq-hatch" />
        </pattern>
      </defs>
      {plan.activations
        .filter((a) => a.to > from && a.from < to)
        .map((a, i) => {
          const slot = data.agents[plan.lanes[a.lane] ?? -1]?.slot ?? 0;
          const style = a.waiting ? { fill: "url(#seq-hatch)", stroke: "var(--hatch)" } : { fill: hueVar(slot) };
          return (
            <g key={i}>
              {a.waiting && <rect className="seq-ground" x={laneX(a.lane) - 5} y={a.from} width={10} height={a.to - a.from} />}
              <rect x={laneX(a.lane) - 5} y={a.from} width={10} height={a.to - a.from} rx={1.5} style={style} />
            </g>
          );
        })}
    </>
  );
}

function Row({ row, x, props }: { row: SequenceRow; x: (agent: number) => number; props: Props }) {
  const e = row.event;
  if (!e) return null;
  const y = row.y + row.height / 2;
  const selected = e.span === props.selected;
  const select = () => props.onSelect(e.span);
  const time = clockSeconds(props.startMs + e.at / 1e6);
  const common = {
    className: `seq-event ${e.error ? "bad" : ""} ${selected ? "selected" : ""}`, onClick: select, tabIndex: 0, role: "button",
    onKeyDown: (k: React.KeyboardEvent) => k.key === "Enter" && select(),
  };
  const rail = <text className="seq-time" x={24} y={y + 4}>{row.frame && e.type === "arrow" ? `${row.frame.times} times` : time}</text>;
  const times = e.times > 1 ? ` ×${e.times}` : "";
  if (e.type === "llm") {
    return (
      <g {...common}>
        {!row.frame && rail}
        <text className="seq-note" x={x(e.from) + 14} y={y + 4}>{middleEllipsis(e.label, 34)}{times}</text>
      </g>
    );
  }
  if (e.type === "tool") {
    const label = middleEllipsis(e.label, 26);
    const note = `${times}${e.error ? " failed" : ""}`.trim();
    const width = label.length * 7 + (note ? note.length * 6.2 + 12 : 0) + 18;
    return (
      <g {...common}>
        {!row.frame && rail}
        <rect className="seq-box" x={x(e.from) + 12} y={y - 11} width={width} height={22} rx={4} />
        <text className="seq-tool" x={x(e.from) + 20} y={y + 4}>{label}</text>
        {note && <text className="seq-tool-note" x={x(e.from) + 4 + width} y={y + 4} textAnchor="end">{note}</text>}
      </g>
    );
  }
  return (
    <g {...common}>
      {rail}
      <Arrow x1={x(e.from)} x2={x(e.to)} y={y} kind={e.kind} label={`${middleEllipsis(e.label, LABEL_MAX)}${times}`} />
    </g>
  );
}

function Arrow({ x1, x2, y, kind, label }: { x1: number; x2: number; y: number; kind: string; label: string }) {
  const right = x2 >= x1;
  const from = x1 + (right ? 6 : -6);
  const to = x2 + (right ? -6 : 6);
  const head = right ? -7 : 7;
  const open = kind === "handoff" || kind === "delegation";
  if (x1 === x2) return <text className="seq-note" x={x1 + 14} y={y + 4}>{label}</text>;
  return (
    <>
      <path className={`seq-arrow ${kind === "return" ? "return" : ""}`} d={`M${from} ${y}H${to}`} />
      <path className={open ? "seq-head-open" : "seq-head-full"} d={`M${to + head} ${y - 4}L${to} ${y}L${to + head} ${y + 4}${open ? "" : "Z"}`} />
      <text className="seq-label" x={(x1 + x2) / 2} y={y - 6} textAnchor="middle">{label}</text>
    </>
  );
}
