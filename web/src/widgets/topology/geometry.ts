import { NODE_H, NODE_W, type Point } from "./layout";

/** A cubic curve as eight numbers: start, two handles, end. */
export type Curve = [number, number, number, number, number, number, number, number];

const RECIPROCAL = 8;
const SAME_COLUMN = 60;

/** The curve of an edge between two cards; `both` when an edge runs the other way too. */
export function edgeCurve(a: Point, b: Point, both: boolean): Curve {
  const shift = both ? (a.x < b.x || (a.x === b.x && a.y < b.y) ? -RECIPROCAL : RECIPROCAL) : 0;
  const ay = a.y + NODE_H / 2 + shift;
  const by = b.y + NODE_H / 2 + shift;
  if (Math.abs(a.x - b.x) < SAME_COLUMN) return sameColumn(a, b, shift);
  if (b.x > a.x) {
    const x1 = a.x + NODE_W;
    const x2 = b.x - 4;
    const handle = Math.max(34, (x2 - x1) * 0.5);
    // An edge that skips a column bows, so that it does not run through the cards between.
    const bow = x2 - x1 > NODE_W + 120 && Math.abs(by - ay) < NODE_H ? -46 : 0;
    return [x1, ay, x1 + handle, ay + bow, x2 - handle, by + bow, x2, by];
  }
  const x1 = a.x;
  const x2 = b.x + NODE_W + 4;
  const handle = Math.max(34, (x1 - x2) * 0.5);
  const bow = x1 - x2 > NODE_W + 120 && Math.abs(by - ay) < NODE_H ? 52 : 0;
  return [x1, ay, x1 - handle, ay + bow, x2 + handle, by + bow, x2, by];
}

function sameColumn(a: Point, b: Point, shift: number): Curve {
  const down = b.y > a.y;
  const gap = Math.abs(b.y - a.y);
  if (gap < NODE_H + 60) {
    const x = a.x + NODE_W / 2 + shift * 2;
    const y1 = down ? a.y + NODE_H : a.y;
    const y2 = down ? b.y - 4 : b.y + NODE_H + 4;
    return [x, y1, x, (y1 + y2) / 2, b.x + NODE_W / 2 + shift * 2, (y1 + y2) / 2, b.x + NODE_W / 2 + shift * 2, y2];
  }
  const y1 = a.y + NODE_H / 2 + shift;
  const y2 = b.y + NODE_H / 2 + shift;
  return [a.x + NODE_W, y1, a.x + NODE_W + 64, y1, b.x + NODE_W + 64, y2, b.x + NODE_W + 4, y2];
}

export function pointAt(c: Curve, t: number): Point {
  const u = 1 - t;
  const k = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t] as const;
  return {
    x: k[0] * c[0] + k[1] * c[2] + k[2] * c[4] + k[3] * c[6],
    y: k[0] * c[1] + k[1] * c[3] + k[2] * c[5] + k[3] * c[7],
  };
}

/** The last part of a curve, from t to its end. */
export function tail(c: Curve, t: number): Curve {
  const mix = (a: number, b: number) => a + (b - a) * t;
  const half = (i: 0 | 1): [number, number, number, number] => {
    const p = [c[i], c[(i + 2) as 2], c[(i + 4) as 4], c[(i + 6) as 6]] as [number, number, number, number];
    const q1 = mix(p[1], p[2]);
    const r0 = mix(mix(p[0], p[1]), q1);
    const r1 = mix(q1, mix(p[2], p[3]));
    return [mix(r0, r1), r1, mix(p[2], p[3]), p[3]];
  };
  const x = half(0);
  const y = half(1);
  return [x[0], y[0], x[1], y[1], x[2], y[2], x[3], y[3]];
}

/** Distance from a point to a curve, good to a pixel or two. */
export function distanceTo(c: Curve, x: number, y: number): number {
  const pad = 30;
  const left = Math.min(c[0], c[2], c[4], c[6]) - pad;
  const right = Math.max(c[0], c[2], c[4], c[6]) + pad;
  const top = Math.min(c[1], c[3], c[5], c[7]) - pad;
  const bottom = Math.max(c[1], c[3], c[5], c[7]) + pad;
  if (x < left || x > right || y < top || y > bottom) return Infinity;
  let least = Infinity;
  for (let i = 0; i <= 24; i += 1) {
    const p = pointAt(c, i / 24);
    least = Math.min(least, Math.hypot(p.x - x, p.y - y));
  }
  return least;
}
