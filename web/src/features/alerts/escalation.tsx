import { nsToMs } from "@/base/clock";
import { age, countdown, duration, plural } from "@/base/format";
import { useNow } from "@/base/use_now";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type Escalations, escalations } from "@/api/alert_documents";
import { useDocument } from "@/api/use_document";
import { Card } from "@/widgets/card";
import { To } from "@/widgets/link";
import { SentenceText } from "@/widgets/sentence";
import { Empty } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { Loaded } from "../common/loaded";

/** Each policy as its steps, with the alerts that are on the way through it. */
export function Escalation() {
  const query = useDocument("alerts", escalations, "escalations", {}, { refetchMs: 5000 });
  return (
    <div className="alerts-scroll">
      <Loaded query={query}>
        {(data) => (
          <>
            {data.policies.length === 0 && <Empty>No escalation policy is set: alerts go to their receivers once.</Empty>}
            {data.policies.map((p) => (
              <Policy key={p.name} policy={p} current={data.current.filter((c) => c.policy === p.name)} />
            ))}
            <ReceiverTable receivers={data.receivers} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Policy({ policy, current }: { policy: Escalations["policies"][number]; current: Escalations["current"] }) {
  const now = useNow(1000);
  return (
    <Card title={<span className="tel">{middleEllipsis(policy.name, 48)}</span>} aside={policy.repeat_ms === null ? "no repeat" : `repeats every ${duration(policy.repeat_ms)}`}>
      <ol className="policy-steps">
        {policy.steps.map((s, i) => {
          const here = current.filter((c) => c.step === i);
          return (
            <li key={i} className={here.length > 0 ? "here" : ""}>
              <b>{s.after_ms === 0 ? "at once" : `after ${duration(s.after_ms)}`}</b>
              <span className="tel">{visibleLine(s.title || s.receivers.join(", ")).slice(0, 80)}</span>
              {here.length > 0 && <span className="policy-here">{plural(here.length, "alert")} here</span>}
            </li>
          );
        })}
      </ol>
      {current.map((c) => {
        const left = c.next_unix_ns === null ? null : nsToMs(c.next_unix_ns) - now;
        return (
          <To key={c.alert_id} to="/alerts" search={{ sel: c.alert_id }} className="policy-alert">
            <span className="ell"><SentenceText sentence={c.sentence} links={false} /></span>
            <span className="t2">step {c.step + 1}</span>
            <span className="num t2">{c.acknowledged_by ? `stopped: acknowledged by ${visibleLine(c.acknowledged_by).slice(0, 30)}` : left === null ? "last step" : left > 0 ? `next in ${countdown(left)}` : "next now"}</span>
          </To>
        );
      })}
    </Card>
  );
}

function ReceiverTable({ receivers }: { receivers: Escalations["receivers"] }) {
  const now = useNow(10_000);
  if (receivers.length === 0) return null;
  return (
    <Card title="Receivers">
      <table>
        <thead>
          <tr><th>Receiver</th><th>Kind</th><th>State</th><th className="num">Last delivery</th><th className="num">Failures</th></tr>
        </thead>
        <tbody>
          {receivers.map((r) => (
            <tr key={r.name}>
              <td className="medium tel">{middleEllipsis(r.name, 40)}</td>
              <td className="t2">{visibleLine(r.type).slice(0, 20)}</td>
              <td><span className="row"><StatusIcon tone={r.status === "ok" ? "ok" : r.status === "unknown" ? "unk" : "warn"} size={14} />{visibleLine(r.status).slice(0, 30)}</span></td>
              <td className="num">{r.last_success_unix_ns ? `${age(now - nsToMs(r.last_success_unix_ns))} ago` : "never"}</td>
              <td className={`num ${r.failures > 0 ? "warn" : ""}`}>{r.failures}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
