// The graph's own layout: cycles broken by depth-first search, longest-path layers left to right,
// barycentre sweeps keeping the best, teams as bands. Positions are kept; only "Tidy" lays out anew.

export interface LayoutNode {
  id: string;
  team: string | null;
}
export interface LayoutEdge {
  source: string;
  target: string;
  weight: number;
}
export interface Point {
  x: number;
  y: number;
}

export const NODE_W = 152;
export const NODE_H = 50;
const COLUMN = 228;
const ROW = 76;
const BAND_GAP = 46;
const LEFT = 36;
const TOP = 40;
const LAYERS_MAX = 10;
const SWEEPS = 16;

interface Graph {
  n: number;
  out: number[][];
  inn: number[][];
}

function graphOf(nodes: LayoutNode[], edges: LayoutEdge[]): Graph {
  const index = new Map(nodes.map((node, i) => [node.id, i]));
  const out: number[][] = nodes.map(() => []);
  const inn: number[][] = nodes.map(() => []);
  for (const edge of edges) {
    const s = index.get(edge.source);
    const t = index.get(edge.target);
    if (s === undefined || t === undefined || s === t) continue;
    out[s]?.push(t);
    inn[t]?.push(s);
  }
  return { n: nodes.length, out, inn };
}

/** Edges that close a cycle in a depth-first walk, as "s t". Starts at nodes nobody calls. */
function backEdges({ n, out, inn }: Graph): Set<string> {
  const state = new Uint8Array(n);
  const back = new Set<string>();
  const starts = Array.from({ length: n }, (_, i) => i).sort((a, b) => (inn[a]?.length ?? 0) - (inn[b]?.length ?? 0) || a - b);
  for (const start of starts) {
    if (state[start]) continue;
    const stack: [number, number][] = [[start, 0]];
    state[start] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as [number, number];
      const next = out[top[0]]?.[top[1]];
      if (next === undefined) {
        state[top[0]] = 2;
        stack.pop();
        continue;
      }
      top[1] += 1;
      if (state[next] === 1) back.add(`${top[0]} ${next}`);
      else if (state[next] === 0) {
        state[next] = 1;
        stack.push([next, 0]);
      }
    }
  }
  return back;
}

function layersOf(graph: Graph): Int32Array {
  const back = backEdges(graph);
  const layer = new Int32Array(graph.n);
  const missing = new Int32Array(graph.n);
  for (let s = 0; s < graph.n; s += 1) for (const t of graph.out[s] ?? []) if (!back.has(`${s} ${t}`)) missing[t] = (missing[t] ?? 0) + 1;
  const ready = Array.from({ length: graph.n }, (_, i) => i).filter((i) => missing[i] === 0);
  for (let head = 0; head < ready.length; head += 1) {
    const s = ready[head] ?? 0;
    for (const t of graph.out[s] ?? []) {
      if (back.has(`${s} ${t}`)) continue;
      layer[t] = Math.max(layer[t] ?? 0, (layer[s] ?? 0) + 1);
      missing[t] = (missing[t] ?? 0) - 1;
      if (missing[t] === 0) ready.push(t);
    }
  }
  const deepest = layer.reduce((a, b) => Math.max(a, b), 0);
  // Deep chains are folded into the columns that fit a screen.
  if (deepest >= LAYERS_MAX) for (let i = 0; i < graph.n; i += 1) layer[i] = Math.floor(((layer[i] ?? 0) * (LAYERS_MAX - 1)) / deepest);
  return layer;
}

