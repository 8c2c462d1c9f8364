import { useEffect } from "preact/hooks";
import type { Cell, Page, Stratum } from "../data.ts";
import { index, meta, page, position } from "../data.ts";
import { BodyFigure } from "../figures/body.tsx";
import { NeighbourGraph } from "../figures/graph.tsx";
import { JetsFigure } from "../figures/jets.tsx";
import { NewtonFigure } from "../figures/newton.tsx";
import { ProofTree } from "../figures/proof.tsx";
import { ReadingsFigure } from "../figures/readings.tsx";
import { VolumeFigure } from "../figures/volume.tsx";
import { Big, Poly, Rich, V } from "../math.tsx";
import { Absent, decimals, grouped, range, StatusMark, text, Value } from "../number.tsx";
import { Commands, Copy, download, Section, useLoaded, Word } from "../parts.tsx";
import { address, rowAddress } from "../route.ts";
import { useState } from "preact/hooks";
import { lastList } from "./list.tsx";
import { Notices } from "./about.tsx";

const isCell = (v: any): v is Cell => !!v && typeof v === "object" && "status" in v;
export const main = (p: Page): Stratum | undefined => p.strata[0];
const known = (c: Cell | undefined) => c && (c.status === "value" || (c.status === "bounds" && c.value != null));

export function sides(s: Stratum | undefined): [string | null, string | null] {
  const c = s?.["lambda"] as Cell<string> | undefined;
  if (c?.status === "value") return [String(c.value), String(c.value)];
  if (c?.status === "bounds") return [c.lower ?? null, c.upper ?? null];
  return [null, null];
}

export function RowView({ id, section }: { id: string; section?: string }) {
  const here = position.get(id);
  const { value, error } = useLoaded<Page | null>(
    () => (here === undefined ? Promise.resolve(null) : page(id)),
    [id],
  );
  useEffect(() => {
    if (value && section) document.getElementById(section)?.scrollIntoView();
  }, [value, section]);
  useEffect(() => {
    document.title = `${id} · atlas of singular models`;
    return () => void (document.title = "Atlas of singular models");
  }, [id]);
  if (here === undefined)
    return (
      <Notices
        title={`No row ${id}`}
        text="The atlas has no row of this name, and no earlier release had one. Search for a part of it."
      />
    );
  if (error) return <Notices title={id} text={error} />;
  return (
    <article class="row-page">
      <Crumbs at={here} />
      <Head at={here} page={value ?? null} />
      {value ? <Body page={value} /> : <p>Loading …</p>}
    </article>
  );
}

function Crumbs({ at }: { at: number }) {
  const family = index.families[at]!;
  const list = lastList.rows.includes(at) ? lastList.rows : index.ids.map((_, i) => i);
  const k = list.indexOf(at);
  return (
    <nav class="crumbs" aria-label="Place">
      <span>
        <a href={address(["rows"], { q: lastList.query })}>rows</a> ›{" "}
        <a href={address(["rows"], { q: `family:${family}` })}>{meta.families[family] || family}</a>
      </span>
      <span class="walk">
        {k > 0 && (
          <a rel="prev" href={rowAddress(index.ids[list[k - 1]!]!)}>
            ‹ previous
          </a>
        )}
        {k < list.length - 1 && (
          <a rel="next" href={rowAddress(index.ids[list[k + 1]!]!)}>
            next ›
          </a>
        )}
      </span>
    </nav>
  );
}

function Head({ at, page: p }: { at: number; page: Page | null }) {
  const id = index.ids[at]!;
  const [low, high] = [index.lower[at]!, index.upper[at]!];
  const d = index.d[at]!;
  const exact = low !== null && low === high;
  const json = () => p && download(`${id}.json`, JSON.stringify(p, null, 1));
  return (
    <div class="head">
      <div class="name-block">
        <h1 tabIndex={-1}>
          <Rich text={index.titles[at] || id} />
        </h1>
        <p class="id">
          <code>{id}</code> <StatusMark status={index.status[at]!} />
        </p>
        <p>
          {index.status[at] === "proved" && exact ? "Proved: " : ""}
          {exact ? (
            <>
              a regular model of {d} {d === 1 ? "parameter" : "parameters"} has λ = {d % 2 ? `${d}/2` : d / 2}; this
              one has {low}
              {sameAs(low, d) ? ", the same" : ": more room near its zeros"}.
            </>
          ) : low || high ? (
            <>λ is enclosed, not decided: {range(low, high)}.</>
          ) : (
            <>Nothing is proved of λ here.</>
          )}
          {p?.row.note ? <> {p.row.note}</> : null}
        </p>
        <p class="actions">
          <Copy text={location.href} label="copy link" />
          <Copy text={`from singularity_lab.dictionary import lookup; lookup("${id}")`} label="copy Python" />
          <button class="small" onClick={json} disabled={!p}>
            JSON
          </button>
          <CompareWith id={id} />
          <Copy
            text={`Row ${id} of the atlas (${meta.version}, data ${meta.digest.slice(0, 12)}), ${location.href}: `}
            label="copy fault text"
          />
        </p>
      </div>
      <div class="lambda-card">
        <p class="what">
          <Word of="lambda">learning coefficient λ</Word>
        </p>
        {exact ? (
          <>
            <p class="value">
              <math>
                <mi>λ</mi>
                <mo>=</mo>
              </math>
              <Big text={low} />
            </p>
            <p class="approx">{decimals(low)}</p>
          </>
        ) : (
          <p class="value text">
            {low || high ? `λ ${low && high ? `from ${low} to ${high}` : range(low, high)}` : "λ unknown"}
          </p>
        )}
        <p class="m">
          <Word of="multiplicity">multiplicity</Word>{" "}
          {index.m[at] !== null ? <strong>{index.m[at]}</strong> : mText(p)}
        </p>
      </div>
    </div>
  );
}
function sameAs(low: string, d: number): boolean {
  return low === (d % 2 ? `${d}/2` : String(d / 2));
}
function mText(p: Page | null) {
  const c = p && (main(p)?.["m"] as Cell | undefined);
  return c ? <Value cell={c} /> : "not decided";
}

