// Proves the eight journeys: what must be on screen is on screen after no more clicks than promised.
import { FAILED_TRACE, GOOD_TRACE, LOOP_TRACE } from "./fixtures/hive.mjs";
import { expect, test } from "./hive_test";

test("J1 a loop burns money: which agent, since when, stop it: 2 clicks", async ({ page, hive }) => {
  await hive.open("/");
  const row = page.locator(".attention > li").first();
  await expect(row).toContainText("coder-2 repeats run_tests");
  await expect(row).toContainText("since 02:47");
  await expect(row).toContainText("$18.40");
  await expect(row).toContainText("$52/h, usual $3/h");
  await hive.click(row.getByRole("button", { name: "Pause coder-2" }));
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("1 running task");
  await expect(dialog).toContainText("reviewer and tester wait on it");
  const confirm = dialog.getByRole("button", { name: "Pause coder-2" });
  await expect(confirm).toBeEnabled();
  await hive.click(confirm);
  await expect(page.getByRole("status").filter({ hasText: "confirmed by the agent" })).toBeVisible();
  expect(hive.clicks()).toBe(2);
  expect(hive.state.writes).toEqual([expect.objectContaining({ method: "POST", path: "agents/coder-2/directives", body: expect.objectContaining({ directive: "pause" }) })]);
});

test("J2 throughput falls: who waits on whom: 1 click, its traces: 2", async ({ page, hive }) => {
  await hive.open("/");
  await hive.click(page.getByRole("link", { name: /Task throughput/ }));
  await expect(page).toHaveURL(/\/topology\?view=waiting/);
  await expect(page.getByRole("radio", { name: /Waiting/ })).toBeChecked();
  const panel = page.getByRole("complementary");
  await expect(panel).toContainText("Deadlock");
  await expect(panel.locator(".topo-chain li")).toContainText([/writer.*editor.*6 m 12 s/, /editor.*fact-checker.*6 m 08 s/, /fact-checker.*writer.*6 m 02 s/]);
  const waits = panel.locator("section", { hasText: "Longest waits" }).locator("li");
  await expect(waits.first()).toContainText("4 m 10 s");
  await hive.click(waits.first().getByRole("button"));
  await expect(panel).toContainText("Last messages");
  await expect(panel.locator(".topo-messages a").first()).toHaveAttribute("href", new RegExp(`/traces/${LOOP_TRACE}`));
  expect(hive.clicks()).toBe(2);
});

test("J3 what breaks next: 1 click", async ({ page, hive }) => {
  await hive.open("/");
  await hive.click(page.getByRole("link", { name: "Forecast" }));
  const detail = page.getByRole("region", { name: "Alert" });
  await expect(detail.getByRole("heading", { level: 1 })).toContainText("Budget of fix-issue reaches $120 in 38 min (24–61)");
  await expect(detail).toContainText("03:50 between 03:36 and 04:13");
  await expect(detail.getByRole("img", { name: /predicted \$153/ })).toBeVisible();
  await expect(detail).toContainText("26 of 31 forecasts breached inside the interval");
  await expect(detail).toContainText("chance that it stays below $120");
  await expect(detail).toContainText("What to do");
  expect(hive.clicks()).toBe(1);
});

test("J4 why did this run fail: opened at the failing span: 1 click, sequence: 2, conversation: by key", async ({ page, hive }) => {
  await hive.open("/traces?q=status:error");
  await hive.click(page.getByRole("link", { name: "research: rate limits of object stores" }));
  await expect(page.locator(".wf-row.selected")).toContainText("GET /search");
  await expect(page.locator(".trace-why")).toContainText("First error that is not a consequence");
  await expect(page.locator(".details-title")).toContainText("GET /search");
  await hive.click(page.getByRole("radio", { name: /Sequence/ }));
  await expect(page.locator(".seq-event.selected")).toContainText("GET /search");
  await page.keyboard.press("3");
  await expect(page.getByRole("feed", { name: "Conversation" })).toBeVisible();
  await page.keyboard.press("1");
  await expect(page.locator(".wf-row.selected")).toContainText("GET /search");
  expect(hive.clicks()).toBe(2);
});

test("J5 cost and quality by team, against the period before: 2 clicks", async ({ page, hive }) => {
  await hive.open("/agents?range=7d");
  await hive.click(page.getByRole("radio", { name: "Team" }));
  await hive.click(page.getByRole("switch", { name: "Against the period before" }));
  await expect(page.locator(".dt-group")).toHaveCount(3);
  await expect(page.locator(".dt-group").first()).toContainText("a success");
  await expect(page.locator(".dt-group").first()).toContainText("quality 0.84");
  await expect(page.locator(".dt-group").first()).toContainText("+67");
  await expect(page.locator('[data-key="coder-2"]')).toContainText("+1 637 %".replaceAll(" ", "\u2009"));
  const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  expect(csv.suggestedFilename()).toBe("agents.csv");
  expect(hive.clicks()).toBe(2);
});

test("J7 yesterday good, today bad: 2 clicks", async ({ page, hive }) => {
  await hive.open(`/traces/${LOOP_TRACE}`);
  await hive.click(page.getByRole("button", { name: "Compare…" }));
  const proposed = page.getByRole("dialog").getByRole("button", { name: /last success before/ });
  await hive.click(proposed);
  await expect(page).toHaveURL(/cmp=/);
  await expect(page.locator(".compare-head")).toContainText("They part at search_code");
  await expect(page.locator(".compare-row.selected")).toContainText("+ new in B");
  expect(hive.clicks()).toBe(2);
});

