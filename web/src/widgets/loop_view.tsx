import { useState } from "react";
import { hueVar } from "@/base/identity";
import { money, plural } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import type { AgentRef } from "@/base/model";
import "./loop_view.css";

export interface LoopTurn {
  spans: number[];
  changed: boolean[];
  new_information: boolean;
  tokens: number | null;
  cost_usd: number | null;
}

export interface Loop {
  agent: AgentRef | null;
  steps: string[];
  repeats: number;
  evidence: string;
  nothing_new_since_turn: number | null;
  cost_since_usd: number | null;
  turns: LoopTurn[];
}

const HEAD = 6;
const TAIL = 2;
const ROW_PX = 24;

/** Turns x steps: equal cells are pale, a changed cell carries the agent's hue; so a true loop is a pale block. */
export function LoopView({ loop, onSelect }: { loop: Loop; onSelect: (span: number) => void }) {
  const [all, setAll] = useState(false);
  const total = loop.turns.length;
  const folded = !all && total > HEAD + TAIL + 2;
  const shown = folded ? [...range(0, HEAD), ...range(total - TAIL, total)] : range(0, total);
  const steps = loop.steps.slice(0, 6);
  const hue = loop.agent ? hueVar(loop.agent.slot) : "var(--unk-solid)";
  const columns = { gridTemplateColumns: `26px repeat(${steps.length}, minmax(0, 1fr)) 30px minmax(60px, 1.4fr)` };
  const since = loop.nothing_new_since_turn;
  return (
    <div className="loop">
      <div className="loop-row loop-head" style={columns}>
        <span />
        {steps.map((s, i) => (
          <span key={i} className="ell tel" title={s.slice(0, 200)}>{middleEllipsis(s, 14)}</span>
        ))}
        <span className="loop-new">new</span>
        <span className="num">cost so far</span>
      </div>
      <div className="loop-body">
        {shown.map((turn, i) => {
          const t = loop.turns[turn];
          if (!t) return null;
          const first = since !== null && turn === since;
          return (
            <div key={turn} className={`loop-row ${first ? "loop-edge" : ""}`} style={columns}>
              <span className="num t3">{folded && i === HEAD ? `…${turn + 1}` : turn + 1}</span>
              {steps.map((name, k) => {
                const span = t.spans[k] ?? -1;
                const changed = t.changed[k] ?? false;
                return (
                  <button
                    key={k}
                    type="button"
                    className="loop-cell"
                    disabled={span < 0}
                    aria-label={`Turn ${turn + 1}, ${name.slice(0, 60)}: ${span < 0 ? "missing" : changed ? "changed" : "same as before"}`}
                    title={changed ? "differs from the turn before" : "same as the turn before"}
                    onClick={() => onSelect(span)}
                  >
                    <i style={changed ? { background: hue } : undefined} />
                  </button>
                );
              })}
              <span className="loop-new" title={t.new_information ? "new information" : "nothing new"}>
                <i className={t.new_information ? "on" : ""} />
              </span>
            </div>
          );
        })}
        <CostLine turns={loop.turns} shown={shown} />
      </div>
      {folded && (
        <button type="button" className="link loop-more" onClick={() => setAll(true)}>
          Show {plural(total - HEAD - TAIL, "more turn")}
        </button>
      )}
      {since !== null && (
        <p className="loop-say">
          Nothing new since turn {since}. {plural(Math.max(0, loop.repeats - since), "turn")}
          {loop.cost_since_usd !== null && (
            <>
              {" "}
              and <b className="strong">{money(loop.cost_since_usd)}</b>
            </>
          )}{" "}
          since.
        </p>
      )}
    </div>
  );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** Cumulative cost, one point a shown turn. */
function CostLine({ turns, shown }: { turns: LoopTurn[]; shown: number[] }) {
  let sum = 0;
  const sums = turns.map((t) => (sum += t.cost_usd ?? 0));
  if (sum === 0) return null;
  const height = shown.length * ROW_PX;
  const path = shown.map((turn, i) => `${i === 0 ? "M" : "L"}${(4 + ((sums[turn] ?? 0) / sum) * 92).toFixed(1)} ${i * ROW_PX + ROW_PX / 2}`).join("");
  return (
    <svg className="loop-cost" viewBox={`0 0 100 ${height}`} height={height} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
