import { nsToMs } from "@/base/clock";
import { useNow } from "@/base/use_now";
import { shortMoment } from "@/base/moment";
import type { Alert } from "@/api/shapes";
import { buttonClass } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { SentenceText } from "@/widgets/sentence";
import { StatusIcon } from "@/widgets/status";
import { actionWords, alertTone, etaText, impactFigure } from "../common/alert_words";

/** What is wrong with this agent, in a sentence, with its evidence one click away. */
export function AlertBanner({ alert }: { alert: Alert }) {
  const now = useNow(1000);
  const tone = alertTone(alert);
  const impact = impactFigure(alert);
  const eta = etaText(alert);
  const notes = [
    impact ? `${impact.value}${impact.note ? `, ${impact.note}` : ""}` : null, `since ${shortMoment(nsToMs(alert.since_unix_ns), now)}`, alert.detail?.text ?? null, actionWords(alert, now),
  ].filter(Boolean);
  return (
    <section className={`card agent-alert ${tone === "crit" ? "wash" : ""}`} aria-label="Open alert">
      <StatusIcon tone={tone} />
      <div>
        <div className="medium">
          <SentenceText sentence={alert.sentence} />
          {eta && <span className="pred strong"> in {eta.median} {eta.range}</span>}
        </div>
        <div className="agent-alert-note tel">{notes.join(" · ")}</div>
      </div>
      <div className="row">
        {alert.evidence && (
          <To to={paths.trace(alert.evidence.trace_id)} className={buttonClass()} {...(alert.evidence.span_id ? { search: { sel: alert.evidence.span_id } } : {})}>Evidence</To>
        )}
        <To to="/alerts" search={{ sel: alert.id }} className={buttonClass()}>Alert</To>
      </div>
    </section>
  );
}
