// Takes a picture of each page in both themes: `node e2e/shots.mjs OUT [page ...]`. For people to look at.
import { mkdirSync } from "node:fs";
import { chromium } from "@playwright/test";
import { LAUNCH } from "./launch.mjs";
import { GOOD_TRACE, LOOP_TRACE, NOW_MS } from "./fixtures/hive.mjs";
import { createFixtureServer } from "./server.mjs";

export const PAGES = {
  overview: "/", agents: "/agents", "agents-grouped": "/agents?group=team&compare=previous", agent: "/agents/coder-2", topology: "/topology", workflows: "/workflows", workflow: "/workflows/fix-issue", traces: "/traces",
  trace: `/traces/${LOOP_TRACE}`, sequence: `/traces/${LOOP_TRACE}?view=sequence`, conversation: `/traces/${LOOP_TRACE}?view=conversation`, "trace-agents": `/traces/${LOOP_TRACE}?view=agents`,
  "trace-table": `/traces/${LOOP_TRACE}?view=table`, compare: `/traces/${LOOP_TRACE}?cmp=${GOOD_TRACE}`, conflicts: "/conflicts", alerts: "/alerts", predicted: "/alerts?sel=al-3", anomalies: "/alerts?view=anomalies",
  mitigations: "/alerts?view=mitigations", history: "/alerts?view=history", silences: "/alerts?view=silences", escalation: "/alerts?view=escalation", audit: "/alerts?view=audit", health: "/health", settings: "/settings", welcome: "/welcome",
};

const [out = "shots", ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const { server } = createFixtureServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch(LAUNCH);
const themes = process.env.THEMES?.split(",") ?? ["light", "dark"];
const sizes = process.env.PHONE ? { phone: { width: 390, height: 844 } } : { wide: { width: Number(process.env.W ?? 1440), height: 900 } };
for (const theme of themes) {
  for (const [size, viewport] of Object.entries(sizes)) {
    const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce", timezoneId: "UTC", deviceScaleFactor: 1 });
    const page = await context.newPage();
    await page.clock.setFixedTime(NOW_MS);
    page.on("console", (m) => m.type() === "error" && console.log(`  console: ${m.text().slice(0, 200)}`));
    page.on("pageerror", (e) => console.log(`  error: ${String(e.stack ?? e).slice(0, 400)}`));
    for (const [name, path] of Object.entries(PAGES)) {
      if (only.length && !only.includes(name)) continue;
      await page.goto(base + path);
      await page.waitForLoadState("networkidle").catch(() => {});
      await page.waitForTimeout(150);
      await page.screenshot({ path: `${out}/${name}-${theme}${size === "wide" ? "" : `-${size}`}.png` });
      console.log(`${name} ${theme} ${size}`);
    }
    await context.close();
  }
}
await browser.close();
server.close();
server.closeAllConnections();
