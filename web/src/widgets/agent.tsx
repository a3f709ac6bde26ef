import { glyphOf, glyphPath, hueVar } from "@/base/identity";
import type { AgentRef } from "@/base/model";
import { middleEllipsis, visibleLine } from "@/base/text";
import { To, paths } from "./link";
import "./agent.css";

/** The mark of an agent. `muted` leaves the shape and drops the hue (views with more than 8 agents). */
export function AgentGlyph({ slot, size = 10, muted = false }: { slot: number; size?: number; muted?: boolean }) {
  const color = muted ? "var(--unk-solid)" : hueVar(slot);
  return (
    <svg className="glyph" width={size} height={size} viewBox="0 0 10 10" style={{ fill: color }} aria-hidden="true">
      <path d={glyphPath(glyphOf(slot))} />
    </svg>
  );
}

export function AgentLabel({ agent, max, muted = false }: { agent: AgentRef; max?: number; muted?: boolean }) {
  return (
    <span className="agent" title={visibleLine(agent.name).slice(0, 400)}>
      <AgentGlyph slot={agent.slot} muted={muted} />
      <span className="agent-name tel">{middleEllipsis(agent.name, max)}</span>
    </span>
  );
}

/** Glyph and name, linked to the agent's page. */
export function AgentLink({ agent, max }: { agent: AgentRef; max?: number }) {
  return (
    <To to={paths.agent(agent.id)} className="agent-link" onClick={(e) => e.stopPropagation()}>
      <AgentLabel agent={agent} {...(max === undefined ? {} : { max })} />
    </To>
  );
}

/** Several agents as glyphs only; names in the tooltip and for screen readers. */
export function AgentGlyphs({ agents, max = 4 }: { agents: AgentRef[]; max?: number }) {
  const names = agents.map((a) => visibleLine(a.name).slice(0, 60)).join(", ");
  return (
    <span className="glyphs" title={names} role="img" aria-label={names || "no agents"}>
      {agents.slice(0, max).map((a) => (
        <AgentGlyph key={a.id} slot={a.slot} />
      ))}
      {agents.length > max && <span className="t3">+{agents.length - max}</span>}
    </span>
  );
}
