import { change, count, money, moneyPerHour, percent, plural } from "@/base/format";
import { visibleLine } from "@/base/text";
import type { AgentGroup } from "@/api/documents";

/** A group's name and sums. */
export function GroupHead({ name, group }: { name: string; group: AgentGroup | undefined }) {
  const before = group?.previous?.cost_per_h_usd ?? null;
  const delta = group?.cost_per_h_usd != null && before ? group.cost_per_h_usd / before - 1 : null;
  return (
    <div className="agents-group">
      <span className="tel ell">{visibleLine(name.slice(0, 80))}</span>
      {group && (
        <span className="agents-sums t2">
          <span>{plural(group.agents, "agent")}</span>
          <span>{count(group.throughput_per_h)} tasks/h</span>
          <span>{percent(group.success_ratio)} success</span>
          <span>quality {group.quality === null ? "–" : group.quality.toFixed(2)}</span>
          <span>{count(group.tokens_per_h)} tok/h</span>
          <span>{money(group.cost_per_success_usd)} a success</span>
          <span className="strong agents-cost">
            {moneyPerHour(group.cost_per_h_usd)}
            {delta !== null && <span className={Math.abs(delta) > 0.1 ? (delta > 0 ? "warn" : "t2") : "t3"}> {change(delta)}</span>}
          </span>
        </span>
      )}
    </div>
  );
}
