import { ArrowLeft, BellOff, Check } from "lucide-react";
import { useState } from "react";
import { duration, inUnit, money, plural, wholePercent } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { clock } from "@/base/moment";
import { useHotkeys } from "@/base/hotkeys";
import { useNow } from "@/base/use_now";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type AlertDocument, alertDocument } from "@/api/alert_documents";
import { alert as alertShape } from "@/api/shapes";
import { encode, useDocument, useSend } from "@/api/use_document";
import { AgentLink } from "@/widgets/agent";
import { Card } from "@/widgets/card";
import { TimeChart } from "@/widgets/chart/time_chart";
import type { Mark } from "@/widgets/chart/layers";
import { Button, Chip, Kbd, buttonClass } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { SentenceText } from "@/widgets/sentence";
import { PartialChip, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { announce } from "@/widgets/toast";
import { useRange } from "@/widgets/url_state";
import { alertTone, etaText, impactFigure, stateWords } from "../common/alert_words";
import { linkPath } from "../common/entity_link";
import { Loaded } from "../common/loaded";
import { useRoleBlock } from "../common/roles";
import { MitigationCard } from "./mitigation_card";
import { SilenceDialog } from "./silence_dialog";
import { Timeline } from "./timeline";

/** Why, how long, what next, what we propose, and how often we were right before. */
export function AlertDetail({ id, onBack }: { id: string; onBack?: () => void }) {
  const query = useDocument("alerts", alertDocument, `alerts/${encode(id)}`, {}, { key: id, refetchMs: 10_000 });
  const current = query.data?.alert.id === id ? query : { ...query, data: undefined, isPending: !query.isError };
  return (
    <div className="alert-detail" role="region" aria-label="Alert">
      {onBack && (
        <Button kind="ghost" className="alert-back" onClick={onBack}>
          <ArrowLeft size={14} />
          All alerts
        </Button>
      )}
      <Loaded query={current as typeof query} skeleton={<Skeleton height={420} />}>
        {(data) => <Body data={data} />}
      </Loaded>
    </div>
  );
}

function Body({ data }: { data: AlertDocument }) {
  const hasAction = data.action !== null;
  return (
    <>
      <Head data={data} />
      <AlertChart data={data} />
      <div className={`alert-two ${hasAction ? "" : "single"}`}>
        {data.action && <MitigationCard action={data.action} />}
        <Why data={data} />
      </div>
      <Timeline items={data.timeline} />
    </>
  );
}

function Head({ data }: { data: AlertDocument }) {
  const { alert } = data;
  const now = useNow(1000);
  const [silencing, setSilencing] = useState(false);
  const blocked = useRoleBlock("operate");
  const post = (verb: "ack" | "unack") => ({ method: "POST" as const, path: `alerts/${encode(alert.id)}/${verb}`, body: verb === "ack" ? { note: "" } : {} });
  const ack = useSend(alertShape, post, ["alerts", "overview", "status"]);
  const acked = alert.acknowledged !== null;
  const toggle = () =>
    !blocked &&
    ack.mutate(acked ? "unack" : "ack", { onSuccess: () => announce(acked ? "Acknowledgement taken back." : "Acknowledged.", () => ack.mutate(acked ? "ack" : "unack")) });
  useHotkeys([
    { keys: "a", title: "Acknowledge", group: "Alerts", run: () => void toggle() },
    { keys: "s", title: "Silence", group: "Alerts", run: () => setSilencing(true) },
  ]);
  const eta = etaText(alert);
  const state = stateWords(alert, now);
  const impact = impactFigure(alert);
  const measure = alert.measure;
  const facts = [
    measure && measure.value !== null && alert.kind !== "prediction" ? `${visibleLine(measure.name)} ${inUnit(measure.value, measure.unit)}${measure.usual === null ? "" : `, usual ${inUnit(measure.usual, measure.unit)}`}` : null,
    impact ? `${impact.value}${impact.note ? ` ${impact.note}` : ""}` : null,
    alert.kind === "prediction" ? null : `for ${duration(now - nsToMs(alert.since_unix_ns))}`,
    state || null,
  ].filter(Boolean);
  return (
    <header className="alert-head">
      <div className="grow">
        <h1>
          <StatusIcon tone={alertTone(alert)} />
          <span>
            <SentenceText sentence={alert.sentence} />
            {eta && (
              <span className="nowrap">
                {" "}in <span className="pred">{eta.median}</span> <span className="t3 alert-range">{eta.range}</span>
              </span>
            )}
          </span>
        </h1>
        <p className="t2 alert-sub">
          {alert.detail && <><SentenceText sentence={alert.detail} />{facts.length > 0 ? " · " : ""}</>}
          <span className="tel">{facts.join(" · ")}</span>
          <PartialChip partial={data.partial} />
        </p>
      </div>
      <div className="alert-acts">
        {alert.evidence && <To to={paths.trace(alert.evidence.trace_id)} className={buttonClass()} {...(alert.evidence.span_id ? { search: { sel: alert.evidence.span_id } } : {})}>Evidence</To>}
        <Button disabled={blocked !== null || ack.isPending || alert.state === "resolved"} title={blocked ?? undefined} onClick={() => void toggle()}>
          <Check size={14} />
          {acked ? "Take back" : "Acknowledge"} <Kbd>A</Kbd>
        </Button>
        <Button onClick={() => setSilencing(true)} disabled={blocked !== null} title={blocked ?? undefined}>
          <BellOff size={14} />
          Silence… <Kbd>S</Kbd>
        </Button>
      </div>
      {silencing && <SilenceDialog alert={alert} onClose={() => setSilencing(false)} />}
    </header>
  );
}

function AlertChart({ data }: { data: AlertDocument }) {
  const { chart, alert } = data;
  const { zoom } = useRange();
  const now = useNow(30_000);
  if (!chart) return null;
  const marks: Mark[] = chart.marks.map((m) => ({ at: nsToMs(m.at_unix_ns), text: `${clock(nsToMs(m.at_unix_ns))} ${middleEllipsis(m.text, 40)}`, tone: m.severity === "critical" || m.severity === "emergency" ? "crit" : m.severity ? "warn" : "info" }));
  if (chart.onset_unix_ns && marks.length === 0) marks.push({ at: nsToMs(chart.onset_unix_ns), text: "onset", tone: "crit" });
  const p = alert.prediction;
  const base = chart.forecast?.start_unix_ms ?? now;
  const eta = p ? { q10: base + p.eta_q10_ms, q50: p.eta_q50_ms === null ? null : base + p.eta_q50_ms, q90: p.eta_q90_ms === null ? null : base + p.eta_q90_ms } : null;
  return (
    <Card className="alert-chart">
      <div className="alert-chart-head">
        <span className="t2">{visibleLine(chart.title)}</span>
        {eta && eta.q50 !== null && (
          <span>
            <b className="pred strong">{clock(eta.q50)}</b>
            <span className="t2"> {eta.q90 === null ? `not before ${clock(eta.q10)}` : `between ${clock(eta.q10)} and ${clock(eta.q90)}`}</span>
          </span>
        )}
        {eta && eta.q50 === null && <span className="pred medium">may breach</span>}
      </div>
      <TimeChart
        label={middleEllipsis(chart.title, 80)}
        series={chart.series}
        forecast={chart.forecast}
        unit={chart.unit}
        height={250}
        tone={alert.severity === "critical" || alert.severity === "emergency" ? "crit" : "warn"}
        threshold={chart.threshold === null ? null : { value: chart.threshold, tone: "crit", label: middleEllipsis(chart.threshold_label ?? "threshold", 14) }}
        marks={marks}
        eta={eta}
        refractoryUntil={chart.refractory_until_unix_ns ? nsToMs(chart.refractory_until_unix_ns) : null}
        fromZero={false}
        onZoom={zoom}
      />
    </Card>
  );
}

function Why({ data }: { data: AlertDocument }) {
  const { record, alert } = data;
  const p = alert.prediction;
  const stays = p?.breach_ratio == null ? null : 1 - p.breach_ratio;
  return (
    <Card className="alert-why">
      <h2>Why</h2>
      {data.why.length === 0 && data.culprits.length === 0 && <p className="t3">No cause stands out yet.</p>}
      <ul>
        {data.why.map((w, i) => {
          const target = w.link ? linkPath(w.link) : null;
          return (
            <li key={i}>
              <span><SentenceText sentence={w.sentence} /></span>
              {w.share_ratio !== null ? <b className="medium num">{wholePercent(w.share_ratio)}</b> : target ? <To to={target.to} className="link" {...(target.search ? { search: target.search } : {})}>open</To> : null}
            </li>
          );
        })}
        {data.change && (
          <li>
            <span className="t2"><SentenceText sentence={data.change.sentence} />{data.change.before_alert && `, ${duration(data.change.before_alert.before_ms)} before`}</span>
          </li>
        )}
      </ul>
      {data.culprits.length > 0 && (
        <>
          <h2>Likely culprits</h2>
          <ul>
            {data.culprits.slice(0, 3).map((c, i) => (
              <li key={i}>
                <span>{c.agent && <AgentLink agent={c.agent} max={20} />} <span className="t2"><SentenceText sentence={c.sentence} /></span></span>
                <span className="num t2">{c.confidence_ratio === null ? "" : wholePercent(c.confidence_ratio)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {record && (
        <>
          <h2>Record of this forecast</h2>
          <RecordTicks outcomes={record.outcomes} />
          <p className="t2">
            {record.inside} of {plural(record.total, "forecast")} breached inside the interval (nominal {wholePercent(record.nominal_ratio)}).
            {record.lead_median_ms !== null && ` Median warning ${duration(record.lead_median_ms)}.`}
          </p>
        </>
      )}
      {stays !== null && p && (
        <>
          <h2>Or not</h2>
          <p className="t2">
            {wholePercent(stays)} chance that it stays below {p.unit === "usd" ? money(p.threshold) : inUnit(p.threshold, p.unit)}
            {p.stays_until_unix_ns ? ` until ${clock(nsToMs(p.stays_until_unix_ns))}` : ""}.
          </p>
        </>
      )}
      {data.what_to_do && (
        <>
          <h2>What to do</h2>
          <p className="t2 tel">{visibleLine(data.what_to_do)}</p>
        </>
      )}
      {data.runbook_url && <p><Chip>Runbook</Chip> <span className="mono tel t2">{visibleLine(data.runbook_url.slice(0, 200))}</span></p>}
      <p className="t3 alert-rule">Rule <span className="mono tel">{visibleLine(alert.rule).slice(0, 60)}</span>, {alert.severity}</p>
    </Card>
  );
}

function RecordTicks({ outcomes }: { outcomes: ("inside" | "outside" | "no_breach")[] }) {
  return (
    <div className="record" role="img" aria-label={`${outcomes.filter((o) => o === "inside").length} of ${outcomes.length} inside`}>
      {outcomes.slice(-40).map((o, i) => (
        <i key={i} className={o} title={o.replace("_", " ")} />
      ))}
    </div>
  );
}
