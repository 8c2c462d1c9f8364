import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { index, meta, model, position, real, type ModelPage } from "../data.ts";
import { useWidth } from "../figures/frame.tsx";
import { crossings, energy, layout, phases, type Phase } from "../figures/phases.ts";
import { grouped, power, range, short } from "../number.tsx";
import { Section, useLoaded, Word } from "../parts.tsx";
import { replace, rowAddress } from "../route.ts";
import { Notices } from "./about.tsx";

const DASHES = ["", "7 4", "2 3", "9 3 2 3", "12 5", "4 2"];

export function Phases({ id, n, reading }: { id: string; n: string | null; reading: string | null }) {
  const { value, error } = useLoaded<ModelPage | null>(
    () => model(meta.models[id] || !position.has(id) ? id : index.models[position.get(id)!]!),
    [id],
  );
  if (error) return <Notices title="Phases" text={error} />;
  if (value === null)
    return (
      <Notices
        title={`No phases of ${id}`}
        text="This model has one stratum on file, or none: there is nothing to cross."
      />
    );
  if (!value) return <p>Loading …</p>;
  return <View model={value} start={Number(n)} reading={reading} />;
}

function View({ model: m, start, reading }: { model: ModelPage; start: number; reading: string | null }) {
  const all = useMemo(() => phases(m), [m]);
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
  const said = sentence(first, second, lead, n);
  const met = /^\s*([\d.]+)\s*(?:±|\+-|\+\/-)\s*([\d.]+)\s*$/.exec(band);
  const interval: [number, number] | null = met
    ? [Number(met[1]) - Number(met[2]), Number(met[1]) + Number(met[2])]
    : null;
  return (
    <article class="phases">
      <h1 tabIndex={-1}>Phases: {m.title}</h1>
      <p class="lead">{m.statement}</p>
      <p>
        {all.length} strata, {m.edges.length} {m.edges.length === 1 ? "relation" : "relations"} of closure.{" "}
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
          "No stratum overtakes another between n = 10 and 10⁸."
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
          <Energies drawn={ranked} lowest={first} n={n} marks={cross.map((c) => c.n)} onPick={set} />
        </Section>
        <Section id="order" title="Closure order">
          <Order all={all} edges={m.edges} lowest={first} interval={interval} />
        </Section>
        <Section id="table" title="Strata" wide>
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
            {interval && <Placed all={drawn} interval={interval} n={n} />}
            {band && !interval && <span class="bad">a reading is written as 5.9±0.3</span>}
          </form>
          <div class="scroll" tabIndex={0} role="group" aria-label="Table of strata">
            <table class="small-table strata">
              <thead>
                <tr>
                  <th scope="col">stratum</th>
                  <th scope="col" class="num">
                    L
                  </th>
                  <th scope="col" class="num">
                    λ
                  </th>
                  <th scope="col" class="num">
                    m
                  </th>
                  <th scope="col" class="num">
                    dim
                  </th>
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
                    <td class="num">{p.dimension ?? "?"}</td>
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
              {ranked.length - more} strata more
            </button>
          )}
          {open.length > 0 && (
            <p class="note">
              Without a line, since L or λ is not decided:{" "}
              {open.slice(0, 20).map((p, i) => (
                <>
                  {i > 0 && "; "}
                  {p.name} (λ {p.lambda}: {p.why})
                </>
              ))}
              {open.length > 20 ? ` and ${open.length - 20} more` : ""}
            </p>
          )}
          <p class="note">
            L is the loss at the stratum above the least one. At L &gt; 0 a stratum is a saddle or a plateau, and its
            λ is that of |L − L(w*)| at it; the page of its row names the convention.
          </p>
        </Section>
      </div>
    </article>
  );
}

