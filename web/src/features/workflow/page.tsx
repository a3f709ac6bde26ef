import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { count, duration, money, moneyPerHour, percent, wholePercent } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { clock } from "@/base/moment";
import { rangeBounds } from "@/base/range";
import { middleEllipsis } from "@/base/text";
import { type WorkflowDocument, workflowDocument } from "@/api/documents";
import { encode, useDocument } from "@/api/use_document";
import { AgentGlyphs, AgentLink } from "@/widgets/agent";
import { RatioBar, WhiskerBar } from "@/widgets/bars";
import { Card } from "@/widgets/card";
import { TimeChart } from "@/widgets/chart/time_chart";
import { Chip } from "@/widgets/controls";
import { paths } from "@/widgets/link";
import { Scatter } from "@/widgets/scatter";
import { Empty, PartialChip, Skeleton } from "@/widgets/states";
import { useGo, useRange } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { RunsTable } from "./runs_table";
import "./workflow.css";

/** One workflow: its runs, where time and money go, its usual path, its budget. */
export function Page() {
  const { name } = useParams({ strict: false }) as { name: string };
  const { key, params, range, zoom } = useRange();
  const go = useGo();
  const query = useDocument("workflows", workflowDocument, `workflows/${encode(name)}`, params, { key: [name, key], refetchMs: 15_000 });
  useEffect(() => {
    document.title = `${middleEllipsis(name, 40)} · honeyguide`;
  }, [name]);
  const bounds = rangeBounds(range);
  return (
    <div className="page workflow">
      <Loaded query={query} skeleton={<Skeleton height={420} />}>
        {(data) => (
          <>
            <Head data={data} />
            <div className={`workflow-top ${data.budget ? "" : "single"}`}>
              <Card title="Runs" aside="click opens, drag narrows the range">
                <Scatter points={data.scatter} from={bounds.from} to={bounds.to} height={220} p90_ms={data.row.duration_p90_ms} onOpen={(id) => go(paths.trace(id))} onRange={zoom} />
              </Card>
              {data.budget && <BurnDown budget={data.budget} />}
            </div>
            <div className="workflow-three">
              <TimeOwners data={data} />
              <MoneyOwners data={data} />
              <UsualPath data={data} />
            </div>
          </>
        )}
      </Loaded>
      <RunsTable workflow={name} />
    </div>
  );
}

function Head({ data }: { data: WorkflowDocument }) {
  const { row } = data;
  const facts: [string, string, string][] = [
    [`${count(row.runs_per_h)}/h`, "runs", ""],
    [percent(row.success_ratio), "success", row.success_usual_ratio === null ? "" : `usual ${wholePercent(row.success_usual_ratio)}`],
    [duration(row.duration_p50_ms), "p50", ""],
    [duration(row.duration_p90_ms), "p90", ""],
    [money(row.cost_per_run_usd), "a run", row.cost_per_run_usual_usd === null ? "" : `usual ${money(row.cost_per_run_usual_usd)}`],
  ];
  return (
    <header className="workflow-head">
      <h1 className="tel ell">{middleEllipsis(row.name)}</h1>
      {row.running > 0 && <Chip>{row.running} running</Chip>}
      {row.alerts > 0 && <Chip tone="crit">{row.alerts} open {row.alerts === 1 ? "alert" : "alerts"}</Chip>}
      <PartialChip partial={data.partial} />
      <AgentGlyphs agents={row.agents} max={8} />
      <dl className="workflow-facts">
        {facts.map(([value, name, usual]) => (
          <div key={name}>
            <dd>{value}</dd>
            <dt>{usual || name}</dt>
          </div>
        ))}
      </dl>
    </header>
  );
}

