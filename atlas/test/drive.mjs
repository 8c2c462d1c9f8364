// The page in Debian's Chromium: what a reader does, how fast it answers, and what axe-core finds.
//   node test/drive.mjs FOLDER [--shots DIR]     FOLDER: a built atlas
// Prints one line a check and ends with code 1 if one fails.
import { createReadStream, mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [folder, ...rest] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node test/drive.mjs FOLDER [--shots DIR]");
  process.exit(2);
}
const shots = rest[0] === "--shots" ? rest[1] : null;
if (shots) mkdirSync(shots, { recursive: true });
const root = resolve(folder);

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };
const server = createServer((request, response) => {
  const path = join(root, normalize(decodeURIComponent(request.url.split("?")[0])).replace(/^(\.\.[/\\])+/, ""));
  const file = path.endsWith("/") ? join(path, "index.html") : path;
  try {
    statSync(file);
  } catch {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" });
  createReadStream(file).pipe(response);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}/`;
const fileBase = pathToFileURL(join(root, "index.html")).href;

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
const launch = (more = []) => chromium.launch({ executablePath, args: [...args, ...more] });

let failed = 0;
let passed = 0;
function check(name, ok, told = "") {
  console.log(`${ok ? "ok  " : "FAIL"} ${name}${told !== "" ? `: ${told}` : ""}`);
  ok ? passed++ : failed++;
}
/** Whether something becomes true within five seconds: a loaded machine draws late, not wrongly. */
async function soon(test) {
  for (let k = 0; k < 100; k++) {
    if (await test()) return true;
    await new Promise((done) => setTimeout(done, 50));
  }
  return false;
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const said = [];
const outside = [];
// What a software renderer's own driver says about itself is not of the page.
const driver = /GL Driver Message|Automatic fallback to software WebGL/;
async function open(browser, { width = 1280, dark = false, url = base, hash = "" } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width > 600 ? 900 : 844 },
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  page.on("console", (m) => driver.test(m.text()) || said.push(`${hash} ${m.type()} ${m.text()}`));
  page.on("pageerror", (e) => said.push(`${hash} error ${e.message}`));
  page.on("request", (r) => {
    const to = r.url();
    if (!to.startsWith(base) && !to.startsWith("file://") && !to.startsWith("data:") && !to.startsWith("blob:"))
      outside.push(to);
  });
  await page.goto(url + hash);
  return page;
}
const close = (page) => page.context().close();
const ready = (page) => page.waitForSelector("main h1");

// the rows that the checks look at, taken from the data themselves
const browser = await launch();
let page = await open(browser);
await ready(page);
const index = await page.evaluate(
  () =>
    new Promise((tell) => {
      const s = document.createElement("script");
      const put = window.atlas.put;
      window.atlas.put = (name, data) => (name === "index" ? tell(data) : put(name, data));
      s.src = "data/index.js";
      document.head.append(s);
    }),
);
const meta = await page.evaluate(
  () =>
    new Promise((tell) => {
      const s = document.createElement("script");
      window.atlas.put = (name, data) => name === "meta" && tell(data);
      s.src = "data/meta.js";
      document.head.append(s);
    }),
);
await close(page);
const has = (id) => index.ids.includes(id);
const surface = ["ade-surface-d4", "ade-surface-a3"].find(has);
const curve = "ade-a2";
const network = "rrr-4-4-3-r3";
const model = Object.entries(meta.models).sort((a, b) => b[1].strata - a[1].strata)[0]?.[0];
const machine = meta.machines[0]?.name;
const klass = Object.keys(meta.classes)[0];
const long = ["hmm-4-interior", "attention-d2-k2-v1-h2"].filter(has);

// -- 1. time ---------------------------------------------------------------------------------------
// On a machine with other work wall time says little, so the processor's time on the page's main thread is
// measured too, and the limit holds for the smaller of the two.
async function clock(p) {
  const session = await p.context().newCDPSession(p);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * metrics.find((m) => m.name === "TaskDuration").value;
  };
}
async function firstView(hash, selector) {
  const times = [];
  for (let k = 0; k < 3; k++) {
    const p = await browser.newPage();
    const cpu = await clock(p);
    const start = performance.now();
    await p.goto(base + hash);
    await p.waitForSelector(selector);
    times.push([Math.round(performance.now() - start), Math.round(await cpu())]);
    await p.close();
  }
  return times;
}
for (const [name, hash, selector] of [
  ["first page", "", "main .stories"],
  ["list", "#/rows", "table.rows tbody tr"],
  ["row of a surface", `#/row/${surface}`, "#picture canvas"],
]) {
  const times = await firstView(hash, selector);
  const worst = Math.max(...times.map((t) => Math.min(...t)));
  check(
    `first view of the ${name} within 2 s`,
    worst <= 2000,
    `${times.map(([w, c]) => `${w} ms, ${c} ms of processor`).join("; ")}`,
  );
}

