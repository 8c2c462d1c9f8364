// The query language: words, ids, λ=5/12, λ<1, m=2, d:2..4, family: tag: status: class:, a/b, 5.9±0.3, or
// generators such as x^2-y^3. The same rules as in singularity_lab/dictionary/query.py; test/queries.json holds
// both to them.
import { index, page, position, real, meta } from "./data.ts";
import { closeness, mentions, namesOf, plain, type Names } from "./words.ts";
import { expand, parse, same, sign, Unreadable, type Poly, type Tree } from "./poly.ts";

export interface Chip {
  text: string;
  words: string;
}
export interface Found {
  rows: number[];
  unknown: number[];
  chips: Chip[];
  /** distance of λ to a reading, by row */
  distance?: Map<number, number>;
  /** the generators, where the query is an ideal */
  germ?: string[];
  /** why there are no rows: sentences */
  told: string[];
}

type Test = (i: number) => boolean;
let called: Names[] = [];
const spelt = new Map<string, string>(); // names of families and aliases, by their plain spelling
let low: Float64Array, high: Float64Array;

export function prepare(): void {
  called = namesOf(
    index.ids.map((id, i) => ({
      id,
      title: index.titles[i]!,
      family: index.families[i]!,
      familyTitle: meta.families[index.families[i]!] ?? "",
      aliases: index.aliases[i]!.split(";").filter(Boolean),
      told: `${index.notes[i]} ${index.tags[i]}`,
    })),
  );
  spelt.clear();
  for (const name of [...Object.values(meta.families), ...index.aliases.flatMap((a) => a.split(";"))])
    if (name && !spelt.has(plain(name))) spelt.set(plain(name), name);
  low = Float64Array.from(index.lower.map((t) => (t ? real(t) : -Infinity)));
  high = Float64Array.from(index.upper.map((t) => (t ? real(t) : Infinity)));
}

