import { useState } from "react";
import { count, duration, inUnit } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { clock, moment } from "@/base/moment";
import { severityTone } from "@/base/model";
import { useNow } from "@/base/use_now";
import { middleEllipsis } from "@/base/text";
import { type Anomaly, anomalies, anomaly } from "@/api/alert_documents";
import { encode, failureOf, usePages, useSend } from "@/api/use_document";
import { AgentLink } from "@/widgets/agent";
import { Card } from "@/widgets/card";
import { TimeChart } from "@/widgets/chart/time_chart";
import { Button, Chip } from "@/widgets/controls";
import { To } from "@/widgets/link";
import { Empty, ErrorNote, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { TotalText } from "@/widgets/total";
import { useRange } from "@/widgets/url_state";
import { useRoleBlock } from "../common/roles";

const FEATURES: Record<string, string> = {
  level: "unusual level", season: "unusual for this time of day", shift: "the mean moved", volatility: "unusually restless", novelty: "never seen before", multivariate: "odd together with others",
};

/** Each series against what the model expected before the point came. */
export function Anomalies() {
  const { key, params } = useRange();
  const query = usePages("alerts", anomalies, "anomalies", () => ({ ...params(), limit: "50" }), key);
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  if (query.isError && !query.data) return <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton lines={8} />;
  if (items.length === 0) return <Empty>Nothing was strange in this range.</Empty>;
  const total = query.data?.pages[0]?.total;
  return (
    <div className="alerts-scroll">
      <div className="anomaly-grid">
        {items.map((a) => (
          <AnomalyCard key={a.id} anomaly={a} />
        ))}
      </div>
      <div className="alerts-more">
        {total && <TotalText total={total} shown={items.length} noun="anomaly" />}
        {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>Load more</Button>}
      </div>
    </div>
  );
}

function AnomalyCard({ anomaly: a }: { anomaly: Anomaly }) {
  const now = useNow(30_000);
  const { zoom } = useRange();
  const onset = nsToMs(a.onset_unix_ns);
  const end = a.end_unix_ns === null ? null : nsToMs(a.end_unix_ns);
  const bad = severityTone(a.severity) === "crit";
  return (
    <Card className="anomaly">
      <header>
        <StatusIcon tone={severityTone(a.severity)} size={16} />
        <h2 className="tel ell">{middleEllipsis(a.title, 48)}</h2>
        {a.agent && <AgentLink agent={a.agent} max={18} />}
      </header>
      <p>
        <b className={`strong ${bad ? "crit" : "warn"}`}>{inUnit(a.value, a.unit)}</b>
        {a.expected_low !== null && a.expected_high !== null && <span className="t2">, expected {inUnit(a.expected_low, a.unit)} – {inUnit(a.expected_high, a.unit)}</span>}
        {a.rarity_minutes !== null && <span className="t2"> · once in {count(a.rarity_minutes)} minutes</span>}
      </p>
      {a.series && (
        <TimeChart
          label={a.title}
          series={a.series}
          unit={a.unit}
          height={104}
          compact
          nowLabel={end === null}
          fromZero={a.unit !== "ratio"}
          tone={bad ? "crit" : "warn"}
          marks={[{ at: onset, text: "onset", tone: bad ? "crit" : "warn" }]}
          syncKey="anomalies"
          onZoom={zoom}
        />
      )}
      <p className="anomaly-foot">
        <span className="t2">since {moment(onset)}{end === null ? `, for ${duration(now - onset)}` : `, ended after ${duration(end - onset)}`}</span>
        {a.features.map((f) => (
          <Chip key={f}>{FEATURES[f] ?? f.slice(0, 30)}</Chip>
        ))}
        {a.refractory_until_unix_ns && nsToMs(a.refractory_until_unix_ns) > now && <span className="t3">not judged again until {clock(nsToMs(a.refractory_until_unix_ns))}</span>}
        {a.similar > 0 && <span className="t3">{a.similar} alike before</span>}
        {a.alert_id && <To to="/alerts" search={{ sel: a.alert_id }} className="link">alert</To>}
        <Feedback anomaly={a} />
      </p>
    </Card>
  );
}

function Feedback({ anomaly: a }: { anomaly: Anomaly }) {
  const blocked = useRoleBlock("operate");
  const [said, setSaid] = useState(a.feedback);
  const send = useSend(anomaly, (verdict: string | null) => ({ method: "POST", path: `anomalies/${encode(a.id)}/feedback`, body: { verdict } }), ["alerts"]);
  const give = (verdict: string | null) => send.mutate(verdict, { onSuccess: (done) => setSaid(done.feedback) });
  const on = said === "not_anomaly";
  return (
    <Button kind="ghost" className="anomaly-feedback" disabled={blocked !== null || send.isPending} title={blocked ?? "Tunes this series for a while, and expires"} aria-pressed={on} onClick={() => give(on ? null : "not_anomaly")}>
      {on ? "Marked as usual" : "Not an anomaly"}
    </Button>
  );
}
