import { useEffect, useState } from "react";
import * as v from "valibot";
import { msToNs, nowMs } from "@/base/clock";
import { plural } from "@/base/format";
import type { Alert } from "@/api/shapes";
import { silence } from "@/api/documents";
import { sendDocument } from "@/api/client";
import { encode, useSend } from "@/api/use_document";
import { Segments } from "@/widgets/controls";
import { ConfirmDialog } from "@/widgets/dialog";
import { announce } from "@/widgets/toast";
import { useRoleBlock } from "../common/roles";

const CHOICES = { "15m": 15 * 60e3, "1h": 3600e3, "8h": 8 * 3600e3, resolved: null } as const;
type Choice = keyof typeof CHOICES;
const preview = v.object({ hides: v.number() });

/** For how long, why, and how many alerts it hides right now. */
export function SilenceDialog({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const [choice, setChoice] = useState<Choice>("1h");
  const [reason, setReason] = useState("");
  const [hides, setHides] = useState<number | null>(null);
  const blocked = useRoleBlock("operate");
  const remove = useSend(v.unknown(), (id: string) => ({ method: "DELETE", path: `silences/${encode(id)}` }), ["alerts", "overview"]);
  const send = useSend(silence, (body: object) => ({ method: "POST", path: "silences", body }), ["alerts", "overview", "status"]);
  const body = () => {
    const ms = CHOICES[choice];
    const agent = alert.agents[0];
    return {
      matchers: [{ name: "rule", value: alert.rule, is_regex: false, is_equal: true }, ...(agent ? [{ name: "agent", value: agent.id, is_regex: false, is_equal: true }] : [])],
      ends_unix_ns: ms === null ? null : msToNs(nowMs() + ms), reason, alert_id: alert.id,
    };
  };
  useEffect(() => {
    let current = true;
    sendDocument(preview, "POST", "silences/preview", body()).then(
      (p) => current && setHides(p.hides),
      () => current && setHides(null),
    );
    return () => {
      current = false;
    };
    // The preview depends on the matchers alone, and they on the alert.
  }, [alert.id]);
  const save = () =>
    send.mutate(body(), {
      onSuccess: (made) => {
        announce("Silenced.", () => remove.mutate(made.id));
        onClose();
      },
    });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Silence this alert"
      action={choice === "resolved" ? "Silence until resolved" : `Silence for ${choice.replace(/(\d)/, "$1 ")}`}
      busy={send.isPending}
      error={send.error?.message ?? null}
      blocked={blocked ?? (reason.trim() === "" ? "Say why: others will wonder." : null)}
      onConfirm={save}
    >
      <p className="medium tel">{alert.sentence.text.slice(0, 200)}</p>
      <Segments<Choice>
        label="For how long"
        value={choice}
        choices={[{ value: "15m", label: "15 m" }, { value: "1h", label: "1 h" }, { value: "8h", label: "8 h" }, { value: "resolved", label: "Until resolved" }]}
        onChange={setChoice}
      />
      <label className="field">
        <span>Why</span>
        <input className="input" value={reason} onChange={(e) => setReason(e.target.value)} />
      </label>
      {hides !== null && <p className="t2">Hides {plural(hides, "alert")} now. It goes on being judged and recorded.</p>}
    </ConfirmDialog>
  );
}
