import { useState } from "react";
import { countdown } from "@/base/format";
import { nsToMs } from "@/base/clock";
import { clockSeconds } from "@/base/moment";
import { useNow } from "@/base/use_now";
import { middleEllipsis, visibleLine } from "@/base/text";
import { type ActionDetail, actionDetail } from "@/api/shapes";
import { encode, useSend } from "@/api/use_document";
import { Card } from "@/widgets/card";
import { Button, Chip } from "@/widgets/controls";
import { ConfirmDialog, Modal, useArmed } from "@/widgets/dialog";
import { StatusIcon } from "@/widgets/status";
import { announce } from "@/widgets/toast";
import { ActionFacts, Guards } from "../common/action_facts";
import { useRoleBlock } from "../common/roles";

type Verb = "approve" | "deny" | "dry-run" | "rollback";

const OPEN = ["proposed", "dry_run"];

/** A proposed or running action: what it will do, its guards, and the decision; or how far it is. */
export function MitigationCard({ action }: { action: ActionDetail }) {
  const now = useNow(1000);
  const left = action.expires_unix_ns === null ? null : nsToMs(action.expires_unix_ns) - now;
  const open = OPEN.includes(action.state);
  return (
    <Card className="mitigation" label={middleEllipsis(action.title, 60)}>
      <h2>
        <StatusIcon tone="ask" />
        <span className="tel">{visibleLine(action.title)}{open ? "?" : ""}</span>
        <span className="grow" />
        {open && left !== null && <Chip>{left > 0 ? `expires in ${countdown(left)}` : "expired"}</Chip>}
        {!open && <Chip tone={action.state === "failed" || action.state === "refused" ? "crit" : undefined}>{action.state.replace("_", " ")}</Chip>}
      </h2>
      <ActionFacts facts={action} />
      <Guards guards={action.guards} />
      {!open && <Progress action={action} />}
      {action.refused_by && <p className="crit tel">Refused by guard: {visibleLine(action.refused_by)}</p>}
      <Decide action={action} open={open} />
    </Card>
  );
}

export function Progress({ action }: { action: ActionDetail }) {
  const steps: [string, string | null][] = [
    ["Requested", action.progress.requested_unix_ns], ["Delivered", action.progress.delivered_unix_ns], ["Obeyed", action.progress.obeyed_unix_ns], ["Verified", action.progress.verified_unix_ns],
  ];
  return (
    <ol className="progress-steps" aria-label="Progress">
      {steps.map(([name, at]) => (
        <li key={name} className={at ? "done" : ""}>
          <b>{name}</b>
          {at ? clockSeconds(nsToMs(at)) : "not yet"}
        </li>
      ))}
    </ol>
  );
}

/** Approve and Deny have no single key and are dead for 0.8 s after they appear: no mis-tap at 3 a.m. */
function Decide({ action, open }: { action: ActionDetail; open: boolean }) {
  const [asking, setAsking] = useState<Verb | null>(null);
  const blocked = useRoleBlock("operate");
  const armed = useArmed(action.id);
  const send = useSend(actionDetail, ({ verb, body }: { verb: Verb; body: object }) => ({ method: "POST", path: `mitigations/${encode(action.id)}/${verb}`, body }), ["alerts", "overview", "agents", "status"]);
  const run = (verb: Verb, body: object, said: string) =>
    send.mutate({ verb, body }, { onSuccess: (done) => { announce(verb === "approve" && done.progress.obeyed_unix_ns ? `${title}: confirmed by the agent.` : said); setAsking(null); } });
  const title = middleEllipsis(action.title, 40);
  const lower = title ? (title[0]?.toLowerCase() ?? "") + title.slice(1) : action.directive;
  return (
    <>
      <div className="mitigation-acts">
        {open && (
          <>
            <Button kind="ink" size="big" disabled={!armed || blocked !== null || send.isPending} title={blocked ?? undefined} onClick={() => (action.confirm_name ? setAsking("approve") : run("approve", { note: "" }, `${title}: requested, not confirmed yet.`))}>
              Approve: {lower}
            </Button>
            <Button size="big" disabled={!armed || blocked !== null} title={blocked ?? undefined} onClick={() => setAsking("deny")}>
              Deny…
            </Button>
            <Button kind="ghost" size="big" disabled={blocked !== null || send.isPending} onClick={() => run("dry-run", {}, "Dry run done.")}>
              Dry run again
            </Button>
          </>
        )}
        {!open && action.rollback.possible && (
          <Button size="big" disabled={blocked !== null} title={blocked ?? undefined} onClick={() => setAsking("rollback")}>
            Roll back…
          </Button>
        )}
      </div>
      {send.error && asking === null && <p className="crit" role="alert">{send.error.message}</p>}
      {asking === "deny" && <DenyDialog title={title} busy={send.isPending} error={send.error?.message ?? null} onClose={() => setAsking(null)} onDeny={(reason) => run("deny", { reason }, `Denied: ${lower}.`)} />}
      <ConfirmDialog
        open={asking === "approve" || asking === "rollback"}
        onClose={() => setAsking(null)}
        title={asking === "rollback" ? `Roll back: ${lower}?` : `${title}?`}
        action={asking === "rollback" ? "Roll back" : title}
        busy={send.isPending}
        error={send.error?.message ?? null}
        typeName={asking === "approve" && action.confirm_name ? (action.agent?.name ?? null) : null}
        blocked={blocked}
        onConfirm={() => (asking === "rollback" ? run("rollback", { reason: "by hand" }, "Rolled back.") : run("approve", { note: "", confirm_name: action.agent?.name }, `${title}: requested, not confirmed yet.`))}
      >
        {asking === "rollback" ? <p>Undoes the action: the agent gets its previous directive back.</p> : <ActionFacts facts={action} />}
      </ConfirmDialog>
    </>
  );
}

function DenyDialog({ title, busy, error, onClose, onDeny }: { title: string; busy: boolean; error: string | null; onClose: () => void; onDeny: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  return (
    <Modal open onClose={onClose} title={`Deny: ${title}`}>
      <div className="modal-body">
        <label className="field">
          <span>Why (goes to the audit log; the rule will not ask again for this alert)</span>
          <textarea className="input" rows={3} value={reason} onChange={(e) => setReason(e.target.value)} />
        </label>
        {error && <p className="crit" role="alert">{error}</p>}
      </div>
      <div className="modal-foot">
        <Button size="big" onClick={onClose}>Cancel</Button>
        <Button kind="ink" size="big" disabled={busy || reason.trim() === ""} onClick={() => onDeny(reason)}>Deny it</Button>
      </div>
    </Modal>
  );
}
