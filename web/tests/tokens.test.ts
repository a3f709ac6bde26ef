// @vitest-environment node
// Proves that the palette can be read: WCAG contrast of every pair that occurs, agents apart under normal
// and colour-blind sight, and that no component holds a colour of its own. Computed from tokens.css.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const css = readFileSync(join(SRC, "base/tokens.css"), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");

type Rgb = [number, number, number];

function theme(name: string): Map<string, string> {
  const body = new RegExp(`\\[data-theme="${name}"\\]\\s*\\{([\\s\\S]*?)\\}`).exec(css)?.[1] ?? "";
  return new Map([...body.matchAll(/--([\w-]+):\s*(#[0-9a-fA-F]{6})\b/g)].map((m) => [m[1] ?? "", m[2] ?? ""]));
}

function linear(hex: string): Rgb {
  const channel = (i: number) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function luminance(hex: string): number {
  const [r, g, b] = linear(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

const multiply = (m: Rgb[], v: Rgb): Rgb => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as Rgb;

function oklab(rgb: Rgb): Rgb {
  const lms = multiply([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb).map((c) => Math.cbrt(Math.max(c, 0))) as Rgb;
  return multiply([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], lms);
}

// Full-strength dichromacy after Machado et al. 2009.
const SIGHT: Record<string, Rgb[]> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

function apart(a: string, b: string, sight: string): number {
  const seen = (hex: string) => oklab(multiply(SIGHT[sight] as Rgb[], linear(hex)).map((c) => Math.min(1, Math.max(0, c))) as Rgb);
  const x = seen(a);
  const y = seen(b);
  return 100 * Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

const STATES = ["crit", "warn", "pred", "info", "ok", "unk"];
const PAIRS: [string, string, number][] = [
  ...["text", "text-2", "text-3"].flatMap((f) => ["canvas", "surface", "surface-2"].map((b): [string, string, number] => [f, b, 4.5])),
  ...[...STATES, "accent"].flatMap((s) => ["surface", "canvas", `${s}-bg`].map((b): [string, string, number] => [s, b, 4.5])),
  ...STATES.map((s): [string, string, number] => [`${s}-solid`, "surface", 3]),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((i): [string, string, number] => [`a${i}`, "surface", 3]),
  ["series", "surface", 4.5], ["control-line", "surface", 3], ["focus", "surface", 3], ["text-on-ink", "ink", 7], ["crit", "crit-wash", 4.5], ["text-2", "crit-wash", 4.5], ["text-3", "surface-3", 4.1],
];

describe.each(["light", "dark"])("%s theme", (name) => {
  const tokens = theme(name);
  const get = (token: string) => tokens.get(token) ?? "missing";

  test.each(PAIRS)("%s on %s has a contrast of at least %f", (front, back, least) => {
    expect(contrast(get(front), get(back))).toBeGreaterThanOrEqual(least);
  });

  test.each(Object.keys(SIGHT))("agents are at least 7 apart under %s sight", (sight) => {
    const hues = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => get(`a${i}`));
    const distances = hues.flatMap((a, i) => hues.slice(i + 1).map((b) => apart(a, b, sight)));
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(7);
  });
});

function stylesheets(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? stylesheets(join(folder, e.name)) : e.name.endsWith(".css") || e.name.endsWith(".tsx") ? [join(folder, e.name)] : []));
}

test("no component holds a colour of its own", () => {
  const raw = /#[0-9a-fA-F]{3,8}\b(?![^\n]*")|\brgba?\(|\bhsla?\(|\boklch\(/;
  const holders = stylesheets(SRC).filter((path) => !path.endsWith("tokens.css") && raw.test(readFileSync(path, "utf8").replace(/url\([^)]*\)/g, "")));
  expect(holders.map((p) => p.slice(SRC.length + 1))).toEqual([]);
});
