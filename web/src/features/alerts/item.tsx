import { age, moneyPerHour, plural, wholePercent } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { useNow } from "@/base/use_now";
import type { Alert } from "@/api/shapes";
import { SentenceText } from "@/widgets/sentence";
import { StatusIcon } from "@/widgets/status";
import { middleEllipsis } from "@/base/text";
import { actionWords, alertTone, etaText, stateWords } from "../common/alert_words";

/** One alert in the list: shape and word, sentence, what it touches, its state, its age. */
export function AlertItem({ alert, gone, selected, onSelect }: { alert: Alert; gone: boolean; selected: boolean; onSelect: () => void }) {
  const now = useNow(1000);
  const eta = etaText(alert);
  const quiet = alert.state === "silenced" || alert.kind === "inert_rule" || alert.state === "resolved";
  const notes = [
    alert.workflow ? middleEllipsis(alert.workflow, 24) : null,
    alert.impact.cost_per_h_usd !== null && !eta ? moneyPerHour(alert.impact.cost_per_h_usd) : null,
    alert.impact.runs_blocked !== null ? `${plural(alert.impact.runs_blocked, "run")} blocked` : null,
    alert.group_count > 1 ? `${alert.group_count} grouped` : null,
    actionWords(alert, now) ?? (stateWords(alert, now) || null),
  ].filter((n): n is string => n !== null);
  return (
    <button type="button" className={`alert-item ${quiet ? "quiet" : ""} ${gone ? "gone" : ""}`} aria-pressed={selected} data-alert={alert.id} onClick={onSelect}>
      <StatusIcon tone={alertTone(alert)} />
      <span className="alert-say">
        <SentenceText sentence={alert.sentence} links={false} />
      </span>
      <span className="alert-meta">
        {eta ? (
          <>
            <b className="medium pred">in {eta.median}</b>
            <span>{eta.range.replace(/[()]/g, "")}</span>
          </>
        ) : (
          notes.slice(0, 2).map((n) => <span key={n} className="ell tel">{n}</span>)
        )}
        <span className="alert-age">{alert.prediction?.breach_ratio != null ? `${wholePercent(alert.prediction.breach_ratio)} sure` : age(now - nsToMs(alert.since_unix_ns))}</span>
      </span>
    </button>
  );
}
