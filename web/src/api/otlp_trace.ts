import * as v from "valibot";
import type { AgentRef } from "@/base/model";
import { type Skeleton, type SpanDocument, spanDocument } from "./trace_documents";

// A trace from its OTLP JSON alone, for servers that do not offer the skeleton: tree, times, errors and
// attributes. What only the server's recogniser knows (culprit, critical path, loops, hand-offs) is absent
// and said to be absent; nothing is guessed beyond the attributes that name an agent.

const attributes = v.optional(v.array(v.object({ key: v.string(), value: v.record(v.string(), v.unknown()) })), []);
const rawSpan = v.looseObject({
  traceId: v.string(),
  spanId: v.string(),
  parentSpanId: v.optional(v.nullable(v.string()), ""),
  name: v.optional(v.string(), ""),
  startTimeUnixNano: v.union([v.string(), v.number()]),
  endTimeUnixNano: v.optional(v.union([v.string(), v.number()]), "0"),
  attributes,
  status: v.optional(v.nullable(v.object({ code: v.optional(v.union([v.number(), v.string()]), 0), message: v.optional(v.string(), "") })), {}),
});
export const otlpTrace = v.object({
  resourceSpans: v.array(
    v.object({
      resource: v.optional(v.object({ attributes }), {}),
      scopeSpans: v.optional(v.array(v.object({ scope: v.optional(v.object({ name: v.optional(v.string(), ""), version: v.optional(v.string(), "") }), {}), spans: v.optional(v.array(rawSpan), []) })), []),
    }),
  ),
});
export type OtlpTrace = v.InferOutput<typeof otlpTrace>;
type RawSpan = v.InferOutput<typeof rawSpan>;

interface Found {
  span: RawSpan;
  resource: OtlpTrace["resourceSpans"][number]["resource"];
  scope: { name: string; version: string };
  start: bigint;
  end: bigint;
}

const AGENT_KEYS = ["gen_ai.agent.name", "agent.name", "agent.id", "traceloop.entity.name"];
const KIND_KEYS = ["gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind"];
const KINDS: Record<string, number> = { invoke_workflow: 1, workflow: 1, invoke_agent: 2, create_agent: 2, agent: 2, task: 2, chain: 2, chat: 3, text_completion: 3, generate_content: 3, llm: 3, execute_tool: 4, tool: 4, handoff: 5 };
const SLOTS = 32;