/** Positions of all nodes, keyed by id; the top left corner of each card. */
export function layoutGraph(nodes: LayoutNode[], edges: LayoutEdge[]): Map<string, Point> {
  const graph = graphOf(nodes, edges);
  const layer = layersOf(graph);
  const teams = [...new Set(nodes.map((n) => n.team ?? ""))].sort((a, b) => (a === "" ? 1 : b === "" ? -1 : a.localeCompare(b)));
  const y = new Float64Array(graph.n);
  const bands = teams.map((team) => {
    const members = nodes.map((_, i) => i).filter((i) => (nodes[i]?.team ?? "") === team);
    const columns = new Map<number, number[]>();
    for (const i of members) {
      const column = columns.get(layer[i] ?? 0) ?? [];
      column.push(i);
      columns.set(layer[i] ?? 0, column);
    }
    return { columns: [...columns.values()], rows: Math.max(1, ...[...columns.values()].map((c) => c.length)) };
  });
  let top = TOP;
  const tops = bands.map((band) => {
    const at = top;
    top += band.rows * ROW + BAND_GAP;
    return at;
  });
  bands.forEach((band, b) => {
    for (const column of band.columns) column.forEach((node, i) => { y[node] = (tops[b] ?? 0) + i * ROW; });
  });
  let best = y.slice();
  let bestCost = cost(graph, y);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    bands.forEach((band, b) => {
      for (const column of sweep % 2 ? [...band.columns].reverse() : band.columns) {
        place(column, graph, y, tops[b] ?? 0, band.rows, sweep % 2 === 1);
      }
    });
    const now = cost(graph, y);
    if (now < bestCost) {
      bestCost = now;
      best = y.slice();
    }
  }
  return new Map(nodes.map((node, i) => [node.id, { x: LEFT + (layer[i] ?? 0) * COLUMN, y: Math.round(best[i] ?? 0) }]));
}

/** Sum of vertical distances: short edges cross little, and it costs one pass. */
function cost(graph: Graph, y: Float64Array): number {
  let sum = 0;
  for (let s = 0; s < graph.n; s += 1) for (const t of graph.out[s] ?? []) sum += Math.abs((y[s] ?? 0) - (y[t] ?? 0));
  return sum;
}

/** Orders one column of a band by the mean height of its neighbours and spaces it around those means. */
function place(column: number[], graph: Graph, y: Float64Array, top: number, rows: number, backwards: boolean): void {
  const wish = new Map<number, number>();
  for (const node of column) {
    const near = [...((backwards ? graph.out : graph.inn)[node] ?? [])];
    if (near.length === 0) near.push(...((backwards ? graph.inn : graph.out)[node] ?? []));
    const mean = near.length === 0 ? (y[node] ?? 0) : near.reduce((a, m) => a + (y[m] ?? 0), 0) / near.length;
    wish.set(node, Math.max(top, Math.min(mean, top + (rows - 1) * ROW)));
  }
  column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || (y[a] ?? 0) - (y[b] ?? 0) || a - b);
  // Push down to keep distances, then back up from the band's foot.
  let at = top;
  column.forEach((node, i) => {
    const last = top + (rows - column.length + i) * ROW;
    at = Math.min(Math.max(at, wish.get(node) ?? at), last);
    y[node] = at;
    at += ROW;
  });
}

/** A place for a node that appears later: the free slot nearest its strongest neighbour. */
export function placeNewcomer(id: string, edges: LayoutEdge[], taken: Map<string, Point>): Point {
  let anchor: Point = { x: LEFT, y: TOP };
  let side = 1;
  let strongest = -1;
  for (const edge of edges) {
    const other = edge.source === id ? edge.target : edge.target === id ? edge.source : null;
    const point = other === null ? undefined : taken.get(other);
    if (!point || edge.weight <= strongest) continue;
    strongest = edge.weight;
    anchor = point;
    side = edge.target === id ? 1 : -1;
  }
  const isFree = (p: Point) => [...taken.values()].every((q) => Math.abs(q.x - p.x) >= NODE_W + 16 || Math.abs(q.y - p.y) >= NODE_H + 12);
  for (let ring = 0; ring < 60; ring += 1) {
    for (const dy of ring === 0 ? [0] : [ring, -ring]) {
      for (const dx of [side, 0, -side]) {
        const p = { x: anchor.x + dx * COLUMN, y: anchor.y + dy * ROW };
        if (p.x >= 0 && p.y >= 0 && isFree(p)) return p;
      }
    }
  }
  return { x: LEFT, y: Math.max(0, ...[...taken.values()].map((p) => p.y)) + ROW };
}

/** Stored positions first, newcomers beside their neighbours; a full layout only when nothing is stored. */
export function stablePositions(nodes: LayoutNode[], edges: LayoutEdge[], stored: Map<string, Point>): Map<string, Point> {
  if (nodes.every((n) => !stored.has(n.id))) return layoutGraph(nodes, edges);
  const placed = new Map([...stored].filter(([id]) => nodes.some((n) => n.id === id)));
  for (const node of nodes) if (!placed.has(node.id)) placed.set(node.id, placeNewcomer(node.id, edges, placed));
  return placed;
}
