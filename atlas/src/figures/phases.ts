// Free energies of strata and where they cross; the graded graph of the closure order.
import type { Cell, Edge, Ladder, ModelPage, Stratum } from "../data.ts";
import { real } from "../data.ts";

export interface Phase {
  key: string;
  name: string;
  row: string;
  onFile: boolean;
  loss: number;
  lossText: string;
  low: number;
  high: number;
  lambda: string;
  /** of the lower and the upper pair: in the order of volumes the lower bound has the larger m */
  m: number;
  mText: string;
  known: boolean;
  why: string;
  dimension: number | null;
}

interface Where {
  key: string;
  name: string;
  row: string;
  onFile: boolean;
  dimension: number | null;
}
/** A phase from its cells of λ and m and its loss. */
function phase(place: Where, lambda: Cell, m: Cell, L: number, lossText: string, noLoss: string): Phase {
  const value = lambda.status === "value";
  const low = value ? real(String(lambda.value)) : lambda.status === "bounds" ? real(lambda.lower) : NaN;
  const high = value ? low : lambda.status === "bounds" ? real(lambda.upper) : NaN;
  const known = Number.isFinite(L) && Number.isFinite(low) && Number.isFinite(high);
  return {
    ...place,
    loss: L,
    lossText,
    low,
    high,
    lambda: value
      ? String(lambda.value)
      : lambda.status === "bounds"
        ? `${lambda.lower ?? "?"} … ${lambda.upper ?? "?"}`
        : "?",
    m: m.status === "value" ? Number(m.value) : 1,
    mText:
      m.status === "value" ? String(m.value) : m.status === "bounds" ? `${m.lower ?? "?"} … ${m.upper ?? "?"}` : "?",
    known,
    why: known ? "" : !Number.isFinite(L) ? noLoss : (lambda.reason ?? "λ has no two sides"),
  };
}

export function phases(model: ModelPage): Phase[] {
  return model.strata.map((s: Stratum) => {
    const loss = s["loss"];
    return phase(
      {
        key: s.on_file ? s.row_id : `${s.row_id}#${s.stratum_id}`,
        name: s.stratum_id,
        row: s.row_id,
        onFile: s.on_file,
        dimension: s["dimension"]?.status === "value" ? Number(s["dimension"].value) : null,
      },
      s["lambda"],
      s["m"],
      loss.status === "value" ? real(String(loss.value)) : NaN,
      loss.status === "value" ? String(loss.value) : loss.status,
      loss.reason ?? "its loss is not known",
    );
  });
}

/** The singular values that a text lists, descending and > 0; null for another text or number of them. */
export function singularValues(text: string, rank: number): number[] | null {
  const found = text.split(",").map((part) => {
    const ok = /^\s*\d+(\.\d+)?(\/\d+(\.\d+)?)?\s*$/.test(part);
    const [a, b = "1"] = part.split("/");
    return ok ? Number(a) / Number(b) : NaN;
  });
  const fine = found.length === rank && found.every((v, i) => v > 0 && Number.isFinite(v) && (i === 0 || v <= found[i - 1]!));
  return fine ? found : null;
}
/** 1, 1/2, 1/4, …: what is shown where nothing is asked for. */
export const someValues = (rank: number) =>
  Array.from({ length: rank }, (_, i) => (i ? `1/${2 ** i}` : "1")).join(", ");

/** The functions of a model as phases: L of rank k is the sum of the squares of the later singular values. */
export function ladder(functions: Ladder, values: number[]): Phase[] {
  return functions.phases.map((f, k) => {
    const L = f.loss === undefined ? values.slice(k).reduce((sum, v) => sum + v * v, 0) : real(f.loss);
    const told = f.loss ?? String(Number(L.toPrecision(6)));
    const place = { key: f.name, name: f.name, row: f.row, onFile: !!f.row, dimension: null };
    return phase(place, f.lambda, f.m, L, told, "");
  });
}
/** The ranks of a ladder in their order, as closures; none for the functions of a machine. */
export const rungs = (functions: Ladder): Edge[] =>
  functions.rank === null
    ? []
    : functions.phases.slice(1).map((f, k) => ({
        source: functions.phases[k]!.name,
        target: f.name,
        kind: "closure",
        weight: 1,
        evidence: "ranks",
      }));

