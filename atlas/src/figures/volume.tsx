// V(ε), the volume of K ≤ ε: the exact leading term beside a count of points made here and now.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Cell, Page } from "../data.ts";
import { real } from "../data.ts";
import { Absent, power, short, superscript } from "../number.tsx";
import { expand, parse } from "../poly.ts";
import { ticks, useWidth } from "./frame.tsx";
import { potential } from "./raycast.ts";

interface Volume {
  lambda: string;
  m: number;
  constant: number;
}
interface Law {
  lambda: string;
  m: number;
  constant: number | null;
  reason: string;
}

export function law(page: Page): Law | null {
  const s = page.strata[0];
  if (!s) return null;
  const cell = s["volume"] as Cell<Volume> | undefined;
  if (cell?.status === "value")
    return {
      lambda: String(cell.value!.lambda),
      m: Number(cell.value!.m),
      constant: Number(cell.value!.constant),
      reason: "",
    };
  const lambda = s["lambda"] as Cell<string>;
  const m = s["m"] as Cell<number>;
  if (lambda?.status !== "value" || m?.status !== "value") return null;
  return { lambda: String(lambda.value), m: Number(m.value), constant: null, reason: cell?.reason ?? "not computed" };
}

const at = (l: Law, epsilon: number, c: number) => c * epsilon ** real(l.lambda) * (-Math.log(epsilon)) ** (l.m - 1);

function Term({ l }: { l: Law }) {
  return (
    <>
      {l.constant === null ? "c" : short(l.constant)} · ε<sup>{l.lambda}</sup>
      {l.m > 1 && <> (−log ε){l.m > 2 ? superscript(l.m - 1) : ""}</>}
    </>
  );
}

/** The leading term of V at this ε, beside the slider. */
export function VolumeLine({ page, epsilon }: { page: Page; epsilon: number }) {
  const l = law(page);
  if (!l) return <span class="soft">V(ε): λ and m are not both proved</span>;
  return (
    <span class="volume-line">
      V(ε) ~ <Term l={l} />
      {l.constant !== null && <strong class="blue"> = {short(at(l, epsilon, l.constant))}</strong>}
    </span>
  );
}