function sentence(a: Phase | undefined, b: Phase | undefined, lead: number, n: number): string {
  if (!a) return "No stratum has both L and λ decided.";
  if (!b)
    return `At n = ${grouped(Math.round(n))}, ${a.name} is lowest; no other stratum differs from it in L, λ or m.`;
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

function Placed({ all, interval, n }: { all: Phase[]; interval: [number, number]; n: number }) {
  const meets = all.filter((p) => p.low <= interval[1] && p.high >= interval[0]);
  const above = [...all].filter((p) => p.low > interval[1]).sort((a, b) => a.low - b.low)[0];
  const here = meets[0];
  let next = "";
  if (above && here) {
    const size = crossings([here, above])[0];
    next = ` Next on the ladder: λ ${above.lambda} (${above.name})${size ? `, lower from n* = ${grouped(Math.round(size.n))}` : ", which does not overtake it up to 10⁸"}.`;
  }
  return (
    <span aria-live="polite">
      {meets.length
        ? `The reading meets ${meets.length} ${meets.length === 1 ? "stratum" : "strata"}: ${meets
            .slice(0, 4)
            .map((p) => `${p.name} (λ ${p.lambda})`)
            .join(", ")}${meets.length > 4 ? ", …" : ""}.`
        : "The reading meets no stratum on file."}
      {next}
      {n ? "" : ""}
    </span>
  );
}

function Energies({
  drawn,
  lowest,
  n,
  marks,
  onPick,
}: {
  drawn: Phase[];
  lowest: Phase | undefined;
  n: number;
  marks: number[];
  onPick: (log: number) => void;
}) {
  const [ref, width] = useWidth();
  const svg = useRef<SVGSVGElement>(null);
  // strata with equal numbers have one line
  const lines = useMemo(() => {
    const groups = new Map<string, Phase[]>();
    for (const p of drawn) {
      const key = `${p.loss}/${p.low}/${p.high}/${p.m}`;
      groups.set(key, [...(groups.get(key) ?? []), p]);
    }
    return [...groups.values()].sort((a, b) => a[0]!.loss - b[0]!.loss || a[0]!.low - b[0]!.low);
  }, [drawn]);
  if (!drawn.length) return <p class="absent">· no stratum has both L and λ decided</p>;
  const height = 300;
  const logs = Array.from({ length: 71 }, (_, i) => 1 + i / 10);
  const floor = logs.map((e) => Math.min(...lines.map((l) => energy(l[0]!, 10 ** e))));
  const top = Math.max(...floor) * 1.6 + 5;
  const bottom = Math.min(0, ...floor);
  const X = (e: number) => 44 + ((e - 1) / 7) * (width - 56);
  const Y = (v: number) => 12 + (1 - (Math.min(v, top * 1.2) - bottom) / (top - bottom)) * (height - 50);
  const path = (p: Phase, side: "low" | "high") => {
    const points: string[] = [];
    for (const e of logs) {
      const v = energy(p, 10 ** e, side);
      points.push(`${X(e).toFixed(1)},${Y(v).toFixed(1)}`);
      if (v > top) break;
    }
    return points.join(" ");
  };
  const labelled = lines.slice(0, 8).map((l, i) => {
    const inside = logs.filter((e) => energy(l[0]!, 10 ** e) <= top);
    return { l, i, e: inside.at(-1) ?? 1 };
  });
  const used: number[] = [];
  return (
    <figure ref={ref}>
      <svg
        ref={svg}
        width={width}
        height={height}
        role="img"
        aria-label={`Free energy of ${lines.length} kinds of strata against n, logarithmic. Lowest now: ${lowest?.name ?? "none"}.`}
        onClick={(e) => {
          const box = svg.current!.getBoundingClientRect();
          onPick(1 + ((e.clientX - box.left - 44) / (width - 56)) * 7);
        }}
      >
        <clipPath id="plot">
          <rect x={44} y={8} width={width - 56} height={height - 44} />
        </clipPath>
        {[1, 2, 3, 4, 5, 6, 7, 8].map((e) => (
          <>
            <line x1={X(e)} x2={X(e)} y1={12} y2={height - 38} class="grid" />
            <text x={X(e)} y={height - 20} text-anchor="middle">
              {power(10 ** e)}
            </text>
          </>
        ))}
        <text x={width - 12} y={height - 4} text-anchor="end" class="name">
          n
        </text>
        <text x={4} y={18} class="name">
          F
        </text>
        {[0, top / 2, top].map((v) => (
          <text x={40} y={Y(v) + 4} text-anchor="end">
            {short(Number(v.toPrecision(2)))}
          </text>
        ))}
        <g clip-path="url(#plot)">
          {lines.slice(0, 40).map((l, i) => {
            const p = l[0]!;
            const now = !!lowest && l.includes(lowest);
            return p.low === p.high ? (
              <polyline
                points={path(p, "low")}
                class={now ? "phase now" : "phase"}
                stroke-dasharray={now ? "" : DASHES[i % DASHES.length]}
              />
            ) : (
              <polygon
                points={`${path(p, "low")} ${path(p, "high").split(" ").reverse().join(" ")}`}
                class={now ? "band now" : "band"}
              />
            );
          })}
          {marks.map((m) => (
            <line x1={X(Math.log10(m))} x2={X(Math.log10(m))} y1={12} y2={height - 38} class="mark-line" />
          ))}
          <line x1={X(Math.log10(n))} x2={X(Math.log10(n))} y1={12} y2={height - 38} class="n-line" />
        </g>
        {labelled.map(({ l, e }) => {
          const p = l[0]!;
          let y = Math.max(20, Y(energy(p, 10 ** e)) - 5);
          while (used.some((u) => Math.abs(u - y) < 13)) y += 13;
          used.push(y);
          const end = X(e);
          return (
            <text x={Math.min(end, width - 14)} y={y} text-anchor={end > width * 0.5 ? "end" : "start"} class="halo">
              {l.length > 1 ? `${l.length} strata` : p.name.slice(0, 22)}, λ {range(p.lambda, p.lambda)}
            </text>
          );
        })}
      </svg>
      <figcaption>
        The lowest line is thick. Lines of one L, λ and m are drawn once; ochre: the n of the slider.{" "}
        {lines.length > 40 ? `${lines.length - 40} lines are left out.` : ""}
      </figcaption>
    </figure>
  );
}

function Order({
  all,
  edges,
  lowest,
  interval,
}: {
  all: Phase[];
  edges: ModelPage["edges"];
  lowest: Phase | undefined;
  interval: [number, number] | null;
}) {
  const [ref, width] = useWidth();
  const [over, setOver] = useState<Phase | null>(null);
  const graph = useMemo(() => layout(all, edges), [all, edges]);
  if (!graph.lines.length)
    return <p class="absent">· no closure relation of these strata is on file: each is listed below</p>;
  const room = Math.max(width, Math.min(1400, graph.widest * 34));
  const gap = 62;
  const height = graph.levels * gap + 34;
  const X = (x: number) => 18 + x * (room - 36);
  const Y = (y: number) => height - 48 - y * gap;
  const wide = room / graph.widest > 74;
  const shown = over ?? lowest;
  return (
    <figure ref={ref}>
      <div
        class="scroll"
        tabIndex={0}
        role="group"
        aria-label="Graph of the closure order; the table below lists the strata"
      >
        <svg
          width={room}
          height={height}
          role="img"
          aria-label={`${all.length} strata in ${graph.levels} levels, the deepest at the bottom; ${graph.lines.length} covering relations.`}
        >
          {graph.lines.map(([a, b]) => (
            <line
              x1={X(a.x)}
              y1={Y(a.y)}
              x2={X(b.x)}
              y2={Y(b.y)}
              class={over && (a.phase === over || b.phase === over) ? "link on" : "link"}
            />
          ))}
          {graph.places.map(({ phase: p, x, y }) => {
            const meets = interval && p.low <= interval[1] && p.high >= interval[0];
            return (
              <a
                href={p.onFile && position.has(p.row) ? rowAddress(p.row) : undefined}
                onMouseEnter={() => setOver(p)}
                onFocus={() => setOver(p)}
                aria-label={`${p.name}, λ ${p.lambda}, m ${p.mText}`}
              >
                <circle
                  cx={X(x)}
                  cy={Y(y)}
                  r={wide ? 17 : 12}
                  class={`node ${p === lowest ? "now" : ""} ${meets ? "meets" : ""}`}
                />
                <text x={X(x)} y={Y(y) + 4} text-anchor="middle" class={p === lowest ? "on-blue" : ""}>
                  {p.lambda.length > 4 ? (real(p.lambda) || p.low).toFixed(1) : p.lambda}
                </text>
                {wide && (
                  <text x={X(x)} y={Y(y) + 31} text-anchor="middle" class="small halo">
                    {p.name.slice(0, 14)}
                  </text>
                )}
              </a>
            );
          })}
        </svg>
      </div>
      <figcaption>
        Each disc is a stratum with its λ, the deepest at the bottom; lines lead to strata whose closure holds it.{" "}
        {shown ? (
          <strong>
            {shown.name}: λ {shown.lambda}, m {shown.mText}, L {shown.lossText}
          </strong>
        ) : null}
      </figcaption>
    </figure>
  );
}
