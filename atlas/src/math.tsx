// Polynomials and fractions as MathML. MathML does not break lines, so each term is an element of its own
// in a line that wraps.
import { useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { parse, type Tree } from "./poly.ts";

// Attributes of <mo> that the types of Preact do not have.
const O = (p: { children: ComponentChildren; [name: string]: any }) => <mo {...(p as any)} />;

function Name({ v }: { v: string }) {
  const m = /^(\p{L}+?)_?(\d[\d_]*|_.*)?('*)$/u.exec(v) ?? [v, v, "", ""];
  let base = m[1] ?? v;
  let below = (m[2] ?? "").replace(/^_+/, "").replaceAll("_", ",");
  const under = /^(\p{L}+)_(.+)$/u.exec(v);
  if (under) [base, below] = [under[1]!, under[2]!.replaceAll("_", " ").trim()];
  const name = <mi>{base}</mi>;
  return below ? (
    <msub>
      {name}
      {/^\d+$/.test(below) ? <mn>{below}</mn> : <mtext>{below}</mtext>}
    </msub>
  ) : (
    name
  );
}

const needsBrackets = (t: Tree) => t.t === "sum";

function Inside({ tree }: { tree: Tree }): JSX.Element {
  switch (tree.t) {
    case "number":
      return <mn>{tree.v}</mn>;
    case "name":
      return <Name v={tree.v} />;
    case "sum":
      return (
        <mrow>
          {tree.terms.map((term, i) => (
            <>
              {(i > 0 || term.sign < 0) && <O form={i ? "infix" : "prefix"}>{term.sign < 0 ? "−" : "+"}</O>}
              <Wrapped tree={term.tree} always={false} sum={i > 0 || term.sign < 0} />
            </>
          ))}
        </mrow>
      );
    case "product":
      return (
        <mrow>
          {tree.factors.map((f, i) => (
            <>
              {i > 0 && (isNumber(f) ? <mo>·</mo> : <mspace width="0.12em" />)}
              <Wrapped tree={f} always={needsBrackets(f)} />
            </>
          ))}
        </mrow>
      );
    case "quotient":
      return tree.a.t === "number" && tree.b.t === "number" ? (
        <mrow>
          <mn>{tree.a.v}</mn>
          <O lspace="0" rspace="0">
            /
          </O>
          <mn>{tree.b.v}</mn>
        </mrow>
      ) : (
        <mfrac>
          <Inside tree={tree.a} />
          <Inside tree={tree.b} />
        </mfrac>
      );
    case "power":
      return (
        <msup>
          <Wrapped tree={tree.base} always={tree.base.t !== "name" && tree.base.t !== "number"} />
          <mn>{tree.n}</mn>
        </msup>
      );
  }
}
const isNumber = (t: Tree): boolean => t.t === "number" || (t.t === "power" && isNumber(t.base));

function Wrapped({ tree, always, sum = false }: { tree: Tree; always: boolean; sum?: boolean }) {
  const brackets = always || (sum && tree.t === "sum");
  return brackets ? (
    <mrow>
      <O stretchy="false">(</O>
      <Inside tree={tree} />
      <O stretchy="false">)</O>
    </mrow>
  ) : (
    <Inside tree={tree} />
  );
}

function degree(t: Tree): number {
  if (t.t === "number") return 0;
  if (t.t === "name") return 1;
  if (t.t === "power") return t.n * degree(t.base);
  if (t.t === "product") return t.factors.reduce((s, f) => s + degree(f), 0);
  if (t.t === "quotient") return degree(t.a);
  return Math.max(...t.terms.map((x) => degree(x.tree)));
}

/** The place of a term: by degree, a constant last. */
const rank = (t: Tree) => degree(t) || 1e6;

/** One polynomial: its terms by degree, each in a <math> of its own. */
export function Poly({ text, most = 24 }: { text: string; most?: number }) {
  const [all, setAll] = useState(false);
  let tree: Tree;
  try {
    tree = parse(text);
  } catch {
    return <code>{text}</code>;
  }
  const terms =
    tree.t === "sum" ? [...tree.terms].sort((a, b) => rank(a.tree) - rank(b.tree)) : [{ sign: 1 as const, tree }];
  // the first one printed without a minus sign, where one of the lowest degree has none
  const low = terms.filter((t) => degree(t.tree) === degree(terms[0]!.tree));
  const lead = low.find((t) => t.sign > 0);
  if (lead && terms[0]!.sign < 0) {
    terms.splice(terms.indexOf(lead), 1);
    terms.unshift(lead);
  }
  const shown = all ? terms : terms.slice(0, most);
  return (
    <span class="poly">
      {shown.map((term, i) => (
        <math key={i}>
          {(i > 0 || term.sign < 0) && (
            <O form={i ? "infix" : "prefix"} lspace={i ? "0.22em" : "0"} rspace={i ? "0.22em" : "0.05em"}>
              {term.sign < 0 ? "−" : "+"}
            </O>
          )}
          <Wrapped tree={term.tree} always={term.tree.t === "sum"} />
        </math>
      ))}
      {shown.length < terms.length && (
        <button class="more" onClick={() => setAll(true)}>
          and {terms.length - shown.length} terms more
        </button>
      )}
    </span>
  );
}

export function M({ children }: { children: ComponentChildren }) {
  return <math>{children}</math>;
}

/** A variable in running text. */
export function V({ v }: { v: string }) {
  return (
    <math>
      <Name v={v} />
    </math>
  );
}

/** An exact number at display size: a stacked fraction. */
export function Big({ text }: { text: string }) {
  const [a, b] = text.split("/");
  return (
    <math class="big">
      {b ? (
        <mfrac>
          <mn>{a}</mn>
          <mn>{b}</mn>
        </mfrac>
      ) : (
        <mn>{a}</mn>
      )}
    </math>
  );
}

/** A text with typed powers and indices, such as x^2 and A_2, printed as such. */
export function Rich({ text }: { text: string }) {
  const parts = text.split(/([\^_](?:\d+|[dT]\b))/);
  return (
    <>{parts.map((p, i) => (i % 2 === 0 ? p : p[0] === "^" ? <sup>{p.slice(1)}</sup> : <sub>{p.slice(1)}</sub>))}</>
  );
}
