import { age, countdown, etaInterval, money, moneyPerHour, plural } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { clock, shortMoment } from "@/base/moment";
import { type Tone, severityTone } from "@/base/model";
import type { Alert } from "@/api/shapes";

/** The shape that stands for an alert: what kind of knowledge it is first, how bad second. */
export function alertTone(alert: Alert): Tone {
  if (alert.kind === "inert_rule") return "unk";
  if (alert.state === "silenced") return "info";
  if (alert.kind === "prediction") return "pred";
  return severityTone(alert.severity);
}

export interface Figure {
  value: string;
  note: string;
  tone?: "pred" | "crit";
}

/** When: how long it lasts, or when it will come. */
export function whenFigure(alert: Alert, now: number): Figure {
  if (alert.prediction) {
    const { eta_q50_ms: q50, eta_q10_ms: q10, eta_q90_ms: q90 } = alert.prediction;
    if (q50 === null) return { value: "may breach", note: "", tone: "pred" };
    return { value: clock(now + q50), note: q90 === null ? `from ${clock(now + q10)}` : `${clock(now + q10)}–${clock(now + q90)}`, tone: "pred" };
  }
  const since = nsToMs(alert.since_unix_ns);
  return { value: age(now - since), note: `since ${shortMoment(since, now)}` };
}

/** What it costs: money first, then runs, then throughput. */
export function impactFigure(alert: Alert): Figure | null {
  const i = alert.impact;
  if (i.cost_usd !== null) {
    if (alert.prediction && alert.prediction.unit === "usd") return { value: money(i.cost_usd), note: `of ${money(alert.prediction.threshold)}` };
    const rate = i.cost_per_h_usd === null ? "" : moneyPerHour(i.cost_per_h_usd);
    const usual = i.cost_per_h_usual_usd === null ? "" : `, usual ${moneyPerHour(i.cost_per_h_usual_usd)}`;
    return { value: money(i.cost_usd), note: `${rate}${usual}` };
  }
  if (i.runs_blocked !== null) return { value: plural(i.runs_blocked, "run"), note: "blocked" };
  if (i.throughput_change_per_h !== null) return { value: `${i.throughput_change_per_h > 0 ? "+" : "−"}${Math.abs(Math.round(i.throughput_change_per_h))} tasks/h`, note: "throughput" };
  return null;
}

export function etaText(alert: Alert): { median: string; range: string } | null {
  const p = alert.prediction;
  return p && p.eta_q50_ms !== null ? etaInterval(p.eta_q50_ms, p.eta_q10_ms, p.eta_q90_ms) : null;
}

/** "pause proposed, expires in 11:20" */
export function actionWords(alert: Alert, now: number): string | null {
  const a = alert.action;
  if (!a) return null;
  const left = a.expires_unix_ns === null ? null : nsToMs(a.expires_unix_ns) - now;
  const verb = a.directive.replace("_", " ");
  switch (a.state) {
    case "proposed":
      return left === null ? `${verb} proposed` : left <= 0 ? `${verb} proposed, expired` : `${verb} proposed, expires in ${countdown(left)}`;
    case "approved":
    case "requested":
    case "delivered":
      return `${verb} requested, not confirmed yet`;
    case "obeyed":
      return `${verb}: confirmed by the agent`;
    case "verified":
      return `${verb} verified`;
    default:
      return `${verb} ${a.state.replace("_", " ")}`;
  }
}

export function stateWords(alert: Alert, now: number): string {
  if (alert.state === "acknowledged" && alert.acknowledged) return `acknowledged by ${alert.acknowledged.by}`;
  if (alert.state === "silenced") return alert.silence?.ends_unix_ns ? `silenced until ${clock(nsToMs(alert.silence.ends_unix_ns))}` : "silenced until resolved";
  if (alert.state === "resolved") return "resolved";
  if (alert.escalation?.next_unix_ns) {
    const left = nsToMs(alert.escalation.next_unix_ns) - now;
    if (left > 0) return `escalates in ${countdown(left)}`;
  }
  return alert.caused_by ? "caused by another" : "";
}
