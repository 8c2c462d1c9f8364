// The pictures of pages in the documentation: landing page, a notebook, a report, a row and the phases of the atlas, each as it is
// on a desk (1280 px) and on a phone (390 px).
//   node test/screenshots.mjs DOCS ATLAS REPORT OUT [PAGE,PAGE]
// DOCS: a built site; ATLAS: a built atlas; REPORT: a report.html of a calibration; OUT: docs/figures.
import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [docs, atlas, report, out, only = ""] = process.argv.slice(2);
if (!out) {
  console.error("usage: node test/screenshots.mjs DOCS ATLAS REPORT OUT [PAGE,PAGE]");
  process.exit(2);
}
const LARGEST = 150_000; // bytes of a picture
const url = (path, fragment = "") => pathToFileURL(resolve(path)).href + fragment;
const ladder = new URLSearchParams({ values: "1, 1/2, 1/10", n: "1000", reading: "5.9±0.3" });
const pages = {
  docs: url(join(docs, "index.html")),
  notebook: url(join(docs, "notebooks", "02-the-geometer.html")),
  report: url(report),
  atlas: url(join(atlas, "index.html"), "#/row/ade-surface-d4"),
  phases: url(join(atlas, "index.html"), `#/phases/rrr-4-4-3-r3?${ladder}`),
};
const sizes = { desktop: [1280, 800], phone: [390, 780] };

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
let wrong = 0;
for (const [size, [width, height]] of Object.entries(sizes)) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: "light" });
  await context.route(/^https?:/, (route) => {
    wrong++;
    console.error(`an outside request: ${route.request().url()}`);
    return route.abort();
  });
  for (const [name, address] of Object.entries(pages)) {
    if (only && !only.split(",").includes(name)) continue;
    const page = await context.newPage();
    await page.goto(address, { waitUntil: "load", timeout: 120_000 });
    if (name === "atlas" || name === "phases") await page.waitForSelector("canvas, svg", { timeout: 60_000 });
    await page.waitForTimeout(2000);
    const path = join(out, `page-${name}-${size}.jpg`);
    await page.screenshot({ path, type: "jpeg", quality: 72 });
    const bytes = statSync(path).size;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    console.log(`${path}: ${Math.round(bytes / 1000)} kB${wide > 0 ? `, ${wide} px too wide` : ""}`);
    if (bytes > LARGEST) wrong++;
    await page.close();
  }
  await context.close();
}
await browser.close();
process.exit(wrong ? 1 : 0);
