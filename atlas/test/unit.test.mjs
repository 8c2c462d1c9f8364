// The parser, the sign of a germ and the query language, under Node without a browser: `npm run unit`.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";

const out = mkdtempSync(join(tmpdir(), "atlas-"));
const here = fileURLToPath(new URL(".", import.meta.url));
async function load(name) {
  const outfile = join(out, `${name}.mjs`);
  await build({
    entryPoints: [join(here, "..", "src", `${name}.ts`)],
    bundle: true,
    format: "esm",
    outfile,
    logLevel: "error",
  });
  return import(pathToFileURL(outfile).href);
}
const poly = await load("poly");
const { search, prepare, generators, fnv, polynomials, data } = await (async () => {
  // search and data in one bundle, so that they share the index
  const outfile = join(out, "both.mjs");
  await build({
    stdin: {
      contents: `export * from "./search.ts"; export * as data from "./data.ts";`,
      resolveDir: join(here, "..", "src"),
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    outfile,
    logLevel: "error",
  });
  return import(pathToFileURL(outfile).href);
})();

const at = (text, names, point) => poly.evaluator(poly.expand(poly.parse(text), names))(point);

test("expressions mean what people type", () => {
  assert.equal(at("x^2 - y^3", ["x", "y"], [3, 2]), 1);
  assert.equal(at("-x^2", ["x"], [3]), -9);
  assert.equal(at("2*x*(y - 1)^2/4", ["x", "y"], [3, 5]), 24);
  assert.equal(at("1/2*x + 3/2", ["x"], [1]), 2);
  assert.equal(at("a11*b_2 - w0_1^3", ["a11", "b_2", "w0_1"], [2, 5, 1]), 9);
  assert.equal(at("x**2 + y²", ["x", "y"], [2, 3]), 13);
  for (const wrong of ["x +", "x^y", "(x", "x y", "", "x^-1", "1/x"])
    assert.throws(() => poly.expand(poly.parse(wrong), ["x", "y"]), poly.Unreadable, wrong);
});

test("one polynomial has one expansion", () => {
  const a = poly.expand(poly.parse("(x + y)*(x - y)"), ["x", "y"]);
  assert.deepEqual([...a.terms].sort(), [
    ["0,2", -1],
    ["2,0", 1],
  ]);
});

test("the sign of a germ is that of singularity_lab.atlas.germs", () => {
  const sign = (list) => poly.sign(polynomials(list));
  assert.equal(sign(["x^2*y - z"]), "1_2.1");
  assert.equal(fnv("1_2.1"), "b7824514");
  assert.equal(sign(["x^2 - y^3"]), sign(["5*b^3 + a^2"]));
  assert.notEqual(sign(["x^2 - y^3"]), sign(["x^2 - y^5"]));
});

test("germs are the same up to names, signs and scaling of generators, and no further", () => {
  const same = (a, b) => poly.same(polynomials(a), polynomials(b));
  assert.equal(same(["x^2 - y^3"], ["2*u^3 + 2*v^2"]), true);
  assert.equal(same(["x*y", "x*z"], ["b*a", "c*a"]), true);
  assert.equal(same(["x^2 - y^2"], ["x^2 + y^2"]), false);
  assert.equal(same(["x^2 + y^3 + x*y^2"], ["x^2 + y^3 - x*y^2"]), true);
  assert.equal(same(["x^2 + 2*y^3"], ["x^2 + 3*y^3"]), false);
  assert.equal(same(["a*b*c*d*e*f*g"], ["a*b*c*d*e*f*h"]), null);
});

const rows = [
  // id, title, family, d, status, lower, upper, m
  ["ade-a2", "Cusp", "ade", 2, "proved", "5/12", "5/12", 1],
  ["gauss-4", "four Gaussians", "gauss", 7, "bracketed", "1", "5/4", null],
  ["rrr-1", "reduced rank", "rrr", 4, "proved", "3/2", "3/2", 2],
  ["deep", "unknown row", "deep", 9, "unknown", null, null, null],
];
const index = {
  ids: rows.map((r) => r[0]),
  titles: rows.map((r) => r[1]),
  aliases: ["transformer", "", "", ""],
  families: rows.map((r) => r[2]),
  d: rows.map((r) => r[3]),
  status: rows.map((r) => r[4]),
  lower: rows.map((r) => r[5]),
  upper: rows.map((r) => r[6]),
  m: rows.map((r) => r[7]),
  tags: ["demo", "", "", ""],
  notes: ["", "", "", "of a nonce"],
  classes: ["c1", "", "", ""],
  models: ["m", "m", "m", "m"],
  signs: [fnv("2_3"), "", "", ""],
  shard: [0, 0, 0, 0],
};
globalThis.window = globalThis;
data.install();
globalThis.atlas.put("index", index);
globalThis.atlas.put("meta", { families: {} });
await data.start();
prepare();

test("the query table", () => {
  const ids = (q) => search(q).rows.map((i) => index.ids[i]);
  assert.deepEqual(ids(""), ["ade-a2", "gauss-4", "rrr-1", "deep"]);
  assert.deepEqual(ids("cusp"), ["ade-a2"]);
  assert.deepEqual(ids("transformer"), ["ade-a2"]);
  for (const q of ["λ=5/12", "5/12", "lambda=5/12", "rlct:5/12"]) assert.deepEqual(ids(q), ["ade-a2"], q);
  assert.deepEqual(ids("λ<1"), ["ade-a2"]);
  assert.deepEqual(ids("λ>=1"), ["rrr-1", "gauss-4"]);
  assert.deepEqual(ids("λ>1"), ["rrr-1"]);
  assert.deepEqual(ids("d:2..4"), ["ade-a2", "rrr-1"]);
  assert.deepEqual(ids("d:..3"), ["ade-a2"]);
  assert.deepEqual(ids("m=2 family:rrr"), ["rrr-1"]);
  assert.deepEqual(ids("status:bracketed"), ["gauss-4"]);
  assert.deepEqual(ids("class:c1"), ["ade-a2"]);
  assert.deepEqual(ids("1.3±0.2"), ["gauss-4", "rrr-1"]);
  assert.deepEqual(
    search("1.3±0.2").unknown.map((i) => index.ids[i]),
    ["deep"],
  );
  assert.deepEqual(ids("u^3 + v^2"), ["ade-a2"]);
  assert.deepEqual(ids("rrr-1, ade-a2"), ["rrr-1", "ade-a2"]);
  assert.deepEqual(search("cusp nonsense").told, ["no row has “nonsense”"]);
  assert.deepEqual(search("tansformer").told, ["no row has “tansformer”; perhaps transformer"]);
  assert.deepEqual(search("λ=99/7").told, ["no row has λ = 99/7; the nearest value is 3/2"]);
  assert.deepEqual(search("λ=1").told, ["no row has λ = 1; the nearest values are 5/12 and 3/2"]);
  assert.deepEqual(search("d=2, m=2").told, [
    "rows have each of d = 2, m = 2, and none has all; without d = 2, or without m = 2 there are some",
  ]);
  assert.deepEqual(search("100±1 d=2").told, ["no row has λ = 100 ± 1"]);
  assert.deepEqual(search("λ<").told, ["a number is needed after the sign in λ<"]);
  assert.deepEqual(search("λ=1/0").told, ["a fraction is needed, received 1/0"]);
  assert.deepEqual(search("cusp").told, []);
});

test("what of a query is polynomials: as in Python", () => {
  const table = JSON.parse(readFileSync(join(here, "germs.json"), "utf8"));
  for (const [query, parts] of Object.entries(table)) assert.deepEqual(generators(query), parts, query);
});

test("the rows on file, by the queries of people: as many as in Python, and the same one first", async () => {
  const table = (name) => {
    const file = join(here, "..", "..", "singularity_lab", "dictionary", "data", `${name}.jsonl.gz`);
    return gunzipSync(readFileSync(file)).toString().trim().split("\n").map(JSON.parse);
  };
  const rows = table("rows");
  const lines = new Map(table("strata").filter((s) => s.on_file).map((s) => [s.row_id, s]));
  const lambda = rows.map((r) => lines.get(r.id).lambda);
  const m = rows.map((r) => lines.get(r.id).m);
  const side = (c, name) => (c.status === "value" ? String(c.value) : c.status === "bounds" ? (c[name] ?? null) : null);
  globalThis.atlas.put("index", {
    ids: rows.map((r) => r.id),
    titles: rows.map((r) => r.title),
    aliases: rows.map((r) => r.aliases.join(";")),
    families: rows.map((r) => r.family),
    d: rows.map((r) => r.d),
    status: rows.map((r) => r.status),
    lower: lambda.map((c) => side(c, "lower")),
    upper: lambda.map((c) => side(c, "upper")),
    m: m.map((c) => (c.status === "value" ? c.value : null)),
    tags: rows.map((r) => r.tags.join(" ")),
    notes: rows.map((r) => r.note),
    classes: rows.map((r) => (r.class_id.status === "value" ? r.class_id.value : "")),
    models: rows.map((r) => r.model_id),
    signs: rows.map(() => ""),
    shard: rows.map(() => 0),
  });
  globalThis.atlas.put("meta", { families: Object.fromEntries(rows.map((r) => [r.family, r.family_title])) });
  await data.start();
  prepare();
  const queries = JSON.parse(readFileSync(join(here, "queries.json"), "utf8"));
  for (const [query, [count, first]] of Object.entries(queries)) {
    const found = search(query).rows.map((i) => rows[i].id);
    assert.deepEqual([found.length, found[0] ?? null], [count, first], query);
  }
});

test("functions that a linear network passes through cross where the free energies are equal", async () => {
  const { crossings, energy, ladder, overtakes, singularValues, someValues } = await load("figures/phases");
  const cell = (value) => ({ status: "value", value });
  const rung = (k, lambda, m) => ({ name: `rank ${k}`, row: "", lambda: cell(lambda), m: cell(m) });
  const functions = { rank: 3, argument: "", phases: [rung(0, "5", 2), rung(1, "6", 1), rung(2, "7", 2), rung(3, "15/2", 1)] };
  const all = ladder(functions, singularValues("1, 1/2, 0.1", 3));
  assert.deepEqual(all.map((p) => Number(p.loss.toFixed(10))), [1.26, 0.26, 0.01, 0]);
  const found = crossings(all);
  assert.deepEqual(found.map((c) => c.to.name), ["rank 3"]); // rank 2 is lowest from n = 4.3 on
  for (const { n, from, to } of found) assert.ok(Math.abs(energy(from, n) - energy(to, n)) < 1e-6);
  assert.equal(Math.round(found[0].n), 492);
  assert.equal(overtakes(all[1], all[3]), "which overtakes rank 1 at n* = 16");
  assert.equal(overtakes(all[1], all[2]), "which is below rank 1 from n = 10 on");
  assert.equal(overtakes(all[3], all[0]), "which does not overtake rank 3 up to n = 10⁸");
  for (const wrong of ["1, 1/2", "1, 2, 3", "1, 0, 0", "a, b, c", "1,, 1", "1/0, 1, 1"]) assert.equal(singularValues(wrong, 3), null);
  assert.deepEqual(singularValues(someValues(3), 3), [1, 0.5, 0.25]);
});
