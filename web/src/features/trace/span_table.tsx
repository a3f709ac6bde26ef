import { useMemo } from "react";
import { UNKNOWN, count, duration, money } from "@/base/format";
import { clockMillis } from "@/base/moment";
import { middleEllipsis } from "@/base/text";
import { AgentLabel } from "@/widgets/agent";
import { type Column, DataTable } from "@/widgets/table/data_table";
import { KindIcon, kindWord } from "@/widgets/waterfall/row_view";
import { STATUS, type TraceData, spanAgent, spanName } from "@/widgets/waterfall/trace_data";
import { useSearch, useSetSearch } from "@/widgets/url_state";

interface Props {
  data: TraceData;
  startMs: number;
  selected: number | null;
  onSelect: (span: number) => void;
  hits: number[] | null;
}

const known = (v: number | undefined) => (v === undefined || Number.isNaN(v) ? null : v);

const SORTS: Record<string, (data: TraceData, span: number) => number | string> = {
  start: (d, s) => d.start[s] ?? 0,
  name: (d, s) => spanName(d, s),
  agent: (d, s) => spanAgent(d, s)?.name ?? "",
  duration: (d, s) => (d.end[s] ?? 0) - (d.start[s] ?? 0),
  self: (d, s) => d.self[s] ?? 0,
  tokens: (d, s) => known(d.tokens[s]) ?? -1,
  cost: (d, s) => known(d.cost[s]) ?? -1,
  status: (d, s) => d.status[s] ?? 0,
};

/** All spans as rows: sortable, copyable, and what a screen reader prefers. */
export function SpanTable({ data, startMs, selected, onSelect, hits }: Props) {
  const search = useSearch();
  const set = useSetSearch();
  const sort = search.sort ?? "start";
  const rows = useMemo(() => {
    const list = hits ?? Array.from({ length: data.count }, (_, i) => i);
    const by = SORTS[sort.replace("-", "")] ?? SORTS.start;
    const sign = sort.startsWith("-") ? -1 : 1;
    return by ? [...list].sort((a, b) => (by(data, a) < by(data, b) ? -sign : by(data, a) > by(data, b) ? sign : a - b)) : list;
  }, [data, hits, sort]);
  const columns = useMemo<Column<number>[]>(
    () => [
      { id: "start", title: "Start", width: "104px", sort: "start", render: (s) => <span className="t2">{clockMillis(startMs + (data.start[s] ?? 0) / 1e6)}</span> },
      { id: "kind", title: "Kind", width: "96px", render: (s) => <span className="span-kind t2"><KindIcon kind={data.kind[s] ?? 0} />{kindWord(data.kind[s] ?? 0)}</span> },
      { id: "name", title: "Name", width: "minmax(180px, 2fr)", sort: "name", render: (s) => <span className={`tel ${data.status[s] === STATUS.error ? "crit" : ""}`}>{middleEllipsis(spanName(data, s), 60)}</span> },
      { id: "agent", title: "Agent", width: "minmax(110px, 1fr)", sort: "agent", render: (s) => { const a = spanAgent(data, s); return a ? <AgentLabel agent={a} max={20} /> : <span className="t3">{UNKNOWN}</span>; } },
      { id: "status", title: "Status", width: "64px", sort: "status", render: (s) => (data.status[s] === STATUS.error ? <span className="crit">error</span> : <span className="t3">{data.status[s] === STATUS.ok ? "ok" : "unset"}</span>) },
      { id: "duration", title: "Duration", width: "88px", align: "right", sort: "duration", render: (s) => duration(((data.end[s] ?? 0) - (data.start[s] ?? 0)) / 1e6) },
      { id: "self", title: "Itself", width: "88px", align: "right", sort: "self", render: (s) => duration((data.self[s] ?? 0) / 1e6) },
      { id: "tokens", title: "Tokens", width: "72px", align: "right", sort: "tokens", render: (s) => count(known(data.tokens[s])) },
      { id: "cost", title: "Cost", width: "72px", align: "right", sort: "cost", render: (s) => money(known(data.cost[s])) },
    ],
    [data, startMs],
  );
  return (
    <DataTable label="Spans" fill keys columns={columns} rows={rows} keyOf={String} sort={sort} onSort={(s) => set({ sort: s }, "replace")} selected={selected === null ? null : String(selected)} onPeek={onSelect} />
  );
}
