// All readings beside what is proved, by device: where an instrument holds, and where it misses.
import { useMemo, useState } from "preact/hooks";
import { real, shard } from "../data.ts";
import { ticks, useWidth } from "../figures/frame.tsx";
import { grouped, short } from "../number.tsx";
import { RowLink, Section, useLoaded } from "../parts.tsx";
import { replace } from "../route.ts";
import { Notices } from "./about.tsx";
import { SmallTable, num } from "../parts";

/** [row, parameters, proved λ, proved m, value, low, high, holds it, outcome, P(m) at most for m] */
type Line = [string, number, string, number | null, number, number, number, 0 | 1 | null, string, number | null];
interface Panel {
  name: string;
  device: string;
  n: number;
  level: string;
  lines: Line[];
}

export function MeasuredView({ wanted }: { wanted: string | null }) {
  const { value, error } = useLoaded<{ panels: Panel[] }>(() => shard("measured"), []);
  if (error) return <Notices title="Exact against measured" text={error} />;
  if (!value) return <p>Loading …</p>;
  return value.panels.length ? (
    <View panels={value.panels} wanted={wanted} />
  ) : (
    <Notices title="Exact against measured" text="No reading is on file." />
  );
}

function View({ panels, wanted }: { panels: Panel[]; wanted: string | null }) {
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      panels.findIndex((p) => p.name === wanted),
    ),
  );
  const panel = panels[at]!;
  return (
    <article class="measured-view">
      <h1 tabIndex={-1}>Exact against measured</h1>
      <p class="lead">
        Every reading on file at a row whose λ is proved: {grouped(panels.reduce((k, p) => k + p.lines.length, 0))} of
        them. Failures are kept.
      </p>
      <p class="controls" role="group" aria-label="Which device">
        {panels.map((p, i) => (
          <>
            <button
              class="small"
              aria-pressed={i === at}
              onClick={() => {
                setAt(i);
                replace({ device: p.name });
              }}
            >
              {p.name} ({grouped(p.lines.length)})
            </button>{" "}
          </>
        ))}
      </p>
      <div class="sections">
        <Section id="ratio" title={`${panel.name}: reading over proved λ`} wide>
          <Ratios panel={panel} />
        </Section>
        <Section id="rates" title="By number of parameters" wide>
          <Rates panel={panel} />
        </Section>
        <Section id="furthest" title="Furthest off" wide>
          <Furthest panel={panel} />
        </Section>
      </div>
    </article>
  );
}

