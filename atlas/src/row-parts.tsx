// What the pages of rows, classes and comparisons share: polynomials, the model, divisors, invariants.
import { useState } from "preact/hooks";
import type { Cell, Page, Stratum } from "./data.ts";
import { Poly, Rich, V } from "./math.tsx";
import { Absent, text, Value } from "./number.tsx";
import { Word } from "./parts.tsx";
import { address } from "./route.ts";
import { SmallTable, num } from "./parts";

export const isCell = (v: any): v is Cell => !!v && typeof v === "object" && "status" in v;
export const main = (p: Page): Stratum | undefined => p.strata[0];
const known = (c: Cell | undefined) => c && (c.status === "value" || (c.status === "bounds" && c.value != null));

export function sides(s: Stratum | undefined): [string | null, string | null] {
  const c = s?.["lambda"] as Cell<string> | undefined;
  if (c?.status === "value") return [String(c.value), String(c.value)];
  if (c?.status === "bounds") return [c.lower ?? null, c.upper ?? null];
  return [null, null];
}

export function Generators({ page: p, most = 12 }: { page: Page; most?: number }) {
  const [all, setAll] = useState(false);
  const list = p.row.generators;
  if (!list.length) return <p class="absent">· no polynomials: the loss of this model is not one</p>;
  // the first ones, and fewer where they are long
  let letters = 0;
  const some = list.slice(0, most).filter((g, i) => (letters += g.length) < 1500 || i < 3);
  const shown = all ? list : some;
  return (
    <>
      <ol class="generators">
        {shown.map((g, i) => (
          <li key={i}>
            <Poly text={g} />
          </li>
        ))}
      </ol>
      {shown.length < list.length && (
        <button class="more" onClick={() => setAll(true)}>
          all {list.length} generators
        </button>
      )}
    </>
  );
}

