import { useMemo, useState } from "react";
import { nowMs } from "@/base/clock";
import { duration } from "@/base/format";
import type { Skeleton } from "@/api/trace_documents";
import { Empty } from "@/widgets/states";
import { type Selection, TopologyGraph } from "@/widgets/topology/graph";
import { type Point, layoutGraph } from "@/widgets/topology/layout";
import type { GraphEdge, GraphNode } from "@/widgets/topology/model";
import { paths } from "@/widgets/link";
import { useGo } from "@/widgets/url_state";
import { STATUS, type TraceData } from "@/widgets/waterfall/trace_data";

/** The graph of this run: who handed what to whom, and how often. */
export function AgentsView({ document: doc, data, onSelect }: { document: Skeleton; data: TraceData; onSelect: (span: number) => void }) {
  const go = useGo();
  const [selection, setSelection] = useState<Selection>(null);
  const nodes = useMemo(() => runNodes(doc, data), [doc, data]);
  const edges = useMemo(() => runEdges(doc), [doc]);
  const [moved, setMoved] = useState<Map<string, Point>>(new Map());
  const at = useMemo(() => {
    const placed = layoutGraph(nodes, edges.map((e) => ({ source: e.source, target: e.target, weight: e.count })));
    for (const [id, p] of moved) placed.set(id, p);
    return placed;
  }, [nodes, edges, moved]);
  if (nodes.length === 0) return <Empty>No agent of this run was recognised.</Empty>;
  const pick = (next: Selection) => {
    setSelection(next);
    if (next?.kind === "node") {
      const agent = doc.agents.findIndex((a) => a.id === next.id);
      const span = data.agent.findIndex((a) => a === agent);
      if (span >= 0) onSelect(span);
    } else if (next?.kind === "link") {
      const hit = doc.interactions.find((i) => doc.agents[i.from]?.id === next.source && doc.agents[i.to]?.id === next.target);
      if (hit) onSelect(hit.span);
    }
  };
  return <TopologyGraph nodes={nodes} edges={edges} cycles={[]} at={at} selection={selection} onSelect={pick} onOpen={(id) => go(paths.agent(id))} onMove={(id, to) => setMoved(new Map(moved).set(id, to))} now={nowMs()} />;
}

function runNodes(doc: Skeleton, data: TraceData): GraphNode[] {
  return doc.agents.map((agent, i) => {
    let spans = 0;
    let failed = 0;
    let self = 0;
    for (let s = 0; s < data.count; s += 1) {
      if (data.agent[s] !== i) continue;
      spans += 1;
      self += data.self[s] ?? 0;
      if (data.status[s] === STATUS.error) failed += 1;
    }
    return {
      id: agent.id, kind: "agent", agent, team: null, state: "busy", state_text: failed > 0 ? `${failed} of ${spans} spans failed` : `${spans} spans, ${duration(self / 1e6)}`,
      status: failed > spans / 4 ? "critical" : failed > 0 ? "warning" : "ok", rate_per_h: null, cost_per_h_usd: null, strip: null, ghost_since_unix_ns: null, pinned: false,
    };
  });
}

function runEdges(doc: Skeleton): GraphEdge[] {
  const edges = new Map<string, GraphEdge>();
  for (const i of doc.interactions) {
    const source = doc.agents[i.from]?.id;
    const target = doc.agents[i.to]?.id;
    if (source === undefined || target === undefined || source === target) continue;
    const key = `${source}\u0000${target}\u0000${i.kind}`;
    const edge = edges.get(key) ?? {
      source, target, kind: i.kind, count: 0, rate_per_h: null, p50_ms: null, p95_ms: null, p95_usual_ms: null, errors: 0, error_ratio: 0, wait: null, trace_id: doc.trace_id,
    };
    edge.count += 1;
    edge.errors += i.error ? 1 : 0;
    edge.error_ratio = edge.errors / edge.count;
    edges.set(key, edge);
  }
  return [...edges.values()];
}
