import * as v from "valibot";
import { agentRef, listOf, maybe, maybeText, ns, num, outcome, partial, sentence, text } from "./shapes";

// Columns of up to 50,000 spans: one loop a column instead of a schema a value.
const numbers = v.custom<number[]>((input) => Array.isArray(input) && input.every((x) => typeof x === "number"), "expected an array of numbers");
const maybes = v.custom<(number | null)[]>((input) => Array.isArray(input) && input.every((x) => x === null || typeof x === "number"), "expected numbers or nulls");
const texts = v.custom<string[]>((input) => Array.isArray(input) && input.every((x) => typeof x === "string"), "expected an array of strings");

const columns = v.pipe(
  v.object({
    span_id: texts, parent: numbers, start_ns: numbers, duration_ns: numbers, agent: numbers, kind: numbers, name: numbers, status: numbers, self_ns: numbers,
    tokens: maybes, cost_usd: maybes, args_hash: numbers, result_hash: numbers, first_chunk_ns: numbers, trace: numbers,
  }),
  v.check((c) => Object.values(c).every((column) => column.length === c.span_id.length), "columns differ in length"),
);

export const skeleton = v.object({
  trace_id: text,
  trace_ids: texts,
  joined_by: maybeText,
  run_id: maybeText,
  workflow: maybeText,
  name: text,
  outcome,
  outcome_text: text,
  start_unix_ns: ns,
  duration_ns: num,
  running: v.boolean(),
  spans: num,
  errors: num,
  tokens: maybe,
  cost_usd: maybe,
  cost_usual_usd: maybe,
  truncated: v.nullable(v.object({ shown: num, total: num })),
  culprit: v.nullable(v.object({ sentence, confidence_ratio: maybe, span: maybe })),
  first_error: maybe,
  agents: v.array(agentRef),
  names: texts,
  columns,
  critical_path: v.array(v.object({ span: num, start_ns: num, end_ns: num })),
  critical_owners: v.array(v.object({ agent: v.nullable(agentRef), operation: text, ms: num, share_ratio: num })),
  waits: v.array(v.object({ span: num, agent: num, target: num, start_ns: num, end_ns: num, usual_ms: maybe })),
  interactions: v.array(
    v.object({ from: num, to: num, kind: v.picklist(["handoff", "delegation", "message", "return"]), at_ns: num, label: text, span: num, error: v.boolean() }),
  ),
  loops: v.array(
    v.object({
      agent: num, steps: v.array(text), repeats: num, evidence: text, span: num, nothing_new_since_turn: maybe, cost_since_usd: maybe,
      turns: v.array(v.object({ spans: v.array(num), changed: v.array(v.boolean()), new_information: v.boolean(), tokens: maybe, cost_usd: maybe })),
    }),
  ),
  partial,
});
export type Skeleton = v.InferOutput<typeof skeleton>;

const anyValue = v.record(text, v.unknown());
const attributes = v.optional(v.array(v.object({ key: text, value: anyValue })), []);
const payload = v.nullable(v.object({ text, bytes: num, hash: v.optional(maybeText, null) }));

export const spanDocument = v.object({
  resource: v.object({ attributes }),
  scope: v.object({ name: v.optional(text, ""), version: v.optional(text, "") }),
  span: v.object({
    traceId: text,
    spanId: text,
    parentSpanId: v.optional(text, ""),
    name: text,
    kind: v.optional(v.union([num, text]), 0),
    startTimeUnixNano: v.union([text, num]),
    endTimeUnixNano: v.optional(v.union([text, num]), "0"),
    attributes,
    events: v.optional(v.array(v.object({ timeUnixNano: v.union([text, num]), name: v.optional(text, ""), attributes })), []),
    links: v.optional(v.array(v.object({ traceId: text, spanId: text, attributes })), []),
    status: v.optional(v.object({ code: v.optional(v.union([num, text]), 0), message: v.optional(text, "") }), {}),
  }),
  derived: v.object({
    kind: num, agent: v.nullable(agentRef), self_ms: maybe, critical_ratio: maybe, model: maybeText, tokens_input: maybe, tokens_output: maybe, cost_usd: maybe, first_chunk_ms: maybe,
    same_as_before: maybe, recognised_by: maybeText,
  }),
  arguments: payload,
  result: payload,
  messages: v.array(v.object({ role: text, text, bytes: num })),
  evaluations: v.array(v.object({ name: text, score: maybe, label: maybeText, explanation: maybeText })),
  content_missing: maybeText,
});
export type SpanDocument = v.InferOutput<typeof spanDocument>;

export const conversation = v.object(
  listOf(
    v.object({
      turn: num,
      kind: v.picklist(["message", "tool", "handoff", "fold"]),
      role: maybeText,
      agent: v.nullable(agentRef),
      at_unix_ns: ns,
      span_id: maybeText,
      text: maybeText,
      bytes: num,
      reasoning: maybeText,
      tool: v.nullable(v.object({ name: text, arguments: maybeText, result: maybeText, error: maybeText, same_as_before: maybe })),
      handoff_to: v.nullable(agentRef),
      fold: v.nullable(v.object({ count: num, from: num, to: num, cost_usd: maybe })),
      media: v.array(v.object({ type: text, bytes: maybe })),
      content_missing: maybeText,
      model: maybeText,
      tokens: maybe,
      cost_usd: maybe,
      duration_ms: maybe,
    }),
  ),
);
export type Conversation = v.InferOutput<typeof conversation>;
export type Turn = Conversation["items"][number];