function textOf(list: RawSpan["attributes"], keys: string[]): string | null {
  for (const key of keys) {
    const value = list.find((a) => a.key === key)?.value.stringValue;
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}

function numberOf(list: RawSpan["attributes"], key: string): number | null {
  const value = list.find((a) => a.key === key)?.value;
  const n = Number(value?.intValue ?? value?.doubleValue);
  return value && Number.isFinite(n) ? n : null;
}

function isError(span: RawSpan): boolean {
  const code = span.status?.code;
  return code === 2 || code === "STATUS_CODE_ERROR";
}

function all(trace: OtlpTrace): Found[] {
  const found = trace.resourceSpans.flatMap((r) =>
    r.scopeSpans.flatMap((s) =>
      s.spans.map((span) => ({ span, resource: r.resource, scope: s.scope as Found["scope"], start: BigInt(span.startTimeUnixNano), end: BigInt(span.endTimeUnixNano) })),
    ),
  );
  return found.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

/** Depth-first order by start; spans whose parent is missing are roots; a parent cycle is cut. */
function depthFirst(found: Found[]): { order: Found[]; parent: number[] } {
  const ids = new Set(found.map((f) => f.span.spanId));
  const children = new Map<string, Found[]>();
  for (const f of found) {
    const parent = f.span.parentSpanId && ids.has(f.span.parentSpanId) && f.span.parentSpanId !== f.span.spanId ? f.span.parentSpanId : "";
    const list = children.get(parent);
    if (list) list.push(f);
    else children.set(parent, [f]);
  }
  const order: Found[] = [];
  const parent: number[] = [];
  const seen = new Set<Found>();
  const walk = (roots: Found[]) => {
    const stack: [Found, number][] = roots.map((f): [Found, number] => [f, -1]).reverse();
    while (stack.length > 0) {
      const [f, p] = stack.pop() as [Found, number];
      if (seen.has(f)) continue;
      seen.add(f);
      const at = order.push(f) - 1;
      parent.push(p);
      for (const child of [...(children.get(f.span.spanId) ?? [])].reverse()) stack.push([child, at]);
    }
  };
  walk(children.get("") ?? []);
  for (const f of found) if (!seen.has(f)) walk([f]);
  return { order, parent };
}

function slotOf(name: string): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return (hash >>> 0) % SLOTS;
}

export function skeletonFromOtlp(traceId: string, trace: OtlpTrace): Skeleton {
  const { order, parent } = depthFirst(all(trace));
  const origin = order.reduce((least, f) => (f.start < least ? f.start : least), order[0]?.start ?? 0n);
  const last = order.reduce((most, f) => (f.end > most ? f.end : most), origin);
  const names: string[] = [];
  const nameIndex = new Map<string, number>();
  const agents: AgentRef[] = [];
  const agentIndex = new Map<string, number>();
  const agentOf: number[] = [];
  const indexed = (map: Map<string, number>, key: string, add: () => number) => {
    const known = map.get(key);
    if (known !== undefined) return known;
    const made = add() - 1;
    map.set(key, made);
    return made;
  };
  order.forEach((f, i) => {
    const name = textOf(f.span.attributes, AGENT_KEYS);
    const inherited = (parent[i] ?? -1) >= 0 ? (agentOf[parent[i] ?? 0] ?? -1) : -1;
    agentOf.push(name === null ? inherited : indexed(agentIndex, name, () => agents.push({ id: name, name, slot: slotOf(name) })));
  });
  const failed = order.map((f) => isError(f.span));
  const childFailed = new Set(order.flatMap((_, i) => (failed[i] && (parent[i] ?? -1) >= 0 ? [parent[i] ?? -1] : [])));
  const firstError = failed.findIndex((bad, i) => bad && !childFailed.has(i));
  const childTime = new Float64Array(order.length);
  order.forEach((f, i) => {
    const p = parent[i] ?? -1;
    if (p >= 0) childTime[p] = (childTime[p] ?? 0) + Number(f.end - f.start);
  });
  const duration = (f: Found) => (f.end === 0n ? -1 : Number(f.end - f.start));
  const root = order.find((_, i) => parent[i] === -1);
  return {
    trace_id: traceId, trace_ids: [traceId], joined_by: null, run_id: null, workflow: null, name: root?.span.name || "trace", outcome: "unknown", outcome_text: failed.some(Boolean) ? "has errors" : "no error",
    start_unix_ns: origin.toString(), duration_ns: Number(last - origin), running: false, spans: order.length, errors: failed.filter(Boolean).length, tokens: null, cost_usd: null, cost_usual_usd: null, truncated: null, culprit: null,
    first_error: firstError < 0 ? null : firstError, agents, names,
    columns: {
      span_id: order.map((f) => f.span.spanId), parent, start_ns: order.map((f) => Number(f.start - origin)), duration_ns: order.map(duration), agent: agentOf,
      kind: order.map((f) => KINDS[(textOf(f.span.attributes, KIND_KEYS) ?? "").toLowerCase()] ?? 0), name: order.map((f) => indexed(nameIndex, f.span.name, () => names.push(f.span.name))),
      status: failed.map((bad) => (bad ? 2 : 0)), self_ns: order.map((f, i) => Math.max(0, duration(f) - (childTime[i] ?? 0))),
      tokens: order.map((f) => { const i = numberOf(f.span.attributes, "gen_ai.usage.input_tokens"); const o = numberOf(f.span.attributes, "gen_ai.usage.output_tokens"); return i === null && o === null ? null : (i ?? 0) + (o ?? 0); }),
      cost_usd: order.map(() => null), args_hash: order.map(() => 0), result_hash: order.map(() => 0), first_chunk_ns: order.map(() => -1), trace: order.map(() => 0),
    },
    critical_path: [], critical_owners: [], waits: [], interactions: [], loops: [],
    partial: { reason: "spans only: this server gives no causes, hand-offs or critical path for a trace" },
  };
}

/** One span of the trace as the details panel wants it, or null. */
export function spanFromOtlp(trace: OtlpTrace, spanId: string): SpanDocument | null {
  const f = all(trace).find((x) => x.span.spanId === spanId);
  if (!f) return null;
  const parsed = v.safeParse(spanDocument, {
    resource: f.resource, scope: f.scope, span: { ...f.span, parentSpanId: f.span.parentSpanId ?? "", status: f.span.status ?? {} },
    derived: { kind: 0, agent: null, self_ms: null, critical_ratio: null, model: textOf(f.span.attributes, ["gen_ai.response.model", "gen_ai.request.model", "llm.model_name"]), tokens_input: numberOf(f.span.attributes, "gen_ai.usage.input_tokens"), tokens_output: numberOf(f.span.attributes, "gen_ai.usage.output_tokens"), cost_usd: null, first_chunk_ms: null, same_as_before: null, recognised_by: null },
    arguments: null, result: null, messages: [], evaluations: [], content_missing: null,
  });
  return parsed.success ? parsed.output : null;
}
