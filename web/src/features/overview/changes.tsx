import { nsToMs } from "@/base/clock";
import { duration } from "@/base/format";
import { clock, fullMoment } from "@/base/moment";
import type { ChangeEvent } from "@/api/shapes";
import { Card } from "@/widgets/card";
import { To } from "@/widgets/link";
import { SentenceText } from "@/widgets/sentence";
import { Empty } from "@/widgets/states";
import { linkPath } from "../common/entity_link";

const SHOWN = 9;

function mark(event: ChangeEvent): string {
  if (event.kind === "prediction") return "dashed";
  if (event.kind === "deploy" || event.kind === "config" || event.kind === "model" || event.kind === "prompt" || event.kind === "new_tool" || event.kind === "new_agent") return "square";
  return event.severity === "critical" || event.severity === "emergency" ? "crit" : "";
}

/** Deploys, settings, alerts and actions, newest first; the change nearest before an onset is named. */
export function Changes({ changes }: { changes: ChangeEvent[] }) {
  return (
    <Card title="What changed" aside={<To to="/alerts" search={{ view: "history" }} className="link">All events</To>}>
      {changes.length === 0 ? (
        <Empty>Nothing changed in this range: no deploy, no new model, no alert, no action.</Empty>
      ) : (
        <ol className="changes">
          {changes.slice(0, SHOWN).map((event, i) => {
            const at = nsToMs(event.at_unix_ns);
            const target = event.link ? linkPath(event.link) : null;
            return (
              <li key={`${event.at_unix_ns} ${i}`}>
                <time title={fullMoment(at)}>{clock(at)}</time>
                <i className={mark(event)} aria-hidden="true" />
                <div>
                  <SentenceText sentence={event.sentence} />
                  {event.before_alert && (
                    <span className="crit changes-near">
                      {" "}
                      {duration(event.before_alert.before_ms)} before {event.before_alert.what.slice(0, 60)}
                    </span>
                  )}
                  {target && (
                    <To to={target.to} className="changes-link" aria-label={`Open: ${event.sentence.text.slice(0, 80)}`} {...(target.search ? { search: target.search } : {})}>
                      {""}
                    </To>
                  )}
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </Card>
  );
}