function generator(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const POINTS = 40_000;

/** How many of uniform points of the cube have K ≤ ε, for a ladder of ε: [ε, V, error]. */
export function count(page: Page, points = POINTS): [number, number, number][] {
  const germ = page.germ!;
  const d = germ.variables.length;
  const polys = germ.generators.map((g) => expand(parse(g), germ.variables));
  const bound = (v: string, side: 0 | 1) => germ.box[v]?.[side];
  const low = germ.variables.map((v) =>
    Math.max(-1, germ.nonnegative.includes(v) ? 0 : bound(v, 0) == null ? -1 : real(bound(v, 0))),
  );
  const high = germ.variables.map((v) => Math.min(1, bound(v, 1) == null ? 1 : real(bound(v, 1))));
  const prior = germ.variables.map((v) => real(page.row.prior[v] ?? "0"));
  const K = potential({ polys, loss: page.row.convention === "loss", low, high });
  const random = generator(1);
  const volume = low.reduce((v, l, i) => v * (high[i]! - l), 1);
  const x = new Float64Array(d);
  const values: [number, number][] = [];
  for (let i = 0; i < points; i++) {
    let weight = volume / points;
    for (let j = 0; j < d; j++) {
      x[j] = low[j]! + (high[j]! - low[j]!) * random();
      if (prior[j]) weight *= Math.abs(x[j]!) ** prior[j]!;
    }
    values.push([K(x), weight]);
  }
  values.sort((a, b) => a[0] - b[0]);
  const found: [number, number, number][] = [];
  let [sum, squares, n] = [0, 0, 0];
  for (let e = -6; e <= -0.49; e += 0.25) {
    for (; n < values.length && values[n]![0] <= 10 ** e; n++) {
      sum += values[n]![1];
      squares += values[n]![1] ** 2;
    }
    if (n >= 25) found.unshift([10 ** e, sum, 2 * Math.sqrt(squares)]);
  }
  return found;
}

export function VolumeFigure({ page }: { page: Page }) {
  const [ref, width] = useWidth();
  const l = law(page);
  const [points, setPoints] = useState<[number, number, number][] | string | null>(null);
  const terms = useMemo(() => page.germ?.generators.reduce((s, g) => s + g.length, 0) ?? 0, [page]);
  const possible = !!page.germ && page.germ.variables.length <= 8 && terms < 1500;
  useEffect(() => {
    if (!possible || !ref.current) return;
    // counted when it is looked at
    let wait = 0;
    const work = () => {
      try {
        setPoints(count(page, terms > 300 ? 12_000 : POINTS));
      } catch (error) {
        setPoints(String((error as Error).message));
      }
    };
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      seen.disconnect();
      wait = setTimeout(work, 60) as unknown as number;
    });
    seen.observe(ref.current);
    return () => {
      seen.disconnect();
      clearTimeout(wait);
    };
  }, [page.row.id]);
  if (!l && !possible)
    return (
      <Absent
        cell={{
          status: "unknown",
          reason: "λ and m are not both proved, and the germ has too many variables to count points here",
        }}
      />
    );
  const seen = Array.isArray(points) ? points : [];
  const size = Math.min(width, 420);
  const height = 220;
  const [x0, x1] = [-6, -0.5];
  // without a constant the line is put through the smallest ε that was counted well
  const anchor = seen.at(-1);
  const c = l ? (l.constant ?? (anchor ? anchor[1] / at({ ...l, constant: 1 }, anchor[0], 1) : null)) : null;
  const exact =
    l && c !== null
      ? Array.from({ length: 45 }, (_, i) => 10 ** (x0 + ((x1 - x0) * i) / 44)).map((e) => [e, at(l, e, c)] as const)
      : [];
  const ys = [...exact.map((p) => p[1]), ...seen.map((p) => p[1])].filter((v) => v > 0).map(Math.log10);
  const [low, high] = ys.length ? [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys))] : [-3, 0];
  const X = (e: number) => 48 + ((Math.log10(e) - x0) / (x1 - x0)) * (size - 60);
  const Y = (v: number) => 10 + ((high - Math.log10(v)) / (high - low || 1)) * (height - 44);
  return (
    <figure ref={ref}>
      <svg
        width={size}
        height={height}
        role="img"
        aria-label={`V of epsilon on logarithmic axes. ${l ? `The exact line falls with slope ${l.lambda}.` : ""} ${seen.length} counted points.`}
      >
        {ticks(low, high, 5)
          .filter(Number.isInteger)
          .map((v) => (
            <>
              <line x1={48} x2={size - 12} y1={Y(10 ** v)} y2={Y(10 ** v)} class="grid" />
              <text x={42} y={Y(10 ** v) + 4} text-anchor="end">
                {power(10 ** v)}
              </text>
            </>
          ))}
        {[-6, -5, -4, -3, -2, -1].map((v) => (
          <text x={X(10 ** v)} y={height - 16} text-anchor="middle">
            {power(10 ** v)}
          </text>
        ))}
        <text x={size - 12} y={height - 2} text-anchor="end" class="name">
          ε
        </text>
        <polyline
          points={exact.map(([e, v]) => `${X(e).toFixed(1)},${Y(v).toFixed(1)}`).join(" ")}
          class="exact-line"
        />
        {seen.map(([e, v, error]) => (
          <>
            <line x1={X(e)} x2={X(e)} y1={Y(v + error)} y2={Y(Math.max(v - error, 10 ** low))} class="whisker" />
            <path d={`M${X(e)},${Y(v) - 4} l4,4 l-4,4 l-4,-4 z`} class="measured" />
          </>
        ))}
      </svg>
      <figcaption>
        {l ? (
          <>
            Blue: exact leading term <Term l={l} />
            {l.constant === null && <> (constant: {l.reason}; the line is put through the last counted point)</>}
            .{" "}
          </>
        ) : (
          <>No exact line: λ and m are not both proved. </>
        )}
        {typeof points === "string" ? (
          <>Not counted: {points}.</>
        ) : seen.length ? (
          <>
            ◆ share of uniform points of the cube [−1, 1]<sup>d</sup> about the point, counted here (seed 1, two
            standard errors). The cube also holds zeros far from the point, so the two agree only where the point is
            the worst of them.
          </>
        ) : possible ? (
          points === null ? (
            "Counting …"
          ) : (
            "No point fell so near to the zeros."
          )
        ) : (
          "Too many variables to count points here."
        )}
      </figcaption>
    </figure>
  );
}
