// Proves the states that are designed, not left: failed, not offered, empty, no permission, expired, narrow.
import axe from "./axe";
import { expect, test } from "./hive_test";

const PAGES = ["/", "/agents", "/agents/coder-2", "/topology", "/workflows", "/workflows/fix-issue", "/traces", "/traces/abc", "/conflicts", "/alerts", "/health", "/settings"];

for (const [profile, words] of [["broken", /took longer than 10 s|status 503/], ["bare", /does not offer this yet/]] as const) {
  test.describe(`every page when documents are ${profile}`, () => {
    test.use({ profile });
    test("says what failed in its card, and keeps the frame", async ({ page, hive }) => {
      test.setTimeout(90_000);
      for (const path of PAGES) {
        await hive.open(path);
        await expect(page.locator("main")).toContainText(words);
        await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
      }
    });
  });
}

test("an expired trace says that it has expired", async ({ page, hive }) => {
  await hive.open("/traces/expired");
  await expect(page.locator("main")).toContainText("This run has expired");
  await expect(page.getByRole("link", { name: "Search runs that are still kept" })).toBeVisible();
});

test("a filter that finds nothing says which part excludes most", async ({ page, hive }) => {
  await hive.open("/traces?q=agent:planner+status:nothing");
  await expect(page.locator("main")).toContainText("Without status:nothing: 212");
});

test("an address that is no page says so", async ({ page, hive }) => {
  await hive.open("/nothing/here");
  await expect(page.locator("main")).toContainText("No page has this address");
});

test("an agent without a control channel says how to add one", async ({ page, hive }) => {
  await hive.open("/agents/refunds");
  await expect(page.locator(".agent-control")).toContainText("This agent cannot be paused: no control channel");
  await expect(page.getByRole("button", { name: /Pause/ })).toBeDisabled();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });
  for (const path of ["/", "/alerts", "/alerts?sel=al-3", "/agents/coder-2", "/health", "/agents"]) {
    test(`${path} fits the width and its targets are large enough`, async ({ page, hive }) => {
      await hive.open(path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      const small = await page.locator(".btn:visible").evaluateAll((list) => list.filter((b) => b.getBoundingClientRect().height < 44).map((b) => b.textContent));
      expect(small).toEqual([]);
    });
  }
  test("the loop can be stopped from the phone", async ({ page, hive }) => {
    await hive.open("/");
    await page.getByRole("button", { name: "Pause coder-2" }).click();
    const confirm = page.getByRole("dialog").getByRole("button", { name: "Pause coder-2" });
    await expect(confirm).toBeEnabled();
    await confirm.click();
    await expect(page.getByRole("status").filter({ hasText: "confirmed by the agent" })).toBeVisible();
  });
});

const ACCESSIBLE = [...PAGES.filter((p) => p !== "/traces/abc"), "/alerts?view=anomalies", "/alerts?view=mitigations", "/alerts?view=escalation", "/alerts?view=audit", "/alerts?view=silences", "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f", "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f?view=sequence", "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f?view=conversation", "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f?view=table", "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f?cmp=1b2c3d4e5f60718293a4b5c6d7e8f901", "/welcome", "/settings?view=rules", "/topology?cols=table"];

for (const path of ACCESSIBLE) {
  test(`${path} has no violation of WCAG A and AA in either theme`, async ({ page, hive }) => {
    await hive.open(path);
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press("T");
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    expect(await axe(page)).toEqual([]);
  });
}
