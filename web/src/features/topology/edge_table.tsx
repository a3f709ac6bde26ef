import { count, duration, wholePercent } from "@/base/format";
import { visibleLine } from "@/base/text";
import type { Topology } from "@/api/documents";
import { AgentLink } from "@/widgets/agent";
import { Empty } from "@/widgets/states";
import { type Column, DataTable } from "@/widgets/table/data_table";

type Edge = Topology["edges"][number];

/** The same links as the graph, as a list: for screen readers, for copying, for sorting by eye. */
export function EdgeTable({ data, onSelect }: { data: Topology; onSelect: (source: string, target: string) => void }) {
  const agents = new Map(data.nodes.map((n) => [n.id, n.agent]));
  const name = (id: string) => {
    const agent = agents.get(id);
    return agent ? <AgentLink agent={agent} max={28} /> : <span className="tel">{visibleLine(id.slice(0, 60))}</span>;
  };
  const columns: Column<Edge>[] = [
    { id: "source", title: "From", width: "minmax(140px, 1.4fr)", render: (e) => name(e.source) },
    { id: "target", title: "To", width: "minmax(140px, 1.4fr)", render: (e) => name(e.target) },
    { id: "kind", title: "Kind", width: "92px", render: (e) => visibleLine(e.kind.replace("handoff", "hand-off").slice(0, 20)) },
    { id: "rate", title: "Rate/h", width: "72px", align: "right", render: (e) => count(e.rate_per_h) },
    { id: "p50", title: "p50", width: "80px", align: "right", render: (e) => duration(e.p50_ms) },
    { id: "p95", title: "p95", width: "80px", align: "right", render: (e) => duration(e.p95_ms) },
    { id: "errors", title: "Errors", width: "72px", align: "right", render: (e) => <span className={(e.error_ratio ?? 0) >= 0.05 ? "crit" : ""}>{wholePercent(e.error_ratio)}</span> },
    { id: "wait", title: "Oldest wait", width: "96px", align: "right", render: (e) => (e.wait ? <span className="warn">{duration(e.wait.oldest_ms)}</span> : <span className="t3">–</span>) },
  ];
  const rows = [...data.edges].sort((a, b) => (b.wait?.oldest_ms ?? 0) - (a.wait?.oldest_ms ?? 0) || (b.error_ratio ?? 0) - (a.error_ratio ?? 0));
  return (
    <DataTable label="Links between agents" fill keys columns={columns} rows={rows} keyOf={edgeKey} onPeek={(e) => onSelect(e.source, e.target)} empty={<Empty>No link fits this filter.</Empty>} />
  );
}

function edgeKey(e: Edge): string {
  return `${e.source}>${e.target} ${e.kind}`;
}
