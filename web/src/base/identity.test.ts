// Proves that 32 slots give 32 identities, and that any other number still gives one.
import { expect, test } from "vitest";
import { glyphOf, hueToken } from "./identity";
import { toCsv } from "./csv";

test("32 slots are 32 pairs of hue and glyph", () => {
  const seen = new Set(Array.from({ length: 32 }, (_, slot) => `${hueToken(slot)} ${glyphOf(slot)}`));
  expect(seen.size).toBe(32);
});
test.each([-1, 32, 1000, 3.7])("slot %s still has an identity", (slot) => {
  expect(hueToken(slot)).toMatch(/^--a[1-8]$/);
  expect(["circle", "square", "diamond", "triangle"]).toContain(glyphOf(slot));
});
test("a cell that a spreadsheet would run is disarmed; quotes and breaks survive", () => {
  expect(toCsv(["a", "b"], [["=1+1", 'x"y'], ["two\nlines", null]])).toBe("a,b\r\n'=1+1,\"x\"\"y\"\r\n\"two\nlines\",");
});
