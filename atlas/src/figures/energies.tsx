// Free energies against n, and strata in their closure order.
import { useMemo, useRef, useState } from "preact/hooks";
import { position, real, type ModelPage } from "../data.ts";
import { power, range, short } from "../number.tsx";
import { Link } from "../parts.tsx";
import { rowAddress } from "../route.ts";
import { ticks, useWidth } from "./frame.tsx";
import { energy, layout, type Phase } from "./phases.ts";

const DASHES = ["", "7 4", "2 3", "9 3 2 3", "12 5", "4 2"];

export function Energies({
  drawn,
  many,
  lowest,
  n,
  marks,
  onPick,
}: {
  drawn: Phase[];
  many: string;
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
  if (!drawn.length) return <p class="absent">· none of the {many} has both L and λ decided</p>;
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
        aria-label={`Free energy of ${lines.length} kinds of ${many} against n, logarithmic. Lowest now: ${lowest?.name ?? "none"}.`}
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
        {ticks(bottom, top, 4).map((v) => (
          <text x={40} y={Y(v) + 4} text-anchor="end">
            {short(v)}
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
              {l.length > 1 ? `${l.length} ${many}` : p.name.slice(0, 22)}, λ {range(p.lambda, p.lambda)}
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

export function Order({
  all,
  one,
  edges,
  lowest,
  interval,
}: {
  all: Phase[];
  one: string;
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
        aria-label="Graph of the closure order; the table below lists all"
      >
        <svg
          width={room}
          height={height}
          role="group"
          aria-label={`${all.length} in ${graph.levels} levels, the deepest at the bottom; ${graph.lines.length} covering relations.`}
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
            const shownValue = p.lambda.length > 4 ? (real(p.lambda) || p.low).toFixed(1) : p.lambda;
            return (
              <>
                <Link
                  href={p.onFile && position.has(p.row) ? rowAddress(p.row) : undefined}
                  onMouseEnter={() => setOver(p)}
                  onFocus={() => setOver(p)}
                  label={`${shownValue}: ${p.name}, λ ${p.lambda}, m ${p.mText}`}
                >
                  <circle
                    cx={X(x)}
                    cy={Y(y)}
                    r={wide ? 17 : 12}
                    class={`node ${p === lowest ? "now" : ""} ${meets ? "meets" : ""}`}
                  />
                  <text
                    aria-hidden="true"
                    x={X(x)}
                    y={Y(y) + 4}
                    text-anchor="middle"
                    class={p === lowest ? "on-blue" : ""}
                  >
                    {shownValue}
                  </text>
                </Link>
                {wide && (
                  <text aria-hidden="true" x={X(x)} y={Y(y) + 31} text-anchor="middle" class="small halo">
                    {p.name.slice(0, 14)}
                  </text>
                )}
              </>
            );
          })}
        </svg>
      </div>
      <figcaption>
        Each disc is a {one} with its λ, the deepest at the bottom; lines lead to those whose closure holds it.{" "}
        {shown ? (
          <strong>
            {shown.name}: λ {shown.lambda}, m {shown.mText}, L {shown.lossText}
          </strong>
        ) : null}
      </figcaption>
    </figure>
  );
}
