import { useEffect, useMemo } from "react";
import { download, toCsv } from "@/base/csv";
import { agents } from "@/api/documents";
import type { AgentRow } from "@/api/shapes";
import { failureOf, usePages } from "@/api/use_document";
import { Button, Segments, Switch } from "@/widgets/controls";
import { FilterBox } from "@/widgets/filter_box";
import { paths } from "@/widgets/link";
import { Empty, ErrorNote, PartialChip, Skeleton } from "@/widgets/states";
import { DataTable } from "@/widgets/table/data_table";
import { TotalText } from "@/widgets/total";
import { useGo, useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { CSV_HEAD, agentColumns, csvRow } from "./columns";
import { GroupHead } from "./group_head";
import "./agents.css";

const PAGE_ROWS = "200";
const GROUPS = ["none", "team", "framework", "model"] as const;
type Group = (typeof GROUPS)[number];

const keyOf = (row: AgentRow) => row.agent.id;

/** All agents, most surprising first; groups with sums; this period against the one before. */
export function Page() {
  const search = useSearch();
  const set = useSetSearch();
  const go = useGo();
  const { key, params } = useRange();
  const { q, group, compare } = search;
  const sort = search.sort ?? "-surprise";
  const query = usePages("agents", agents, "agents", () => ({ ...params(), q, sort, group, compare, limit: PAGE_ROWS }), [key, q, sort, group, compare]);
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data]);
  const first = query.data?.pages[0];
  const columns = useMemo(() => agentColumns(compare === "previous"), [compare]);
  const groups = useMemo(() => new Map((first?.groups ?? []).map((g) => [g.name, g])), [first]);
  useEffect(() => {
    document.title = "Agents · honeyguide";
  }, []);
  return (
    <div className="page-full agents">
      <div className="toolbar">
        <FilterBox value={q ?? ""} label="Filter agents" placeholder="team:code cost>5 state:waiting name" onCommit={(text) => set({ q: text })} />
        <Segments<Group>
          label="Group by"
          value={(group as Group | undefined) ?? "none"}
          choices={GROUPS.map((g) => ({ value: g, label: g === "none" ? "No groups" : g[0]?.toUpperCase() + g.slice(1) }))}
          onChange={(g) => set({ group: g === "none" ? undefined : g })}
        />
        <Switch label="Against the period before" checked={compare === "previous"} onChange={(on) => set({ compare: on ? "previous" : undefined })} />
        <span className="grow" />
        <PartialChip partial={first?.partial} />
        {first && <TotalText total={first.total} shown={rows.length} noun="agent" />}
        <Button onClick={() => download("agents.csv", toCsv(CSV_HEAD, rows.map(csvRow)))} disabled={rows.length === 0}>CSV</Button>
      </div>
      {query.isError && !query.data ? (
        <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton lines={12} />
      ) : (
        <DataTable
          label="Agents"
          fill
          keys
          columns={columns}
          rows={rows}
          keyOf={keyOf}
          sort={sort}
          onSort={(s) => set({ sort: s === "-surprise" ? undefined : s }, "replace")}
          onOpen={(row) => go(paths.agent(row.agent.id))}
          onEnd={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
          {...(group ? { groupOf: (r: AgentRow) => r[group as "team" | "framework" | "model"], renderGroup: (name: string) => <GroupHead name={name} group={groups.get(name)} /> } : {})}
          empty={
            <Empty action={q ? <Button onClick={() => set({ q: undefined })}>Clear the filter</Button> : undefined}>
              {q ? "No agent matches this filter in this range." : "No agent was active in this range."}
            </Empty>
          }
        />
      )}
    </div>
  );
}
