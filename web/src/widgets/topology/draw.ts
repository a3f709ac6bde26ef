import { duration, wholePercent } from "@/base/format";
import { hueToken } from "@/base/identity";
import { middleEllipsis } from "@/base/text";
import type { TokenReader } from "@/base/use_tokens";
import { fitCanvas } from "../strip_draw";
import { type Curve, pointAt, tail } from "./geometry";
import { NODE_H, NODE_W, type Point } from "./layout";
import { type GraphNode, type Link, waitIsLong } from "./model";

export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export interface GraphScene {
  nodes: GraphNode[];
  links: Link[];
  at: Map<string, Point>;
  camera: Camera;
  width: number;
  height: number;
  token: TokenReader;
  /** Nodes that keep full strength; null: all. */
  lit: ReadonlySet<string> | null;
  selectedLink: string | null;
  /** Nodes are DOM cards above the canvas; below that zoom the canvas draws them. */
  cards: boolean;
  coloured: ReadonlySet<string>;
}

const LABELS_MAX = 40;
const ARROWS_ZOOM = 0.3;
// Below it bends, ticks and words are smaller than a pixel: straight lines say the same for a third of the cost.
const FAR_ZOOM = 0.35;
const WIDTHS = [1.2, 1.8, 2.6, 3.6, 5];
const FONT = (weight: number, px = 11) => `${weight} ${px}px "Inter Variable", Inter, system-ui, sans-serif`;

/** Five steps on a log scale. */
export function linkWidth(rate: number): number {
  return WIDTHS[Math.max(0, Math.min(4, Math.floor(Math.log10(Math.max(1, rate)) * 1.6)))] ?? 1.2;
}

function begin(context: CanvasRenderingContext2D, scene: GraphScene): void {
  fitCanvas(context, scene.width, scene.height);
  context.translate(scene.camera.x, scene.camera.y);
  context.scale(scene.camera.zoom, scene.camera.zoom);
}

function trace(context: CanvasRenderingContext2D, c: Curve): void {
  context.moveTo(c[0], c[1]);
  context.bezierCurveTo(c[2], c[3], c[4], c[5], c[6], c[7]);
}

function straight(context: CanvasRenderingContext2D, c: Curve): void {
  context.moveTo(c[0], c[1]);
  context.lineTo(c[6], c[7]);
}

/** The links that the camera sees; the three layers draw from one such list. */
export function linksInView(links: Link[], camera: Camera, width: number, height: number): Link[] {
  const left = -camera.x / camera.zoom;
  const top = -camera.y / camera.zoom;
  const right = left + width / camera.zoom;
  const bottom = top + height / camera.zoom;
  return links.filter(({ bounds: b }) => b[2] > left && b[0] < right && b[3] > top && b[1] < bottom);
}

function isLit(scene: GraphScene, link: Link): boolean {
  return scene.lit === null || (scene.lit.has(link.source) && scene.lit.has(link.target));
}

/** Everything that stands still: lines, arrow heads, error ends; nodes when zoomed out. */
export function drawGraph(context: CanvasRenderingContext2D, scene: GraphScene): void {
  begin(context, scene);
  drawPlainLinks(context, scene, scene.links);
  for (const link of scene.links) if (link.errorRatio >= 0.01 && !link.cycle) drawErrorEnd(context, scene, link);
  if (!scene.cards) drawNodes(context, scene);
  context.globalAlpha = 1;
}

/** Words and numbers, above everything else. */
export function drawLinkLabels(context: CanvasRenderingContext2D, scene: GraphScene): void {
  begin(context, scene);
  if (scene.camera.zoom >= FAR_ZOOM) drawLabels(context, scene, scene.links);
}

