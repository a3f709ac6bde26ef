// The tests' server: the built page, the same headers as the product, and fixed documents in place of a
// running hive. `createFixtureServer({ profile })` for the tests; `node e2e/server.mjs [port] [profile]` to look.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { answer } from "./fixtures/answers.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };

function sendFile(response, path) {
  response.writeHead(200, {
    "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  });
  createReadStream(path).pipe(response);
}

function live(response, state) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.write(": fixture\n\n");
  state.streams.add(response);
  response.on("close", () => state.streams.delete(response));
}

export function createFixtureServer({ profile = "hive" } = {}) {
  const state = { profile, writes: [], streams: new Set(), paused: new Set(), acked: new Set(), approved: new Set() };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://fixture");
    if (url.pathname.startsWith("/api/v1/")) {
      const path = url.pathname.slice("/api/v1/".length);
      if (path === "live") return state.profile === "broken" ? response.writeHead(503).end() : live(response, state);
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        const { status, document } = answer({ method: request.method, path, params: url.searchParams, body: body ? JSON.parse(body) : null, state });
        response.writeHead(status, { "Content-Type": "application/json", "X-Request-Id": "fixture-1" });
        response.end(document === undefined ? "" : JSON.stringify(document));
      });
      return;
    }
    const file = normalize(join(DIST, url.pathname));
    if (file.startsWith(DIST) && existsSync(file) && statSync(file).isFile()) return sendFile(response, file);
    sendFile(response, join(DIST, "index.html"));
  });
  return { server, state };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { server } = createFixtureServer({ profile: process.argv[3] ?? "hive" });
  server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
}
