// Proves that the command box finds what was meant first, and jumps on a trace id at once.
import { describe, expect, test } from "vitest";
import { bestItems, matchScore, traceIdIn } from "./palette_match";

const item = (title: string) => ({ id: title, title, hint: "", kind: "page", run: () => undefined });

describe("matching", () => {
  test("a prefix beats a word start beats the inside beats scattered letters", () => {
    const scores = ["agents", "all agents", "reagent", "a big gentle test"].map((t) => matchScore(t, "agent"));
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  });
  test("letters out of order do not match", () => expect(matchScore("topology", "yt")).toBe(-1));
  test("the best comes first", () => expect(bestItems(["Traces", "Topology", "Settings"].map(item), "t")[0]?.title).toMatch(/^T/));
});

test.each([["7F3A91C2E5D84B7F9A1C3E5D7F9B1D3F", "7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f"], ["a1b2c3d4e5f60718", "a1b2c3d4e5f60718"], ["7f3a91c2-e5d8-4b7f-9a1c-3e5d7f9b1d3f", "7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f"], ["7f3a91", null], ["planner", null]])("%s jumps to %s", (text, id) => expect(traceIdIn(text)).toBe(id));