test("J8 was the automatic action right: 2 clicks", async ({ page, hive }) => {
  await hive.open("/alerts");
  await hive.click(page.getByRole("tab", { name: /Mitigations/ }));
  await hive.click(page.getByRole("button", { name: /Throttle browser/ }));
  const detail = page.locator(".alert-detail");
  await expect(detail).toContainText("approved by kim");
  await expect(detail).toContainText("It helped: the condition cleared and stayed clear.");
  await expect(detail.getByRole("img", { name: /Latency p90 of browser/ })).toBeVisible();
  await expect(detail.getByRole("list", { name: "Guards" })).toContainText("Cooldown over");
  await expect(detail.getByRole("list", { name: "Progress" })).toContainText("Verified");
  await expect(detail.getByRole("button", { name: "Roll back…" })).toBeEnabled();
  expect(hive.clicks()).toBe(2);
});

test.describe("first run", () => {
  test.use({ profile: "empty" });
  test("J6 nothing arrived: 0 clicks", async ({ page, hive }) => {
    await hive.open("/");
    await expect(page.getByRole("heading", { name: "Point your agents here" })).toBeVisible();
    await expect(page.locator(".endpoint")).toContainText([/127\.0\.0\.1:4317/, /127\.0\.0\.1:4318/]);
    await expect(page.getByRole("button", { name: "Copy OTLP over HTTP" })).toBeVisible();
    await expect(page.locator(".first-panel")).toContainText("3 × 415 wrong content type → set protocol http/protobuf");
    expect(hive.clicks()).toBe(0);
  });
});

test("approving and denying cannot be a mis-tap", async ({ page, hive }) => {
  // How the button was when it first appeared: asked in the page, because a busy machine may be late to look.
  await page.addInitScript(() => {
    new MutationObserver(() => {
      const button = [...document.querySelectorAll("button")].find((b) => b.textContent?.startsWith("Approve:"));
      if (button && !("__bornDisabled" in window)) Object.assign(window, { __bornDisabled: button.disabled });
    }).observe(document, { childList: true, subtree: true });
  });
  await hive.open("/alerts?sel=al-1");
  const approve = page.getByRole("button", { name: /Approve: pause coder-2/ });
  await expect(approve).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { __bornDisabled: boolean }).__bornDisabled)).toBe(true);
  await expect(approve).toBeEnabled();
  await page.keyboard.press("y");
  expect(hive.state.writes).toEqual([]);
  await approve.click();
  await expect(page.getByRole("list", { name: "Progress" })).toContainText("Obeyed");
});

test("an acknowledgement can be undone", async ({ page, hive }) => {
  await hive.open("/alerts?sel=al-2");
  await page.keyboard.press("a");
  await expect(page.getByRole("button", { name: /Take back/ })).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("button", { name: /Acknowledge/ })).toBeVisible();
  expect(hive.state.writes.map((w) => w.path)).toEqual(["alerts/al-2/ack", "alerts/al-2/unack"]);
});

test("the command box finds an agent, jumps on a trace id, and runs no action by itself", async ({ page, hive }) => {
  await hive.open("/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("pause coder-2");
  await page.getByRole("option", { name: /Pause coder-2…/ }).click();
  await expect(page.getByRole("dialog")).toContainText("Pause coder-2?");
  expect(hive.state.writes).toEqual([]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type(GOOD_TRACE);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/traces/${GOOD_TRACE}`));
});

test("the keyboard goes everywhere and shows its map", async ({ page, hive }) => {
  await hive.open("/");
  for (const [keys, path] of [["ga", "/alerts"], ["gg", "/agents"], ["gt", "/topology"], ["gw", "/workflows"], ["gr", "/traces"], ["gc", "/conflicts"], ["gh", "/health"], ["gs", "/settings"], ["go", "/"]] as const) {
    await page.keyboard.press(keys[0] ?? "");
    await page.keyboard.press(keys[1] ?? "");
    await expect(page).toHaveURL(hive.url + path);
  }
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Time range");
});

test("a typed range is in the address, pauses live, and goes along to other pages", async ({ page, hive }) => {
  await hive.open("/");
  await page.keyboard.press("t");
  await page.getByLabel(/Typed/).fill("1:00 to 2:00");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  await expect(page.getByRole("status").filter({ hasText: "looking at a fixed range" })).toBeVisible();
  await page.getByRole("link", { name: "Agents", exact: false }).first().click();
  await expect(page).toHaveURL(/\/agents\?from=\d+&to=\d+/);
});

test("waterfall keys: next error, next loop, find, critical path", async ({ page, hive }) => {
  await hive.open(`/traces/${FAILED_TRACE}`);
  await page.keyboard.press("E");
  await expect(page.locator(".wf-row.selected")).toContainText("retrieve");
  await page.keyboard.press("e");
  await expect(page.locator(".wf-row.selected")).toContainText("GET /search");
  await page.keyboard.press("/");
  await page.keyboard.type("retriev");
  await expect(page.locator(".trace-find .num")).toContainText("of");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await expect(page.getByRole("switch", { name: "Critical path" })).toHaveAttribute("aria-checked", "false");
});
