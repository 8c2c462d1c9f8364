import { useEffect } from "preact/hooks";
import type { Cell, Page } from "../data.ts";
import { index, meta, page, position } from "../data.ts";
import { BodyFigure } from "../figures/body.tsx";
import { NeighbourGraph } from "../figures/graph.tsx";
import { JetsFigure } from "../figures/jets.tsx";
import { NewtonFigure } from "../figures/newton.tsx";
import { ProofTree } from "../figures/proof.tsx";
import { ReadingsFigure } from "../figures/readings.tsx";
import { VolumeFigure } from "../figures/volume.tsx";
import { Big, Rich } from "../math.tsx";
import { Measured, Shared } from "../measured.tsx";
import { Absent, decimals, grouped, range, StatusMark, Value } from "../number.tsx";
import { Commands, Copy, download, Section, useLoaded, Word } from "../parts.tsx";
import { address, rowAddress } from "../route.ts";
import { useState } from "preact/hooks";
import { Divisors, Invariants, isCell, main, Model, sides } from "../row-parts.tsx";
import { lastList } from "./list.tsx";
import { Notices } from "./about.tsx";

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
  const passes = meta.models[r.model_id]?.functions ?? 0;
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
            <a href={address(["phases", r.model_id], { kind: passes ? "strata" : undefined })}>
              its phases, with a slider for n
            </a>
            .
          </p>
        )}
        {passes > 1 && (
          <p>
            It passes through {passes} functions, of rank 0 to {passes - 1}:{" "}
            <a href={address(["phases", r.model_id])}>which is lowest at which n</a>.
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
          <Shared cell={s?.["reading"]} row={r.id} />
          <Measured stratum={s} row={r.id} />
          <p class="note">
            <a href="#/measured">All readings beside proved values</a>
          </p>
          <Commands lines={[["take a reading", `singlab measure volume ${r.id} --seed 1`]]} />
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
