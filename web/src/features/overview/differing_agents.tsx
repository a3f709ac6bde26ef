import { count, money, percent, plural } from "@/base/format";
import { severityTone } from "@/base/model";
import { visibleLine } from "@/base/text";
import type { Overview } from "@/api/documents";
import type { AgentRow } from "@/api/shapes";
import { AgentLink } from "@/widgets/agent";
import { Card } from "@/widgets/card";
import { To, paths } from "@/widgets/link";
import { Empty } from "@/widgets/states";
import { StateStrip, StripLegend } from "@/widgets/strip";
import { useGo } from "@/widgets/url_state";

/** The agents least like themselves, by calibrated surprise; the rest is one line. */
export function DifferingAgents({ agents }: { agents: Overview["agents"] }) {
  return (
    <Card title="Agents that differ from their usual" aside={<StripLegend shown={["b", "w", "i", "e"]} />}>
      {agents.items.length === 0 ? (
        <Empty action={<To to="/agents" className="link">All agents</To>}>
          {agents.as_usual > 0 ? `All ${plural(agents.as_usual, "agent")} behave as usual.` : "No agent was active in this range."}
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="differing">
            <thead>
              <tr>
                <th>Agent</th>
                <th>Last 60 min</th>
                <th>What differs</th>
                <th className="num">Tasks/h</th>
                <th className="num">Success</th>
                <th className="num">Cost/h</th>
              </tr>
            </thead>
            <tbody>
              {agents.items.slice(0, 8).map((row) => (
                <Row key={row.agent.id} row={row} />
              ))}
              <tr className="differing-rest">
                <td colSpan={6}>
                  <To to="/agents" className="link">
                    {agents.as_usual > 0 ? `${agents.as_usual} others as usual` : "All agents"}
                  </To>
                </td>
              </tr>
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

function Row({ row }: { row: AgentRow }) {
  const go = useGo();
  const tone = row.differs?.severity ? severityTone(row.differs.severity) : null;
  const costly = row.previous === null && (row.cost_per_h_usd ?? 0) >= 20;
  return (
    <tr onClick={(e) => !(e.target as HTMLElement).closest("a") && go(paths.agent(row.agent.id))}>
      <td>
        <AgentLink agent={row.agent} max={20} />
      </td>
      <td>
        <StateStrip strip={row.strip} slot={row.agent.slot} />
      </td>
      <td className={`ell tel ${tone === "crit" ? "crit" : tone === "warn" ? "warn" : "t2"}`} title={row.differs?.text}>
        {row.differs ? visibleLine(row.differs.text.slice(0, 120)) : <span className="t3">{row.surprise === null ? "no history yet" : "as usual"}</span>}
      </td>
      <td className="num">{count(row.throughput_per_h)}</td>
      <td className={`num ${row.success_ratio !== null && row.success_ratio < 0.7 ? "crit" : ""}`} title={row.unknown.success_ratio}>{percent(row.success_ratio)}</td>
      <td className={`num ${costly ? "crit strong" : ""}`} title={row.unknown.cost_per_h_usd}>{money(row.cost_per_h_usd)}</td>
    </tr>
  );
}
