import { UNKNOWN, count, duration, money, percent, wholePercent } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import type { AgentDocument } from "@/api/documents";
import { conflicts } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { AgentLink } from "@/widgets/agent";
import { RatioBar, WaitBar } from "@/widgets/bars";
import { Card } from "@/widgets/card";
import { Chip } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { Empty } from "@/widgets/states";
import { OutcomeLabel } from "@/widgets/status";
import { useGo, useRange } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";

const TASKS_SHOWN = 12;

export function Tasks({ data }: { data: AgentDocument }) {
  const go = useGo();
  const { items, total, running } = data.tasks;
  const longest = Math.max(1, ...items.map((t) => t.duration_ms ?? 0));
  const usual = data.charts.duration.usual;
  return (
    <Card
      title={
        <>
          Tasks {running > 0 && <Chip>{running} running</Chip>}
        </>
      }
      aside={<To to="/traces" search={{ q: `agent:"${data.row.agent.name}"` }} className="link">All {count(total.count)}</To>}
    >
      {items.length === 0 ? (
        <Empty>No task in this range. Where a framework knows no tasks, an agent's invocation counts as one.</Empty>
      ) : (
        <div className="table-scroll">
          <table>
            <thead>
              <tr>
                <th>Task</th>
                <th>State</th>
                <th className="num">Duration</th>
                <th className="agent-bar" aria-label="Duration, as a bar" />
                <th className="num">Tokens</th>
                <th className="num">Cost</th>
                <th className="num">Quality</th>
              </tr>
            </thead>
            <tbody>
              {items.slice(0, TASKS_SHOWN).map((t) => {
                const long = usual !== null && t.duration_ms !== null && t.duration_ms > 2 * usual;
                const open = () => t.trace_id && go(paths.trace(t.trace_id), t.span_id ? { sel: t.span_id } : {});
                return (
                  <tr key={t.id} className={t.trace_id ? "opens" : ""} onClick={open}>
                    <td className="medium agent-task">
                      {t.trace_id ? (
                        <To to={paths.trace(t.trace_id)} className="tel" {...(t.span_id ? { search: { sel: t.span_id } } : {})}>{middleEllipsis(t.name, 40)}</To>
                      ) : (
                        <span className="tel">{middleEllipsis(t.name, 40)}</span>
                      )}
                    </td>
                    <td><OutcomeLabel outcome={t.outcome} /></td>
                    <td className="num">{duration(t.duration_ms)}</td>
                    <td className="agent-bar">{t.duration_ms !== null && <RatioBar value={t.duration_ms} max={longest} tone={long ? "crit" : undefined} label={`${Math.round((100 * t.duration_ms) / longest)} % of the longest`} />}</td>
                    <td className="num">{count(t.tokens)}</td>
                    <td className="num">{money(t.cost_usd)}</td>
                    <td className="num">{t.quality === null ? UNKNOWN : t.quality.toFixed(2)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

export function Neighbours({ data }: { data: AgentDocument }) {
  const longest = Math.max(1, ...data.neighbours.map((n) => n.wait_p95_ms ?? 0));
  return (
    <Card title="Neighbours" aside={<To to="/topology" search={{ sel: data.row.agent.id }} className="link">Topology</To>}>
      {data.neighbours.length === 0 ? (
        <Empty>This agent exchanged nothing with others in this range.</Empty>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Agent</th>
              <th className="num">Messages/h</th>
              <th className="num">Wait p95</th>
              <th className="agent-bar" aria-label="Wait, as a bar" />
              <th className="num">Errors</th>
            </tr>
          </thead>
          <tbody>
            {data.neighbours.slice(0, 12).map((n) => {
              const long = n.wait_usual_ms !== null && n.wait_p95_ms !== null && n.wait_p95_ms > 2 * n.wait_usual_ms;
              return (
                <tr key={`${n.agent.id} ${n.direction}`}>
                  <td className="agent-task"><AgentLink agent={n.agent} max={22} /></td>
                  <td className="num" title={n.direction === "in" ? "from it" : "to it"}>{n.direction === "in" ? "←" : "→"} {count(n.messages_per_h)}</td>
                  <td className={`num ${long ? "warn" : ""}`} title={n.wait_usual_ms === null ? undefined : `usual ${duration(n.wait_usual_ms)}`}>{duration(n.wait_p95_ms)}</td>
                  <td className="agent-bar">{n.wait_p95_ms !== null && <WaitBar value={n.wait_p95_ms} max={longest} long={long} label="wait against the longest" />}</td>
                  <td className={`num ${(n.error_ratio ?? 0) > 0.05 ? "crit" : ""}`}>{wholePercent(n.error_ratio)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Card>
  );
}

export function Tools({ data }: { data: AgentDocument }) {
  return (
    <Card title="Tools">
      {data.tools.length === 0 ? (
        <Empty>No tool call in this range.</Empty>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Tool</th>
              <th className="num">Calls</th>
              <th className="num">Repeated</th>
              <th className="num">Errors</th>
              <th className="num">p90</th>
            </tr>
          </thead>
          <tbody>
            {data.tools.slice(0, 12).map((t) => (
              <tr key={t.name}>
                <td className="agent-task mono tel">{middleEllipsis(t.name, 30)}</td>
                <td className="num">{count(t.calls)}</td>
                <td className={`num ${(t.repeated_ratio ?? 0) > 0.5 ? "crit" : ""}`}>{wholePercent(t.repeated_ratio)}</td>
                <td className={`num ${(t.error_ratio ?? 0) > 0.2 ? "crit" : ""}`}>{wholePercent(t.error_ratio)}</td>
                <td className="num">{duration(t.duration_p90_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

export function Models({ data }: { data: AgentDocument }) {
  if (data.models.length === 0) return null;
  return (
    <Card title="Models">
      <table>
        <thead>
          <tr>
            <th>Model</th>
            <th className="num">Calls</th>
            <th className="num">Tokens</th>
            <th className="num">Cost</th>
            <th className="num">Errors</th>
          </tr>
        </thead>
        <tbody>
          {data.models.slice(0, 8).map((m) => (
            <tr key={m.name}>
              <td className="agent-task mono tel">{middleEllipsis(m.name, 30)}</td>
              <td className="num">{count(m.calls)}</td>
              <td className="num">{count(m.tokens)}</td>
              <td className="num" title={m.price_known ? undefined : "no price for this model"}>{m.price_known ? money(m.cost_usd) : UNKNOWN}</td>
              <td className="num">{percent(m.error_ratio)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/** Open conflicts that this agent is a party of. */
export function Conflicts({ agentId }: { agentId: string }) {
  const { key, params } = useRange();
  const query = useDocument("conflicts", conflicts, "conflicts", () => ({ ...params(), state: "open" }), { key: ["open", key] });
  return (
    <Card title="Conflicts" aside={<To to="/conflicts" className="link">All</To>}>
      <Loaded query={query}>
        {(data) => {
          const own = data.items.filter((c) => c.parties.some((p) => p.id === agentId));
          if (own.length === 0) return <Empty>No open conflict with this agent.</Empty>;
          return (
            <ul className="agent-report">
              {own.map((c) => (
                <li key={c.id} className="row">
                  <span className="medium tel">{middleEllipsis(c.type, 30)}</span>
                  {c.parties.filter((p) => p.id !== agentId).map((p) => <AgentLink key={p.id} agent={p} max={20} />)}
                  <span className="grow" />
                  <span className="t2">{duration(c.age_ms)}</span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
