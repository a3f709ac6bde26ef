import { Check, User, X } from "lucide-react";
import { nsToMs } from "@/base/clock";
import { money, plural } from "@/base/format";
import { clock } from "@/base/moment";
import type { AgentRef } from "@/base/model";
import { visibleLine } from "@/base/text";
import { AgentLink } from "@/widgets/agent";
import "./action.css";

interface Facts {
  does: string;
  running_tasks: number | null;
  waiting_agents: AgentRef[];
  dry_run: { at_unix_ns: string; text: string; saves_usd: number | null } | null;
}

/** What an action will do, whom it touches, and what its dry run said: known before it is taken. */
export function ActionFacts({ facts }: { facts: Facts }) {
  const { waiting_agents: waiting } = facts;
  return (
    <dl className="kv action-kv">
      <dt>Does</dt>
      <dd className="tel">{visibleLine(facts.does)}</dd>
      <dt>Affects</dt>
      <dd>
        {facts.running_tasks === null ? "running tasks not known" : plural(facts.running_tasks, "running task")}
        {waiting.length > 0 ? "; " : "; nobody waits on it"}
        {waiting.slice(0, 4).map((a, i) => (
          <span key={a.id}>
            {i > 0 && (i === Math.min(waiting.length, 4) - 1 && waiting.length <= 4 ? " and " : ", ")}
            <AgentLink agent={a} max={24} />
          </span>
        ))}
        {waiting.length > 4 && ` and ${waiting.length - 4} more`}
        {waiting.length > 0 && (waiting.length === 1 ? " waits on it" : " wait on it")}
      </dd>
      <dt>Dry run</dt>
      <dd>
        {facts.dry_run ? (
          <>
            Ran {clock(nsToMs(facts.dry_run.at_unix_ns))}: <span className="tel">{visibleLine(facts.dry_run.text)}</span>
            {facts.dry_run.text === "" && facts.dry_run.saves_usd !== null && `saves ≈ ${money(facts.dry_run.saves_usd)}`}
          </>
        ) : (
          <span className="t3">not run yet</span>
        )}
      </dd>
    </dl>
  );
}

export function Guards({ guards }: { guards: { name: string; passed: boolean; text: string }[] }) {
  if (guards.length === 0) return null;
  return (
    <ul className="guards" aria-label="Guards">
      {guards.map((g) => (
        <li key={g.name} className={g.passed ? "" : g.name === "approval" ? "asks" : "stops"}>
          {g.passed ? <Check size={13} aria-label="passed" /> : g.name === "approval" ? <User size={13} aria-label="open" /> : <X size={13} aria-label="refused" />}
          <span className="tel">{visibleLine(g.text)}</span>
        </li>
      ))}
    </ul>
  );
}
