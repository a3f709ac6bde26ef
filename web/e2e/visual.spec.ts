// Proves that each page still looks as it was approved, in both themes, with fixed data and clock.
// A wanted change: `npm run e2e -- visual --update-snapshots`, look at the pictures, commit them.
import { expect, test } from "./hive_test";

const LOOP = "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f";
const PAGES: Record<string, string> = {
  overview: "/", agents: "/agents?group=team&compare=previous", agent: "/agents/coder-2", topology: "/topology", workflows: "/workflows", workflow: "/workflows/fix-issue", traces: "/traces", trace: LOOP, sequence: `${LOOP}?view=sequence`,
  conversation: `${LOOP}?view=conversation`, compare: `${LOOP}?cmp=1b2c3d4e5f60718293a4b5c6d7e8f901`, conflicts: "/conflicts", alert: "/alerts?sel=al-3", anomalies: "/alerts?view=anomalies", health: "/health", settings: "/settings", "first-run": "/welcome",
};

for (const scheme of ["light", "dark"] as const) {
  test.describe(scheme, () => {
    test.use({ colorScheme: scheme, viewport: { width: 1280, height: 800 } });
    for (const [name, path] of Object.entries(PAGES)) {
      test(`${name} looks as approved`, async ({ page, hive }) => {
        await hive.open(path);
        // Buttons that guard against mis-taps come alive after 0.8 s.
        await page.waitForTimeout(900);
        await expect(page).toHaveScreenshot(`${name}-${scheme}.png`);
      });
    }
  });
}
