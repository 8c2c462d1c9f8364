// Polynomials as people type them: read, printed, expanded and evaluated. The grammar is that of the
// catalog: sums, products, integer powers, rational numbers, names.

export type Tree =
  | { t: "number"; v: string }
  | { t: "name"; v: string }
  | { t: "sum"; terms: { sign: 1 | -1; tree: Tree }[] }
  | { t: "product"; factors: Tree[] }
  | { t: "quotient"; a: Tree; b: Tree }
  | { t: "power"; base: Tree; n: number };

export class Unreadable extends Error {}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([\p{L}_][\p{L}\p{Nd}_']*)|(\*\*|[-+*/^()·−²³]))/uy;

export function parse(text: string): Tree {
  const tokens: { kind: "n" | "w" | "o"; v: string }[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const m = TOKEN.exec(text);
    if (!m) throw new Unreadable(`cannot read “${text.slice(at, at + 12)}”`);
    if (m[1]) tokens.push({ kind: "n", v: m[1] });
    else if (m[2]) tokens.push({ kind: "w", v: m[2] });
    else if (m[3] === "²" || m[3] === "³")
      tokens.push({ kind: "o", v: "^" }, { kind: "n", v: m[3] === "²" ? "2" : "3" });
    else tokens.push({ kind: "o", v: { "**": "^", "·": "*", "−": "-" }[m[3]!] ?? m[3]! });
  }
  let i = 0;
  const is = (v: string) => tokens[i]?.kind === "o" && tokens[i]!.v === v;
  function sum(): Tree {
    const terms: { sign: 1 | -1; tree: Tree }[] = [];
    let sign: 1 | -1 = 1;
    while (is("-") || is("+")) if (tokens[i++]!.v === "-") sign = sign === 1 ? -1 : 1;
    terms.push({ sign, tree: product() });
    while (is("+") || is("-")) {
      sign = 1;
      while (is("-") || is("+")) if (tokens[i++]!.v === "-") sign = sign === 1 ? -1 : 1;
      terms.push({ sign, tree: product() });
    }
    return terms.length === 1 && terms[0]!.sign === 1 ? terms[0]!.tree : { t: "sum", terms };
  }
  function product(): Tree {
    const factors = [power()];
    for (;;) {
      if (is("*")) {
        i++;
        factors.push(power());
      } else if (is("/")) {
        i++;
        const b = power();
        const a = factors.pop()!;
        factors.push({ t: "quotient", a, b });
      } else break;
    }
    return factors.length === 1 ? factors[0]! : { t: "product", factors };
  }
  function power(): Tree {
    const base = atom();
    if (!is("^")) return base;
    i++;
    const n = tokens[i++];
    if (n?.kind !== "n" || !/^\d+$/.test(n.v)) throw new Unreadable("a power needs a whole number");
    if (Number(n.v) > 200) throw new Unreadable("powers up to 200 are read");
    return { t: "power", base, n: Number(n.v) };
  }
  function atom(): Tree {
    const token = tokens[i++];
    if (!token) throw new Unreadable("the expression ends too early");
    if (token.kind === "n") return { t: "number", v: token.v };
    if (token.kind === "w") return { t: "name", v: token.v };
    if (token.v === "(") {
      const inner = sum();
      if (!is(")")) throw new Unreadable("a bracket is not closed");
      i++;
      return inner;
    }
    if (token.v === "-") return { t: "sum", terms: [{ sign: -1, tree: atom() }] };
    throw new Unreadable(`“${token.v}” is not expected here`);
  }
  if (!tokens.length) throw new Unreadable("nothing to read");
  const tree = sum();
  if (i < tokens.length) throw new Unreadable(`“${tokens[i]!.v}” is not expected here`);
  return tree;
}

/** Exponents (joined by commas, one for each variable) → coefficient. */
export interface Poly {
  n: number;
  terms: Map<string, number>;
}
const LIMIT = 4000;

function add(a: Poly, b: Poly, sign: number): Poly {
  const terms = new Map(a.terms);
  for (const [e, c] of b.terms) {
    const v = (terms.get(e) ?? 0) + sign * c;
    if (v === 0) terms.delete(e);
    else terms.set(e, v);
  }
  return { n: a.n, terms };
}
function times(a: Poly, b: Poly): Poly {
  if (a.terms.size * b.terms.size > 4e6) throw new Unreadable("more terms than are drawn");
  const terms = new Map<string, number>();
  for (const [e, c] of a.terms) {
    const x = e.split(",").map(Number);
    for (const [f, d] of b.terms) {
      const y = f.split(",");
      const key = x.map((v, i) => v + Number(y[i])).join(",");
      const v = (terms.get(key) ?? 0) + c * d;
      if (v === 0) terms.delete(key);
      else terms.set(key, v);
    }
  }
  if (terms.size > LIMIT) throw new Unreadable(`more than ${LIMIT} terms`);
  return { n: a.n, terms };
}

/** The polynomial expanded in the variables given; other names must have a value. */
export function expand(tree: Tree, variables: string[], values: Record<string, number> = {}): Poly {
  const n = variables.length;
  const zero = Array(n).fill(0).join(",");
  const constant = (c: number): Poly => ({ n, terms: new Map(c === 0 ? [] : [[zero, c]]) });
  const go = (t: Tree): Poly => {
    switch (t.t) {
      case "number":
        return constant(Number(t.v));
      case "name": {
        const i = variables.indexOf(t.v);
        if (i >= 0) {
          const e = Array(n).fill(0);
          e[i] = 1;
          return { n, terms: new Map([[e.join(","), 1]]) };
        }
        const value = values[t.v];
        if (value === undefined) throw new Unreadable(`the variable ${t.v} is not known`);
        return constant(value);
      }
      case "sum":
        return t.terms.reduce((sum, term) => add(sum, go(term.tree), term.sign), constant(0));
      case "product":
        return t.factors.map(go).reduce(times);
      case "quotient": {
        const b = go(t.b);
        const c = b.terms.get(zero);
        if (b.terms.size !== 1 || !c) throw new Unreadable("division is by numbers only");
        const a = go(t.a);
        return { n, terms: new Map([...a.terms].map(([e, v]) => [e, v / c])) };
      }
      case "power": {
        let result = constant(1);
        const base = go(t.base);
        for (let k = 0; k < t.n; k++) result = times(result, base);
        return result;
      }
    }
  };
  return go(tree);
}

export interface Terms {
  n: number;
  coefficients: Float64Array;
  exponents: Uint8Array;
}
export function flat(p: Poly): Terms {
  const list = [...p.terms];
  const coefficients = new Float64Array(list.map(([, c]) => c));
  const exponents = new Uint8Array(list.length * p.n);
  list.forEach(([e], i) => e.split(",").forEach((v, j) => (exponents[i * p.n + j] = Number(v))));
  return { n: p.n, coefficients, exponents };
}

/** A function that evaluates the polynomial; a policy of the page forbids to compile one from text. */
export function evaluator(p: Poly): (x: ArrayLike<number>) => number {
  const { n, coefficients, exponents } = flat(p);
  const top = Array.from({ length: n }, (_, j) => {
    let most = 0;
    for (let i = j; i < exponents.length; i += n) most = Math.max(most, exponents[i]!);
    return most;
  });
  const width = Math.max(0, ...top) + 1;
  const powers = new Float64Array(width * n);
  return (x) => {
    for (let j = 0; j < n; j++) {
      let v = 1;
      for (let k = 0; k <= top[j]!; k++) {
        powers[j * width + k] = v;
        v *= x[j]!;
      }
    }
    let total = 0;
    for (let i = 0, at = 0; i < coefficients.length; i++) {
      let v = coefficients[i]!;
      for (let j = 0; j < n; j++, at++) {
        const e = exponents[at]!;
        if (e) v *= powers[j * width + e]!;
      }
      total += v;
    }
    return total;
  };
}

/** The polynomial as an expression of GLSL in x.x, x.y, x.z. */
export function glsl(p: Poly): string {
  const names = ["x.x", "x.y", "x.z"];
  const parts = [...p.terms].map(([e, c]) => {
    const factors = [c.toExponential(7).replace("e+", "e")];
    e.split(",").forEach((v, j) => {
      for (let k = 0; k < Number(v); k++) factors.push(names[j]!);
    });
    return factors.join("*").replace(/^(-?\d)(\.\d+)?e/, (_, a, b) => `${a}${b ?? ".0"}e`);
  });
  return parts.length ? parts.join("+").replaceAll("+-", "-") : "0.0";
}

// -- the sign of a germ: what renaming, signs and scaling of generators leave alone ------------------

/** The same text as singularity_lab.atlas.germs.sign: generators by the sorted exponents of their terms
 * and the absolute ratios of their coefficients, sorted. */
export function sign(polys: Poly[]): string {
  return polys
    .filter((p) => p.terms.size)
    .map((p) =>
      [...p.terms.keys()]
        .map((e) =>
          e
            .split(",")
            .map(Number)
            .filter(Boolean)
            .sort((a, b) => b - a)
            .join("."),
        )
        .sort()
        .join("_"),
    )
    .sort()
    .join("|");
}

function normal(p: Poly, order: number[], flips: number): string {
  const list = [...p.terms].map(([e, c]) => {
    const old = e.split(",").map(Number);
    let v = c;
    old.forEach((k, j) => {
      if ((flips >> j) & 1 && k & 1) v = -v;
    });
    return { e: order.map((j) => old[j]!).join(","), v };
  });
  list.sort((a, b) => (a.e < b.e ? -1 : 1));
  const lead = list[0]!.v;
  return list.map(({ e, v }) => `${e}:${(v / lead).toPrecision(9)}`).join("_");
}

/** Whether renaming and signs of variables, and scaling of generators, take one germ to the other.
 * null: more variables than are tried. */
export function same(a: Poly[], b: Poly[]): boolean | null {
  const used = (ps: Poly[]) => {
    const seen = new Set<number>();
    for (const p of ps) for (const e of p.terms.keys()) e.split(",").forEach((v, j) => Number(v) && seen.add(j));
    return [...seen].sort((x, y) => x - y);
  };
  const [ua, ub] = [used(a), used(b)];
  if (ua.length !== ub.length) return false;
  if (ua.length > 6) return null;
  const want = a
    .map((p) => normal(p, ua, 0))
    .sort()
    .join("|");
  for (const order of permutations(ub))
    for (let flips = 0; flips < 1 << ub.length; flips++) {
      let mask = 0;
      ub.forEach((j, i) => (mask |= ((flips >> i) & 1) << j));
      if (
        b
          .map((p) => normal(p, order, mask))
          .sort()
          .join("|") === want
      )
        return true;
    }
  return false;
}
function* permutations(list: number[]): Generator<number[]> {
  if (list.length < 2) return yield list;
  for (let i = 0; i < list.length; i++)
    for (const rest of permutations([...list.slice(0, i), ...list.slice(i + 1)])) yield [list[i]!, ...rest];
}
