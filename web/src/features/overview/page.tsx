import { useEffect } from "react";
import { nsToMs } from "@/base/clock";
import { age, count, money, moneyPerHour, percent } from "@/base/format";
import { clock } from "@/base/moment";
import { useNow } from "@/base/use_now";
import { overview } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { To } from "@/widgets/link";
import { Spark } from "@/widgets/spark";
import { PartialChip, Skeleton } from "@/widgets/states";
import { useRange } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { MetricCard } from "../common/metric_card";
import { Attention } from "./attention";
import { Changes } from "./changes";
import { DifferingAgents } from "./differing_agents";
import type { Overview } from "@/api/documents";
import "./overview.css";

/** What is wrong, what is next, what did we do: one request, one page. */
export function Page() {
  const { key, params, zoom } = useRange();
  const query = useDocument("overview", overview, "overview", params, { key, refetchMs: 10_000 });
  useEffect(() => {
    document.title = query.data?.attention.total ? `(${query.data.attention.total}) Overview · honeyguide` : "Overview · honeyguide";
  }, [query.data?.attention.total]);
  return (
    <div className="page overview">
      <Loaded query={query} skeleton={<FirstPaint />}>
        {(data) => (
          <>
            <Head data={data} />
            <Attention attention={data.attention} />
            <div className="metric-grid">
              <MetricCard title="Task throughput" metric={data.cards.throughput} unit="per_h" figure={(v) => ({ text: count(v), unit: "/h" })} to="/topology" search={{ view: "waiting" }} syncKey="overview" onZoom={zoom} />
              <MetricCard title="Success" metric={data.cards.success} unit="ratio" figure={(v) => ({ text: percent(v).replace("\u2009%", ""), unit: "%" })} to="/traces" search={{ q: "status:error" }} fromZero={false} syncKey="overview" onZoom={zoom} />
              <MetricCard title="Cost velocity" metric={data.cards.cost} unit="usd_per_h" figure={(v) => ({ text: v < 20 ? money(v) : moneyPerHour(v).replace("/h", ""), unit: "/h" })} to="/agents" search={{ sort: "-cost_per_h_usd" }} syncKey="overview" onZoom={zoom} />
              <MetricCard title="Tokens" metric={data.cards.tokens} unit="per_h" figure={(v) => ({ text: count(v), unit: "/h" })} to="/agents" search={{ sort: "-tokens_per_h" }} syncKey="overview" onZoom={zoom} />
            </div>
            <div className="overview-columns">
              <DifferingAgents agents={data.agents} />
              <Changes changes={data.changes} />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Head({ data }: { data: Overview }) {
  const now = useNow(10_000);
  const { health } = data;
  const tone = { ok: "--series", warning: "--warn-solid", critical: "--crit-solid", unknown: "--unk-solid" }[health.status];
  return (
    <div className="page-head">
      <h1 className="page-title">Needs attention</h1>
      <span className="t3">{data.attention.total}</span>
      <PartialChip partial={data.partial} />
      <To to="/health" className="overview-health">
        <span className="t3">Health</span>
        <b className="strong">{health.score === null ? "–" : health.score.toFixed(2)}</b>
        {health.series && <Spark values={health.series.values} dot={tone} />}
        {health.changed && (
          <span className="t3 overview-since">
            {health.score !== null && health.changed.from > health.score ? "fell" : "rose"} from {health.changed.from.toFixed(2)} at {clock(nsToMs(health.changed.at_unix_ns))}
            <span className="sr">, {age(now - nsToMs(health.changed.at_unix_ns))} ago</span>
          </span>
        )}
      </To>
    </div>
  );
}

function FirstPaint() {
  return (
    <>
      <Skeleton height={220} />
      <div className="metric-grid">
        {[0, 1, 2, 3].map((i) => (
          <Skeleton key={i} height={142} />
        ))}
      </div>
      <Skeleton height={300} />
    </>
  );
}
