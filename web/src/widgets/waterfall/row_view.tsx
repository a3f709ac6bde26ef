import { ArrowRight, ChevronDown, ChevronRight, CircleDot, Hourglass, Repeat2, Sparkles, SquareCheck, Workflow, Wrench } from "lucide-react";
import { memo } from "react";
import { count, money } from "@/base/format";
import type { AgentRef } from "@/base/model";
import { middleEllipsis } from "@/base/text";
import { AgentGlyph } from "../agent";
import type { Row } from "./rows";
import { KIND } from "./trace_data";

const INDENT_PX = 12;
const INDENT_MAX = 8;

const ICONS = [CircleDot, Workflow, SquareCheck, Sparkles, Wrench, ArrowRight, Hourglass];
const KIND_WORDS = ["span", "workflow", "task", "LLM call", "tool call", "hand-off", "wait"];

export function kindWord(kind: number): string {
  return KIND_WORDS[kind] ?? "span";
}

export function KindIcon({ kind }: { kind: number }) {
  const Icon = ICONS[kind] ?? CircleDot;
  return <Icon className="wf-kind" size={13} strokeWidth={1.75} aria-label={kindWord(kind)} />;
}

export interface RowFacts {
  name: string;
  agent: AgentRef | null;
  coloured: boolean;
  kind: number;
  failed: boolean;
  running: boolean;
  cost: number;
  tokens: number;
  note: string | null;
  noteIsBad: boolean;
  /** In full, for the tooltip. */
  title: string;
}

interface Props {
  row: Row;
  facts: RowFacts;
  index: number;
  top: number;
  selected: boolean;
  hit: boolean;
  onSelect: (index: number) => void;
  onToggle: (index: number) => void;
}

function figure(facts: RowFacts): string {
  if (!Number.isNaN(facts.cost) && facts.cost >= 0.005) return money(facts.cost);
  if (!Number.isNaN(facts.tokens) && facts.tokens > 0) return count(facts.tokens);
  return Number.isNaN(facts.cost) ? "" : money(facts.cost);
}

/** One row of the tree. Its bar lies on the canvas above the same box. */
export const RowView = memo(function RowView({ row, facts, index, top, selected, hit, onSelect, onToggle }: Props) {
  const depth = row.depth;
  const classes = ["wf-row", selected && "selected", facts.failed && "failed", hit && "hit"].filter(Boolean).join(" ");
  return (
    <div
      className={classes}
      role="row"
      id={`wf-row-${index}`}
      aria-level={depth + 1}
      aria-rowindex={index + 1}
      aria-selected={selected}
      {...(row.expandable ? { "aria-expanded": row.expanded } : {})}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(index)}
      onDoubleClick={() => onToggle(index)}
    >
      <div className="wf-cell" role="gridcell" style={{ paddingLeft: 14 + Math.min(depth, INDENT_MAX) * INDENT_PX }}>
        {depth > INDENT_MAX && <span className="wf-depth">{depth}›</span>}
        <span
          className="wf-chevron"
          onClick={(event) => {
            if (!row.expandable) return;
            event.stopPropagation();
            onToggle(index);
          }}
        >
          {row.expandable && (row.expanded ? <ChevronDown size={12} /> : <ChevronRight size={12} />)}
        </span>
        {row.type === "more" ? (
          <button type="button" className="link" tabIndex={-1} onClick={() => onToggle(index)}>
            +{row.hidden} alike
          </button>
        ) : (
          <>
            {facts.agent && <AgentGlyph slot={facts.agent.slot} muted={!facts.coloured} />}
            {row.type === "fold" && row.fold.period > 1 ? <Repeat2 className="wf-kind" size={13} aria-label="loop" /> : <KindIcon kind={facts.kind} />}
            <span className={`wf-name tel ${facts.kind === KIND.workflow || row.type === "fold" ? "medium" : ""}`} title={facts.title.slice(0, 400)}>
              {middleEllipsis(facts.name, 64)}
            </span>
            {facts.note && <span className={`wf-note ${facts.noteIsBad ? "crit" : ""}`}>{facts.note}</span>}
            <span className="wf-figure num">{figure(facts)}</span>
          </>
        )}
      </div>
    </div>
  );
});
