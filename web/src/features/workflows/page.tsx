import { useEffect } from "react";
import { count, duration, money, percent } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import { type WorkflowRow, workflows } from "@/api/documents";
import { useDocument } from "@/api/use_document";
import { AgentGlyphs } from "@/widgets/agent";
import { To, paths } from "@/widgets/link";
import { Empty, PartialChip, Skeleton } from "@/widgets/states";
import { type Column, DataTable } from "@/widgets/table/data_table";
import { TotalText } from "@/widgets/total";
import { useGo, useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { Loaded } from "../common/loaded";
import { RunTicks, RunTicksLegend } from "./run_ticks";

const COLUMNS: Column<WorkflowRow>[] = [
  { id: "name", title: "Workflow", width: "minmax(160px, 1.6fr)", sort: "name", render: (r) => <To to={paths.workflow(r.name)} className="medium tel">{middleEllipsis(r.name, 48)}</To> },
  { id: "last", title: "Last 60 runs", width: "minmax(190px, 1.6fr)", hide: "phone", render: (r) => <RunTicks runs={r.last_runs} /> },
  { id: "rate", title: "Runs/h", width: "80px", align: "right", sort: "runs_per_h", render: (r) => count(r.runs_per_h) },
  {
    id: "success", title: "Success", width: "minmax(116px, 0.8fr)", align: "right", sort: "success_ratio",
    render: (r) => {
      const bad = r.success_ratio !== null && r.success_usual_ratio !== null && r.success_ratio < r.success_usual_ratio - 0.03;
      return <><span className={bad ? "warn medium" : ""}>{percent(r.success_ratio)}</span>{r.success_usual_ratio !== null && <span className="t3"> usual {Math.round(r.success_usual_ratio * 100)}</span>}</>;
    },
  },
  { id: "p50", title: "p50", width: "88px", align: "right", sort: "duration_p50_ms", hide: "phone", render: (r) => duration(r.duration_p50_ms) },
  { id: "p90", title: "p90", width: "88px", align: "right", sort: "duration_p90_ms", hide: "phone", render: (r) => duration(r.duration_p90_ms) },
  {
    id: "cost", title: "Cost a run", width: "minmax(126px, 0.8fr)", align: "right", sort: "cost_per_run_usd",
    render: (r) => <><span title={r.unknown.cost_per_run_usd}>{money(r.cost_per_run_usd)}</span>{r.cost_per_run_usual_usd !== null && <span className="t3"> usual {money(r.cost_per_run_usual_usd)}</span>}</>,
  },
  { id: "agents", title: "Agents", width: "96px", hide: "phone", render: (r) => <AgentGlyphs agents={r.agents} /> },
  { id: "running", title: "Running", width: "64px", align: "right", sort: "running", render: (r) => (r.running > 0 ? count(r.running) : <span className="t3">0</span>) },
  { id: "alerts", title: "Alerts", width: "52px", align: "right", sort: "alerts", hide: "phone", render: (r) => (r.alerts > 0 ? <span className="crit">{r.alerts}</span> : <span className="t3">0</span>) },
];

const keyOf = (row: WorkflowRow) => row.name;

/** The kinds of run that the hive does, with what is usual for each. */
export function Page() {
  const search = useSearch();
  const set = useSetSearch();
  const go = useGo();
  const { key, params } = useRange();
  const sort = search.sort ?? "-runs_per_h";
  const query = useDocument("workflows", workflows, "workflows", () => ({ ...params(), sort }), { key: [key, sort], refetchMs: 10_000 });
  useEffect(() => {
    document.title = "Workflows · honeyguide";
  }, []);
  return (
    <div className="page-full">
      <div className="toolbar">
        <RunTicksLegend />
        <span className="grow" />
        <PartialChip partial={query.data?.partial} />
        {query.data && <TotalText total={query.data.total} shown={query.data.items.length} noun="workflow" />}
      </div>
      <Loaded query={query} skeleton={<Skeleton lines={8} />}>
        {(data) => (
          <DataTable
            label="Workflows"
            fill
            keys
            columns={COLUMNS}
            rows={data.items}
            keyOf={keyOf}
            sort={sort}
            onSort={(s) => set({ sort: s }, "replace")}
            onOpen={(row) => go(paths.workflow(row.name))}
            empty={<Empty>No workflow ran in this range. A run's outermost span names its workflow; set workflow.type to name it yourself.</Empty>}
          />
        )}
      </Loaded>
    </div>
  );
}
