// Proves the page's words for numbers: units, digits, signs and the dash for what is not known.
import { describe, expect, test } from "vitest";
import { age, bytes, change, count, countdown, duration, etaInterval, inUnit, money, moneyPerHour, percent, plural, wholePercent } from "./format";

const thin = (s: string) => s.replaceAll(" ", "\u2009");

describe.each([
  [0.0042, "$0.0042"], [0.01, "$0.01"], [18.4, "$18.40"], [99.99, "$99.99"], [312, "$312"], [1234, "$1.2k"], [9999, "$10k"], [2.5e6, "$2.5M"], [0, "$0"], [null, "–"], [NaN, "–"], [-3.2, "−$3.20"],
])("money(%s)", (value, text) => test(text, () => expect(money(value)).toBe(text)));

describe.each([
  [8412, thin("8 412")], [41200, "41.2k"], [5.1e6, "5.10M"], [4.62e6, "4.62M"], [0.4, "0.40"], [212, "212"], [999.6e3, "1.00M"], [null, "–"],
])("count(%s)", (value, text) => test(text, () => expect(count(value)).toBe(text)));

describe.each([
  [0.00084, "840 ns"], [0.84, "840 µs"], [12.4, "12.4 ms"], [1240, "1.24 s"], [1568e3, "26 m 08 s"], [11520e3, "3 h 12 m"], [102 * 3600e3, "4 d 6 h"], [59.99e3, "1 m"], [60e3, "1 m"], [3599.6e3, "60 m"], [7200e3, "2 h"], [0, "0 s"], [null, "–"],
])("duration(%s)", (value, text) => test(text, () => expect(duration(value)).toBe(text)));

test.each([[0.918, "91.8 %"], [0.9997, "99.97 %"], [1, "100 %"], [0, "0 %"], [16.3, "1 630 %"], [null, "–"]])("percent(%s) is %s", (v, text) => expect(percent(v)).toBe(thin(text)));
test.each([[16.3, "+1 630 %"], [-0.24, "−24 %"], [0, "±0 %"]])("change(%s) is %s", (v, text) => expect(change(v)).toBe(thin(text)));
test("an interval has its unit once, median first", () => expect(etaInterval(2280e3, 1440e3, 3660e3)).toEqual({ median: "38 min", range: "(24–61)" }));
test("an interval without an upper end says so", () => expect(etaInterval(2280e3, 1440e3, null).range).toBe("(24–?)"));
test("an age has one unit", () => expect([age(59e3), age(25 * 60e3), age(3 * 3600e3), age(50 * 3600e3)]).toEqual(["59 s", "25 m", "3 h", "2 d"]));
test("a countdown runs like a clock and stops at zero", () => expect([countdown(680e3), countdown(3725e3), countdown(-5)]).toEqual(["11:20", "1:02:05", "0:00"]));
test("a rate of money drops cents where they are noise", () => expect([moneyPerHour(52.1), moneyPerHour(3), moneyPerHour(2.5)]).toEqual(["$52/h", "$3/h", "$2.50/h"]));
test("bytes use decimal units", () => expect([bytes(812), bytes(2.1e9), bytes(41e9), bytes(null)]).toEqual(["812 B", "2.1 GB", "41 GB", "–"]));
test("a tiny share is not shown as none", () => expect(wholePercent(0.004)).toBe(thin("<1 %")));
test("plurals", () => expect([plural(1, "task"), plural(2, "task"), plural(2, "entry", "entries")]).toEqual(["1 task", "2 tasks", "2 entries"]));
test("units of the API", () => expect([inUnit(1.5, "usd"), inUnit(0.31, "ratio"), inUnit(4100, "ms"), inUnit(41, "calls"), inUnit(null, "usd")]).toEqual(["$1.50", thin("31.0 %"), "4.1 s", "41 calls", "–"]));
