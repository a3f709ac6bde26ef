import { useState } from "react";
import { nsToMs } from "@/base/clock";
import { count, duration, plural, wholePercent } from "@/base/format";
import { clockSeconds } from "@/base/moment";
import type { AgentRef } from "@/base/model";
import { visibleLine, middleEllipsis } from "@/base/text";
import { type Topology, topologyPair } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { AgentLabel, AgentLink } from "@/widgets/agent";
import { Button, buttonClass } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { PanelSection } from "@/widgets/peek";
import { Empty } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { StateStrip } from "@/widgets/strip";
import type { Selection } from "@/widgets/topology/graph";
import { waitIsLong } from "@/widgets/topology/model";
import { useRange } from "@/widgets/url_state";
import { DirectiveDialog } from "../common/directive_dialog";
import { Loaded } from "../common/loaded";

interface Props {
  data: Topology;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

const SHOWN = 6;

/** The selection first, then deadlocks, the longest waits, the most errors, and how to read the marks. */
export function SidePanel({ data, selection, onSelect }: Props) {
  const agents = new Map(data.nodes.map((n) => [n.id, n.agent]));
  return (
    <>
      {selection?.kind === "node" && <NodePanel data={data} id={selection.id} onSelect={onSelect} />}
      {selection?.kind === "link" && <LinkPanel data={data} source={selection.source} target={selection.target} agents={agents} />}
      {data.cycles.map((cycle) => (
        <CyclePanel key={cycle.id} cycle={cycle} agents={agents} onSelect={onSelect} />
      ))}
      <Waits data={data} agents={agents} onSelect={onSelect} />
      <Errors data={data} agents={agents} onSelect={onSelect} />
      <WindowFigures data={data} />
      <HowToRead />
    </>
  );
}

function Pair({ agents, source, target, onSelect, children }: { agents: Map<string, AgentRef>; source: string; target: string; onSelect: Props["onSelect"]; children: React.ReactNode }) {
  const a = agents.get(source);
  const b = agents.get(target);
  return (
    <li>
      <button type="button" className="topo-pair" onClick={() => onSelect({ kind: "link", source, target })}>
        {a && <AgentLabel agent={a} max={16} />}
        <span className="t3">→</span>
        {b && <AgentLabel agent={b} max={16} />}
      </button>
      {children}
    </li>
  );
}

function CyclePanel({ cycle, agents, onSelect }: { cycle: Topology["cycles"][number]; agents: Map<string, AgentRef>; onSelect: Props["onSelect"] }) {
  const [asking, setAsking] = useState(false);
  const released = cycle.release ? cycle.edges[cycle.release.index] : undefined;
  const target = released ? agents.get(released.source) : undefined;
  return (
    <PanelSection
      title={
        <>
          <StatusIcon tone="crit" size={16} />
          Deadlock
        </>
      }
      aside={`since ${clockSeconds(nsToMs(cycle.since_unix_ns))}`}
    >
      <ol className="topo-list topo-chain">
        {cycle.edges.map((e, i) => (
          <Pair key={`${e.source} ${e.target}`} agents={agents} source={e.source} target={e.target} onSelect={onSelect}>
            <span className="topo-number" aria-hidden="true">{i + 1}</span>
            <span className="num crit medium">{duration(e.wait_ms)}</span>
          </Pair>
        ))}
      </ol>
      {cycle.release && (
        <p className="t2 topo-say">
          Cheapest to release: wait {cycle.release.index + 1}. <span className="tel">{visibleLine(cycle.release.reason)}</span>
        </p>
      )}
      <div className="row">
        {cycle.release && target && (
          <Button kind="ink" onClick={() => setAsking(true)}>
            Release wait {cycle.release.index + 1}…
          </Button>
        )}
        {cycle.alert_id && <To to="/alerts" search={{ sel: cycle.alert_id }} className={buttonClass()}>Alert</To>}
        <To to="/traces" search={{ q: `agent:"${agents.get(cycle.edges[0]?.source ?? "")?.name ?? ""}"` }} className={buttonClass()}>Traces</To>
      </div>
      {target && <DirectiveDialog agent={target} directive={asking ? "break_wait" : null} params={{ cycle_id: cycle.id }} reason="deadlock" onClose={() => setAsking(false)} />}
    </PanelSection>
  );
}

function Waits({ data, agents, onSelect }: { data: Topology; agents: Map<string, AgentRef>; onSelect: Props["onSelect"] }) {
  const inCycle = new Set(data.cycles.flatMap((c) => c.edges.map((e) => `${e.source} ${e.target}`)));
  const waits = data.edges.filter((e) => e.wait && !inCycle.has(`${e.source} ${e.target}`)).sort((a, b) => (b.wait?.oldest_ms ?? 0) - (a.wait?.oldest_ms ?? 0));
  return (
    <PanelSection title="Longest waits" aside="usual">
      {waits.length === 0 ? (
        <p className="t3">{inCycle.size > 0 ? "Nobody waits outside the deadlock." : "Nobody waits for anybody now."}</p>
      ) : (
        <ul className="topo-list">
          {waits.slice(0, SHOWN).map((e) => (
            <Pair key={`${e.source} ${e.target} ${e.kind}`} agents={agents} source={e.source} target={e.target} onSelect={onSelect}>
              <span className={`num medium ${e.wait && waitIsLong(e.wait) ? "warn" : ""}`}>{duration(e.wait?.oldest_ms)}</span>
              <span className="num t3 topo-usual">{duration(e.wait?.usual_ms)}</span>
            </Pair>
          ))}
        </ul>
      )}
    </PanelSection>
  );
}

function Errors({ data, agents, onSelect }: { data: Topology; agents: Map<string, AgentRef>; onSelect: Props["onSelect"] }) {
  const failing = data.edges.filter((e) => (e.error_ratio ?? 0) >= 0.01).sort((a, b) => (b.error_ratio ?? 0) - (a.error_ratio ?? 0));
  if (failing.length === 0) return null;
  return (
    <PanelSection title="Most errors" aside="of calls">
      <ul className="topo-list">
        {failing.slice(0, SHOWN).map((e) => (
          <Pair key={`${e.source} ${e.target} ${e.kind}`} agents={agents} source={e.source} target={e.target} onSelect={onSelect}>
            <span className="num crit medium">{wholePercent(e.error_ratio)}</span>
          </Pair>
        ))}
      </ul>
    </PanelSection>
  );
}

function WindowFigures({ data }: { data: Topology }) {
  const s = data.summary;
  const rows: [string, string, string][] = [
    ["Messages", count(s.messages), count(s.messages_usual)],
    ["Agent time spent waiting", wholePercent(s.waiting_ratio), wholePercent(s.waiting_usual_ratio)],
    ["Calls that fail", wholePercent(s.error_ratio), wholePercent(s.error_usual_ratio)],
  ];
  return (
    <PanelSection title="Window" aside="usual">
      <ul className="topo-list">
        {rows.map(([name, now, usual]) => (
          <li key={name}>
            <span className="t2 grow">{name}</span>
            <span className="num medium">{now}</span>
            <span className="num t3 topo-usual">{usual}</span>
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}

function NodePanel({ data, id, onSelect }: { data: Topology; id: string; onSelect: Props["onSelect"] }) {
  const node = data.nodes.find((n) => n.id === id);
  if (!node) return null;
  const edges = data.edges.filter((e) => e.source === id || e.target === id);
  const agents = new Map(data.nodes.map((n) => [n.id, n.agent]));
  return (
    <PanelSection title={<AgentLink agent={node.agent} max={28} />} aside={node.team ? middleEllipsis(node.team, 20) : undefined}>
      <p className={`tel ${node.status === "critical" ? "crit" : node.status === "warning" ? "warn" : "t2"}`}>{visibleLine(node.state_text)}</p>
      {node.strip && <StateStrip strip={node.strip} slot={node.agent.slot} height={14} />}
      <ul className="topo-list">
        {edges.slice(0, 8).map((e) => (
          <Pair key={`${e.source} ${e.target} ${e.kind}`} agents={agents} source={e.source} target={e.target} onSelect={onSelect}>
            <span className="num t2">{count(e.rate_per_h)}/h</span>
          </Pair>
        ))}
      </ul>
      <div className="row">
        <To to={paths.agent(id)} className={buttonClass()}>Open agent</To>
        <Button kind="ghost" onClick={() => onSelect(null)}>Clear</Button>
      </div>
    </PanelSection>
  );
}

function LinkPanel({ data, source, target, agents }: { data: Topology; source: string; target: string; agents: Map<string, AgentRef> }) {
  const { key, params } = useRange();
  const pair = useDocument("topology", topologyPair, "topology/pair", () => ({ ...params(), source, target }), { key: [source, target, key] });
  const edges = data.edges.filter((e) => e.source === source && e.target === target);
  const a = agents.get(source);
  const b = agents.get(target);
  if (!a || !b) return null;
  return (
    <PanelSection title={<span className="row"><AgentLink agent={a} max={16} /> <span className="t3">→</span> <AgentLink agent={b} max={16} /></span>}>
      {edges.map((e) => (
        <dl key={e.kind} className="kv">
          <dt>{visibleLine(e.kind.replace("handoff", "hand-off").slice(0, 20))}</dt>
          <dd>{count(e.rate_per_h)}/h, p50 {duration(e.p50_ms)}, p95 {duration(e.p95_ms)}</dd>
          <dt>Errors</dt>
          <dd className={(e.error_ratio ?? 0) >= 0.01 ? "crit" : ""}>{wholePercent(e.error_ratio)} ({plural(e.errors, "call")})</dd>
          {e.wait && (
            <>
              <dt>Waiting</dt>
              <dd className="warn">{duration(e.wait.oldest_ms)}, usual {duration(e.wait.usual_ms)}</dd>
            </>
          )}
        </dl>
      ))}
      <h3 className="t3 topo-sub">Last messages</h3>
      <Loaded query={pair}>
        {(p) =>
          p.messages.length === 0 ? (
            <Empty>No message between the two in this window.</Empty>
          ) : (
            <ul className="topo-messages">
              {p.messages.map((m, i) => (
                <li key={`${m.at_unix_ns} ${i}`}>
                  <To to={paths.trace(m.trace_id)} {...(m.span_id ? { search: { sel: m.span_id } } : {})}>
                    <time className="t3">{clockSeconds(nsToMs(m.at_unix_ns))}</time>
                    <span className={`ell tel ${m.error ? "crit" : ""}`}>{visibleLine(m.label.slice(0, 120))}</span>
                    <span className="num t3">{duration(m.latency_ms)}</span>
                  </To>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </PanelSection>
  );
}

function HowToRead() {
  return (
    <PanelSection title="How to read">
      <ul className="topo-legend t2">
        <li>
          <svg width="92" height="12" aria-hidden="true">
            <path d="M0 6H40" className="leg-thin" />
            <path d="M50 6H90" className="leg-thick" />
          </svg>
          few, many messages
        </li>
        <li>
          <svg width="92" height="12" aria-hidden="true">
            <path d="M0 6H90" className="leg-wait" />
          </svg>
          waiting, ticks run to the awaited
        </li>
        <li>
          <svg width="92" height="12" aria-hidden="true">
            <path d="M0 6H60" className="leg-thin" />
            <path d="M60 6H90" className="leg-error" />
          </svg>
          share of calls that fail
        </li>
      </ul>
    </PanelSection>
  );
}
