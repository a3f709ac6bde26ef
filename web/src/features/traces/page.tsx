import { useEffect, useMemo, useState } from "react";
import { useStore } from "@/base/store";
import { rangeBounds } from "@/base/range";
import { download, toCsv } from "@/base/csv";
import { nsToMs } from "@/base/clock";
import { completions, scatter, traces } from "@/api/documents";
import { getDocument } from "@/api/client";
import { liveTraces } from "@/api/live";
import type { TraceRow } from "@/api/shapes";
import { failureOf, useDocument, usePages } from "@/api/use_document";
import { Button } from "@/widgets/controls";
import { FilterBox } from "@/widgets/filter_box";
import { paths } from "@/widgets/link";
import { Scatter } from "@/widgets/scatter";
import { Empty, ErrorNote, PartialChip, Skeleton } from "@/widgets/states";
import { DataTable } from "@/widgets/table/data_table";
import { TotalText } from "@/widgets/total";
import { useGo, useRange, useSearch, useSetSearch } from "@/widgets/url_state";
import { TRACE_COLUMN_IDS, traceColumns, traceKey } from "../common/trace_columns";
import { ColumnMenu } from "./column_menu";
import { Facets } from "./facets";
import "./traces.css";

const EXAMPLES = ["status:error", "dur>30s", "tool:run_tests", "tokens.in>10000"];

/** Any run, found by what it said, cost, took or touched. */
export function Page() {
  const search = useSearch();
  const set = useSetSearch();
  const go = useGo();
  const { key, params, range, zoom } = useRange();
  const q = search.q ?? "";
  const sort = search.sort ?? "-start_unix_ns";
  const query = usePages("traces", traces, "traces", () => ({ ...params(), q, sort, limit: "200" }), [q, sort, key]);
  const points = useDocument("traces", scatter, "traces/scatter", () => ({ ...params(), q }), { key: [q, key] });
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data]);
  const first = query.data?.pages[0];
  const wanted = search.cols?.split(",").filter((c) => TRACE_COLUMN_IDS.includes(c));
  const columns = useMemo(() => traceColumns(wanted, rows), [search.cols, rows]);
  const [picked, setPicked] = useState<string[]>([]);
  const fresh = useFreshTraces(rows, sort === "-start_unix_ns" && q === "" && range.kind === "relative");
  const bounds = rangeBounds(range);
  useEffect(() => {
    document.title = "Traces · honeyguide";
  }, []);
  const pick = (row: TraceRow) => setPicked((old) => (old.includes(row.trace_id) ? old.filter((id) => id !== row.trace_id) : [...old.slice(-1), row.trace_id]));
  return (
    <div className="page-full">
      <div className="toolbar">
        <FilterBox value={q} label="Filter traces" placeholder='agent:coder-2 status:error dur>30s "words"' onCommit={(text) => set({ q: text })} complete={complete} errors={first?.query?.errors ?? []} />
        <span className="grow" />
        <PartialChip partial={first?.partial} />
        {first && <TotalText total={first.total} shown={rows.length} noun="run" />}
        {picked.length === 2 && <Button kind="ink" onClick={() => go(paths.trace(picked[0] ?? ""), { cmp: picked[1] })}>Compare two</Button>}
        <ColumnMenu shown={columns.map((c) => c.id)} onChange={(ids) => set({ cols: ids.join(",") }, "replace")} />
        <Button disabled={rows.length === 0} onClick={() => download("traces.csv", csv(rows))}>CSV</Button>
      </div>
      <div className="traces-body">
        <Facets q={q} onChange={(text) => set({ q: text })} />
        <div className="traces-main">
          {points.data && points.data.points.length > 0 && (
            <div className="traces-scatter">
              <Scatter points={points.data.points} bins={points.data.bins} from={bounds.from} to={bounds.to} height={124} onOpen={(id) => go(paths.trace(id))} onRange={zoom} />
            </div>
          )}
          {fresh.length > 0 && (
            <button type="button" className="dt-new traces-new" onClick={() => void query.refetch()}>
              {fresh.length} new · show
            </button>
          )}
          <div className="traces-table">
            {query.isError && !query.data ? (
              <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} />
            ) : query.isPending ? (
              <Skeleton lines={14} />
            ) : (
              <DataTable
                label="Runs"
                fill
                keys
                columns={columns}
                rows={rows}
                keyOf={traceKey}
                sort={sort}
                onSort={(s) => set({ sort: s === "-start_unix_ns" ? undefined : s }, "replace")}
                onOpen={(row) => go(paths.trace(row.trace_id))}
                onCheck={pick}
                selected={picked[picked.length - 1] ?? null}
                onEnd={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
                empty={<NoTraces q={q} exclusions={first?.query?.exclusions ?? []} onSet={(text) => set({ q: text })} />}
              />
            )}
          </div>
        </div>
      </div>
    </div>
  );
}

/** Completions for the word at the cursor; none when the server cannot say. */
async function complete(text: string, at: number) {
  try {
    const found = await getDocument(completions, "traces/complete", { q: text, at: String(at) });
    return { from: found.replace_from, to: found.replace_to, items: found.items };
  } catch {
    return null;
  }
}

function useFreshTraces(rows: TraceRow[], tailing: boolean): TraceRow[] {
  const arrived = useStore(liveTraces);
  return useMemo(() => {
    if (!tailing || rows.length === 0) return [];
    const known = new Set(rows.map(traceKey));
    return arrived.filter((t) => !known.has(t.trace_id));
  }, [arrived, rows, tailing]);
}

function NoTraces({ q, exclusions, onSet }: { q: string; exclusions: { part: string; without: number }[] | null; onSet: (q: string) => void }) {
  const worst = exclusions?.[0];
  if (worst) {
    return (
      <Empty action={<Button onClick={() => onSet(q.replace(worst.part, "").replace(/\s+/g, " ").trim())}>Search without it</Button>}>
        Nothing fits. Without <span className="mono tel">{worst.part.slice(0, 60)}</span>: {worst.without}.
      </Empty>
    );
  }
  return (
    <Empty
      action={
        q === "" ? undefined : (
          <span className="row">
            <Button onClick={() => onSet("")}>Clear the filter</Button>
            {EXAMPLES.map((e) => (
              <Button key={e} kind="ghost" onClick={() => onSet(e)}>{e}</Button>
            ))}
          </span>
        )
      }
    >
      {q === "" ? "No run started in this range. Widen it, or see Health for what arrives." : "Nothing fits this filter in this range."}
    </Empty>
  );
}

function csv(rows: TraceRow[]): string {
  return toCsv(
    ["trace_id", "start", "workflow", "name", "outcome", "duration_ms", "spans", "errors", "tokens", "cost_usd", "score"],
    rows.map((r) => [r.trace_id, new Date(nsToMs(r.start_unix_ns)).toISOString(), r.workflow, r.name, r.outcome, r.duration_ms, r.spans, r.errors, r.tokens, r.cost_usd, r.score]),
  );
}