page = await open(browser);
await ready(page);
const cpu = await clock(page);
const letters = [];
for (const query of [
  "transformer",
  "λ=5/12",
  "gauss d:2..8",
  "x^2-y^3",
  "5.9±0.3",
  "status:proved",
  "cusp",
  "family:rrr m=2",
  "tanh",
  "program",
])
  for (let k = 1; k <= query.length; k++) {
    const used = await cpu();
    const wall = await page.evaluate(
      async (text) => {
        const box = document.querySelector("#box");
        const start = performance.now();
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, text);
        box.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        return performance.now() - start;
      },
      query.slice(0, k),
    );
    letters.push([wall, (await cpu()) - used]);
  }
const worst = letters.map((t) => Math.min(...t));
check(
  `each letter of ten queries answers within 100 ms over ${index.ids.length} rows`,
  Math.max(...worst) <= 100,
  `wall: median ${median(letters.map((t) => t[0])).toFixed(0)}, worst ${Math.max(...letters.map((t) => t[0])).toFixed(0)} ms; processor: median ` +
    `${median(letters.map((t) => t[1])).toFixed(0)}, worst ${Math.max(...letters.map((t) => t[1])).toFixed(0)} ms; ${letters.length} letters`,
);

// -- 2. what queries find --------------------------------------------------------------------------
async function find(query) {
  await page.fill("#box", query);
  await page.waitForTimeout(150);
  await page.waitForFunction(() => !document.querySelector("main")?.textContent?.includes("Comparing with"));
  return page.$$eval("table.rows tbody th", (cells) => cells.map((c) => c.textContent.trim()));
}
check("generators find their row under other names and signs", (await find("u^3+v^2")).includes("ade-a2"));
check("generators with the wrong exponents do not", !(await find("u^5+v^2")).includes("ade-a2"));
check("λ=5/12 finds the cusp", (await find("λ=5/12")).includes("ade-a2"));
check("λ=5/12 with d:3..9 does not", !(await find("λ=5/12 d:3..9")).includes("ade-a2"));
check("a reading finds rows whose λ lies in it", (await find("0.42±0.01")).includes("ade-a2"));
check("generators with commas are one ideal", (await find("v*u, w*u")).includes("edge-path-3"));
check("of which the rows up to proved moves come after", (await page.textContent("main")).includes("Up to proved moves"));
check("comparisons with commas are several", (await find("λ<1, d:2..4,m=2")).length > 0);
await find("λ=99/7");
check("a value that no row has is told", (await page.textContent("p.told")).startsWith("No row has λ = 99/7; the nearest values are"));
await find("nosuchwordatall");
check("an empty answer says which word is to blame", (await page.textContent("main")).includes("nosuchwordatall"));
await find("ade");
await page.click("table.rows tbody th a");
await page.waitForSelector("#model");
check("a row opens from the list", (await page.evaluate(() => location.hash)).startsWith("#/row/ade"));
check("the title has the focus", await page.evaluate(() => document.activeElement?.tagName === "H1"));
await page.goBack();
await page.waitForSelector("table.rows");
check("back restores the query", (await page.inputValue("#box")) === "ade");
await close(page);

