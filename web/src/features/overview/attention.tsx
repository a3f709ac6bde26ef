import { useState } from "react";
import { nsToMs } from "@/base/clock";
import { duration, plural } from "@/base/format";
import { clock } from "@/base/moment";
import { middleEllipsis } from "@/base/text";
import { useNow } from "@/base/use_now";
import type { Overview } from "@/api/documents";
import type { Alert } from "@/api/shapes";
import { Button, buttonClass } from "@/widgets/controls";
import { To, paths } from "@/widgets/link";
import { SentenceText } from "@/widgets/sentence";
import { StatusIcon } from "@/widgets/status";
import { useGo } from "@/widgets/url_state";
import { actionWords, alertTone, etaText, impactFigure, whenFigure } from "../common/alert_words";
import { type Directive, DirectiveDialog, DirectiveIcon } from "../common/directive_dialog";

/** At most five rows; only the first has the wash, the larger type and the ink button. */
export function Attention({ attention }: { attention: Overview["attention"] }) {
  const [acting, setActing] = useState<{ alert: Alert; directive: Directive } | null>(null);
  if (attention.items.length === 0) return <Quiet attention={attention} />;
  const agent = acting?.alert.action?.agent ?? acting?.alert.agents[0];
  return (
    <>
      <ul className="card attention">
        {attention.items.slice(0, 5).map((alert, i) => (
          <Row key={alert.id} alert={alert} first={i === 0} onAct={(directive) => setActing({ alert, directive })} />
        ))}
        <Rest attention={attention} />
      </ul>
      {agent && <DirectiveDialog agent={agent} directive={acting?.directive ?? null} reason={acting?.alert.rule ?? ""} onClose={() => setActing(null)} />}
    </>
  );
}

function Row({ alert, first, onAct }: { alert: Alert; first: boolean; onAct: (directive: Directive) => void }) {
  const now = useNow(1000);
  const go = useGo();
  const tone = alertTone(alert);
  const when = whenFigure(alert, now);
  const impact = impactFigure(alert);
  const eta = etaText(alert);
  const words = actionWords(alert, now);
  return (
    <li
      className={`${first ? "first" : ""} ${first && tone === "crit" ? "wash" : ""}`}
      onClick={(e) => {
        if (!(e.target as HTMLElement).closest("a, button")) go("/alerts", { sel: alert.id });
      }}
    >
      <StatusIcon tone={tone} />
      <div className="attention-text">
        <To to="/alerts" search={{ sel: alert.id }} className="attention-open" aria-label={`Open: ${alert.sentence.text.slice(0, 120)}`}>
          {""}
        </To>
        <div className="attention-say">
          <SentenceText sentence={alert.sentence} />
          {eta && (
            <>
              {" in "}
              <b className="pred strong nowrap">{eta.median}</b> <span className="t2 nowrap">{eta.range}</span>
            </>
          )}
        </div>
        <div className="attention-sub">
          {alert.detail && <SentenceText sentence={alert.detail} />}
          {words && <span>{alert.detail ? " · " : ""}{words}</span>}
        </div>
      </div>
      <div className="attention-figure">
        <b>{when.value}</b>
        {when.note}
      </div>
      <div className="attention-figure">
        {impact && (
          <>
            <b>{impact.value}</b>
            {impact.note}
          </>
        )}
      </div>
      <div className="attention-act">
        <Acts alert={alert} first={first} onAct={onAct} />
      </div>
    </li>
  );
}

function Acts({ alert, first, onAct }: { alert: Alert; first: boolean; onAct: (directive: Directive) => void }) {
  const action = alert.action;
  const directive = directiveOf(alert);
  const agent = action?.agent ?? alert.agents[0];
  return (
    <>
      {directive && agent && (alert.category !== "deadlock" || action) && (
        <Button kind={first ? "ink" : "plain"} onClick={() => onAct(directive)}>
          <DirectiveIcon directive={directive} />
          {middleEllipsis(action?.title ?? `Pause ${agent.name}`, 28)}
        </Button>
      )}
      {alert.category === "deadlock" && !action && <To to="/conflicts" className={buttonClass(first ? "ink" : "plain")}>Break the cycle…</To>}
      {alert.kind === "prediction" ? (
        <To to="/alerts" search={{ sel: alert.id }} className={buttonClass()}>Forecast</To>
      ) : alert.category === "deadlock" || alert.category === "wait" ? (
        <To to="/topology" search={{ view: "waiting" }} className={buttonClass()}>Show</To>
      ) : alert.evidence ? (
        <To to={paths.trace(alert.evidence.trace_id)} className={buttonClass()} {...(alert.evidence.span_id ? { search: { sel: alert.evidence.span_id } } : {})}>Evidence</To>
      ) : (
        <To to="/alerts" search={{ sel: alert.id }} className={buttonClass()}>Show</To>
      )}
    </>
  );
}

/** The directive of a proposed action, or pausing where an agent burns money in a loop. */
function directiveOf(alert: Alert): Directive | null {
  const proposed = alert.action;
  if (proposed && proposed.state === "proposed" && ["pause", "throttle", "reassign", "break_wait"].includes(proposed.directive)) return proposed.directive as Directive;
  return !proposed && (alert.category === "loop" || alert.category === "cost") && alert.agents.length === 1 ? "pause" : null;
}

function Rest({ attention }: { attention: Overview["attention"] }) {
  const { more_warnings: warnings, inert_rules: inert, silenced } = attention;
  const until = !silenced?.next_end_unix_ns ? "" : ` until ${clock(nsToMs(silenced.next_end_unix_ns))}`;
  return (
    <li className="attention-rest">
      {warnings > 0 && (
        <span>
          <StatusIcon tone="warn" size={14} />
          {plural(warnings, "more warning")}
        </span>
      )}
      {inert > 0 && (
        <span>
          <StatusIcon tone="unk" size={14} />
          {plural(inert, "rule")} inert
        </span>
      )}
      {silenced !== null && silenced.count > 0 && <span>{silenced.count} silenced{until}</span>}
      <To to="/alerts" className="link attention-all">All alerts</To>
    </li>
  );
}

/** Nothing wrong: one line, no big green tick. */
function Quiet({ attention }: { attention: Overview["attention"] }) {
  const quiet = attention.quiet;
  return (
    <div className="card attention-quiet">
      <StatusIcon tone="ok" size={16} />
      {quiet ? (
        <span>
          All quiet{quiet.since_unix_ns === null ? "" : ` since ${clock(nsToMs(quiet.since_unix_ns))}`}. {plural(quiet.agents, "agent")}, {plural(quiet.tasks, "task")} in this range, nothing predicted for the next{" "}
          {duration(quiet.horizon_ms)}.
        </span>
      ) : (
        <span>No alert is open.</span>
      )}
      <To to="/alerts" search={{ view: "history" }} className="link attention-all">History</To>
    </div>
  );
}
