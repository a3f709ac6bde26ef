// Proves what a typed range means, on a fixed clock, and that an address says the same again.
import { describe, expect, test } from "vitest";
import { parseDuration, parseInstant, parseTyped, rangeBounds, rangeFromSearch, rangeParams, rangeText } from "./range";

const NOW = new Date(2026, 10, 24, 3, 12, 0).getTime(); // a Tuesday, local time
const local = (d: number, h: number, m = 0) => new Date(2026, 10, d, h, m).getTime();

test.each([["90m", 5400e3], ["2h", 7200e3], ["2h ago", 7200e3], ["7 days", 604800e3], ["1.5h", 5400e3], ["0m", null], ["soon", null], ["9000d", null]])("parseDuration(%j) is %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

describe("instants", () => {
  test.each([
    ["now", NOW], ["2h ago", NOW - 7200e3], ["2:47", local(24, 2, 47)], ["yesterday 14:30", local(23, 14, 30)], ["mon 9:00", local(23, 9)], ["tue", local(24, 0)], ["wed 9:00", local(18, 9)], ["1764040320", 1764040320e3], ["1764040320123", 1764040320123], ["1764040320123000000", 1764040320123],
  ])("%j", (text, ms) => expect(parseInstant(text, NOW)).toBe(ms));
  test.each(["25:00", "later", "12:75", ""])("%j is no instant", (text) => expect(parseInstant(text, NOW)).toBeNull());
});

describe("typed ranges", () => {
  test("a length is relative", () => expect(parseTyped("last 6h", NOW)).toEqual({ kind: "relative", ms: 21600e3 }));
  test("a day given once holds for both ends", () => expect(parseTyped("mon 9:00 to 11:00", NOW)).toEqual({ kind: "absolute", from: local(23, 9), to: local(23, 11) }));
  test("one instant reaches to now", () => expect(parseTyped("2:00", NOW)).toEqual({ kind: "absolute", from: local(24, 2), to: NOW }));
  test("backwards is refused", () => expect(parseTyped("11:00 to 9:00", NOW)).toBeNull());
});

test("an address without a range means the last hour", () => expect(rangeFromSearch({})).toEqual({ kind: "relative", ms: 3600e3 }));
test("lengths survive the address", () => {
  for (const text of ["15m", "1h", "6h", "24h", "7d", "90m"]) expect(rangeText((rangeFromSearch({ range: text }) as { ms: number }).ms)).toBe(text);
});
test("two instants beat a length", () => expect(rangeBounds(rangeFromSearch({ range: "6h", from: "1000000000000", to: "1000000060000" }))).toEqual({ from: 1000000000000, to: 1000000060000 }));
test("the API gets whole nanoseconds", () => expect(rangeParams({ kind: "absolute", from: 1764040320000, to: 1764040380000 })).toEqual({ start: "1764040320000000000", end: "1764040380000000000" }));
