import { useMemo } from "react";
import { runs } from "@/api/documents";
import { failureOf, usePages } from "@/api/use_document";
import { Card } from "@/widgets/card";
import { Segments } from "@/widgets/controls";
import { paths } from "@/widgets/link";
import { Empty, ErrorNote, Skeleton } from "@/widgets/states";
import { DataTable } from "@/widgets/table/data_table";
import { TotalText } from "@/widgets/total";
import { useGo, useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { traceColumns, traceKey } from "../common/trace_columns";

const OUTCOMES = [
  { value: "", label: "All" }, { value: "failed", label: "Failed" }, { value: "limit", label: "Stopped at limit" }, { value: "running", label: "Running" }, { value: "success", label: "Done" },
];
const SHOWN = 50;

/** The runs of one workflow, newest first, by how they ended. */
export function RunsTable({ workflow }: { workflow: string }) {
  const { key, params } = useRange();
  const search = useSearch();
  const set = useSetSearch();
  const go = useGo();
  const outcome = OUTCOMES.some((o) => o.value === search.view) ? (search.view ?? "") : "";
  const query = usePages("traces", runs, "runs", () => ({ ...params(), workflow, outcome, limit: String(SHOWN) }), [workflow, outcome, key]);
  const rows = useMemo(() => (query.data?.pages.flatMap((p) => p.items) ?? []).slice(0, SHOWN), [query.data]);
  const columns = useMemo(() => traceColumns(undefined, rows), [rows]);
  const total = query.data?.pages[0]?.total;
  return (
    <Card
      title="Runs, newest first"
      aside={
        <>
          {total && <TotalText total={total} shown={rows.length} noun="run" />}
          <Segments label="Outcome" value={outcome} choices={OUTCOMES} onChange={(o) => set({ view: o })} />
        </>
      }
    >
      {query.isError && !query.data ? <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} /> : query.isPending ? <Skeleton lines={4} /> : (
        <DataTable label="Runs" columns={columns} rows={rows} keyOf={traceKey} onOpen={(r) => go(paths.trace(r.trace_id))} keys empty={<Empty>No such run in this range.</Empty>} />
      )}
    </Card>
  );
}
