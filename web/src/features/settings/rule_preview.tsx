import { useState } from "react";
import { nsToMs } from "@/base/clock";
import { duration, plural } from "@/base/format";
import { rulePreview } from "@/api/documents";
import { useSend } from "@/api/use_document";
import { TimeChart } from "@/widgets/chart/time_chart";
import { Button } from "@/widgets/controls";
import { Modal } from "@/widgets/dialog";

/** What a rule would have done with another threshold, before anything is saved. */
export function RulePreview({ rule, onClose }: { rule: string; onClose: () => void }) {
  const [threshold, setThreshold] = useState("");
  const send = useSend(rulePreview, (body: object) => ({ method: "POST", path: "rules/preview", body }), []);
  const run = () => send.mutate({ rule, threshold: threshold.trim() === "" ? null : Number(threshold) });
  const done = send.data;
  return (
    <Modal open onClose={onClose} title={`Preview of ${rule.slice(0, 60)}`} wide>
      <form
        className="modal-body"
        onSubmit={(e) => {
          e.preventDefault();
          run();
        }}
      >
        <div className="row">
          <label className="field grow">
            <span>Threshold (empty: as it is now)</span>
            <input className="input" inputMode="decimal" value={threshold} onChange={(e) => setThreshold(e.target.value)} />
          </label>
          <Button kind="ink" type="submit" className="settings-run" disabled={send.isPending || (threshold !== "" && !Number.isFinite(Number(threshold)))}>
            {send.isPending ? "Looking back…" : "Look back"}
          </Button>
        </div>
        {send.error && <p className="crit" role="alert">{send.error.message || "This server cannot look back yet."}</p>}
        {done && (
          <>
            <p className="medium">Would have fired {plural(done.fired, "time")} in the last {duration(done.over_ms)}.</p>
            {done.series && (
              <TimeChart
                label="What the rule reads"
                series={done.series}
                unit=""
                height={200}
                threshold={done.threshold === null ? null : { value: done.threshold, tone: "crit", label: "threshold" }}
                marks={done.fired_at_unix_ns.slice(0, 20).map((t) => ({ at: nsToMs(t), text: "", tone: "crit" as const }))}
              />
            )}
          </>
        )}
      </form>
    </Modal>
  );
}
