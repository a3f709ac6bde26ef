// Proves that telemetry stays text: scripts, markup, direction tricks and 5,000-character names in every
// field neither run, nor make elements, nor break the layout. The fixture swaps every text of every document.
import { expect, test } from "./hive_test";

test.use({ profile: "hostile" });

const LOOP = "/traces/7f3a91c2e5d84b7f9a1c3e5d7f9b1d3f";
const PAGES = ["/", "/agents", "/agents/coder-2", "/topology", "/topology?cols=table", "/workflows", "/workflows/fix-issue", "/traces", LOOP, `${LOOP}?view=sequence`, `${LOOP}?view=conversation`, `${LOOP}?view=table`, `${LOOP}?view=agents`, `${LOOP}?cmp=1b2c3d4e5f60718293a4b5c6d7e8f901`, "/conflicts", "/alerts", "/alerts?sel=al-3", "/alerts?view=anomalies", "/alerts?view=mitigations", "/alerts?view=silences", "/alerts?view=escalation", "/alerts?view=audit", "/health", "/settings", "/settings?view=rules", "/welcome"];

for (const path of PAGES) {
  test(`${path} shows hostile text as text and keeps its layout`, async ({ page, hive }) => {
    await hive.open(path);
    const found = await page.evaluate(() => ({
      ran: "__pwned" in window,
      scripts: document.body.querySelectorAll("script:not([src])").length,
      images: [...document.querySelectorAll("main img")].length,
      wide: document.documentElement.scrollWidth - innerWidth,
      tall: Math.max(0, ...[...document.querySelectorAll(".dt-row, .wf-row, .topo-node, .card-head, .attention-say")].map((e) => e.getBoundingClientRect().height)),
      bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
      links: [...document.querySelectorAll("a[href]")].filter((a) => /^(javascript|data):/i.test(a.getAttribute("href") ?? "")).length,
    }));
    expect(found).toMatchObject({ ran: false, scripts: 0, images: 0, bidi: false, links: 0 });
    expect(found.wide).toBeLessThanOrEqual(0);
    expect(found.tall).toBeLessThan(200);
  });
}
