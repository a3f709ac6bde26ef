// Proves that hostile text becomes harmless, visible text: no control or direction character survives, and
// nothing of any length makes a line longer than it may be.
import { describe, expect, test } from "vitest";
import { NAME_MAX, middleEllipsis, visibleBlock, visibleLine } from "./text";

describe("hostile characters", () => {
  test.each([["\u202Eevil", "\u25ccevil"], ["a\u0000b", "a\u2400b"], ["tab\there", "tab\u2409here"], ["x\u200by", "x\u25ccy"], ["\u2066rev\u2069", "\u25ccrev\u25cc"], ["del\u007f", "del\u2421"]])("%j is shown as %j", (raw, shown) => expect(visibleLine(raw)).toBe(shown));
  test("blocks keep line breaks and tabs, and drop carriage returns", () => expect(visibleBlock("a\r\n\tb\u0007")).toBe("a\n\tb\u2407"));
  test("markup is left alone: it is text", () => expect(visibleLine("<b>x</b>")).toBe("<b>x</b>"));
  test("right-to-left letters themselves stay", () => expect(visibleLine("مرحبا")).toBe("مرحبا"));
});

describe("long names", () => {
  test("keep both ends", () => expect(middleEllipsis(`start-${"x".repeat(200)}-42`)).toMatch(/^start-.*…x*-42$/));
  test("are never longer than allowed", () => {
    for (const raw of ["A".repeat(5000), "😀".repeat(300), `${"ab ".repeat(400)}`]) expect([...middleEllipsis(raw)].length).toBe(NAME_MAX);
  });
  test("short ones are untouched", () => expect(middleEllipsis("coder-2")).toBe("coder-2"));
  test("emoji are not cut in half", () => expect(middleEllipsis("😀".repeat(100), 9)).toBe("😀😀😀😀😀…😀😀😀"));
});
