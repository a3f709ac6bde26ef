import { defineConfig } from "@playwright/test";
import { LAUNCH } from "./launch.mjs";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results",
  snapshotPathTemplate: "{testDir}/snapshots/{arg}{ext}",
  fullyParallel: true,
  workers: 2,
  timeout: 40_000,
  expect: { timeout: 8_000, toHaveScreenshot: { maxDiffPixelRatio: 0.02, animations: "disabled" } },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: LAUNCH,
    viewport: { width: 1440, height: 900 },
    timezoneId: "UTC",
    locale: "en-GB",
    reducedMotion: "reduce",
  } as never,
});