/** Lines of equal look share one path: 1,500 edges are a handful of strokes. */
function drawPlainLinks(context: CanvasRenderingContext2D, scene: GraphScene, links: Link[]): void {
  const groups = new Map<string, Link[]>();
  for (const link of links) {
    if (link.cycle || link.wait) continue;
    const key = `${linkWidth(link.rate)} ${isLit(scene, link) ? 1 : 0} ${link.key === scene.selectedLink ? 1 : 0}`;
    const group = groups.get(key) ?? [];
    group.push(link);
    groups.set(key, group);
  }
  for (const [key, group] of groups) {
    const [width, lit, selected] = key.split(" ").map(Number);
    context.strokeStyle = scene.token(selected ? "--accent" : "--text-3");
    context.globalAlpha = selected ? 1 : lit ? 0.5 : 0.12;
    context.lineWidth = width ?? 1;
    context.beginPath();
    const far = scene.camera.zoom < FAR_ZOOM;
    for (const link of group) (far ? straight : trace)(context, link.curve);
    context.stroke();
    context.globalAlpha = selected ? 1 : lit ? 0.85 : 0.15;
    if (scene.camera.zoom >= ARROWS_ZOOM) arrows(context, group, scene.token(selected ? "--accent" : "--text-3"), width ?? 1);
  }
  context.globalAlpha = 1;
}

function arrowHead(context: CanvasRenderingContext2D, c: Curve, width: number): void {
  const angle = Math.atan2(c[7] - c[5], c[6] - c[4]);
  const size = 5 + width * 0.7;
  context.moveTo(c[6] - size * Math.cos(angle + 0.5), c[7] - size * Math.sin(angle + 0.5));
  context.lineTo(c[6], c[7]);
  context.lineTo(c[6] - size * Math.cos(angle - 0.5), c[7] - size * Math.sin(angle - 0.5));
}

/** Heads of many links in two paths. Hand-off: open; message: filled. */
function arrows(context: CanvasRenderingContext2D, links: Link[], color: string, width: number): void {
  context.beginPath();
  for (const link of links) if (!link.handoff) arrowHead(context, link.curve, width);
  context.fillStyle = color;
  context.fill();
  context.beginPath();
  for (const link of links) if (link.handoff) arrowHead(context, link.curve, width);
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.stroke();
}

function filledHead(context: CanvasRenderingContext2D, c: Curve, color: string, width: number): void {
  context.beginPath();
  arrowHead(context, c, width);
  context.closePath();
  context.fillStyle = color;
  context.fill();
}

function drawErrorEnd(context: CanvasRenderingContext2D, scene: GraphScene, link: Link): void {
  const share = Math.min(0.9, Math.max(0.1, link.errorRatio));
  const end = tail(link.curve, 1 - share);
  context.globalAlpha = isLit(scene, link) ? 1 : 0.2;
  context.strokeStyle = scene.token("--crit-solid");
  context.lineWidth = Math.max(2, linkWidth(link.rate));
  context.beginPath();
  trace(context, end);
  context.stroke();
  filledHead(context, end, scene.token("--crit-solid"), context.lineWidth);
  context.globalAlpha = 1;
}

/** Waits and cycles: hatched lines whose ticks travel to the awaited agent; `phase` in px, still at 0. */
export function drawWaits(context: CanvasRenderingContext2D, scene: GraphScene, phase: number): void {
  begin(context, scene);
  for (const link of scene.links) {
    if (!link.wait && !link.cycle) continue;
    const color = link.cycle ? "--crit-solid" : link.wait && waitIsLong(link.wait) ? "--warn-solid" : "--text-3";
    context.globalAlpha = isLit(scene, link) || link.cycle ? 1 : 0.2;
    if (link.cycle) {
      context.strokeStyle = scene.token("--crit-solid");
      context.globalAlpha = 0.1;
      context.lineWidth = 12;
      context.beginPath();
      trace(context, link.curve);
      context.stroke();
      context.globalAlpha = 1;
    }
    context.strokeStyle = scene.token(color);
    context.lineWidth = 5;
    context.setLineDash(scene.camera.zoom < FAR_ZOOM ? [] : [2.5, 3.5]);
    context.lineDashOffset = -phase;
    context.beginPath();
    trace(context, link.curve);
    context.stroke();
    context.setLineDash([]);
    filledHead(context, link.curve, scene.token(color), 4);
  }
  context.globalAlpha = 1;
}

interface Label {
  text: string;
  x: number;
  y: number;
  tone: "warn" | "crit" | "quiet";
  number: number | null;
  rank: number;
}

