import { useEffect, useState } from "react";
import { count, duration, percent, plural, wholePercent } from "@/base/format";
import { statusTone, severityTone } from "@/base/model";
import { middleEllipsis } from "@/base/text";
import { type Conflicts, conflicts } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { AgentLink } from "@/widgets/agent";
import { RatioBar } from "@/widgets/bars";
import { TabBar } from "@/widgets/controls";
import { paths } from "@/widgets/link";
import { Empty, PartialChip, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { type Column, DataTable } from "@/widgets/table/data_table";
import { useGo, useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { WaitingChains } from "./waiting_chains";
import "./conflicts.css";

type View = "open" | "resolved" | "review";
type Conflict = Conflicts["items"][number];

/** Who is at odds with whom, for how long against usual, and who waits on whom. */
export function Page() {
  const search = useSearch();
  const set = useSetSearch();
  const { key, params } = useRange();
  const view: View = search.view === "resolved" || search.view === "review" ? search.view : "open";
  const query = useDocument("conflicts", conflicts, "conflicts", () => ({ ...params(), state: view }), { key: [view, key], refetchMs: 10_000 });
  useEffect(() => {
    document.title = "Conflicts · honeyguide";
  }, []);
  return (
    <div className="page-full conflicts">
      <Loaded query={query} skeleton={<Skeleton lines={10} />}>
        {(data) => (
          <>
            <Summary data={data} />
            <div className="conflicts-tabs">
              <TabBar<View>
                label="Conflicts"
                value={view}
                choices={[
                  { value: "open", label: "Open", note: data.counts.open }, { value: "resolved", label: "Resolved", note: data.counts.resolved }, { value: "review", label: "Review cycles", note: data.counts.review },
                ]}
                onChange={(v) => set({ view: v === "open" ? undefined : v })}
              />
            </div>
            <div className="conflicts-body">
              <ConflictTable data={data} view={view} />
              <WaitingChains />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Summary({ data }: { data: Conflicts }) {
  const s = data.summary;
  const limits = [s.target_ratio === null ? "" : `target ${wholePercent(s.target_ratio)}`, s.warning_ratio === null ? "" : `warning ${wholePercent(s.warning_ratio)}`].filter(Boolean).join(", ");
  return (
    <header className="conflicts-head">
      <StatusIcon tone={statusTone(s.status)} />
      <h1>
        Resolution rate {percent(s.resolution_ratio)}
        {s.change !== null && <span className={s.change < 0 ? "warn" : "t3"}> {s.change < 0 ? "▼" : "▲"} {Math.abs(s.change * 100).toFixed(0)} pt</span>}
      </h1>
      <span className="t3">{limits}</span>
      <PartialChip partial={data.partial} />
      <dl className="conflicts-facts">
        <div><dd>{count(s.open)}</dd><dt>open</dt></div>
        <div><dd>{duration(s.median_resolution_ms)}</dd><dt>median to resolve</dt></div>
        <div><dd className={s.deadlocks > 0 ? "crit" : ""}>{count(s.deadlocks)}</dd><dt>{s.deadlocks === 1 ? "deadlock" : "deadlocks"}</dt></div>
      </dl>
    </header>
  );
}

const keyOf = (c: Conflict) => c.id;

function ConflictTable({ data, view }: { data: Conflicts; view: View }) {
  const go = useGo();
  const [picked, setPicked] = useState<string | null>(null);
  const longest = Math.max(1, ...data.items.map((c) => Math.max(c.age_ms, c.usual_ms ?? 0)));
  const columns: Column<Conflict>[] = [
    { id: "type", title: "Conflict", width: "minmax(136px, 1fr)", render: (c) => <span className="conflict-type"><StatusIcon tone={view === "resolved" ? "ok" : severityTone(c.severity)} size={14} /><span className="medium tel">{middleEllipsis(c.type, 28)}</span></span> },
    {
      id: "parties", title: "Parties", width: "minmax(250px, 2.2fr)",
      render: (c) => <span className="conflict-parties">{c.parties.slice(0, 3).map((p) => <AgentLink key={p.id} agent={p} max={16} />)}{c.parties.length > 3 && <span className="t3">+{c.parties.length - 3}</span>}</span>,
    },
    { id: "about", title: "About", width: "minmax(110px, 1.2fr)", hide: "narrow", render: (c) => <span className="mono tel t2">{middleEllipsis(c.about ?? "–", 30)}</span> },
    { id: "rounds", title: "Rounds", width: "56px", align: "right", render: (c) => count(c.rounds) },
    { id: "method", title: view === "resolved" ? "Resolved by" : "Method", width: "72px", hide: "narrow", render: (c) => <span className="t2 tel">{middleEllipsis((view === "resolved" ? c.resolution : c.method) ?? "–", 16)}</span> },
    {
      id: "age", title: view === "resolved" ? "Took, against usual" : "Age, against usual", width: "minmax(206px, 1.4fr)",
      render: (c) => {
        const long = c.usual_ms !== null && c.age_ms > 2 * c.usual_ms;
        return (
          <span className="conflict-age">
            <RatioBar value={c.age_ms} max={longest} mark={c.usual_ms} tone={long ? (severityTone(c.severity) === "crit" ? "crit" : "warn") : undefined} label={`${duration(c.age_ms)}, usual ${duration(c.usual_ms)}`} />
            <span className="num">{duration(c.age_ms)}</span>
            <span className="num t3">{c.usual_ms === null ? "" : `usual ${duration(c.usual_ms)}`}</span>
          </span>
        );
      },
    },
  ];
  const open = (c: Conflict) => {
    setPicked(c.id);
    if (c.trace_id) go(paths.trace(c.trace_id));
    else if (c.alert_id) go("/alerts", { sel: c.alert_id });
    else go("/topology", { sel: c.parties.length === 2 ? `${c.parties[0]?.id}>${c.parties[1]?.id}` : c.parties[0]?.id });
  };
  return (
    <div className="conflicts-table">
      <DataTable
        label="Conflicts"
        fill
        keys
        columns={columns}
        rows={data.items}
        keyOf={keyOf}
        selected={picked}
        onOpen={open}
        empty={
          <Empty>
            {view === "open" ? `No open conflict in this range. ${plural(data.counts.resolved, "was", "were")} resolved.` : view === "resolved" ? "No conflict was resolved in this range." : "No review-and-fix cycle in this range."}
          </Empty>
        }
      />
    </div>
  );
}