// -- 3. the pages by hand --------------------------------------------------------------------------
page = await open(browser, { hash: `#/row/${curve}` });
await page.waitForSelector("#proof details");
check("a row shows its polynomial as MathML", (await page.$$eval("#model .generators math", (m) => m.length)) >= 2);
const theorem = page.locator("#proof button", { hasText: "in words" }).first();
await theorem.click();
check("a proof unfolds its theorem in words", (await page.textContent("#proof .theorem")).length > 80);
const fold = page.locator("#proof details > summary").first();
await fold.click();
check("a step folds", !(await page.$eval("#proof details", (d) => d.open)));
const before = await page.textContent("#picture .volume-line");
await page.focus("#picture input[type=range]");
for (let k = 0; k < 10; k++) await page.keyboard.press("ArrowLeft");
check(
  "the slider of ε changes V(ε)",
  await soon(async () => (await page.textContent("#picture .volume-line")) !== before),
);
check("ε is in the address", (await page.evaluate(() => location.hash)).includes("eps="));
await page.click(".head .word-button");
check("a word explains itself in place", await page.isVisible(".head .knowl"));
const neighbour = page.locator("#neighbours ol a").first();
if (await neighbour.count()) {
  const to = await neighbour.getAttribute("href");
  await neighbour.click();
  check("a neighbour is followed", await soon(async () => `#/row/${await page.textContent(".head code")}` === to));
} else check("a neighbour is followed", false, `${curve} has none`);
await page.keyboard.press("/");
check("/ goes to the box", await soon(() => page.evaluate(() => document.activeElement?.id === "box")));
await close(page);

const pixels = (p) => p.$eval("#picture canvas", (c) => c.toDataURL());
for (const [name, more, by] of [
  ["software WebGL", ["--enable-unsafe-swiftshader"], "card"],
  ["no WebGL", [], "hand"],
]) {
  const other = await launch(more);
  const p = await open(other);
  if (by === "hand")
    await p.evaluate(() => {
      const real = OffscreenCanvas.prototype.getContext;
      OffscreenCanvas.prototype.getContext = function (kind, ...rest) {
        return kind === "webgl" ? null : real.call(this, kind, ...rest);
      };
    });
  await p.evaluate((id) => (location.hash = `#/row/${id}`), surface);
  await p.waitForSelector("#picture canvas[data-by]");
  const still = async () => {
    // at rest: two looks in a row see the same picture
    let last = "";
    await soon(async () => {
      const now = await pixels(p);
      const rest = now === last;
      last = now;
      await p.waitForTimeout(300);
      return rest;
    });
    return last;
  };
  const one = await still();
  await p.focus("#picture .turns");
  await p.keyboard.press("ArrowRight");
  await p.keyboard.press("ArrowRight");
  const two = (await soon(async () => (await pixels(p)) !== one)) ? await still() : one;
  const box = await (await p.$("#picture .turns")).boundingBox();
  await p.mouse.move(box.x + 100, box.y + 100);
  await p.mouse.down();
  await p.mouse.move(box.x + 180, box.y + 130, { steps: 4 });
  await p.mouse.up();
  const turned = await soon(async () => (await pixels(p)) !== two);
  check(`${name}: the surface is drawn`, one.length > 2000);
  check(`${name}: it turns by the arrow keys and by dragging`, one !== two && turned);
  check(`${name}: it is drawn by the ${by}`, (await p.getAttribute("#picture canvas", "data-by")) === by);
  await other.close();
}
page = await open(browser, { hash: `#/row/${surface}` });
await page.waitForSelector("#newton .turns");
const polygon = await page.$eval("#newton polygon", (e) => e.getAttribute("points"));
await page.focus("#newton .turns");
await page.keyboard.press("ArrowLeft");
check(
  "the Newton polyhedron turns",
  await soon(async () => (await page.$eval("#newton polygon", (e) => e.getAttribute("points"))) !== polygon),
);
await close(page);

if (model) {
  page = await open(browser, { hash: `#/phases/${model}?n=100` });
  await page.waitForSelector("[data-sentence]");
  const sentence = () => page.textContent("[data-sentence]");
  const one = await sentence();
  await page.focus(".phase-slider input[type=range]");
  for (let k = 0; k < 40; k++) await page.keyboard.press("ArrowRight");
  check("moving n changes the sentence", await soon(async () => (await sentence()) !== one));
  check("n is in the address", /n=\d/.test(await page.evaluate(() => location.hash)));
  await close(page);
} else check("moving n changes the sentence", false, "no model has several strata");