function labelsOf(links: Link[]): Label[] {
  const labels: Label[] = [];
  for (const link of links) {
    const middle = pointAt(link.curve, 0.5);
    if (link.cycle) labels.push({ text: String(link.cycle.number), ...middle, tone: "crit", number: link.cycle.number, rank: 1e9 });
    else if (link.wait) labels.push({ text: duration(link.wait.oldest_ms), x: middle.x, y: middle.y - 13, tone: waitIsLong(link.wait) ? "warn" : "quiet", number: null, rank: 1e6 + link.wait.oldest_ms });
    else if (link.errorRatio >= 0.01) labels.push({ text: `${wholePercent(link.errorRatio)} fail`, ...pointAt(link.curve, 0.62), tone: "crit", number: null, rank: 1e5 * (1 + link.errorRatio) });
    else if (link.slow !== null) labels.push({ text: `p95 ${duration(link.slow)}`, x: middle.x, y: middle.y - 11, tone: "quiet", number: null, rank: link.slow / 1e3 });
  }
  return labels.sort((a, b) => b.rank - a.rank).slice(0, LABELS_MAX);
}

function drawLabels(context: CanvasRenderingContext2D, scene: GraphScene, links: Link[]): void {
  const placed: { x: number; y: number; w: number }[] = [];
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const label of labelsOf(links)) {
    if (label.number !== null) {
      context.beginPath();
      context.arc(label.x, label.y, 9.5, 0, 7);
      context.fillStyle = scene.token("--crit-solid");
      context.fill();
      context.strokeStyle = scene.token("--canvas");
      context.lineWidth = 2;
      context.stroke();
      context.font = FONT(700);
      context.fillStyle = scene.token("--surface");
      context.fillText(label.text, label.x, label.y + 0.5);
      placed.push({ x: label.x, y: label.y, w: 20 });
      continue;
    }
    context.font = FONT(560);
    const w = context.measureText(label.text).width + 12;
    if (placed.some((p) => Math.abs(p.x - label.x) < (p.w + w) / 2 && Math.abs(p.y - label.y) < 19)) continue;
    placed.push({ x: label.x, y: label.y, w });
    const tone = label.tone === "quiet" ? "unk" : label.tone;
    context.fillStyle = scene.token(`--${tone}-bg`);
    context.beginPath();
    context.roundRect(label.x - w / 2, label.y - 8.5, w, 17, 4);
    context.fill();
    context.fillStyle = scene.token(`--${tone}`);
    context.fillText(label.text, label.x, label.y + 0.5);
  }
}

/** Pills and dots for the zoomed-out graph. */
function drawNodes(context: CanvasRenderingContext2D, scene: GraphScene): void {
  const pills = scene.camera.zoom >= FAR_ZOOM;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.font = FONT(530, 13);
  for (const node of scene.nodes) {
    const p = scene.at.get(node.id);
    if (!p) continue;
    context.globalAlpha = scene.lit === null || scene.lit.has(node.id) ? 1 : 0.3;
    const bad = node.status === "critical";
    const hue = scene.token(scene.coloured.has(node.id) ? hueToken(node.agent.slot) : "--unk-solid");
    if (!pills) {
      context.fillStyle = bad ? scene.token("--crit-solid") : hue;
      context.beginPath();
      context.arc(p.x + NODE_W / 2, p.y + NODE_H / 2, bad ? 16 : 12, 0, 7);
      context.fill();
      continue;
    }
    context.fillStyle = scene.token("--surface");
    context.strokeStyle = scene.token(bad ? "--crit-solid" : "--line-2");
    context.lineWidth = bad ? 2 : 1;
    context.beginPath();
    context.roundRect(p.x, p.y + 10, NODE_W, 30, 15);
    context.fill();
    context.stroke();
    context.fillStyle = hue;
    context.beginPath();
    context.arc(p.x + 16, p.y + 25, 5, 0, 7);
    context.fill();
    context.fillStyle = scene.token("--text");
    context.fillText(middleEllipsis(node.agent.name, 16), p.x + 28, p.y + 25.5);
  }
  context.globalAlpha = 1;
}
