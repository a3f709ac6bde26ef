import * as v from "valibot";
import { nsToMs } from "@/base/clock";
import { count, duration } from "@/base/format";
import { moment } from "@/base/moment";
import { useNow } from "@/base/use_now";
import { middleEllipsis, visibleLine } from "@/base/text";
import { silences } from "@/api/documents";
import { encode, useDocument, useSend } from "@/api/use_document";
import { Button } from "@/widgets/controls";
import { Empty } from "@/widgets/states";
import { announce } from "@/widgets/toast";
import { Loaded } from "../common/loaded";
import { useRoleBlock } from "../common/roles";

/** Who hid what, why, and until when. */
export function Silences() {
  const query = useDocument("alerts", silences, "silences");
  const blocked = useRoleBlock("operate");
  const now = useNow(10_000);
  const end = useSend(v.unknown(), (id: string) => ({ method: "DELETE", path: `silences/${encode(id)}` }), ["alerts", "overview", "status"]);
  return (
    <div className="alerts-scroll">
      <Loaded query={query}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty>Nothing is silenced. An alert's Silence button makes one, with a reason and an end.</Empty>
          ) : (
            <table className="card alerts-table">
              <thead>
                <tr><th>What</th><th>Why</th><th>By</th><th>Until</th><th className="num">Hides</th><th aria-label="End" /></tr>
              </thead>
              <tbody>
                {data.items.map((s) => (
                  <tr key={s.id} className={s.state === "active" ? "" : "t3"}>
                    <td className="mono tel">{s.matchers.map((m) => `${middleEllipsis(m.name, 30)}${m.is_equal ? "" : "!"}${m.is_regex ? "~" : "="}${middleEllipsis(m.value, 30)}`).join(" ")}</td>
                    <td className="tel alerts-wrap">{visibleLine(s.reason.slice(0, 200))}</td>
                    <td className="tel">{visibleLine(s.created_by).slice(0, 40)}</td>
                    <td>{s.ends_unix_ns === null ? "resolved" : `${moment(nsToMs(s.ends_unix_ns))}${s.state === "active" ? `, ${duration(Math.max(0, nsToMs(s.ends_unix_ns) - now))} left` : ""}`}</td>
                    <td className="num">{count(s.hides)}</td>
                    <td className="num">
                      {s.state === "active" && (
                        <Button disabled={blocked !== null || end.isPending} title={blocked ?? undefined} onClick={() => end.mutate(s.id, { onSuccess: () => announce("The silence has ended.") })}>End now</Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </div>
  );
}
