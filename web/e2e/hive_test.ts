// The test of every browser spec: its own fixture server, the fixed clock, and a page that fails the test
// when it reports an error, breaks its Content-Security-Policy or asks another origin for anything.
import type { AddressInfo } from "node:net";
import { type Page, test as base, expect } from "@playwright/test";
import { NOW_MS } from "./fixtures/hive.mjs";
import { type FixtureState, createFixtureServer } from "./server.mjs";

export interface Hive {
  url: string;
  state: FixtureState;
  /** Opens a path and waits until its first documents are shown. */
  open(path: string): Promise<void>;
  /** Clicks, and counts it: journeys are judged by their clicks. */
  click(target: ReturnType<Page["locator"]>): Promise<void>;
  clicks(): number;
}

export const test = base.extend<{ profile: string; hive: Hive }>({
  profile: ["hive", { option: true }],
  hive: async ({ page, profile }, use) => {
    const { server, state } = createFixtureServer({ profile });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      const text = message.text();
      // The browser reports a refused request by itself; the page shows it in its card.
      if (message.type() === "error" && !/Failed to load resource/.test(text)) complaints.push(`console: ${text}`);
    });
    page.on("request", (request) => {
      const target = request.url();
      if (!target.startsWith(url) && !target.startsWith("data:") && !target.startsWith("blob:")) complaints.push(`foreign request: ${target}`);
    });
    let clicks = 0;
    await page.clock.setFixedTime(NOW_MS);
    await use({
      url,
      state,
      open: async (path) => {
        await page.goto(url + path);
        await page.waitForLoadState("networkidle").catch(() => undefined);
        await page.evaluate(() => document.fonts.ready);
      },
      click: async (target) => {
        clicks += 1;
        await target.click();
      },
      clicks: () => clicks,
    });
    await page.close();
    server.close();
    server.closeAllConnections();
    expect(complaints).toEqual([]);
  },
});

export { expect };