function CompareWith({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const [other, setOther] = useState("");
  return (
    <>
      <button class="small" aria-expanded={open} onClick={() => setOpen(!open)}>
        compare
      </button>
      {open && (
        <form
          class="inline"
          onSubmit={(e) => {
            e.preventDefault();
            if (position.has(other)) location.hash = address(["compare", `${id}+${other}`]);
          }}
        >
          <label>
            <span class="sr">row to compare with</span>
            <input
              list="ids"
              value={other}
              placeholder="id of a row"
              onInput={(e) => setOther(e.currentTarget.value)}
            />
          </label>
          <datalist id="ids">
            {(other.length > 1 ? index.ids.filter((x) => x.includes(other)) : []).slice(0, 12).map((x) => (
              <option value={x} />
            ))}
          </datalist>
          <button class="small" disabled={!position.has(other)}>
            side by side
          </button>
        </form>
      )}
    </>
  );
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
}

export function Divisors({ cell }: { cell: Cell<Divisor[]> }) {
  if (!known(cell) || !Array.isArray(cell.value))
    return <Absent cell={cell ?? { status: "unknown", reason: "no column" }} />;
  const list = [...cell.value].sort((a, b) => Number(b.carries) - Number(a.carries));
  const [all, setAll] = useState(false);
  const shown = all ? list : list.slice(0, 10);
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label="Table of divisors">
        <table class="small-table">
          <thead>
            <tr>
              <th scope="col">weights</th>
              <th scope="col" class="num">
                k
              </th>
              <th scope="col" class="num">
                h
              </th>
              <th scope="col" class="num">
                ratio
              </th>
              <th scope="col">carries λ</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((v) => (
              <tr class={v.carries ? "carries" : ""}>
                <td>{v.name ?? text(v.weights)}</td>
                <td class="num">{v.k}</td>
                <td class="num">{v.h}</td>
                <td class="num">{v.ratio}</td>
                <td>{v.carries ? <strong class="blue">◄ carries λ</strong> : "no"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
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
const SHOW: Record<string, (v: any) => any> = {
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

function lines(p: Page, names: string[]): [string, string][] {
  return names
    .filter((k) => p.commands[k])
    .flatMap(
      (k) =>
        [
          [k, p.commands[k]!.shell],
          [`${k}, in Python`, p.commands[k]!.python],
        ] as [string, string][],
    )
    .filter(([, t]) => t);
}

function Count({ page: p }: { page: Page }) {
  const n: Record<string, number> = {};
  for (const record of [p.row as any, ...p.strata.slice(0, 1)])
    for (const v of Object.values(record)) if (isCell(v)) n[v.status] = (n[v.status] ?? 0) + 1;
  return (
    <p class="note">
      Every cell of this row:{" "}
      {["value", "bounds", "unknown", "no device", "not applicable"].map((s) => `${n[s] ?? 0} ${s}`).join(" · ")}.
    </p>
  );
}

function Body({ page: p }: { page: Page }) {
  const r = p.row;
  const s = main(p);
  const [low, high] = sides(s);
  const several = meta.models[r.model_id]?.strata ?? 1;
  const classId = r.class_id.status === "value" ? r.class_id.value! : "";
  const others = classId ? (meta.classes[classId] ?? []).filter((x) => x !== r.id) : [];
  const picture = (
    <Section id="picture" title="Where K ≤ ε">
      {p.germ ? <BodyFigure page={p} /> : <Absent cell={{ status: "not applicable", reason: p.germ_reason }} />}
    </Section>
  );
  const newton = (
    <Section id="newton" title="Newton polyhedron">
      {p.newton ? (
        <NewtonFigure newton={p.newton} />
      ) : (
        <Absent cell={{ status: "not applicable", reason: p.newton_reason }} />
      )}
    </Section>
  );
  const divisors = (
    <Section id="divisors" title="Divisors">
      {s ? <Divisors cell={s["divisors"]} /> : <Absent cell={{ status: "unknown", reason: "no line in strata" }} />}
    </Section>
  );
  const jets = (
    <Section id="jets" title="Jets staircase">
      <JetsFigure cell={s?.["jets"]} />
    </Section>
  );
  // beside the picture: the polyhedron, or where none is drawn what would follow
  const beside = !!p.newton;
  return (
    <div class="sections">
      <Section id="model" title="Model" wide>
        <Model page={p} />
        {several > 1 && (
          <p>
            This model has {several} strata on file:{" "}
            <a href={address(["phases", r.model_id])}>its phases, with a slider for n</a>.
          </p>
        )}
      </Section>
      {picture}
      {beside ? (
        newton
      ) : (
        <div class="column">
          {newton}
          {divisors}
          {jets}
        </div>
      )}
      <Section id="proof" title="Proof" wide>
        {p.certificates.length ? (
          p.certificates.map((c) => <ProofTree key={c.digest} digest={c.digest} />)
        ) : (
          <Absent cell={{ status: "unknown", reason: "no certificate is on file for this row" }} />
        )}
      </Section>
      <div class="column">
        {beside && divisors}
        <Section id="volume" title="Density of states: exact and counted">
          <VolumeFigure page={p} />
        </Section>
        <Section id="singularity" title="Singularity">
          {s ? <Invariants stratum={s} /> : <Absent cell={{ status: "unknown", reason: "no line in strata" }} />}
          <Count page={p} />
        </Section>
      </div>
      <div class="column">
        {beside && jets}
        <Section id="readings" title="Exact against measured">
          <ReadingsFigure readings={p.readings} lower={low} upper={high} />
          <Commands lines={[["take a reading", `singlab measure ${r.id} --device volume --seed 1`]]} />
        </Section>
        <Section id="class" title="Who else has this singularity">
          {classId ? (
            <>
              <p>
                Class <a href={address(["class", classId])}>{classId}</a>
                {others.length
                  ? `, with ${others.length} other ${others.length === 1 ? "row" : "rows"}:`
                  : ": no other row on file has it."}
              </p>
              <ul>
                {others.slice(0, 10).map((x) => (
                  <li>
                    <a href={rowAddress(x)}>{index.titles[position.get(x)!] || x}</a>{" "}
                    <span class="soft">{index.families[position.get(x)!]}</span>
                  </li>
                ))}
              </ul>
            </>
          ) : (
            <Absent cell={r.class_id} />
          )}
        </Section>
        <Section id="claims" title="What papers claim">
          {r.claims.length ? (
            <ul>
              {r.claims.map((c) => (
                <li>{c}</li>
              ))}
            </ul>
          ) : (
            <p class="absent">
              <span aria-hidden="true">· </span>no paper's claim is on file for this row
            </p>
          )}
        </Section>
      </div>
      <Section id="neighbours" title="Neighbours" wide>
        <NeighbourGraph id={r.id} edges={p.edges} />
      </Section>
      {p.strata.length > 1 && (
        <Section id="strata" title={`Other strata of the model, filed under this row (${p.strata.length - 1})`} wide>
          <p>
            They have no row of their own; <a href={address(["phases", r.model_id])}>the phases of the model</a> show
            how they lie.
          </p>
        </Section>
      )}
      <Section id="certificate" title="Certificate" wide>
        {p.certificates.length ? (
          p.certificates.map((c) => (
            <div class="certificate">
              <p>
                <strong>{c.kind}</strong>: ({c.value}, {c.multiplicity}), {grouped(c.steps)}{" "}
                {c.steps === 1 ? "step" : "steps"}, {grouped(c.bytes)} bytes, by {c.theorems.join(", ")}; digest{" "}
                <code title={c.digest}>{c.digest.slice(0, 12)}</code> <Copy text={c.digest} label="whole digest" />
              </p>
            </div>
          ))
        ) : (
          <Absent cell={{ status: "unknown", reason: "no certificate is on file" }} />
        )}
        <Commands lines={lines(p, ["verify", "load"])} />
        <details>
          <summary>Commands behind the other cells of this row</summary>
          <Commands
            lines={lines(
              p,
              Object.keys(p.commands).filter((k) => k !== "verify" && k !== "load"),
            )}
          />
        </details>
      </Section>
    </div>
  );
}