export function Model({ page: p }: { page: Page }) {
  const r = p.row;
  const many = r.generators.length > 1;
  const point = Object.entries(r.point);
  const prior = Object.entries(r.prior);
  const box = Object.entries(r.box);
  const line = (name: string, value: any) => (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
  return (
    <>
      {r.statement && r.statement !== r.title && (
        <p>
          <Rich text={r.statement} />
        </p>
      )}
      {r.generators.length > 0 && (
        <p>
          {r.convention === "loss" ? (
            <>K is this polynomial:</>
          ) : many ? (
            <>
              K = Σ f<sub>i</sub>² of {r.generators.length} generators:
            </>
          ) : (
            <>K = f² with f =</>
          )}
        </p>
      )}
      <Generators page={p} />
      <dl class="facts">
        {line(
          "point",
          point.length ? (
            <span class="pairs">
              {point.slice(0, 16).map(([v, x], i) => (
                <>
                  {i > 0 && ", "}
                  <V v={v} /> = {x}
                </>
              ))}
              {point.length > 16 && `, and ${point.length - 16} more`}
              {point.length < r.variables.length ? "; the rest 0" : ""}
            </span>
          ) : (
            "the origin"
          ),
        )}
        {r.description ? line("stratum", r.description) : r.at ? line("stratum", <code>{r.at}</code>) : null}
        {line("convention", r.convention === "loss" ? "loss: K is given itself" : "ideal: K is a sum of squares")}
        {line("prior", prior.length ? prior.map(([v, t]) => `|${v}|^${t}`).join(" · ") : "flat")}
        {line(
          "constraints",
          box.length ? box.map(([v, [a, b]]) => `${a ?? "−∞"} ≤ ${v} ≤ ${b ?? "∞"}`).join(", ") : "none",
        )}
        {line(
          "variables",
          <>
            {r.d}:{" "}
            {r.variables.slice(0, 20).map((v, i) => (
              <>
                {i > 0 && ", "}
                <V v={v} />
              </>
            ))}
            {r.variables.length > 20 ? ", …" : ""}
          </>,
        )}
        {(["semantics", "chart", "inputs", "loss_form"] as const)
          .filter((k) => r[k].status !== "not applicable")
          .map((k) => line(k.replace("_", " "), <Value cell={r[k]} />))}
        {r.builder &&
          line(
            "made by",
            <code>{`${r.builder}(${Object.entries(r.parameters)
              .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
              .join(", ")})`}</code>,
          )}
        {r.tags.length > 0 &&
          line(
            "tags",
            r.tags.map((t) => (
              <>
                <a href={address(["rows"], { q: `tag:${t}` })}>{t}</a>{" "}
              </>
            )),
          )}
      </dl>
    </>
  );
}

interface Divisor {
  k: string | number;
  h: string | number;
  ratio: string;
  weights?: Record<string, any> | any[];
  name?: string;
  carries: boolean;
  chart: number;
}

/** Whose coordinates the weights are of. */
function whose(chart: number): string {
  if (chart === 0) return "the germ";
  if (chart === -1) return "several blocks";
  return chart === -2 ? "the proof, which changes those of the germ" : `chart ${chart}`;
}

export function Divisors({ cell }: { cell: Cell<Divisor[]> }) {
  if (!known(cell) || !Array.isArray(cell.value))
    return <Absent cell={cell ?? { status: "unknown", reason: "no column" }} />;
  const list = [...cell.value].sort((a, b) => Number(b.carries) - Number(a.carries));
  const [all, setAll] = useState(false);
  const shown = all ? list : list.slice(0, 10);
  return (
    <>
      <SmallTable
        label="Table of divisors"
        heads={["weights", "of coordinates of", num("k"), num("h"), num("ratio"), "carries λ"]}
      >
        {shown.map((v) => (
          <tr class={v.carries ? "carries" : ""}>
            <td>{v.name ?? text(v.weights)}</td>
            <td>{whose(v.chart)}</td>
            <td class="num">{v.k}</td>
            <td class="num">{v.h}</td>
            <td class="num">{v.ratio}</td>
            <td>{v.carries ? <strong class="blue">◄ carries λ</strong> : "no"}</td>
          </tr>
        ))}
      </SmallTable>
      {shown.length < list.length && (
        <button class="more" onClick={() => setAll(true)}>
          all {list.length} divisors
        </button>
      )}
      <p class="note">
        <Word of="divisors">K vanishes to order k, the volume form to order h</Word>; the least ratio is λ.
        {cell.route ? ` By ${cell.route}.` : ""} {cell.reason ?? ""}
      </p>
    </>
  );
}

const LABELS: Record<string, string> = {
  type: "Arnold's type",
  corank: "corank",
  milnor: "Milnor number μ",
  tjurina: "Tjurina number τ",
  modality: "modality",
  spectrum: "spectrum",
  c_hat: "ĉ = Σ(1 − 2q)",
  central_charge: "central charge 3ĉ (conjecture: of the conformal theory)",
  factorisation: "matrix factorisations",
  unfolding: "versal unfolding by",
  adjacencies: "deforms to",
  zeta: "zeta function",
  contact: "contact loci",
  probes: "orders of probes along v*",
  ranks: "ranks of partial products",
  dimension: "dimension of the stratum",
  codimension: "codimension of the stratum",
};

const pairs = (list: [string, number][]) => list.map(([s, m]) => (m > 1 ? `${s} (order ${m})` : s)).join(", ");
export const SHOW: Record<string, (v: any) => any> = {
  zeta: (v) => (
    <>
      {v.topological && (
        <>
          topological <code>{v.topological}</code>
        </>
      )}
      {v.poles ? <>; poles {pairs(v.poles)}</> : v.candidates ? <>; candidate poles {pairs(v.candidates)}</> : null}
    </>
  ),
  contact: (v) => (
    <>
      codimension of order{" "}
      {v.lower
        .map((low: string, i: number) => `${i}: ${low === v.upper[i] ? low : `${low} … ${v.upper[i]}`}`)
        .join(" · ")}{" "}
      over {v.field}
    </>
  ),
  factorisation: (v) => (
    <>
      {v.letter}
      {v.rank}: {v.count} {v.count === 1 ? "pair" : "pairs"} (φ, ψ) with φψ = f·I, of sizes {text(v.sizes)}
    </>
  ),
  unfolding: (v: string[]) =>
    v.map((t, i) => (
      <>
        {i > 0 && ", "}
        <Poly text={t} />
      </>
    )),
  adjacencies: (v: { monomial: string; type: string; milnor: number; lambda: string; m: number }[]) =>
    v.map((a, i) => (
      <>
        {i > 0 && "; "}
        {a.type} by <Poly text={a.monomial} /> (λ {a.lambda}, m {a.m})
      </>
    )),
  probes: (v: Record<string, string>) => {
    const list = Object.entries(v);
    return (
      <>
        {list.slice(0, 24).map(([name, order], i) => (
          <>
            {i > 0 && ", "}
            <code>{name}</code> {order}
          </>
        ))}
        {list.length > 24 ? `, and ${list.length - 24} more` : ""}
      </>
    );
  },
};

export function Invariants({ stratum }: { stratum: Stratum }) {
  const rows = Object.keys(LABELS).filter((k) => isCell(stratum[k]));
  const there = rows.filter((k) => known(stratum[k]));
  const absent = rows.filter((k) => !known(stratum[k]));
  return (
    <>
      {there.length > 0 && (
        <dl class="facts">
          {there.map((k) => (
            <>
              <dt>{LABELS[k]}</dt>
              <dd class="long">
                <Value cell={stratum[k]} show={SHOW[k] ?? text} />
                {stratum[k].route ? <small class="note"> by {stratum[k].route}</small> : null}
              </dd>
            </>
          ))}
        </dl>
      )}
      {absent.length > 0 && (
        <details class="absent-list">
          <summary>
            {absent.length} {absent.length === 1 ? "column has" : "columns have"} no value here, with the reason
          </summary>
          <dl class="facts">
            {absent.map((k) => (
              <>
                <dt>{LABELS[k]}</dt>
                <dd>
                  <Absent cell={stratum[k]} />
                </dd>
              </>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}
