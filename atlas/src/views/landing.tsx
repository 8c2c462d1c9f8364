import { useMemo, useState } from "preact/hooks";
import { index, meta, real } from "../data.ts";
import { useWidth } from "../figures/frame.tsx";
import { grouped, GLYPH, range } from "../number.tsx";
import { address, rowAddress } from "../route.ts";

const EXAMPLES: [string, string][] = [
  ["transformer", "a word"],
  ["λ=5/12", "an exact λ"],
  ["5.9±0.3", "a reading"],
  ["x^2-y^3", "generators"],
  ["λ<1 d:2..4", "two filters"],
  ["family:rrr m=2", "family and m"],
];

/** Each row a dot over its λ, stacked; half-integers are marked. */
function Line() {
  const [ref, width] = useWidth();
  const [over, setOver] = useState<number | null>(null);
  const top = 12;
  const dots = useMemo(() => {
    const bins = Math.max(40, Math.floor((width - 20) / 5));
    const stacks = new Map<number, number[]>();
    let beyond = 0;
    index.ids.forEach((_, i) => {
      const low = real(index.lower[i]);
      if (!(low >= 0)) return;
      if (low > top) return void beyond++;
      const bin = Math.round((low / top) * bins);
      stacks.set(bin, [...(stacks.get(bin) ?? []), i]);
    });
    return { bins, stacks, beyond };
  }, [width]);
  const tallest = Math.max(...[...dots.stacks.values()].map((s) => s.length));
  const height = 128;
  const x = (v: number) => 10 + (v / top) * (width - 20);
  return (
    <figure class="line" ref={ref}>
      <svg
        width={width}
        height={height + 26}
        role="img"
        aria-label={`How many rows have which λ, from 0 to ${top}; the tallest pile is ${tallest} rows.`}
      >
        {Array.from({ length: 2 * top + 1 }, (_, k) => (
          <g>
            <line x1={x(k / 2)} x2={x(k / 2)} y1={height} y2={height + (k % 2 ? 4 : 7)} class="axis" />
            {k % 2 === 0 && (width > 600 || k % 4 === 0) && (
              <text x={x(k / 2)} y={height + 21} text-anchor="middle">
                {k / 2}
              </text>
            )}
          </g>
        ))}
        <line x1={10} x2={width - 10} y1={height} y2={height} class="axis" />
        {[...dots.stacks].map(([bin, rows]) => {
          const h = Math.max(3, (Math.sqrt(rows.length) / Math.sqrt(tallest)) * (height - 8));
          const at = 10 + (bin / dots.bins) * (width - 20);
          return (
            <rect
              x={at - 2}
              y={height - h}
              width={4}
              height={h}
              class={over === bin ? "bar over" : "bar"}
              onMouseEnter={() => setOver(bin)}
              onClick={() =>
                (location.hash = address(["rows"], {
                  q: "λ=" + range(index.lower[rows[0]!]!, index.upper[rows[0]!]!),
                }))
              }
            />
          );
        })}
      </svg>
      <figcaption>
        {over !== null && dots.stacks.has(over) ? (
          <>
            λ ≈ {((over / dots.bins) * top).toFixed(2)}: {dots.stacks.get(over)!.length} rows, such as{" "}
            {dots.stacks
              .get(over)!
              .slice(0, 3)
              .map((i) => (
                <>
                  <a href={rowAddress(index.ids[i]!)}>{index.ids[i]}</a>{" "}
                </>
              ))}
          </>
        ) : (
          <>
            All rows by λ (bounds at their lower end; heights grow as the square root of the count
            {dots.beyond ? `; ${dots.beyond} rows lie beyond ${top}` : ""}). Values gather at half-integers, and
            singular models lie between.
          </>
        )}
      </figcaption>
    </figure>
  );
}

export function Landing() {
  const status = new Map<string, number>();
  for (const s of index.status) status.set(s, (status.get(s) ?? 0) + 1);
  const families = Object.entries(meta.families)
    .map(([id, title]) => ({ id, title, n: index.families.filter((f) => f === id).length }))
    .filter((f) => f.n)
    .sort((a, b) => b.n - a.n);
  return (
    <div class="landing">
      <h1 tabIndex={-1}>How singular is a model at a point, exactly, and what do instruments read there?</h1>
      <p class="lead">
        Each row is a model or a program at one point of its zero set, with its learning coefficient (λ, RLCT) and
        multiplicity m, the proof, and the readings of instruments beside it. {grouped(index.ids.length)} rows:{" "}
        {[...status].map(([s, n], i) => (
          <>
            {i > 0 && ", "}
            <a href={address(["rows"], { q: `status:${s}` })}>
              {grouped(n)} {GLYPH[s]?.[1] ?? s}
            </a>
          </>
        ))}
        .
      </p>
      <Line />
      <p class="examples">
        The box takes{" "}
        {EXAMPLES.map(([q, what], i) => (
          <>
            {i > 0 && ", "}
            {what} <a href={address(["rows"], { q })}>{q}</a>
          </>
        ))}
        .
      </p>
      <div class="stories">
        <a class="story" href={address(["rows"], { q: "5.9±0.3" })}>
          <h2>I have a reading</h2>
          <p>My network reads 5.9 at step 1,000: where is it, and what lies next on the ladder?</p>
          <span class="go">5.9±0.3 →</span>
        </a>
        <a class="story" href={address(["rows"], { q: "x^2-y^3" })}>
          <h2>I have an ideal</h2>
          <p>Is x² − y³ on file, under whatever names and signs, and who else has it?</p>
          <span class="go">x^2-y^3 →</span>
        </a>
        {meta.machines[0] ? (
          <a class="story" href={address(["machine", meta.machines[0].name])}>
            <h2>I have a machine</h2>
            <p>Which functions are simple for it, and what goes wrong when a code is perturbed?</p>
            <span class="go">{meta.machines[0].name} →</span>
          </a>
        ) : (
          <a class="story" href={address(["rows"], { q: "tag:program" })}>
            <h2>I have a program</h2>
            <p>Which codes solve it, and how much room is there around each?</p>
            <span class="go">programs →</span>
          </a>
        )}
      </div>
      <section>
        <h2>Families</h2>
        <ul class="families">
          {families.map((f) => (
            <li>
              <a href={address(["rows"], { q: `family:${f.id}` })}>{f.title || f.id}</a>{" "}
              <span class="soft">{f.n}</span>
            </li>
          ))}
        </ul>
      </section>
      {Object.values(meta.models).some((m) => m.functions > 2) && (
        <section>
          <h2>Models with functions that they pass through</h2>
          <ul class="families">
            {Object.entries(meta.models)
              .filter(([, m]) => m.functions > 2)
              .sort((a, b) => b[1].functions - a[1].functions)
              .slice(0, 12)
              .map(([id, m]) => (
                <li>
                  <a href={address(["phases", id])}>{m.title}</a> <span class="soft">{m.functions} functions</span>
                </li>
              ))}
          </ul>
        </section>
      )}
      {Object.keys(meta.models).length > 0 && (
        <section>
          <h2>Models with several strata</h2>
          <ul class="families">
            {Object.entries(meta.models)
              .filter(([, m]) => m.strata > 1)
              .sort((a, b) => b[1].strata - a[1].strata)
              .slice(0, 18)
              .map(([id, m]) => (
                <li>
                  <a href={address(["phases", id], { kind: m.functions ? "strata" : undefined })}>{m.title}</a>{" "}
                  <span class="soft">{m.strata} strata</span>
                </li>
              ))}
          </ul>
        </section>
      )}
    </div>
  );
}
