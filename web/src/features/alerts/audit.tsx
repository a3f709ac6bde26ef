import { nsToMs } from "@/base/clock";
import { fullMoment, moment } from "@/base/moment";
import { count } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import { type Audit as AuditDocument, audit } from "@/api/alert_documents";
import { failureOf, usePages } from "@/api/use_document";
import { Empty, ErrorNote, Skeleton } from "@/widgets/states";
import { StatusIcon } from "@/widgets/status";
import { type Column, DataTable } from "@/widgets/table/data_table";
import { useRange, useSearch, useSetSearch } from "@/widgets/url_state";

type Entry = AuditDocument["items"][number];

const COLUMNS: Column<Entry>[] = [
  { id: "id", title: "No.", width: "56px", align: "right", render: (e) => <span className="t3">{e.id}</span> },
  { id: "at", title: "When", width: "120px", render: (e) => <time title={fullMoment(nsToMs(e.at_unix_ns))}>{moment(nsToMs(e.at_unix_ns))}</time> },
  { id: "actor", title: "Who", width: "minmax(110px, 1fr)", render: (e) => <span className="medium tel">{middleEllipsis(e.actor, 30)}</span> },
  { id: "action", title: "What", width: "minmax(130px, 1fr)", render: (e) => <span className="mono tel">{middleEllipsis(e.action, 36)}</span> },
  { id: "target", title: "On", width: "minmax(80px, 0.8fr)", render: (e) => <span className="mono tel t2">{middleEllipsis(e.target, 30)}</span> },
  { id: "detail", title: "Detail", width: "minmax(180px, 3fr)", render: (e) => <span className="tel" title={e.detail.slice(0, 1000)}>{middleEllipsis(e.detail, 120)}</span> },
  { id: "result", title: "Result", width: "80px", render: (e) => <span className={e.result === "ok" ? "t2" : "warn"}>{middleEllipsis(e.result, 14)}</span> },
  { id: "hash", title: "Hash", width: "80px", render: (e) => <span className="mono t3">{e.hash.slice(0, 8)}</span> },
];

const keyOf = (e: Entry) => String(e.id);

/** Append-only: who did what to what, chained by hash. */
export function Audit() {
  const { key, params } = useRange();
  const search = useSearch();
  const set = useSetSearch();
  const actor = search.q ?? "";
  const query = usePages("alerts", audit, "audit", () => ({ ...params(), actor, limit: "200" }), [key, actor]);
  const first = query.data?.pages[0];
  const rows = query.data?.pages.flatMap((p) => p.items) ?? [];
  if (query.isError && !query.data) return <ErrorNote error={failureOf(query.error)} onRetry={() => void query.refetch()} />;
  if (query.isPending || !first) return <Skeleton lines={8} />;
  const whole = first.chain.status === "ok";
  return (
    <div className="audit">
      <div className="toolbar">
        <select className="input" aria-label="Who" value={actor} onChange={(e) => set({ q: e.target.value })}>
          <option value="">Everybody</option>
          {first.actors.slice(0, 100).map((a) => (
            <option key={a} value={a}>{middleEllipsis(a, 48)}</option>
          ))}
        </select>
        <span className="grow" />
        <span className="row">
          <StatusIcon tone={whole ? "ok" : "crit"} size={14} />
          <span className={whole ? "t2" : "crit"}>
            {whole ? `Hash chain whole, ${count(first.chain.entries)} entries` : `Hash chain broken: ${first.chain.status.slice(0, 80)}`}
            {first.chain.verified_unix_ns && `, checked ${moment(nsToMs(first.chain.verified_unix_ns))}`}
          </span>
        </span>
      </div>
      <div className="audit-table">
        <DataTable label="Audit log" fill keys columns={COLUMNS} rows={rows} keyOf={keyOf} onEnd={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()} empty={<Empty>Nobody changed anything in this range.</Empty>} />
      </div>
    </div>
  );
}