/** n·L + λ log n − (m − 1) log log n, with λ at one side of its bounds. */
export function energy(p: Phase, n: number, side: "low" | "high" = "low"): number {
  return n * p.loss + p[side] * Math.log(n) - (p.m - 1) * Math.log(Math.log(n));
}

export interface Crossing {
  n: number;
  from: Phase;
  to: Phase;
}

/** Where the lowest stratum changes, from n = 10 to 10⁸. */
export function crossings(all: Phase[]): Crossing[] {
  const list = all.filter((p) => p.known && p.low === p.high);
  if (list.length < 2) return [];
  const lowest = (n: number) => list.reduce((a, b) => (energy(b, n) < energy(a, n) - 1e-12 ? b : a));
  const found: Crossing[] = [];
  let before = lowest(10);
  for (let e = 1; e <= 8.0001; e += 0.02) {
    const now = lowest(10 ** e);
    if (now === before || energy(now, 10 ** e) >= energy(before, 10 ** e) - 1e-9) continue;
    let [a, b] = [e - 0.02, e];
    for (let k = 0; k < 50; k++) {
      const c = (a + b) / 2;
      if (energy(now, 10 ** c) < energy(before, 10 ** c)) b = c;
      else a = c;
    }
    found.push({ n: 10 ** b, from: before, to: now });
    before = now;
  }
  return found;
}

/** From which n on a phase is lower than the one where a reading lies. */
export function overtakes(here: Phase, next: Phase): string {
  const size = crossings([here, next]).find((c) => c.to === next);
  if (size) return `which overtakes ${here.name} at n* = ${Math.round(size.n).toLocaleString("en-GB")}`;
  return energy(next, 1e8) < energy(here, 1e8)
    ? `which is below ${here.name} from n = 10 on`
    : `which does not overtake ${here.name} up to n = 10⁸`;
}

export interface Place {
  phase: Phase;
  x: number;
  y: number;
}
/** Strata in levels, the deepest at the bottom: by the longest chain of closures below each. */
export function layout(
  list: Phase[],
  edges: Edge[],
): { places: Place[]; lines: [Place, Place][]; levels: number; widest: number } {
  const byKey = new Map<string, Phase>();
  for (const p of list) {
    byKey.set(p.key, p);
    byKey.set(`${p.row}#${p.name}`, p);
  }
  const pairs = edges
    .filter((e) => e.kind === "closure")
    .map((e) => [byKey.get(e.source), byKey.get(e.target)] as const)
    .filter((p): p is readonly [Phase, Phase] => !!p[0] && !!p[1] && p[0] !== p[1]);
  const level = new Map<Phase, number>(list.map((p) => [p, 0]));
  for (let round = 0; round < list.length; round++) {
    let moved = false;
    for (const [deep, open] of pairs)
      if (level.get(open)! < level.get(deep)! + 1) {
        level.set(open, level.get(deep)! + 1);
        moved = true;
      }
    if (!moved) break;
  }
  // an edge is drawn only where no longer chain joins its ends
  const direct = pairs.filter(
    ([a, b]) => !pairs.some(([c, d]) => c === a && d !== b && pairs.some(([e, f]) => e === d && f === b)),
  );
  const rows: Phase[][] = [];
  for (const p of list) (rows[level.get(p)!] ??= []).push(p);
  const order = new Map<Phase, number>();
  rows.forEach((row) => row.forEach((p, i) => order.set(p, i)));
  for (let sweep = 0; sweep < 6; sweep++)
    for (const row of rows) {
      const mean = (p: Phase) => {
        const near = direct.filter((e) => e[0] === p || e[1] === p).map((e) => order.get(e[0] === p ? e[1] : e[0])!);
        return near.length ? near.reduce((s, v) => s + v, 0) / near.length : order.get(p)!;
      };
      const means = new Map(row.map((p) => [p, mean(p)]));
      row.sort((a, b) => means.get(a)! - means.get(b)!);
      row.forEach((p, i) => order.set(p, i + (rows[0]!.length - row.length) / 2));
    }
  const widest = Math.max(...rows.map((r) => r.length));
  const places = new Map<Phase, Place>();
  rows.forEach((row, y) => row.forEach((phase, i) => places.set(phase, { phase, x: (i + 0.5) / row.length, y })));
  return {
    places: [...places.values()],
    lines: direct.map(([a, b]) => [places.get(a)!, places.get(b)!]),
    levels: rows.length,
    widest,
  };
}
