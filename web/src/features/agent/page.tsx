import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { nsToMs } from "@/base/clock";
import { age, count, duration, money, moneyPerHour, wholePercent } from "@/base/format";
import { clock } from "@/base/moment";
import { useNow } from "@/base/use_now";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type AgentDocument, agentDocument } from "@/api/documents";
import { encode, useDocument } from "@/api/use_document";
import { AgentGlyph } from "@/widgets/agent";
import { Card } from "@/widgets/card";
import { Button, Chip } from "@/widgets/controls";
import { SentenceText } from "@/widgets/sentence";
import { PartialChip, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { StateStrip, StripLegend } from "@/widgets/strip";
import { useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { type Directive, DirectiveDialog, DirectiveIcon, directiveVerb } from "../common/directive_dialog";
import { Loaded } from "../common/loaded";
import { MetricCard } from "../common/metric_card";
import { AlertBanner } from "./alert_banner";
import { Conflicts, Models, Neighbours, Tasks, Tools } from "./tables";
import "./agent.css";

const DIRECTIVES: Directive[] = ["pause", "run", "throttle", "reassign"];

/** One agent: what is wrong with it, what it does, with whom, and what can be done. */
export function Page() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { key, params, zoom } = useRange();
  const query = useDocument("agents", agentDocument, `agents/${encode(id)}`, params, { key: [id, key], refetchMs: 10_000 });
  useEffect(() => {
    document.title = `${middleEllipsis(id, 40)} · honeyguide`;
  }, [id]);
  return (
    <div className="page agent-page">
      <Loaded query={query} skeleton={<Skeleton height={420} />}>
        {(data) => (
          <>
            <Header data={data} />
            {data.alerts.slice(0, 3).map((alert) => (
              <AlertBanner key={alert.id} alert={alert} />
            ))}
            <StateCard data={data} />
            <Charts data={data} zoom={zoom} />
            <div className="agent-columns">
              <Tasks data={data} />
              <div className="agent-stack">
                <Neighbours data={data} />
                <Tools data={data} />
                <Models data={data} />
              </div>
            </div>
            <div className="agent-columns">
              <Report data={data} />
              <Conflicts agentId={data.row.agent.id} />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

/** What the head of the page says of every agent; further facts come from the server. */
const HEAD = new Set(["Team", "Framework", "Version", "Model"]);

function Header({ data }: { data: AgentDocument }) {
  const { row } = data;
  const search = useSearch();
  const set = useSetSearch();
  const asked = DIRECTIVES.find((d) => d === (search.view === "resume" ? "run" : search.view)) ?? null;
  const open = (directive: Directive) => set({ view: directive });
  const paused = data.control.directive === "pause";
  const facts: [string, string | null][] = [
    ["Team", row.team], ["Framework", row.framework], ["Version", row.version], ["Model", row.model], ...data.facts.filter((f) => !HEAD.has(f.name)).slice(0, 4).map((f): [string, string] => [f.name, f.value]),
  ];
  return (
    <header className="agent-head">
      <div className="agent-who">
        <h1>
          <AgentGlyph slot={row.agent.slot} size={16} />
          <span className="tel ell" title={visibleLine(row.agent.name).slice(0, 5000)}>{middleEllipsis(row.agent.name)}</span>
          <Chip tone={row.state === "error" ? "crit" : undefined}>{paused ? "paused" : row.state}</Chip>
          {row.state_since_unix_ns && <span className="agent-since t3">since {clock(nsToMs(row.state_since_unix_ns))}</span>}
          <PartialChip partial={data.partial} />
        </h1>
        <div className="agent-facts">
          {facts.map(([name, value]) =>
            value === null ? null : (
              <span key={name}>
                <span className="t3">{visibleLine(name).slice(0, 40)}</span> <span className="tel">{middleEllipsis(value, 40)}</span>
              </span>
            ),
          )}
        </div>
      </div>
      <Control data={data} onAsk={open} />
      <DirectiveDialog agent={row.agent} directive={asked} reason={data.alerts[0]?.rule ?? "by hand"} onClose={() => set({ view: undefined }, "replace")} />
    </header>
  );
}

function Control({ data, onAsk }: { data: AgentDocument; onAsk: (directive: Directive) => void }) {
  const now = useNow(1000);
  const { control } = data;
  const paused = control.directive === "pause";
  const seen = control.acked_unix_ns === null ? null : now - nsToMs(control.acked_unix_ns);
  const name = middleEllipsis(data.row.agent.name, 20);
  return (
    <div className="agent-control">
      <div className="row">
        {(paused ? (["run"] as const) : (["pause", "throttle", "reassign"] as const)).map((d, i) => (
          <Button key={d} kind={i === 0 ? "ink" : "plain"} disabled={!control.supported} onClick={() => onAsk(d)}>
            {i === 0 && <DirectiveIcon directive={d} />}
            {i === 0 ? `${directiveVerb(d)} ${name}` : d === "reassign" ? "Reassign…" : `${directiveVerb(d)}…`}
          </Button>
        ))}
      </div>
      <p>
        {control.supported ? (
          <>
            <StatusIcon tone={control.ack_state === "refused" ? "warn" : seen === null ? "unk" : "ok"} size={13} />
            {seen === null
              ? "No directive acknowledged yet"
              : `${paused ? "Paused" : control.ack_state === "obeyed" ? "Obeys directives" : `Last directive ${control.ack_state ?? "received"}`}, ${paused ? `confirmed ${age(seen)} ago` : `last seen ${age(seen)} ago`}`}
          </>
        ) : (
          <>
            <StatusIcon tone="unk" size={13} />
            This agent cannot be paused: {control.reason ?? "no control channel"}.{control.help ? ` ${control.help}` : ""}
          </>
        )}
      </p>
    </div>
  );
}

function StateCard({ data }: { data: AgentDocument }) {
  const s = data.strip;
  const minutes = s ? (s.cell_ms * s.cells.length) / 60e3 : 0;
  const ticks = s ? [0, 0.25, 0.5, 0.75, 1].map((k) => clock(s.start_unix_ms + k * s.cell_ms * s.cells.length)) : [];
  return (
    <Card className="agent-state">
      <div className="row agent-state-head">
        <h2 className="strong">Last {minutes >= 120 ? duration(minutes * 60e3) : `${Math.round(minutes)} min`}</h2>
        <span className="t3">busy {wholePercent(data.busy_ratio)}, usual {wholePercent(data.busy_usual_ratio)}</span>
        <span className="grow" />
        <StripLegend slot={data.row.agent.slot} shown={["b", "w", "i", "e", "n"]} />
      </div>
      <StateStrip strip={s} slot={data.row.agent.slot} height={22} />
      <div className="agent-axis">
        {ticks.map((t, i) => (
          <span key={i}>{t}</span>
        ))}
      </div>
    </Card>
  );
}

function Charts({ data, zoom }: { data: AgentDocument; zoom: (from: number, to: number) => void }) {
  const marks = data.alerts
    .filter((a) => a.kind !== "prediction")
    .slice(0, 3)
    .map((a) => ({ at: nsToMs(a.since_unix_ns), text: a.rule, tone: "crit" as const }));
  return (
    <div className="metric-grid">
      <MetricCard title="Task throughput" metric={data.charts.throughput} unit="per_h" figure={(v) => ({ text: count(v), unit: "/h" })} syncKey="agent" marks={marks} onZoom={zoom} />
      <MetricCard title="Task duration" metric={data.charts.duration} unit="ms" figure={(v) => ({ text: duration(v), unit: " p90" })} syncKey="agent" marks={marks} onZoom={zoom} />
      <MetricCard title="Cost velocity" metric={data.charts.cost} unit="usd_per_h" figure={(v) => ({ text: v < 100 ? money(v) : moneyPerHour(v).replace("/h", ""), unit: "/h" })} syncKey="agent" marks={marks} onZoom={zoom} />
      <MetricCard title="Quality" metric={data.charts.quality} unit="score" figure={(v) => ({ text: v.toFixed(2), unit: "" })} fromZero={false} syncKey="agent" onZoom={zoom} />
    </div>
  );
}

function Report({ data }: { data: AgentDocument }) {
  return (
    <Card title="Report">
      {data.report.length === 0 ? (
        <p className="card-body t3">No report for this range.</p>
      ) : (
        <ul className="agent-report">
          {data.report.map((line, i) => (
            <li key={i}>
              <SentenceText sentence={line} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
