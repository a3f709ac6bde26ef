import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { duration } from "@/base/format";
import { middleEllipsis } from "@/base/text";
import { REDUCED_MOTION, useMedia } from "@/base/use_media";
import { useSize } from "@/base/use_size";
import { useTokens } from "@/base/use_tokens";
import { Button } from "../controls";
import { type Camera, type GraphScene, drawGraph, drawLinkLabels, drawWaits, linksInView } from "./draw";
import { distanceTo } from "./geometry";
import { NODE_H, NODE_W, type Point } from "./layout";
import { type GraphCycle, type GraphEdge, type GraphNode, buildLinks } from "./model";
import { NodeCard } from "./node_card";
import "./topology.css";

const CARDS_ZOOM = 0.7;
const CARDS_MAX = 150;
const TICK_PX_PER_S = 24;
const ZOOM_MIN = 0.08;
const ZOOM_MAX = 1.6;
const COLOURED_MAX = 8;

export type Selection = { kind: "node"; id: string } | { kind: "link"; source: string; target: string } | null;

interface Props {
  nodes: GraphNode[];
  edges: GraphEdge[];
  cycles: GraphCycle[];
  at: Map<string, Point>;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (id: string) => void;
  onMove: (id: string, to: Point) => void;
  now: number;
}

/** Agents and who talks to whom. Nodes keep their place; live data changes weights only. */
export function TopologyGraph(props: Props) {
  const { nodes, edges, cycles, at, selection } = props;
  const [box, size] = useSize<HTMLDivElement>();
  const [camera, setCamera] = useState<Camera | null>(null);
  const token = useTokens();
  const still = useMedia(REDUCED_MOTION);
  const links = useMemo(() => buildLinks(edges, cycles, at), [edges, cycles, at]);
  const fitted = useMemo(() => fit(at, size.width, size.height), [at, size.width, size.height]);
  const view = camera ?? fitted;
  const lit = useMemo(() => litNodes(selection, links), [selection, links]);
  const coloured = useMemo(() => colouredNodes(nodes), [nodes]);
  const visible = useMemo(() => nodes.filter((n) => isVisible(at.get(n.id), view, size)), [nodes, at, view, size]);
  const cards = view.zoom >= CARDS_ZOOM && visible.length <= CARDS_MAX;
  const selectedLink = selection?.kind === "link" ? `${selection.source}\u0000${selection.target}` : null;
  const seen = useMemo(() => linksInView(links, view, size.width, size.height), [links, view, size.width, size.height]);
  const scene: GraphScene = { nodes: visible, links: seen, at, camera: view, width: size.width, height: size.height, token, lit, selectedLink, cards, coloured };
  const base = useRef<HTMLCanvasElement>(null);
  const waits = useRef<HTMLCanvasElement>(null);
  const labels = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = base.current?.getContext("2d");
    if (context && size.width > 0) drawGraph(context, scene);
    const above = labels.current?.getContext("2d");
    if (above && size.width > 0) drawLinkLabels(above, scene);
  });
  useWaitAnimation(waits, scene, still || !links.some((l) => l.wait || l.cycle));
  const gestures = useGestures({ box, view, setCamera, links, props, cards, visible });
  return (
    <div className="topo" ref={box} {...gestures} role="application" aria-label="Agent graph. The table view lists the same links.">
      <canvas ref={base} aria-hidden="true" />
      <canvas ref={waits} aria-hidden="true" />
      <canvas ref={labels} aria-hidden="true" />
      <div className="topo-layer" style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` }}>
        {view.zoom >= 0.35 && <Bands nodes={nodes} at={at} />}
        {cards &&
          visible.map((node) => (
            <NodeCard
              key={node.id}
              node={node}
              at={at.get(node.id) ?? { x: 0, y: 0 }}
              dimmed={lit !== null && !lit.has(node.id)}
              inCycle={cycles.some((c) => c.edges.some((e) => e.source === node.id))}
              release={cycles.some((c) => c.release && c.edges[c.release.index]?.source === node.id)}
              selected={selection?.kind === "node" && selection.id === node.id}
              coloured={coloured.has(node.id)}
              onSelect={() => props.onSelect({ kind: "node", id: node.id })}
              onOpen={() => props.onOpen(node.id)}
            />
          ))}
        {cycles.map((cycle) => (
          <CycleTag key={cycle.id} cycle={cycle} at={at} now={props.now} />
        ))}
      </div>
      <div className="topo-zoom">
        <Button size="icon" aria-label="Zoom in" onClick={() => setCamera(zoomed(view, 1.25, size.width / 2, size.height / 2))}>+</Button>
        <Button size="icon" aria-label="Zoom out" onClick={() => setCamera(zoomed(view, 0.8, size.width / 2, size.height / 2))}>−</Button>
        <Button onClick={() => setCamera(null)}>Fit</Button>
      </div>
    </div>
  );
}

function fit(at: Map<string, Point>, width: number, height: number): Camera {
  if (at.size === 0 || width === 0) return { x: 0, y: 0, zoom: 1 };
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const p of at.values()) {
    left = Math.min(left, p.x);
    top = Math.min(top, p.y);
    right = Math.max(right, p.x + NODE_W);
    bottom = Math.max(bottom, p.y + NODE_H);
  }
  const pad = 36;
  const zoom = Math.max(ZOOM_MIN, Math.min(1, width / (right - left + 2 * pad), height / (bottom - top + 2 * pad)));
  const x = Math.max(pad * zoom, (width - (right - left) * zoom) / 2) - left * zoom;
  return { x, y: Math.max(pad * zoom, (height - (bottom - top) * zoom) / 2) - top * zoom, zoom };
}

function zoomed(view: Camera, factor: number, cx: number, cy: number): Camera {
  const zoom = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, view.zoom * factor));
  const scale = zoom / view.zoom;
  return { zoom, x: cx - (cx - view.x) * scale, y: cy - (cy - view.y) * scale };
}

function isVisible(p: Point | undefined, view: Camera, size: { width: number; height: number }): boolean {
  if (!p) return false;
  const x = p.x * view.zoom + view.x;
  const y = p.y * view.zoom + view.y;
  return x + NODE_W * view.zoom > 0 && x < size.width && y + NODE_H * view.zoom > 0 && y < size.height;
}

/** The selected node with its neighbours, or the two ends of a link; null: nothing is dimmed. */
function litNodes(selection: Selection, links: { source: string; target: string }[]): ReadonlySet<string> | null {
  if (!selection) return null;
  if (selection.kind === "link") return new Set([selection.source, selection.target]);
  const lit = new Set([selection.id]);
  for (const link of links) {
    if (link.source === selection.id) lit.add(link.target);
    if (link.target === selection.id) lit.add(link.source);
  }
  return lit;
}

const STATUS_RANK = { critical: 3, warning: 2, unknown: 1, ok: 0 };

/** With more nodes than hues, those in trouble and the busiest get theirs; all get one up to 32. */
function colouredNodes(nodes: GraphNode[]): ReadonlySet<string> {
  if (nodes.length <= 4 * COLOURED_MAX) return new Set(nodes.map((n) => n.id));
  const ranked = [...nodes].sort((a, b) => STATUS_RANK[b.status] - STATUS_RANK[a.status] || (b.rate_per_h ?? 0) - (a.rate_per_h ?? 0));
  return new Set(ranked.slice(0, COLOURED_MAX).map((n) => n.id));
}

function useWaitAnimation(canvas: React.RefObject<HTMLCanvasElement | null>, scene: GraphScene, still: boolean): void {
  const latest = useRef(scene);
  latest.current = scene;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context && scene.width > 0) drawWaits(context, scene, 0);
  });
  useEffect(() => {
    if (still) return;
    const context = canvas.current?.getContext("2d");
    let frame = requestAnimationFrame(function step(t) {
      if (context && latest.current.width > 0) drawWaits(context, latest.current, (t / 1000) * TICK_PX_PER_S);
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [still, canvas]);
}

interface GestureInput {
  box: React.RefObject<HTMLDivElement | null>;
  view: Camera;
  setCamera: (camera: Camera) => void;
  links: ReturnType<typeof buildLinks>;
  props: Props;
  cards: boolean;
  visible: GraphNode[];
}

function useGestures({ box, view, setCamera, links, props, visible }: GestureInput) {
  const toWorld = (event: { clientX: number; clientY: number }): Point => {
    const rect = box.current?.getBoundingClientRect();
    return { x: (event.clientX - (rect?.left ?? 0) - view.x) / view.zoom, y: (event.clientY - (rect?.top ?? 0) - view.y) / view.zoom };
  };
  const nodeAt = (p: Point) =>
    visible.find((n) => {
      const q = props.at.get(n.id);
      return q && p.x >= q.x && p.x <= q.x + NODE_W && p.y >= q.y && p.y <= q.y + NODE_H;
    });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const rect = element.getBoundingClientRect();
      setCamera(zoomed(view, event.deltaY < 0 ? 1.12 : 1 / 1.12, event.clientX - rect.left, event.clientY - rect.top));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [box, view, setCamera]);
  return {
    onPointerDown: (event: React.PointerEvent<HTMLDivElement>) => {
      if (event.button !== 0 || (event.target as HTMLElement).closest("button, a")) return;
      const start = { x: event.clientX, y: event.clientY };
      const node = nodeAt(toWorld(event));
      const origin = node ? props.at.get(node.id) : undefined;
      const target = event.currentTarget;
      let moved = false;
      const move = (e: PointerEvent) => {
        const dx = e.clientX - start.x;
        const dy = e.clientY - start.y;
        if (!moved && Math.hypot(dx, dy) < 4) return;
        if (!moved) target.setPointerCapture(event.pointerId);
        moved = true;
        if (node && origin) props.onMove(node.id, { x: origin.x + dx / view.zoom, y: origin.y + dy / view.zoom });
        else setCamera({ ...view, x: view.x + dx, y: view.y + dy });
      };
      const up = (e: PointerEvent) => {
        target.removeEventListener("pointermove", move);
        if (moved) return;
        if (node) return props.onSelect({ kind: "node", id: node.id });
        const p = toWorld(e);
        const near = links.map((l) => ({ l, d: distanceTo(l.curve, p.x, p.y) })).sort((a, b) => a.d - b.d)[0];
        props.onSelect(near && near.d < 9 / view.zoom ? { kind: "link", source: near.l.source, target: near.l.target } : null);
      };
      target.addEventListener("pointermove", move);
      target.addEventListener("pointerup", up, { once: true });
    },
  };
}

function Bands({ nodes, at }: { nodes: GraphNode[]; at: Map<string, Point> }) {
  const tops = new Map<string, Point>();
  for (const node of nodes) {
    const p = at.get(node.id);
    if (!node.team || !p) continue;
    const old = tops.get(node.team);
    tops.set(node.team, { x: Math.min(old?.x ?? Infinity, p.x), y: Math.min(old?.y ?? Infinity, p.y) });
  }
  return (
    <>
      {[...tops].map(([team, p]) => (
        <div key={team} className="topo-team tel" style={{ transform: `translate(${p.x}px, ${p.y - 28}px)` }}>
          {middleEllipsis(team, 40)}
        </div>
      ))}
    </>
  );
}

function CycleTag({ cycle, at, now }: { cycle: GraphCycle; at: Map<string, Point>; now: number }) {
  const points = cycle.edges.map((e) => at.get(e.source)).filter((p): p is Point => p !== undefined);
  if (points.length === 0) return null;
  const x = points.reduce((a, p) => a + p.x + NODE_W / 2, 0) / points.length;
  // Above the ring: its middle is where its edges cross.
  const y = Math.min(...points.map((p) => p.y)) - 16;
  const since = Number(BigInt(cycle.since_unix_ns) / 1_000_000n);
  return (
    <div className="topo-cycle" style={{ transform: `translate(${x}px, ${y}px) translate(-50%, -50%)` }}>
      Deadlock {duration(now - since)}
    </div>
  );
}
