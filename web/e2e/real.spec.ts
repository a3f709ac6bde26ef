// Proves that page and server fit: a real server with the demo swarm behind it answers every page, each answer has the shape the
// page expects, and what a person does here reaches the agents. Needs the binary: HG_BINARY, else build/dev/honeyguide.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Page, expect, test as base } from "@playwright/test";

const BINARY = resolve(process.env.HG_BINARY ?? "../build/dev/honeyguide");

interface RealServer {
  url: string;
  login: string;
}

interface Process {
  child: ChildProcess;
  out: string;
  err: string;
}

function start(args: string[]): Process {
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"] });
  const process: Process = { child, out: "", err: "" };
  child.stdout?.on("data", (bytes) => (process.out += bytes));
  child.stderr?.on("data", (bytes) => (process.err += bytes));
  return process;
}

async function until<T>(what: string, look: () => T | undefined, seconds = 30): Promise<T> {
  for (let i = 0; i < seconds * 10; i += 1) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no ${what} within ${seconds} s`);
}

async function stop(process: Process | undefined): Promise<void> {
  if (!process || process.child.exitCode !== null) return;
  const gone = new Promise((done) => process.child.once("exit", done));
  process.child.kill("SIGTERM");
  await gone;
}

const test = base.extend<{ complaints: string[] }, { server: RealServer }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants an object pattern here.
    async ({}, use) => {
      const directory = mkdtempSync(join(tmpdir(), "honeyguide-page-"));
      const made = execFileSync(BINARY, ["token", "--new", "agent", "--agents", "*"], { encoding: "utf8" });
      const tokens = join(directory, "tokens");
      writeFileSync(tokens, `${/^line: *(.*)$/m.exec(made)?.[1]}\n`);
      const data = join(directory, "data");
      const free = ["--http", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0"];
      const serve = start(["serve", "--data", data, ...free, "--token-file", tokens, "--login-url"]);
      let demo: Process | undefined;
      try {
        const ready = await until("ready line", () => (serve.out.includes('"ready"') && serve.err.includes("page: ") ? (JSON.parse(serve.out.split("\n")[0] ?? "") as Record<string, string>) : undefined));
        const url = `http://${ready.http}`;
        demo = start(["demo", "--url", `http://${ready.otlp_http}`, "--api", url, "--token-of", data, "--agent-token", /^token: *(.*)$/m.exec(made)?.[1] ?? "", "--history", "2h", "--rate", "2"]);
        await until("history", () => (demo?.out.includes("history:") ? true : undefined), 60);
        await use({ url, login: /^page: (.*)$/m.exec(serve.err)?.[1] ?? "" });
      } finally {
        await stop(demo);
        await stop(serve);
        rmSync(directory, { recursive: true, force: true });
      }
    },
    { scope: "worker", timeout: 120_000 },
  ],
  complaints: async ({ page, server }, use) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("response", (response) => {
      const path = response.url().replace(server.url, "");
      if (response.status() >= 400) complaints.push(`${response.status()} ${path}`);
    });
    await use(complaints);
    expect(complaints).toEqual([]);
  },
});

/** The link is for one use, the cookie for all: every test logs in by the cookie of the first. */
let cookiesOf = "";
let cookies: Awaited<ReturnType<ReturnType<Page["context"]>["cookies"]>> = [];

async function open(page: Page, server: RealServer, path: string): Promise<void> {
  if (cookiesOf !== server.url) {
    cookiesOf = server.url;
    await page.goto(server.login);
    cookies = await page.context().cookies();
    expect(cookies).toHaveLength(1);
  } else {
    await page.context().addCookies(cookies);
  }
  await page.goto(server.url + path);
  await expect(page.locator("main")).toBeVisible();
  await page.waitForTimeout(800);
}

test.describe.configure({ mode: "default" });
test.skip(!existsSync(BINARY), `no ${BINARY}: build it, or set HG_BINARY`);

const PAGES = [
  "/", "/agents", "/agents/coder-1", "/agents?group=team&range=24h", "/topology", "/workflows", "/workflows/fix-issue", "/traces", "/traces?q=status:error", "/conflicts",
  "/health", "/settings", "/alerts", "/alerts?view=anomalies", "/alerts?view=mitigations", "/alerts?view=history", "/alerts?view=silences", "/alerts?view=escalation", "/alerts?view=audit",
] as const;

for (const path of PAGES) {
  test(`the server's answers fit ${path}`, async ({ page, server, complaints }) => {
    await open(page, server, path);
    await expect(page.getByText("does not fit the page")).toHaveCount(0);
    await expect(page.getByText("no answer")).toHaveCount(0);
    expect(complaints).toEqual([]);
  });
}

test("a failed run opens at a span, in all views", async ({ page, server, complaints }) => {
  await open(page, server, "/traces?q=status:error");
  await page.locator("a[href*='/traces/']").first().click();
  await expect(page.locator(".wf-row").first()).toBeVisible();
  for (const key of ["2", "3", "4", "5", "1"]) {
    await page.keyboard.press(key);
    await page.waitForTimeout(300);
    await expect(page.getByText("does not fit the page")).toHaveCount(0);
  }
  expect(complaints).toEqual([]);
});

test("pausing an agent from its page reaches the agent, and so does resuming", async ({ page, server, complaints }) => {
  await open(page, server, "/agents/reviewer");
  await page.getByRole("button", { name: "Pause reviewer" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause reviewer" }).click();
  await expect(page.getByText(/confirmed by the agent/).first()).toBeVisible({ timeout: 15_000 });
  await page.getByRole("button", { name: "Resume reviewer" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume reviewer" }).click();
  await expect(page.getByRole("button", { name: "Pause reviewer" })).toBeEnabled({ timeout: 15_000 });
  expect(complaints).toEqual([]);
});
