import { useEffect, useMemo, useState } from "preact/hooks";
import { index, meta, model, position, type ModelPage } from "../data.ts";
import { Energies, Order } from "../figures/energies.tsx";
import {
  crossings,
  energy,
  ladder,
  overtakes,
  phases,
  rungs,
  singularValues,
  someValues,
  type Phase,
} from "../figures/phases.ts";
import { grouped, short } from "../number.tsx";
import { Section, useLoaded, Word } from "../parts.tsx";
import { replace, rowAddress } from "../route.ts";
import { Notices } from "./about.tsx";

interface Asked {
  n: string | null;
  reading: string | null;
  kind: string | null;
  values: string | null;
}
export function Phases({ id, ...asked }: Asked & { id: string }) {
  const { value, error } = useLoaded<ModelPage | null>(
    () => model(meta.models[id] || !position.has(id) ? id : index.models[position.get(id)!]!),
    [id],
  );
  if (error) return <Notices title="Phases" text={error} />;
  if (value === null)
    return (
      <Notices
        title={`No phases of ${id}`}
        text="This model has one stratum on file, or none, and no functions that it passes through: there is nothing to cross."
      />
    );
  if (!value) return <p>Loading …</p>;
  return <View model={value} {...asked} />;
}

function View({ model: m, n: given, reading, kind: wanted, values }: Asked & { model: ModelPage }) {
  const functions = m.functions ?? null;
  const start = Number(given);
  const [kind, setKind] = useState(functions && (wanted !== "strata" || !m.strata.length) ? "functions" : "strata");
  const rank = functions?.rank ?? 0;
  const [typed, setTyped] = useState(values ?? someValues(rank));
  const [sigma, setSigma] = useState(() => singularValues(typed, rank) ?? singularValues(someValues(rank), rank) ?? []);
  const passing = kind === "functions" && functions !== null;
  const all = useMemo(() => (passing ? ladder(functions, sigma) : phases(m)), [m, passing, sigma]);
  const edges = useMemo(() => (passing ? rungs(functions) : m.edges), [m, passing]);
  const [one, many] = passing ? ["function", "functions"] : ["stratum", "strata"];
  const choose = (k: string) => {
    setKind(k);
    replace({ kind: k });
  };
  const drawn = all.filter((p) => p.known);
  const open = all.filter((p) => !p.known);
  const cross = useMemo(() => crossings(all), [all]);
  const [log, setLog] = useState(start >= 10 && start <= 1e8 ? Math.log10(start) : 3);
  const [place, setPlace] = useState(reading ?? "");
  const [band, setBand] = useState(reading ?? "");
  const [more, setMore] = useState(40);
  const n = 10 ** log;
  const set = (v: number) => {
    const next = Math.max(1, Math.min(8, v));
    setLog(next);
    replace({ n: Math.round(10 ** next) });
  };
  const ranked = useMemo(() => [...drawn].sort((a, b) => energy(a, n) - energy(b, n)), [drawn, n]);
  const first = ranked[0];
  const second = ranked.find((p) => first && (p.loss !== first.loss || p.low !== first.low || p.m !== first.m));
  const lead = first && second ? energy(second, n) - energy(first, n) : NaN;
  const said = sentence(first, second, lead, n, one!);
  const met = /^\s*([\d.]+)\s*(?:±|\+-|\+\/-)\s*([\d.]+)\s*$/.exec(band);
  const interval: [number, number] | null = met
    ? [Number(met[1]) - Number(met[2]), Number(met[1]) + Number(met[2])]
    : null;
  return (
    <article class="phases">
      <h1 tabIndex={-1}>Phases: {m.title}</h1>
      <p class="lead">{m.statement}</p>
      {functions !== null && m.strata.length > 1 && (
        <p class="controls" role="group" aria-label="Which phases">
          <button class="small" aria-pressed={passing} onClick={() => choose("functions")}>
            functions it passes through ({functions.phases.length})
          </button>{" "}
          <button class="small" aria-pressed={!passing} onClick={() => choose("strata")}>
            strata of the zero set ({m.strata.length})
          </button>
        </p>
      )}
      {passing && <p>{functions.argument}</p>}
      {passing && rank > 0 && (
        <form
          class="controls"
          onSubmit={(e) => {
            e.preventDefault();
            const found = singularValues(typed, rank);
            if (!found) return;
            setSigma(found);
            replace({ values: typed });
          }}
        >
          <label>
            singular values of the truth{" "}
            <input value={typed} size={18} onInput={(e) => setTyped(e.currentTarget.value)} />
          </label>
          <button class="small">take them</button>
          {singularValues(typed, rank) === null && (
            <span class="bad" role="alert">
              {rank} numbers &gt; 0 are needed, descending, with commas between
            </span>
          )}
        </form>
      )}
      <p>
        {all.length} {all.length === 1 ? one : many}
        {passing ? "" : `, ${edges.length} ${edges.length === 1 ? "relation" : "relations"} of closure`}.{" "}
        {cross.length ? (
          <>
            Crossings at n* ={" "}
            {cross.map((c, i) => (
              <>
                {i > 0 && ", "}
                <button class="small" onClick={() => set(Math.log10(c.n))}>
                  {grouped(Math.round(c.n))}
                </button>
              </>
            ))}
            .
          </>
        ) : (
          `No ${one} overtakes another between n = 10 and 10⁸.`
        )}{" "}
        <Word of="phase">Free energy</Word> is n·L + λ log n − (m − 1) log log n; terms of order 1 are not here.
      </p>
      <div class="controls phase-slider">
        <label class="slider">
          <span>sample size n</span>
          <input
            type="range"
            min={1}
            max={8}
            step={0.02}
            value={log}
            aria-label="sample size n, logarithmic"
            aria-valuetext={`n = ${grouped(Math.round(n))}`}
            onInput={(e) => set(Number(e.currentTarget.value))}
            list="crossings"
          />
          <datalist id="crossings">
            {cross.map((c) => (
              <option value={Math.log10(c.n).toFixed(2)} />
            ))}
          </datalist>
        </label>
        <label>
          n ={" "}
          <input
            type="number"
            min={10}
            max={100000000}
            value={Math.round(n)}
            onChange={(e) => Number(e.currentTarget.value) >= 10 && set(Math.log10(Number(e.currentTarget.value)))}
          />
        </label>
      </div>
      <Said text={said} />
      <div class="sections">
        <Section id="energy" title="Free energy against n">
          <Energies drawn={ranked} many={many!} lowest={first} n={n} marks={cross.map((c) => c.n)} onPick={set} />
        </Section>
        {(!passing || edges.length > 0) && (
          <Section id="order" title="Closure order">
            <Order all={all} one={one!} edges={edges} lowest={first} interval={interval} />
          </Section>
        )}
        <Section id="table" title={passing ? "Functions" : "Strata"} wide>
          <form
            class="controls"
            onSubmit={(e) => {
              e.preventDefault();
              setBand(place);
              replace({ reading: place });
            }}
          >
            <label>
              my reading of λ{" "}
              <input value={place} placeholder="5.9±0.3" size={9} onInput={(e) => setPlace(e.currentTarget.value)} />
            </label>
            <button class="small">place it</button>
            {interval && <Placed all={drawn} interval={interval} passing={passing} />}
            {band && !interval && <span class="bad">a reading is written as 5.9±0.3</span>}
          </form>
          <div class="scroll" tabIndex={0} role="group" aria-label={`Table of ${many}`}>
            <table class="small-table strata">
              <thead>
                <tr>
                  <th scope="col">{one}</th>
                  <th scope="col" class="num">
                    L
                  </th>
                  <th scope="col" class="num">
                    λ
                  </th>
                  <th scope="col" class="num">
                    m
                  </th>
                  {!passing && (
                    <th scope="col" class="num">
                      dim
                    </th>
                  )}
                  <th scope="col" class="num">
                    F at n
                  </th>
                  <th scope="col">row</th>
                </tr>
              </thead>
              <tbody>
                {ranked.slice(0, more).map((p) => (
                  <tr class={p === first ? "carries" : ""}>
                    <th scope="row">
                      {p === first ? <strong class="blue">▸ {p.name}</strong> : p.name}
                      {interval && p.low <= interval[1] && p.high >= interval[0] ? (
                        <span class="ochre"> meets the reading</span>
                      ) : null}
                    </th>
                    <td class="num">{p.lossText}</td>
                    <td class="num">{p.lambda}</td>
                    <td class="num">{p.mText}</td>
                    {!passing && <td class="num">{p.dimension ?? "?"}</td>}
                    <td class="num">
                      {p.low === p.high
                        ? short(energy(p, n))
                        : `${short(energy(p, n, "low"))} … ${short(energy(p, n, "high"))}`}
                    </td>
                    <td>
                      {p.onFile && position.has(p.row) ? (
                        <a href={rowAddress(p.row)}>{p.row}</a>
                      ) : (
                        <span class="soft">no row of its own</span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {ranked.length > more && (
            <button class="more" onClick={() => setMore(more + 100)}>
              {ranked.length - more} {many} more
            </button>
          )}
          {open.length > 0 && (
            <p class="note">
              Without a line, since L or λ is not decided:{" "}
              {[...new Set(open.map((p) => p.why))].map((why, i) => {
                const names = open.filter((p) => p.why === why).map((p) => p.name);
                return (
                  <>
                    {i > 0 && "; "}
                    {names.slice(0, 12).join(", ")}
                    {names.length > 12 ? ` and ${names.length - 12} more` : ""} ({why})
                  </>
                );
              })}
              .
            </p>
          )}
          <p class="note">
            {passing
              ? "L is the loss of the function; λ is that of the parameters which compute nearly this function."
              : "All strata lie in the zero set, so that L = 0: none overtakes another, and the least (λ, m) is lowest for all large n."}
          </p>
        </Section>
      </div>
    </article>
  );
}

function sentence(a: Phase | undefined, b: Phase | undefined, lead: number, n: number, one: string): string {
  if (!a) return `No ${one} has both L and λ decided.`;
  if (!b)
    return `At n = ${grouped(Math.round(n))}, ${a.name} is lowest; no other ${one} whose λ is decided differs from it in L, λ or m.`;
  if (a.low !== a.high)
    return `At n = ${grouped(Math.round(n))}, ${a.name} may be lowest: its λ is enclosed, not decided.`;
  if (lead < 3)
    return `At n = ${grouped(Math.round(n))} it is too close to call: ${a.name} leads ${b.name} by ${short(lead)}, less than terms of order 1 can be.`;
  return `At n = ${grouped(Math.round(n))}, ${a.name} is lowest, by ${short(lead)} over ${b.name}.`;
}

/** The sentence as it changes; spoken after 400 ms of rest. */
function Said({ text }: { text: string }) {
  const [spoken, setSpoken] = useState(text);
  useEffect(() => {
    const wait = setTimeout(() => setSpoken(text), 400);
    return () => clearTimeout(wait);
  }, [text]);
  return (
    <>
      <p class="said" data-sentence aria-hidden="true">
        {text}
      </p>
      <p class="sr" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}

function Placed({ all, interval, passing }: { all: Phase[]; interval: [number, number]; passing: boolean }) {
  const centre = (interval[0] + interval[1]) / 2;
  const off = (p: Phase) => Math.max(p.low - centre, centre - p.high, 0);
  const meets = all.filter((p) => p.low <= interval[1] && p.high >= interval[0]).sort((a, b) => off(a) - off(b));
  const here = meets[0];
  const above = !here
    ? undefined
    : passing
      ? [...all].filter((p) => p.loss < here.loss).sort((a, b) => b.loss - a.loss)[0]
      : [...all].filter((p) => p.low > interval[1]).sort((a, b) => a.low - b.low)[0];
  const [one, many] = passing ? ["function", "functions"] : ["stratum", "strata"];
  return (
    <span aria-live="polite">
      {here
        ? `The reading meets ${meets.length} ${meets.length === 1 ? one : many}: ${meets
            .slice(0, 4)
            .map((p) => `${p.name} (λ ${p.lambda})`)
            .join(", ")}${meets.length > 4 ? ", …" : ""}.`
        : `The reading meets no ${one} on file.`}
      {here && above ? ` Next: ${above.name} (λ ${above.lambda}), ${overtakes(here, above)}.` : ""}
    </span>
  );
}
