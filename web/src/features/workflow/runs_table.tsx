import { useMemo } from "react";
import { runs } from "@/api/documents";
import { failureOf, usePages } from "@/api/use_document";
import { Card } from "@/widgets/card";
import { To, paths } from "@/widgets/link";
import { Empty, ErrorNote, Skeleton } from "@/widgets/states";
import { DataTable } from "@/widgets/table/data_table";
import { useGo, useRange } from "@/widgets/url_state";
import { traceColumns, traceKey } from "../common/trace_columns";

/** The runs of one workflow, newest first. */
export function RunsTable({ workflow }: { workflow: string }) {
  const { key, params } = useRange();
  const go = useGo();
  const query = usePages("traces", runs, "runs", () => ({ ...params(), workflow, limit: "50" }), [workflow, key]);
  const rows = useMemo(() => (query.data?.pages.flatMap((p) => p.items) ?? []).slice(0, 50), [query.data]);
  const columns = useMemo(() => traceColumns(undefined, rows), [rows]);
  return (
    <Card title="Runs, newest first" aside={<To to="/traces" search={{ q: `workflow:"${workflow}"` }} className="link">Search them</To>}>
      {query.isError && !query.data ? <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} /> : query.isPending ? <Skeleton lines={4} /> : (
        <DataTable label="Runs" columns={columns} rows={rows} keyOf={traceKey} onOpen={(r) => go(paths.trace(r.trace_id))} keys empty={<Empty>No run in this range.</Empty>} />
      )}
    </Card>
  );
}
