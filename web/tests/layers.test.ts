// @vitest-environment node
// Proves the order base < widgets < api < features/<page> < app: no file imports from a layer above its own,
// no page imports another page, and files stay small enough to read. Read from the sources themselves.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const LAYERS = ["base", "widgets", "api", "features", "app"];
const LINES_MAX = 400;
// Shared by pages, below them; the only folder of features that others may import.
const SHARED = "features/common";

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) => {
    const path = join(folder, e.name);
    return e.isDirectory() ? sources(path) : /\.(ts|tsx|css)$/.test(e.name) ? [path] : [];
  });
}

const files = sources(SRC).map((path) => ({ name: relative(SRC, path), path, text: readFileSync(path, "utf8") }));
const code = files.filter((f) => /\.tsx?$/.test(f.name));

function imports(file: { path: string; text: string }): string[] {
  const found = [...file.text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((m) => m[1] ?? "");
  return found.flatMap((target) => {
    if (target.startsWith("@/")) return [target.slice(2)];
    if (target.startsWith(".")) return [relative(SRC, resolve(dirname(file.path), target))];
    return [];
  });
}

const layerOf = (name: string) => LAYERS.indexOf(name.split("/")[0] ?? "");
const pageOf = (name: string) => name.split("/").slice(0, 2).join("/");

describe("layers", () => {
  test("every file lies in a layer", () => {
    expect(files.filter((f) => layerOf(f.name) < 0).map((f) => f.name)).toEqual([]);
  });

  test("no file imports from a layer above its own", () => {
    const breaches = code.flatMap((f) => imports(f).filter((to) => layerOf(to) > layerOf(f.name)).map((to) => `${f.name} -> ${to}`));
    expect(breaches).toEqual([]);
  });

  test("no page imports another page", () => {
    const pages = code.filter((f) => f.name.startsWith("features/"));
    const breaches = pages.flatMap((f) =>
      imports(f)
        .filter((to) => to.startsWith("features/") && pageOf(to) !== pageOf(f.name) && pageOf(to) !== SHARED)
        .map((to) => `${f.name} -> ${to}`),
    );
    expect(breaches).toEqual([]);
  });

  test("what pages share does not reach into a page", () => {
    const shared = code.filter((f) => f.name.startsWith(SHARED));
    expect(shared.flatMap((f) => imports(f).filter((to) => to.startsWith("features/") && pageOf(to) !== SHARED))).toEqual([]);
  });

  test("files are at most 400 lines", () => {
    expect(files.filter((f) => f.text.split("\n").length > LINES_MAX).map((f) => f.name)).toEqual([]);
  });
});

describe("hygiene", () => {
  test("no markup is ever made from text", () => {
    const forbidden = /dangerouslySetInnerHTML|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|new Function|\beval\(/;
    expect(code.filter((f) => forbidden.test(f.text)).map((f) => f.name)).toEqual([]);
  });

  test("no address of another origin is in the sources", () => {
    const allowed = /127\.0\.0\.1|www\.w3\.org\/2000\/svg/;
    const found = code.flatMap((f) => [...f.text.matchAll(/https?:\/\/[^\s"'`$)]+/g)].map((m) => m[0]).filter((u) => !allowed.test(u)).map((u) => `${f.name}: ${u}`));
    expect(found).toEqual([]);
  });

  test("only the one clock and the live stream read the time", () => {
    const readers = new Set(["base/clock.ts", "api/live.ts"]);
    expect(code.filter((f) => /Date\.now\(\)/.test(f.text) && !readers.has(f.name)).map((f) => f.name)).toEqual([]);
  });
});
