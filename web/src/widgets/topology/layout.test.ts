// Proves that the graph keeps its shape: deterministic, left to right, no cards on each other, newcomers
// beside their neighbours, and nothing moves that had a place.
import { describe, expect, test } from "vitest";
import { distanceTo, edgeCurve, pointAt, tail } from "./geometry";
import { NODE_H, NODE_W, type LayoutEdge, type LayoutNode, type Point, layoutGraph, placeNewcomer, stablePositions } from "./layout";

const nodes = (ids: string): LayoutNode[] => ids.split(" ").map((id) => ({ id, team: "t" }));
const edges = (pairs: string): LayoutEdge[] => pairs.split(" ").map((p) => ({ source: p[0] ?? "", target: p[1] ?? "", weight: 1 }));

function overlaps(at: Map<string, Point>): string[] {
  const list = [...at];
  return list.flatMap(([a, p], i) => list.slice(i + 1).filter(([, q]) => Math.abs(p.x - q.x) < NODE_W && Math.abs(p.y - q.y) < NODE_H).map(([b]) => `${a} ${b}`));
}

function random(n: number, m: number): [LayoutNode[], LayoutEdge[]] {
  let state = 7;
  const next = (k: number) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), state % k);
  const list = Array.from({ length: n }, (_, i) => ({ id: `n${i}`, team: `t${i % 5}` }));
  return [list, Array.from({ length: m }, () => ({ source: `n${next(n)}`, target: `n${next(n)}`, weight: next(9) }))];
}

describe("layout", () => {
  test("callers stand left of whom they call", () => {
    const at = layoutGraph(nodes("a b c"), edges("ab bc"));
    expect([(at.get("a")?.x ?? 0) < (at.get("b")?.x ?? 0), (at.get("b")?.x ?? 0) < (at.get("c")?.x ?? 0)]).toEqual([true, true]);
  });
  test("a cycle is laid out like a chain", () => {
    const at = layoutGraph(nodes("a b c"), edges("ab bc ca"));
    expect(new Set([...at.values()].map((p) => p.x)).size).toBe(3);
  });
  test.each([[16, 30], [50, 140], [500, 1500]])("no two of %d cards lie on each other", (n, m) => expect(overlaps(layoutGraph(...random(n, m)))).toEqual([]));
  test("the same graph gives the same picture", () => expect([...layoutGraph(...random(60, 150))]).toEqual([...layoutGraph(...random(60, 150))]));
  test("teams do not mix their rows", () => {
    const at = layoutGraph([{ id: "a", team: "x" }, { id: "b", team: "x" }, { id: "c", team: "y" }, { id: "d", team: "y" }], edges("ab cd"));
    expect(Math.max(at.get("a")?.y ?? 0, at.get("b")?.y ?? 0)).toBeLessThan(Math.min(at.get("c")?.y ?? 0, at.get("d")?.y ?? 0));
  });
});

describe("stability", () => {
  test("a newcomer moves nobody and lands free, beside its strongest neighbour", () => {
    const [list, links] = random(40, 100);
    const before = layoutGraph(list, links);
    const after = stablePositions([...list, { id: "new", team: "t0" }], [...links, { source: "n3", target: "new", weight: 99 }], before);
    expect([...before].every(([id, p]) => after.get(id) === p)).toBe(true);
    expect(overlaps(after)).toEqual([]);
    expect(Math.abs((after.get("new")?.y ?? 0) - (before.get("n3")?.y ?? 0))).toBeLessThan(NODE_H * 12);
  });
  test("a crowd of newcomers all find a place", () => {
    const taken = new Map<string, Point>([["hub", { x: 36, y: 40 }]]);
    for (let i = 0; i < 60; i += 1) taken.set(`n${i}`, placeNewcomer(`n${i}`, [{ source: "hub", target: `n${i}`, weight: 1 }], taken));
    expect(overlaps(taken)).toEqual([]);
  });
});

describe("geometry", () => {
  const a = { x: 0, y: 0 };
  const b = { x: 400, y: 200 };
  test("a curve starts at one card's edge and ends at the other's", () => {
    const c = edgeCurve(a, b, false);
    expect([pointAt(c, 0).x, Math.round(pointAt(c, 1).x)]).toEqual([NODE_W, 396]);
  });
  test("two edges between the same cards are two arcs", () => expect(edgeCurve(a, b, true)[1]).not.toBe(edgeCurve(b, a, true)[7]));
  test("the tail of a curve lies on the curve", () => {
    const c = edgeCurve(a, b, false);
    const t = tail(c, 0.7);
    expect(pointAt(t, 0).x).toBeCloseTo(pointAt(c, 0.7).x, 6);
    expect(pointAt(t, 1).y).toBeCloseTo(pointAt(c, 1).y, 6);
  });
  test("distance is small on the curve and infinite far away", () => {
    const c = edgeCurve(a, b, false);
    const m = pointAt(c, 0.5);
    expect([distanceTo(c, m.x, m.y) < 1, distanceTo(c, 5000, 0)]).toEqual([true, Infinity]);
  });
});