if (has(network)) {
  const query = new URLSearchParams({ values: "1, 1/2, 1/10", n: "1000", reading: "5.9±0.3" });
  page = await open(browser, { hash: `#/phases/${network}?${query}` });
  await page.waitForSelector("[data-sentence]");
  const text = () => page.textContent("article.phases");
  check(
    "5.9 ± 0.3 meets rank 1 of 4-3-4, rank 2 comes next, rank 3 is lowest at n = 1,000",
    /The reading meets 1 function: rank 1 .*Next: rank 2/.test(await text()) && /At n = 1,000, rank 3 is lowest/.test(await text()),
  );
  await page.fill("input[type=number]", "100");
  await page.keyboard.press("Tab");
  check("at n = 100 it is rank 2", await soon(async () => /At n = 100,? .*rank 2/.test(await page.textContent("[data-sentence]"))));
  await close(page);
}

page = await open(browser, { hash: "#/measured" });
await page.waitForSelector("#rates tbody tr");
const devices = page.locator("article.measured-view .controls button");
const firstDevice = await page.textContent("#ratio h2");
if ((await devices.count()) > 1) await devices.nth(1).click();
check("readings of another device are shown beside proved values", (await page.textContent("#ratio h2")) !== firstDevice);
await close(page);

page = await open(browser, { hash: `#/compare/ade-a2+${has("ade-a4") ? "ade-a4" : surface}` });
await page.waitForSelector(".compare-table");
check("two rows are compared, and differences marked", (await page.$$eval("tr.differs", (r) => r.length)) > 0);
await close(page);

if (machine) {
  page = await open(browser, { hash: `#/machine/${machine}` });
  await page.waitForSelector("#complex .pick");
  const one = await page.textContent("#syndromes");
  await page.locator("#complex .pick").last().focus();
  await page.keyboard.press("Enter");
  check(
    "a component is picked by the keyboard",
    await soon(async () => (await page.textContent("#syndromes")) !== one),
  );
  const code = await page.textContent("#code .said");
  await page.locator("#code select").nth(1).selectOption({ index: 1 });
  check(
    "flipping an entry of the code changes the answer",
    await soon(async () => (await page.textContent("#code .said")) !== code),
  );
  await close(page);
}

page = await open(browser);
await ready(page);
const theme = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const light = await theme();
await page.click(".theme");
check("the button turns light into dark", await soon(async () => (await theme()) !== light));
await page.reload();
await ready(page);
check("the choice is remembered", (await theme()) !== light);
await close(page);

page = await open(browser, { hash: "#/seed/7" });
await ready(page);
const ideas = await page.$$eval(".seed section", (all) =>
  all.map((s) => ({
    said: [...s.querySelectorAll("dd")].every((d) => d.textContent.trim().length > 3),
    figure: /\d/.test(s.querySelector(".figure-said").textContent),
    command: s.querySelector(".command code").textContent,
  })),
);
check(
  "each of the twenty ideas has claim, figure, command, what fails and what is open",
  ideas.length === 20 && ideas.every((i) => i.said && i.figure && i.command),
);
check(
  "the address of an idea shows it",
  await page.$eval("#idea-7", (e) => e.classList.contains("chosen") && e.getBoundingClientRect().top < innerHeight),
);
await close(page);
if (meta.runs[0]) {
  page = await open(browser, { hash: `#/run/${meta.runs[0].id}` });
  await page.waitForSelector("#rows tbody tr");
  check("a training run shows its readings", (await page.$$eval("#reading svg path", (p) => p.length)) > 0);
  await close(page);
}

// -- 4. from a folder ------------------------------------------------------------------------------
page = await open(browser, { url: fileBase, hash: `#/row/${curve}` });
await page.waitForSelector("#proof details");
check("a row opens by double-click from a folder", true);
await close(page);

