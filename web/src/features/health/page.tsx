import { useEffect } from "react";
import { UNKNOWN, age, bytes, count, duration, percent, rate } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { severityTone, statusTone } from "@/base/model";
import { useNow } from "@/base/use_now";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type Health, health } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { RatioBar } from "@/widgets/bars";
import { Card } from "@/widgets/card";
import { TimeChart } from "@/widgets/chart/time_chart";
import { Empty, PartialChip, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { Loaded } from "../common/loaded";
import "../common/metric_card.css";
import "./health.css";

/** honeyguide's own health: can what the other pages say be trusted? */
export function Page() {
  const query = useDocument("health", health, "health", {}, { refetchMs: 10_000 });
  useEffect(() => {
    document.title = "Health · honeyguide";
  }, []);
  return (
    <div className="page health-page">
      <Loaded query={query} skeleton={<Skeleton height={420} />}>
        {(data) => (
          <>
            <Head data={data} />
            <Pipeline data={data} />
            <div className="health-two">
              <Inputs data={data} />
              <Storage data={data} />
            </div>
            <Resources data={data} />
            <div className="health-two">
              <Clients data={data} />
              <Validation data={data} />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

const WORDS = { ok: "in good order", warning: "needs a look", critical: "in trouble", unknown: "not known" };

function Head({ data }: { data: Health }) {
  return (
    <>
      <header className="health-head">
        <StatusIcon tone={statusTone(data.status)} />
        <h1>Health of honeyguide {data.score === null ? UNKNOWN : data.score.toFixed(2)}</h1>
        <span className="t2">{WORDS[data.status]}</span>
        <PartialChip partial={data.partial} />
      </header>
      {data.recommendations.length > 0 && (
        <ul className="card health-advice">
          {data.recommendations.map((r) => (
            <li key={r.text}>
              <StatusIcon tone={severityTone(r.severity)} size={14} />
              <span className="tel">{visibleLine(r.text)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** From the socket to the notice: where it waits, where it drops. */
function Pipeline({ data }: { data: Health }) {
  return (
    <section className="card pipeline" aria-label="Pipeline">
      {data.stages.map((s) => (
        <div key={s.name} className={`stage stage-${s.status}`}>
          <h2>
            <StatusIcon tone={statusTone(s.status)} size={13} />
            {visibleLine(s.name).slice(0, 24)}
          </h2>
          <dl>
            <div><dt>rate</dt><dd>{rate(s.rate_per_s, "/s")}</dd></div>
            <div><dt>lag</dt><dd>{duration(s.lag_ms)}</dd></div>
            <div><dt>p99</dt><dd>{duration(s.p99_ms)}</dd></div>
            <div><dt>drops</dt><dd className={(s.drops ?? 0) > 0 ? "crit strong" : ""}>{count(s.drops)}</dd></div>
          </dl>
        </div>
      ))}
      {data.stages.length === 0 && <Empty>The server reports no stages.</Empty>}
    </section>
  );
}

function Inputs({ data }: { data: Health }) {
  return (
    <Card title="What makes the score" aside="share of the weight">
      <ul className="health-list">
        {data.inputs.map((i) => (
          <li key={i.name}>
            <span className="tel">{visibleLine(i.name).slice(0, 60)}</span>
            {i.score === null ? (
              <span className="health-unknown" title={i.unknown_reason ?? undefined}>{visibleLine(i.unknown_reason ?? "not known").slice(0, 60)}</span>
            ) : (
              <RatioBar value={i.score} max={1} tone={i.score < 0.5 ? "crit" : i.score < 0.8 ? "warn" : "quiet"} label={`${Math.round(i.score * 100)} of 100`} />
            )}
            <span className="num">{i.score === null ? UNKNOWN : i.score.toFixed(2)}</span>
            <span className="num t3">{percent(i.weight)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Storage({ data }: { data: Health }) {
  const s = data.storage;
  if (!s) return <Card title="Storage"><Empty>Nothing is stored on disk by this server.</Empty></Card>;
  const full = s.full_in;
  const days = (ms: number | null) => (ms === null ? UNKNOWN : String(Math.round(ms / 86400e3)));
  return (
    <Card title="Storage" aside={s.cap_bytes === null ? undefined : `cap ${bytes(s.cap_bytes)}`}>
      <p className="health-say">
        <b className="strong">{bytes(s.bytes)}</b>
        {s.growth_bytes_per_day !== null && <>, {s.growth_bytes_per_day >= 0 ? "+" : ""}{bytes(s.growth_bytes_per_day)} a day</>}
        {full && full.q50_ms !== null ? <>, full in <b className="pred strong">{days(full.q50_ms)} d</b> <span className="t2">({days(full.q10_ms)}–{days(full.q90_ms)})</span></> : ", not growing towards its cap"}.
      </p>
      {s.bytes !== null && s.cap_bytes !== null && <div className="card-body"><RatioBar value={s.bytes} max={s.cap_bytes} label={percent(s.bytes / s.cap_bytes)} /></div>}
      <table>
        <thead>
          <tr><th>Kept</th><th className="num">For</th><th className="num">Size</th></tr>
        </thead>
        <tbody>
          {s.classes.map((c) => (
            <tr key={c.name}><td className="tel">{visibleLine(c.name)}</td><td className="num">{duration(c.retention_ms)}</td><td className="num">{bytes(c.bytes)}</td></tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Resources({ data }: { data: Health }) {
  if (data.resources.length === 0) return null;
  return (
    <div className="health-resources">
      {data.resources.slice(0, 4).map((r) => {
        const show = r.unit === "ratio" ? percent : r.unit === "bytes" ? bytes : (v: number | null) => rate(v, r.unit ? ` ${r.unit}` : "");
        return (
          <section key={r.name} className="card metric">
            <h2>{visibleLine(r.name)}<span>{r.limit === null ? "" : `limit ${show(r.limit)}`}</span></h2>
            <div className={`metric-value ${r.status === "critical" ? "crit" : r.status === "warning" ? "warn" : ""}`}>{show(r.used)}</div>
            {r.series && <TimeChart label={r.name} series={r.series} unit={r.unit} height={64} compact threshold={r.limit === null ? null : { value: r.limit, tone: "quiet" }} syncKey="health" />}
          </section>
        );
      })}
    </div>
  );
}

function Clients({ data }: { data: Health }) {
  const now = useNow(5000);
  return (
    <Card title="Clients">
      {data.clients.length === 0 ? <Empty>No client has sent anything yet.</Empty> : (
        <div className="table-scroll">
          <table>
            <thead>
              <tr><th>SDK</th><th>Version</th><th>Service</th><th className="num">Spans/s</th><th className="num">Dropped</th><th className="num">Seen</th></tr>
            </thead>
            <tbody>
              {data.clients.slice(0, 100).map((c, i) => (
                <tr key={i}>
                  <td className="tel">{middleEllipsis(c.name, 28)}</td>
                  <td className="t2 tel">{middleEllipsis(c.version ?? UNKNOWN, 14)}</td>
                  <td className="tel">{middleEllipsis(c.service ?? UNKNOWN, 20)}</td>
                  <td className="num">{count(c.spans_per_s)}</td>
                  <td className={`num ${(c.drops_reported ?? 0) > 0 ? "crit" : ""}`}>{count(c.drops_reported)}</td>
                  <td className="num">{c.last_seen_unix_ns ? age(now - nsToMs(c.last_seen_unix_ns)) : UNKNOWN}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

const CHECKS = { ok: "ok", warning: "warn", failed: "crit" } as const;

function Validation({ data }: { data: Health }) {
  return (
    <Card title="Integration">
      {data.validation.length === 0 ? <Empty>Not validated yet. Run honeyguide validate.</Empty> : (
        <ul className="health-checks">
          {data.validation.map((v) => (
            <li key={v.name}>
              <StatusIcon tone={CHECKS[v.status]} size={14} />
              <div>
                <span className="tel">{visibleLine(v.text || v.name)}</span>
                {v.spans !== null && <span className="t3"> {count(v.spans)} spans</span>}
                {v.fix && <p className="t2 tel">Fix: <span className="mono">{visibleLine(v.fix)}</span></p>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
