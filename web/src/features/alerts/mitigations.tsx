import { nsToMs } from "@/base/clock";
import { clock, moment } from "@/base/moment";
import { middleEllipsis, visibleLine } from "@/base/text";
import { mitigations } from "@/api/alert_documents";
import type { ActionDetail } from "@/api/shapes";
import { useDocument } from "@/api/use_document";
import { AgentLabel } from "@/widgets/agent";
import { Card } from "@/widgets/card";
import { TimeChart } from "@/widgets/chart/time_chart";
import { Segments } from "@/widgets/controls";
import { To } from "@/widgets/link";
import { Empty } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import type { Tone } from "@/base/model";
import { useSearch, useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { MitigationCard } from "./mitigation_card";

const STATES = ["all", "pending", "running", "done", "refused"] as const;
type State = (typeof STATES)[number];

function actionTone(action: ActionDetail): Tone {
  switch (action.state) {
    case "proposed":
    case "dry_run":
      return "ask";
    case "failed":
      return "crit";
    case "refused":
    case "denied":
    case "expired":
    case "rolled_back":
      return "unk";
    default:
      return action.verification?.verdict === "not_cleared" || action.verification?.verdict === "worse" ? "warn" : "ok";
  }
}

/** What was proposed, done or refused; whether it helped; and the way back. */
export function Mitigations() {
  const search = useSearch();
  const set = useSetSearch();
  const state = STATES.find((s) => s === search.q) ?? "all";
  const query = useDocument("alerts", mitigations, "mitigations", { state: state === "all" ? "" : state }, { refetchMs: 5000 });
  return (
    <Loaded query={query}>
      {(data) => {
        const chosen = data.items.find((a) => a.id === search.sel) ?? data.items[0];
        return (
          <div className="alerts-split">
            <div className="alerts-list">
              <div className="alerts-filter">
                <Segments<State>
                  label="State"
                  value={state}
                  choices={[
                    { value: "all", label: "All" }, { value: "pending", label: "Pending", note: data.counts.pending }, { value: "running", label: "Running", note: data.counts.running }, { value: "done", label: "Done", note: data.counts.done },
                    { value: "refused", label: "Refused", note: data.counts.refused },
                  ]}
                  onChange={(s) => set({ q: s === "all" ? undefined : s, sel: undefined })}
                />
              </div>
              {data.items.map((a) => (
                <button key={a.id} type="button" className="alert-item" data-action={a.id} aria-pressed={a.id === chosen?.id} onClick={() => set({ sel: a.id }, "replace")}>
                  <StatusIcon tone={actionTone(a)} label={a.state} />
                  <span className="alert-say tel">{middleEllipsis(a.title, 60)}</span>
                  <span className="alert-meta">
                    <span>{a.state.replace("_", " ")}</span>
                    <span className="ell tel">{visibleLine(a.proposed_by).slice(0, 40)}</span>
                    <span className="alert-age">{moment(nsToMs(a.created_unix_ns)).slice(0, 16)}</span>
                  </span>
                </button>
              ))}
              {data.items.length === 0 && <Empty>No action in this state. Actions are proposed by rules, dry-run first.</Empty>}
            </div>
            {chosen && <Detail action={chosen} />}
          </div>
        );
      }}
    </Loaded>
  );
}

const VERDICTS = { cleared: "It helped: the condition cleared and stayed clear.", not_cleared: "It did not help: the condition is still there.", worse: "It got worse after the action.", pending: "Not judged yet." };

function Detail({ action }: { action: ActionDetail }) {
  const v = action.verification;
  return (
    <div className="alert-detail">
      <header className="alert-head">
        <div className="grow">
          <h1>
            <StatusIcon tone={actionTone(action)} />
            <span className="tel">{visibleLine(action.title)}</span>
          </h1>
          <p className="t2 alert-sub">
            {action.agent && <AgentLabel agent={action.agent} max={24} />} Proposed by {visibleLine(action.proposed_by).slice(0, 60)} at {clock(nsToMs(action.created_unix_ns))}
            {action.decided && `, ${action.decided.decision} by ${visibleLine(action.decided.by).slice(0, 40)} at ${clock(nsToMs(action.decided.at_unix_ns))}${action.decided.note ? `: ${visibleLine(action.decided.note).slice(0, 120)}` : ""}`}.
          </p>
        </div>
        {action.alert_id && <To to="/alerts" search={{ sel: action.alert_id }} className="btn">Alert</To>}
      </header>
      {v && (
        <p className={`mitigation-verdict ${v.verdict === "cleared" ? "" : v.verdict === "pending" ? "t2" : "warn"}`}>
          <StatusIcon tone={v.verdict === "cleared" ? "ok" : v.verdict === "pending" ? "unk" : "warn"} size={16} />
          <b className="medium">{VERDICTS[v.verdict]}</b> <span className="t2 tel">{visibleLine(v.text)}</span>
        </p>
      )}
      {action.effect_chart && (
        <Card title={visibleLine(action.effect_chart.title)} aside="before and after the action">
          <div className="alert-effect">
            <TimeChart
              label={action.effect_chart.title}
              series={action.effect_chart.series}
              unit={action.effect_chart.unit}
              height={190}
              marks={[{ at: nsToMs(action.effect_chart.at_unix_ns), text: `${clock(nsToMs(action.effect_chart.at_unix_ns))} ${action.title.slice(0, 32)}`, tone: "info" }]}
            />
          </div>
        </Card>
      )}
      <div className="alert-two single">
        <MitigationCard action={action} />
      </div>
    </div>
  );
}
