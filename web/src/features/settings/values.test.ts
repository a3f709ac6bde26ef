// Proves that what a person types is taken only when it is of the setting's type.
import { expect, test } from "vitest";
import { parseValue, shownValue } from "./values";

test.each([["number", "5", 5], ["ratio", "0.7", 0.7], ["text", "5", "5"], ["boolean", "true", true], ["list", '["a"]', ["a"]]] as const)("%s %j", (type, text, value) => expect(parseValue(type, text)).toEqual({ value }));
test.each([["number", "five"], ["number", ""], ["boolean", "yes"], ["json", "{"], ["usd", "Infinity"]] as const)("%s %j is refused", (type, text) => expect(parseValue(type, text)).toBeNull());
test("values read in their unit", () => expect([shownValue({ type: "duration_ms", unit: null, value: 900000 }), shownValue({ type: "boolean", unit: null, value: false }), shownValue({ type: "number", unit: "tasks/h", value: null })]).toEqual(["15 m", "off", "–"]));