// -- 5. all pages: width, accessibility, text ------------------------------------------------------
const pages = [
  ["landing", ""],
  ["list", "#/rows?q=ade"],
  ["row", `#/row/${curve}`],
  ["surface", `#/row/${surface}`],
  ...long.map((id) => [id, `#/row/${id}`]),
  ...(model ? [["phases", `#/phases/${model}`]] : []),
  ...(has(network) ? [["functions", `#/phases/${network}`]] : []),
  ...(klass ? [["class", `#/class/${klass}`]] : []),
  ["compare", `#/compare/ade-a2+${surface}`],
  ...(machine ? [["machine", `#/machine/${machine}`]] : []),
  ["measured", "#/measured"],
  ["run", meta.runs[0] ? `#/run/${meta.runs[0].id}` : "#/run"],
  ["seed", "#/seed"],
  ["about", "#/about"],
];
const audit = () =>
  globalThis.axe
    .run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] })
    .then((r) =>
      r.violations.map(
        (v) =>
          `${v.impact} ${v.id} (${v.nodes.length}): ${v.nodes[0]?.target.join(" ")} ${v.nodes[0]?.failureSummary?.split("\n")[1] ?? ""}`,
      ),
    );
const findings = [];
const wide = [];
const blank = [];
for (const dark of [false, true])
  for (const width of [390, 1280]) {
    for (const [name, hash] of pages) {
      const p = await open(browser, { dark, width, hash });
      await ready(p);
      await p.waitForTimeout(900);
      const [scroll, inner] = await p.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      if (scroll > inner) wide.push(`${name} at ${width}: ${scroll}`);
      blank.push(
        ...(await p.evaluate(
          (n) => [...document.querySelectorAll("td, dd")].filter((c) => !c.textContent.trim()).map(() => n),
          name,
        )),
      );
      if (dark === (width === 390)) {
        await p.evaluate(axe);
        findings.push(...(await p.evaluate(audit)).map((f) => `${name} ${width} ${dark ? "dark" : "light"}: ${f}`));
      }
      if (shots)
        await p.screenshot({ path: join(shots, `${name}-${width}-${dark ? "dark" : "light"}.png`), fullPage: true });
      await close(p);
    }
  }
check("no page scrolls sideways at 390 and 1280 px", !wide.length, wide.join("; "));
check("no cell of a table is blank", !blank.length, [...new Set(blank)].join(", "));
const serious = findings.filter((f) => /: (serious|critical) /.test(f));
check("axe-core has no serious findings", !serious.length, serious.slice(0, 8).join(" | "));
console.log(
  `     axe-core, lesser findings: ${findings.length - serious.length}${findings.length ? ` ${[...new Set(findings)].slice(0, 6).join(" | ")}` : ""}`,
);

page = await open(browser, { hash: "#/about" });
await ready(page);
await page.evaluate(() => {
  document
    .querySelector("main")
    .insertAdjacentHTML("beforeend", '<p style="color:#ddd;background:#fff">pale</p><input>');
});
await page.evaluate(axe);
const planted = await page.evaluate(audit);
check(
  "planted faults are found by axe-core",
  planted.some((f) => f.includes("color-contrast")) && planted.some((f) => f.includes("label")),
);
await close(page);

// -- 6. every row ----------------------------------------------------------------------------------
page = await open(browser);
await ready(page);
const wrong = await page.evaluate(async (ids) => {
  const bad = [];
  const some = ids.filter((_, i) => i % Math.ceil(ids.length / 60) === 0);
  for (const id of some) {
    location.hash = `#/row/${id}`;
    const until = performance.now() + 15000;
    while (!(document.querySelector("#certificate") && document.querySelector(".head code")?.textContent === id)) {
      if (performance.now() > until) {
        bad.push(id);
        break;
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }
  return bad;
}, index.ids);
check("rows drawn evenly from the index open", !wrong.length, wrong.slice(0, 5).join(", "));
await close(page);

check("no message in the console", !said.length, said.slice(0, 5).join(" | "));
check("no request leaves the page", !outside.length, outside.slice(0, 3).join(" "));
await browser.close();
server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
