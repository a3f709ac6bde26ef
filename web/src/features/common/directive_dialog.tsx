import { Pause, Play, Gauge, Shuffle } from "lucide-react";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { AgentRef } from "@/base/model";
import { middleEllipsis } from "@/base/text";
import { effect } from "@/api/documents";
import { actionDetail } from "@/api/shapes";
import { encode, useDocument, useSend } from "@/api/use_document";
import { ConfirmDialog } from "@/widgets/dialog";
import { announce } from "@/widgets/toast";
import { ActionFacts, Guards } from "./action_facts";
import { answerOf } from "./directive_answer";
import { Loaded } from "./loaded";
import { useRoleBlock } from "./roles";

export type Directive = "pause" | "run" | "throttle" | "reassign" | "break_wait";

const VERBS: Record<Directive, { verb: string; icon: typeof Pause }> = {
  pause: { verb: "Pause", icon: Pause },
  run: { verb: "Resume", icon: Play },
  throttle: { verb: "Throttle", icon: Gauge },
  reassign: { verb: "Reassign work of", icon: Shuffle },
  break_wait: { verb: "Release the wait of", icon: Play },
};

export function directiveVerb(directive: Directive): string {
  return VERBS[directive].verb;
}

export function DirectiveIcon({ directive }: { directive: Directive }) {
  const Icon = VERBS[directive].icon;
  return <Icon size={14} />;
}

const EXPIRES_MS = 3600e3;
/** What shows an agent's directive. */
const TOPICS = ["agents", "alerts", "overview", "topology", "status"] as const;

interface Props {
  agent: AgentRef;
  directive: Directive | null;
  reason: string;
  params?: Record<string, unknown>;
  onClose: () => void;
}

/** Asks before an agent is steered: what it does and whom it affects come from the server. */
export function DirectiveDialog({ agent, directive, reason, params, onClose }: Props) {
  const which = directive ?? "pause";
  const blocked = useRoleBlock("operate");
  const effects = useDocument("agents", effect, `agents/${encode(agent.id)}/effect`, { directive: which }, { enabled: directive !== null, staleMs: 0 });
  const send = useSend(
    actionDetail,
    (body: object) => ({ method: "POST", path: `agents/${encode(agent.id)}/directives`, body }),
    [...TOPICS],
  );
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const name = middleEllipsis(agent.name, 28);
  const title = `${VERBS[which].verb} ${name}`;
  const confirm = () =>
    send.mutate(
      { directive: which, params: params ?? {}, reason: note || reason, expires_in_ms: EXPIRES_MS },
      {
        onSuccess: (done) => {
          if (done.progress.obeyed_unix_ns) announce(`${title}: confirmed by the agent.`);
          else {
            announce(`${title}: requested, not confirmed yet.`);
            void answerOf(agent.id, which).then((answer) => {
              if (answer) announce(answer === "obeyed" ? `${title}: confirmed by the agent.` : `${title}: refused by the agent.`);
              for (const topic of TOPICS) void client.invalidateQueries({ queryKey: [topic] });
            });
          }
          onClose();
        },
      },
    );
  const unsupported = effects.data && !effects.data.supported ? (effects.data.unsupported_reason ?? "This agent cannot be steered.") : null;
  return (
    <ConfirmDialog
      open={directive !== null}
      onClose={onClose}
      title={`${title}?`}
      action={title}
      icon={<DirectiveIcon directive={which} />}
      busy={send.isPending}
      error={send.error?.message ?? null}
      blocked={blocked ?? unsupported}
      typeName={effects.data && !effects.data.reversible ? agent.name : null}
      onConfirm={confirm}
    >
      <Loaded query={effects}>
        {(e) => (
          <>
            <ActionFacts facts={e} />
            <Guards guards={e.guards} />
          </>
        )}
      </Loaded>
      <label className="field">
        <span>Note for the audit log</span>
        <input className="input" value={note} placeholder={reason} onChange={(ev) => setNote(ev.target.value)} />
      </label>
    </ConfirmDialog>
  );
}
