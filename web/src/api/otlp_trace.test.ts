// Proves that a trace made from OTLP JSON alone is whole and honest: every span once, in depth-first order,
// whatever the order of arrival, missing parents or parent cycles; and that what it cannot know is absent.
import { expect, test } from "vitest";
import { type OtlpTrace, skeletonFromOtlp, spanFromOtlp } from "./otlp_trace";

const span = (spanId: string, parentSpanId: string, start: number, extra: object = {}) => ({
  traceId: "t", spanId, parentSpanId, name: `span ${spanId}`, startTimeUnixNano: String(1_000_000 + start), endTimeUnixNano: String(1_000_000 + start + 10), attributes: [], status: {}, ...extra,
});
const trace = (...spans: object[]) => ({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: "s", version: "1" }, spans }] }] }) as unknown as OtlpTrace;

test("children follow their parent by start, whatever the order of arrival", () => {
  const made = skeletonFromOtlp("t", trace(span("c", "a", 5), span("d", "b", 2), span("b", "a", 1), span("a", "", 0)));
  expect(made.columns.span_id).toEqual(["a", "b", "d", "c"]);
  expect(made.columns.parent).toEqual([-1, 0, 1, 0]);
});
test("a span whose parent never came is a root; a cycle of parents is cut; none is lost", () => {
  const made = skeletonFromOtlp("t", trace(span("a", "gone", 0), span("x", "y", 1), span("y", "x", 2), span("z", "z", 3)));
  expect([...made.columns.span_id].sort()).toEqual(["a", "x", "y", "z"]);
});
test("an agent is named by its attribute and passed on to its descendants", () => {
  const named = { attributes: [{ key: "gen_ai.agent.name", value: { stringValue: "planner" } }, { key: "gen_ai.operation.name", value: { stringValue: "invoke_agent" } }] };
  const made = skeletonFromOtlp("t", trace(span("a", "", 0), span("b", "a", 1, named), span("c", "b", 2)));
  expect([made.agents.map((a) => a.name), made.columns.agent, made.columns.kind]).toEqual([["planner"], [-1, 0, 0], [0, 2, 0]]);
});
test("the first error is the deepest of its chain", () => {
  const bad = { status: { code: 2, message: "boom" } };
  expect(skeletonFromOtlp("t", trace(span("a", "", 0, bad), span("b", "a", 1, bad), span("c", "a", 5, { status: { code: "STATUS_CODE_ERROR" } }))).first_error).toBe(1);
});
test("times beyond what a double holds stay exact", () => {
  const big = { startTimeUnixNano: "1795353448259953361", endTimeUnixNano: "1795353448259953362" };
  const made = skeletonFromOtlp("t", trace(span("a", "", 0, big), span("b", "a", 0, { startTimeUnixNano: "1795353448259953363", endTimeUnixNano: "1795353448259953364" })));
  expect([made.start_unix_ns, made.columns.start_ns]).toEqual(["1795353448259953361", [0, 2]]);
});
test("what only the server can know is absent and said to be", () => {
  const made = skeletonFromOtlp("t", trace(span("a", "", 0)));
  expect([made.culprit, made.cost_usd, made.critical_path, made.partial?.reason]).toEqual([null, null, [], expect.stringContaining("spans only")]);
});
test("a span's details come from the same document", () => {
  const doc = trace(span("a", "", 0), span("b", "a", 1, { attributes: [{ key: "k", value: { stringValue: "v" } }] }));
  expect(spanFromOtlp(doc, "b")?.span.attributes).toEqual([{ key: "k", value: { stringValue: "v" } }]);
  expect(spanFromOtlp(doc, "nope")).toBeNull();
});