function Ratios({ panel }: { panel: Panel }) {
  const [ref, width] = useWidth();
  const points = useMemo(
    () => panel.lines.map((r) => ({ r, x: Math.log2(real(r[2])), y: r[4] / real(r[2]) })),
    [panel],
  );
  const height = 300;
  const [lo, hi] = [0.5, 1.5];
  const [a, b] = [Math.min(...points.map((p) => p.x)) - 0.2, Math.max(...points.map((p) => p.x)) + 0.2];
  const X = (v: number) => 44 + ((v - a) / (b - a)) * (width - 60);
  const Y = (v: number) => 12 + (1 - (Math.max(lo, Math.min(hi, v)) - lo) / (hi - lo)) * (height - 50);
  const beyond = points.filter((p) => p.y < lo || p.y > hi).length;
  const judged = panel.lines.filter((r) => r[7] !== null && r[8] === "ok");
  const held = judged.filter((r) => r[7]).length;
  return (
    <figure ref={ref}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${points.length} readings of ${panel.name} over the proved λ; the tables below have the numbers.`}
      >
        {ticks(lo, hi, 5).map((v) => (
          <>
            <line x1={44} x2={width - 16} y1={Y(v)} y2={Y(v)} class={Math.abs(v - 1) < 1e-9 ? "exact-line" : "grid"} />
            <text x={40} y={Y(v) + 4} text-anchor="end">
              {short(v)}
            </text>
          </>
        ))}
        {ticks(Math.ceil(a), Math.floor(b), 7)
          .filter((v) => Number.isInteger(v))
          .map((v) => (
            <text x={X(v)} y={height - 18} text-anchor="middle">
              {v < 0 ? `1/${2 ** -v}` : 2 ** v}
            </text>
          ))}
        <text x={width - 16} y={height - 2} text-anchor="end" class="name">
          λ
        </text>
        {points.map(({ r, x, y }) => (
          <path
            d={`M${X(x).toFixed(1)},${(Y(y) - 4).toFixed(1)} l4,4 l-4,4 l-4,-4 z`}
            class={r[8] === "ok" && r[7] !== 0 ? "measured" : "measured open"}
            opacity={r[8] === "ok" ? 0.75 : 0.4}
          >
            <title>{`${r[0]}: ${short(r[4])} [${short(r[5])}, ${short(r[6])}], proved ${r[2]}, ${r[8]}`}</title>
          </path>
        ))}
      </svg>
      <figcaption>
        The line is the proved value.{" "}
        {judged.length
          ? `Filled: says ok and holds it (${grouped(held)} of ${grouped(judged.length)} intervals of level ${panel.level} that say ok); open: misses it, or says itself that it failed.`
          : "No λ is claimed: an estimate at one n lies off by design. Open: says itself that it failed."}{" "}
        {beyond ? `${grouped(beyond)} beyond half or one and a half of λ are drawn at the edge.` : ""}
      </figcaption>
    </figure>
  );
}

const SIZES: [number, number][] = [
  [1, 3],
  [4, 6],
  [7, 10],
  [11, 20],
  [21, 1e9],
];
function Rates({ panel }: { panel: Panel }) {
  return (
    <SmallTable
      label="Table of rates"
      heads={[
        "parameters",
        num("readings"),
        num("say ok"),
        num("of these hold λ"),
        num("of these name m"),
        num("median over λ"),
      ]}
    >
      {SIZES.map(([from, to]) => {
        const all = panel.lines.filter((r) => r[1] >= from && r[1] <= to);
        if (!all.length) return null;
        const ok = all.filter((r) => r[8] === "ok");
        const judged = ok.filter((r) => r[7] !== null);
        const told = ok.filter((r) => r[9] !== null && r[3] !== null);
        const ratios = ok.map((r) => r[4] / real(r[2])).sort((x, y) => x - y);
        return (
          <tr>
            <th scope="row">{to > 1e8 ? `${from} and more` : `${from} to ${to}`}</th>
            <td class="num">{grouped(all.length)}</td>
            <td class="num">{grouped(ok.length)}</td>
            <td class="num">
              {judged.length
                ? `${grouped(judged.filter((r) => r[7]).length)} of ${grouped(judged.length)}`
                : "none claimed"}
            </td>
            <td class="num">
              {told.length
                ? `${grouped(told.filter((r) => r[9] === r[3]).length)} of ${grouped(told.length)}`
                : "none told"}
            </td>
            <td class="num">{ratios.length ? short(ratios[Math.floor(ratios.length / 2)]!) : "none"}</td>
          </tr>
        );
      })}
    </SmallTable>
  );
}

function Furthest({ panel }: { panel: Panel }) {
  const [more, setMore] = useState(12);
  const off = (r: Line) => Math.max(r[5] - real(r[2]), real(r[2]) - r[6], 0) / real(r[2]);
  const list = useMemo(
    () => panel.lines.filter((r) => r[8] === "ok" && off(r) > 0).sort((a, b) => off(b) - off(a)),
    [panel],
  );
  if (!list.length) return <p>No reading that says ok misses the proved value.</p>;
  return (
    <>
      <p>Readings that say ok, whose interval ends before the proved value, the largest gap first.</p>
      <SmallTable
        label="Table of the readings that are furthest off"
        heads={["row", num("proved λ"), num("m"), "reading"]}
      >
        {list.slice(0, more).map((r) => (
          <tr>
            <th scope="row">
              <RowLink id={r[0]} />
            </th>
            <td class="num">{r[2]}</td>
            <td class="num">{r[3] ?? "?"}</td>
            <td>
              {short(r[4])} [{short(r[5])}, {short(r[6])}]
            </td>
          </tr>
        ))}
      </SmallTable>
      {list.length > more && (
        <button class="more" onClick={() => setMore(more + 100)}>
          {list.length - more} more
        </button>
      )}
    </>
  );
}
