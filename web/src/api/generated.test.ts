// Proves that the types made from the server's OpenAPI document are current. (That the page's schemas
// accept the documented examples is tests/contract.test.ts.)
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @ts-expect-error: a script without types of its own
import { generate, typeOf } from "../../scripts/gen_api.mjs";

describe("types of the API", () => {
  it("are current: npm run gen:api", () => {
    const document = JSON.parse(readFileSync(join(__dirname, "../../../docs/reference/openapi.json"), "utf8"));
    expect(readFileSync(join(__dirname, "generated.ts"), "utf8")).toBe(generate(document));
  });

  it.each([
    [{}, "unknown"],
    [{ $ref: "#/components/schemas/Row" }, "Row"],
    [{ anyOf: [{ type: "number" }, { type: "null" }] }, "number | null"],
    [{ type: "array", items: { anyOf: [{ type: "string" }, { type: "null" }] } }, "(string | null)[]"],
    [{ type: "string", enum: ["a", "b"] }, '"a" | "b"'],
    [{ type: "object", properties: { a: { type: "integer" }, "b-c": {} }, required: ["a"] }, '{ a: number; "b-c"?: unknown }'],
    [{ type: "object", additionalProperties: { type: "string" } }, "Record<string, string>"],
  ])("writes %j as %s", (schema, text) => {
    expect(typeOf(schema)).toBe(text);
  });
});
