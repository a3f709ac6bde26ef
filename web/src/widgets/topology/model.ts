import type { AgentRef, MetricStatus, StripData } from "@/base/model";
import type { Curve } from "./geometry";
import { edgeCurve } from "./geometry";
import type { Point } from "./layout";

export interface GraphNode {
  id: string;
  kind: "agent" | "service" | "tool";
  agent: AgentRef;
  team: string | null;
  state: string;
  state_text: string;
  status: MetricStatus;
  rate_per_h: number | null;
  cost_per_h_usd: number | null;
  strip: StripData | null;
  ghost_since_unix_ns: string | null;
  pinned: boolean;
}

export interface GraphEdge {
  source: string;
  target: string;
  kind: string;
  count: number;
  rate_per_h: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p95_usual_ms: number | null;
  errors: number;
  error_ratio: number | null;
  wait: { oldest_ms: number; usual_ms: number | null; count: number; since_unix_ns: string | null } | null;
  trace_id: string | null;
}

export interface GraphCycle {
  id: string;
  since_unix_ns: string;
  edges: { source: string; target: string; wait_ms: number }[];
  runs_blocked: number | null;
  release: { index: number; reason: string } | null;
  alert_id: string | null;
}

/** One drawn line: all kinds of traffic in one direction between two nodes. */
export interface Link {
  key: string;
  source: string;
  target: string;
  edges: GraphEdge[];
  rate: number;
  errorRatio: number;
  errors: number;
  wait: { oldest_ms: number; usual_ms: number | null } | null;
  slow: number | null;
  handoff: boolean;
  cycle: { id: string; number: number } | null;
  curve: Curve;
  /** Left, top, right, bottom of the curve and its handles. */
  bounds: [number, number, number, number];
}

export function linkKey(source: string, target: string): string {
  return `${source}\u0000${target}`;
}

function boundsOf(c: Curve): [number, number, number, number] {
  return [Math.min(c[0], c[2], c[4], c[6]), Math.min(c[1], c[3], c[5], c[7]), Math.max(c[0], c[2], c[4], c[6]), Math.max(c[1], c[3], c[5], c[7])];
}

export function buildLinks(edges: GraphEdge[], cycles: GraphCycle[], at: Map<string, Point>): Link[] {
  const links = new Map<string, Link>();
  const numbers = new Map<string, { id: string; number: number }>();
  for (const cycle of cycles) cycle.edges.forEach((e, i) => numbers.set(linkKey(e.source, e.target), { id: cycle.id, number: i + 1 }));
  const has = new Set(edges.map((e) => linkKey(e.source, e.target)));
  for (const edge of edges) {
    const a = at.get(edge.source);
    const b = at.get(edge.target);
    if (!a || !b || edge.source === edge.target) continue;
    const key = linkKey(edge.source, edge.target);
    let link = links.get(key);
    if (!link) {
      const curve = edgeCurve(a, b, has.has(linkKey(edge.target, edge.source)));
      link = {
        key, source: edge.source, target: edge.target, edges: [], rate: 0, errorRatio: 0, errors: 0, wait: null, slow: null, handoff: false,
        cycle: numbers.get(key) ?? null, curve, bounds: boundsOf(curve),
      };
      links.set(key, link);
    }
    link.edges.push(edge);
    link.rate += edge.rate_per_h ?? edge.count;
    link.errors += edge.errors;
    link.errorRatio = Math.max(link.errorRatio, edge.error_ratio ?? 0);
    link.handoff ||= edge.kind === "handoff" || edge.kind === "delegation";
    if (edge.wait && edge.wait.oldest_ms > (link.wait?.oldest_ms ?? -1)) link.wait = { oldest_ms: edge.wait.oldest_ms, usual_ms: edge.wait.usual_ms };
    if (edge.p95_ms !== null && edge.p95_usual_ms !== null && edge.p95_ms > 2 * edge.p95_usual_ms) link.slow = Math.max(link.slow ?? 0, edge.p95_ms);
  }
  return [...links.values()];
}

/** Waits longer than usual are a warning; others are only shown as waiting. */
export function waitIsLong(wait: { oldest_ms: number; usual_ms: number | null }): boolean {
  return wait.usual_ms === null ? wait.oldest_ms > 60e3 : wait.oldest_ms > 2 * wait.usual_ms;
}
