import { Pin } from "lucide-react";
import { memo } from "react";
import { moneyPerHour, rate } from "@/base/format";
import { middleEllipsis, visibleLine } from "@/base/text";
import { statusTone } from "@/base/model";
import { AgentGlyph } from "../agent";
import { StatusIcon } from "../status";
import { StateStrip } from "../strip";
import type { Point } from "./layout";
import type { GraphNode } from "./model";

interface Props {
  node: GraphNode;
  at: Point;
  dimmed: boolean;
  inCycle: boolean;
  release: boolean;
  selected: boolean;
  coloured: boolean;
  onSelect: () => void;
  onOpen: () => void;
}

const COSTLY_USD_PER_H = 20;

export const NodeCard = memo(function NodeCard(props: Props) {
  const { node, at, inCycle } = props;
  const tone = statusTone(node.status);
  const bad = node.status === "critical" || inCycle;
  const classes = ["topo-node", bad && "bad", props.dimmed && "dimmed", props.selected && "selected", node.state === "idle" && "idle", node.ghost_since_unix_ns && "ghost", props.release && "release"]
    .filter(Boolean)
    .join(" ");
  const text = bad ? "crit" : node.status === "warning" ? "warn" : "";
  const costly = (node.cost_per_h_usd ?? 0) >= COSTLY_USD_PER_H;
  return (
    <div
      className={classes}
      style={{ transform: `translate(${at.x}px, ${at.y}px)` }}
      tabIndex={0}
      role="button"
      aria-pressed={props.selected}
      onKeyDown={(e) => {
        if (e.key === "Enter") props.onOpen();
        else if (e.key === " ") {
          e.preventDefault();
          props.onSelect();
        }
      }}
      onDoubleClick={props.onOpen}
    >
      <div className="topo-node-head">
        <AgentGlyph slot={node.agent.slot} muted={!props.coloured} />
        <span className="ell tel" title={visibleLine(node.agent.name).slice(0, 400)}>{middleEllipsis(node.agent.name, 20)}</span>
        {node.pinned && <Pin size={10} aria-label="pinned" />}
        {(node.status === "critical" || node.status === "warning") && !inCycle && <StatusIcon tone={tone} size={14} />}
      </div>
      <div className="topo-node-state">
        <span className={`ell tel ${text}`}>{visibleLine(node.state_text).slice(0, 60)}</span>
        <span>{costly ? moneyPerHour(node.cost_per_h_usd) : rate(node.rate_per_h, "/h")}</span>
      </div>
      {node.strip && <StateStrip strip={node.strip} slot={node.agent.slot} height={7} muted={!props.coloured} />}
    </div>
  );
});