const TOKEN = /"[^"]*"|\S+/g;
const NUMBER = "((?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:/\\d+)?)";
const COMPARE = new RegExp(`^(λ|lambda|rlct|l|m|d)(<=|>=|≤|≥|=|<|>|:)${NUMBER}?(?:(?:\\.\\.|-)${NUMBER}?)?$`, "i");
const READING = new RegExp(`^${NUMBER}(?:±|\\+-|\\+/-)${NUMBER}$`);
const FRACTION = /^\d+\/\d+$/;
const FIELD = /^(family|tag|status|class|model):(.+)$/i;
const SPACED = /(?<![\p{L}\p{N}_"])(λ|lambda|rlct|l|m|d)\s*(<=|>=|≤|≥|=|<|>)\s*/giu;
const UNFINISHED = /^(λ|lambda|rlct|m|d)[<>=≤≥]/;
const POWER = /[\^*]/;

/** The generators that a query lists; null for words and comparisons. */
export function generators(query: string): string[] | null {
  const text = query.trim().replaceAll("²", "^2").replaceAll("³", "^3").replaceAll("·", "*").replaceAll("−", "-");
  if (/[:=<>±"]/.test(text) || position.has(query.trim())) return null;
  const parts = split(unwrapped(text));
  if (parts.length === 1 && POWER.test(text)) {
    // generators with blanks between
    const words = text.split(/\s+/);
    if (words.length > 1 && words.every((w) => POWER.test(w)) && readable(words)) return words;
  }
  // `reduced-rank` and `two-layer` are words: a polynomial has a power or a product, or short names
  const letters = parts.length > 1 && parts.every((p) => /^[a-z]$/.test(p));
  const sums = /\p{L}[\p{L}\p{N}_]*\s*[-+]\s*[\p{L}(]/u.test(text) && !/\p{L}{3}/u.test(text);
  if (!(POWER.test(text) || letters || sums) || parts.some(isTest) || !readable(parts)) return null;
  return parts;
}
function readable(parts: string[]): boolean {
  try {
    for (const part of parts) parse(part);
  } catch {
    return false;
  }
  return parts.length > 0;
}
const isTest = (text: string) => [COMPARE, FIELD, FRACTION, READING].some((kind) => kind.test(text));
/** The terms of a query: parted by blanks, and by commas where a comparison stands at both sides. */
function terms(query: string): string[] {
  const tokens = query.replace(SPACED, "$1$2").match(TOKEN) ?? [];
  return tokens.flatMap((token) => {
    const parts = token.split(/[,;]/).filter(Boolean);
    return parts.length && parts.every(isTest) ? parts : [token];
  });
}
/** Without a pair of brackets around the whole. */
function unwrapped(text: string): string {
  if (!text.startsWith("(") || !text.endsWith(")")) return text;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0 && i < text.length - 1) return text;
  }
  return depth === 0 ? text.slice(1, -1) : text;
}
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === "(") depth++;
    else if (c === ")") depth--;
    else if ((c === "," || c === ";" || c === undefined) && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts.filter(Boolean);
}

function compare(name: string, op: string, a: string, b: string, spread: boolean): [Test, string] {
  const n = /^(λ|lambda|rlct|l)$/i.test(name) ? "λ" : name.toLowerCase();
  const [x, y] = [a ? real(a) : -Infinity, b ? real(b) : Infinity];
  const value = (i: number): [number, number] =>
    n === "λ" ? [low[i]!, high[i]!] : n === "d" ? [index.d[i]!, index.d[i]!] : [index.m[i] ?? NaN, index.m[i] ?? NaN];
  if (spread)
    return [(i) => value(i)[0] >= x - 1e-12 && value(i)[1] <= y + 1e-12, `${n} from ${a || "…"} to ${b || "…"}`];
  const tests: Record<string, Test> = {
    "=": (i) => Math.abs(value(i)[0] - x) < 1e-12 && Math.abs(value(i)[1] - x) < 1e-12,
    "<": (i) => value(i)[1] < x - 1e-12,
    ">": (i) => value(i)[0] > x + 1e-12,
    "<=": (i) => value(i)[1] <= x + 1e-12,
    ">=": (i) => value(i)[0] >= x - 1e-12,
  };
  const plain = { "≤": "<=", "≥": ">=", ":": "=" }[op] ?? op;
  return [tests[plain]!, `${n} ${plain.replace("<=", "≤").replace(">=", "≥")} ${a}`];
}

function read(token: string): [Test, string] | { reading: [number, number] } | { word: string } {
  let m = COMPARE.exec(token);
  if (m && (m[3] || m[4])) {
    const spread = /\.\.|\d-\d/.test(token) || (m[3] === undefined && m[4] !== undefined);
    return compare(m[1]!, m[2]!, m[3] ?? "", m[4] ?? (spread ? "" : ""), spread);
  }
  m = READING.exec(token);
  if (m) return { reading: [real(m[1]), real(m[2])] };
  if (FRACTION.test(token)) return compare("λ", "=", token, "", false);
  const [, key, rest] = FIELD.exec(token) ?? [];
  const value = (rest ?? "").replaceAll('"', "").toLowerCase();
  switch (value && key!.toLowerCase()) {
    case "family":
      return [(i) => index.families[i]!.includes(value), `family ${value}`];
    case "tag":
      return [(i) => ` ${index.tags[i]} `.toLowerCase().includes(` ${value} `), `tag ${value}`];
    case "status":
      return [(i) => index.status[i] === value, `status ${value}`];
    case "class": {
      const at = position.get(value);
      const name = at === undefined ? value : index.classes[at] || "none";
      return [(i) => index.classes[i]!.startsWith(name), `class ${value}`];
    }
    case "model":
      return [(i) => index.models[i] === value, `model ${value}`];
  }
  return { word: token.replaceAll('"', "") };
}

const all = () => index.ids.map((_, i) => i);

/** The rows that a query finds, best first; `germ` asks for a look-up that needs the rows' polynomials. */
export function search(query: string): Found {
  const text = query.trim();
  const parts = generators(text);
  if (parts)
    return { rows: bySign(parts), unknown: [], chips: [{ text, words: `generators ${text}` }], germ: parts, told: [] };
  const listed = text.split(/[\s,;]+/).filter(Boolean);
  if (listed.length > 1 && listed.every((id) => position.has(id)))
    return {
      rows: listed.map((id) => position.get(id)!),
      unknown: [],
      chips: listed.map((id) => ({ text: id, words: id })),
      told: [],
    };
  const tokens = terms(text);
  const tests: { test: Test; chip: Chip; word?: string }[] = [];
  let reading: [number, number] | null = null;
  const chips: Chip[] = [];
  const said: string[] = [];
  for (const token of tokens) {
    const found = read(token);
    if ("reading" in found) {
      reading = found.reading;
      chips.push({ text: token, words: `reading ${reading[0]} ± ${reading[1]}` });
    } else if ("word" in found) {
      const word = plain(found.word);
      const chip = { text: token, words: found.word.toLowerCase() };
      said.push(found.word);
      chips.push(chip);
      tests.push({ test: (i) => mentions(called[i]!, word), chip, word: found.word });
    } else {
      const chip = { text: token, words: found[1] };
      chips.push(chip);
      tests.push({ test: found[0], chip });
    }
  }
  const keep = (list: { test: Test }[]) => all().filter((i) => list.every((t) => t.test(i)));
  let rows = keep(tests);
  const unknown: number[] = [];
  let distance: Map<number, number> | undefined;
  if (reading) {
    const [v, e] = reading;
    distance = new Map();
    const meets: number[] = [];
    for (const i of rows) {
      if (low[i] === -Infinity || high[i] === Infinity) unknown.push(i);
      else if (low[i]! <= v + e && high[i]! >= v - e) {
        meets.push(i);
        distance.set(i, Math.max(0, low[i]! - v, v - high[i]!));
      }
    }
    rows = meets.sort((a, b) => distance!.get(a)! - distance!.get(b)! || high[a]! - low[a]! - high[b]! + low[b]!);
  } else if (tokens.length) rows = rank(rows, said);
  const told: string[] = [];
  if (reading && !rows.length) told.push(`no row has λ = ${reading[0]} ± ${reading[1]}`);
  if (!rows.length && !unknown.length && tests.length) {
    for (const t of tests) if (!keep([t]).length) told.push(whyNone(t.chip, t.word));
    if (!told.length && tests.length > 1 && !reading) {
      const guilty = tests.filter((t) => keep(tests.filter((o) => o !== t)).length).map((t) => t.chip.words);
      told.push(
        `rows have each of ${tests.map((t) => t.chip.words).join(", ")}, and none has all` +
          (guilty.length ? `; without ${guilty.join(", or without ")} there are some` : ""),
      );
    }
  }
  return { rows, unknown, chips, distance, told };
}

/** Why no row answers a term. */
function whyNone(chip: Chip, word?: string): string {
  if (word !== undefined) {
    if (UNFINISHED.test(word)) return `a number is needed after the sign in ${word}`;
    const near = nearWords(word);
    return `no row has “${word}”${near.length ? `; perhaps ${near.join(", ")}` : ""}`;
  }
  const asked = /^λ = (.+)$/.exec(chip.words);
  if (!asked) return `no row has ${chip.words}`;
  const wanted = real(asked[1]!);
  if (!Number.isFinite(wanted)) return `a fraction is needed, received ${asked[1]}`;
  let [below, above] = [-1, -1];
  for (let i = 0; i < index.ids.length; i++) {
    if (low[i] !== high[i]) continue;
    if (low[i]! < wanted && (below < 0 || low[i]! > low[below]!)) below = i;
    if (low[i]! > wanted && (above < 0 || low[i]! < low[above]!)) above = i;
  }
  const near = [below, above].filter((i) => i >= 0).map((i) => index.lower[i]);
  return `no row has ${chip.words}${near.length ? `; the nearest ${near.length > 1 ? "values are" : "value is"} ${near.join(" and ")}` : ""}`;
}

/** Names of rows that are spelled nearly like a word, the nearest first. */
function nearWords(word: string): string[] {
  const asked = plain(word);
  return [...spelt.keys()]
    .map((name) => [edits(asked, name), name] as const)
    .filter(([far, name]) => far * 5 <= Math.max(asked.length, name.length))
    .sort((a, b) => a[0] - b[0])
    .slice(0, 3)
    .map(([, name]) => spelt.get(name)!);
}
/** The number of letters to put in, leave out or change. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length]!;
}

/** What is called so first; rows that fit alike by size, where no word was said, and else in their order. */
function rank(rows: number[], said: string[]): number[] {
  if (!said.length) return rows.sort((a, b) => index.d[a]! - index.d[b]! || a - b);
  return rows
    .map((i) => [...closeness(called[i]!, said), i] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
    .map((x) => x[2]);
}

// -- germs -------------------------------------------------------------------------------------------

export function fnv(text: string): string {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return h.toString(16).padStart(8, "0");
}

function names(tree: Tree, into: Set<string>): void {
  if (tree.t === "name") into.add(tree.v);
  else if (tree.t === "sum") tree.terms.forEach((t) => names(t.tree, into));
  else if (tree.t === "product") tree.factors.forEach((t) => names(t, into));
  else if (tree.t === "quotient") [tree.a, tree.b].forEach((t) => names(t, into));
  else if (tree.t === "power") names(tree.base, into);
}
export function polynomials(parts: string[], variables?: string[]): Poly[] {
  const trees = parts.map(parse);
  const found = new Set(variables ?? []);
  if (!variables) trees.forEach((t) => names(t, found));
  return trees.map((t) => expand(t, [...found]));
}

function bySign(parts: string[]): number[] {
  try {
    const key = fnv(sign(polynomials(parts)));
    return all().filter((i) => index.signs[i] === key);
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}

/** Of the rows with the sign of the germ, those that are it up to renaming and signs. */
export async function confirm(parts: string[], rows: number[]): Promise<{ row: number; same: boolean | null }[]> {
  const wanted = polynomials(parts);
  return Promise.all(
    rows.slice(0, 60).map(async (row) => {
      const found = await page(index.ids[row]!);
      if (!found.germ) return { row, same: false };
      return { row, same: same(wanted, polynomials(found.germ.generators, found.germ.variables)) };
    }),
  );
}

/** The rows nearest to generators that are not on file: by number of variables and terms. */
export function nearest(parts: string[]): number[] {
  try {
    const wanted = polynomials(parts);
    const d = wanted[0]?.n ?? 0;
    return all()
      .filter((i) => index.d[i] === d && index.status[i] === "proved")
      .slice(0, 6);
  } catch {
    return [];
  }
}