function BurnDown({ budget }: { budget: NonNullable<WorkflowDocument["budget"]> }) {
  const left = (v: number | null) => (v === null ? null : budget.limit_usd - v);
  const spent = budget.spent_usd;
  const f = budget.forecast;
  const start = nsToMs(budget.period_start_unix_ns);
  const end = nsToMs(budget.period_end_unix_ns);
  const last = [...spent.values].reverse().find((v) => v !== null) ?? null;
  const empty = budget.empty;
  const at = (v: string | null | undefined) => (v ? nsToMs(v) : null);
  const q50 = at(empty?.q50_unix_ns);
  const q10 = at(empty?.q10_unix_ns);
  const q90 = at(empty?.q90_unix_ns);
  const most = budget.contributors[0];
  return (
    <Card title="Budget" aside={`${money(last)} of ${money(budget.limit_usd)}`}>
      <p className="workflow-say">
        {q50 === null ? `Lasts until ${clock(end)}, as planned.` : (
          <>
            Lasts until <b className="pred strong">{clock(q50)}</b> <span className="t2">{q10 !== null && q90 !== null ? `(${clock(q10)}–${clock(q90)})` : ""}</span>, planned until {clock(end)}.
          </>
        )}
        {most && <> Most of it: {most.agent ? <AgentLink agent={most.agent} max={20} /> : "unknown agents"} {money(most.cost_usd)}.</>}
      </p>
      <div className="workflow-chart">
        <TimeChart
          label="Budget left"
          series={{ start_unix_ms: spent.start_unix_ms, step_ms: spent.step_ms, values: spent.values.map(left) }}
          forecast={f ? { ...f, q10: f.q90.map((v) => budget.limit_usd - v), q50: f.q50.map((v) => budget.limit_usd - v), q90: f.q10.map((v) => budget.limit_usd - v) } : null}
          unit="usd"
          height={170}
          threshold={{ value: 0, tone: "crit" }}
          eta={q10 !== null ? { q10, q50, q90 } : null}
          ideal={{ from: start, fromValue: budget.limit_usd, to: end, toValue: 0 }}
        />
      </div>
    </Card>
  );
}

function TimeOwners({ data }: { data: WorkflowDocument }) {
  const most = Math.max(1, ...data.time_owners.map((o) => o.p90_ms ?? o.p50_ms));
  return (
    <Card title="Where the time goes" aside="critical path, last 100 runs">
      {data.time_owners.length === 0 ? <Empty>No finished run in this range.</Empty> : (
        <ul className="workflow-list">
          {data.time_owners.slice(0, 8).map((o, i) => (
            <li key={i}>
              <span className="workflow-name">{o.agent && <AgentLink agent={o.agent} max={16} />} <span className="mono tel t2">{middleEllipsis(o.operation, 22)}</span></span>
              <WhiskerBar p10={o.p10_ms} p50={o.p50_ms} p90={o.p90_ms} max={most} label={`median ${duration(o.p50_ms)}, from ${duration(o.p10_ms)} to ${duration(o.p90_ms)}`} />
              <span className="num">{wholePercent(o.share_ratio)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function MoneyOwners({ data }: { data: WorkflowDocument }) {
  const rows = [
    ...data.cost_by_agent.slice(0, 4).map((c) => ({ key: `a ${c.agent?.id}`, name: c.agent ? <AgentLink agent={c.agent} max={20} /> : <span className="t3">no agent</span>, ...c })),
    ...data.cost_by_model.slice(0, 3).map((c) => ({ key: `m ${c.name}`, ...c, name: <span className="mono tel">{middleEllipsis(c.name, 24)}</span> })),
  ];
  return (
    <Card title="Where the money goes" aside={`${moneyPerHour(data.row.cost_per_run_usd !== null && data.row.runs_per_h !== null ? data.row.cost_per_run_usd * data.row.runs_per_h : null)}`}>
      {rows.length === 0 ? <Empty>No cost is known in this range: no token counts, or no price for the models used.</Empty> : (
        <ul className="workflow-list">
          {rows.map((r) => (
            <li key={r.key}>
              <span className="workflow-name">{r.name}</span>
              <RatioBar value={r.share_ratio} max={1} label={wholePercent(r.share_ratio)} />
              <span className="num">{money(r.cost_usd)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function UsualPath({ data }: { data: WorkflowDocument }) {
  return (
    <Card title="Usual path" aside="share of runs">
      {data.usual_path.length === 0 ? <Empty>Too few runs to know a usual path.</Empty> : (
        <ol className="workflow-path">
          {data.usual_path.slice(0, 10).map((s, i) => (
            <li key={i}>
              <i aria-hidden="true" />
              <span className="tel ell">{middleEllipsis(s.step, 32)}</span>
              <span className={`num ${s.share_ratio < 0.5 ? "t3" : "t2"}`}>{wholePercent(s.share_ratio)}</span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
