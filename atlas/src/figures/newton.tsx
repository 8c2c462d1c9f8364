// The Newton polyhedron in two and three variables, as SVG. The body is convex, so leaving out the faces that
// look away is exact.
import { useState } from "preact/hooks";
import type { Newton } from "../data.ts";
import { real } from "../data.ts";
import { V } from "../math.tsx";
import { rotate, useTurn, useWidth } from "./frame.tsx";

export function NewtonFigure({ newton }: { newton: Newton }) {
  return newton.variables.length === 2 ? <Plane newton={newton} /> : <Space newton={newton} />;
}

function words(n: Newton): string {
  const on = n.hit.length;
  return (
    `Newton polyhedron with ${n.vertices.length} vertices (${n.vertices
      .slice(0, 6)
      .map((v) => `(${v.join(",")})`)
      .join(" ")}` +
    `${n.vertices.length > 6 ? " …" : ""}) and ${n.facets.length} facets. The diagonal meets it at ${n.distance}, ` +
    `${on === 1 ? "at a vertex" : `inside a face with ${on} exponents`}.`
  );
}

function Caption({ newton }: { newton: Newton }) {
  const weights = newton.facets.filter((f) => newton.hit.every((h) => dot(f.normal, h) === f.offset) && f.offset > 0);
  return (
    <figcaption>
      The diagonal (1, …, 1) meets the boundary at <strong class="ochre">t = {newton.distance}</strong>, and the
      polyhedron alone gives 1/(2t) for a flat prior.
      {weights.length > 0 && (
        <>
          {" "}
          {weights.length === 1 ? "The facet it meets has weights" : "Facets through that point have weights"}{" "}
          {weights.slice(0, 4).map((w, i) => (
            <>
              {i > 0 && ", "}({w.normal.join(", ")})
            </>
          ))}
          .
        </>
      )}
    </figcaption>
  );
}
const dot = (a: number[], b: number[]) => a.reduce((s, v, i) => s + v * b[i]!, 0);

function Plane({ newton }: { newton: Newton }) {
  const [ref, width] = useWidth();
  const t = real(newton.distance);
  const most =
    Math.max(2, Math.ceil(t), ...newton.vertices.flat(), ...newton.support.flat().filter((v) => v < 40)) + 1;
  const size = Math.min(width, 410);
  const pad = 34;
  const s = (size - pad - 12) / most;
  const X = (x: number) => pad + x * s;
  const Y = (y: number) => size - pad - y * s;
  const corner = [...newton.vertices].sort((a, b) => a[0]! - b[0]! || b[1]! - a[1]!);
  const [first, last] = [corner[0]!, corner.at(-1)!];
  const body = [[first[0], most], ...corner, [most, last[1]], [most, most]] as number[][];
  const every = Math.ceil(most / 8);
  const inside = newton.support.filter(
    (a) => !newton.vertices.some((v) => v.join() === a.join()) && Math.max(...a) <= most,
  );
  return (
    <figure ref={ref}>
      <svg width={size} height={size} role="img" aria-label={words(newton)}>
        {Array.from({ length: most + 1 }, (_, k) => (
          <>
            <line x1={X(k)} x2={X(k)} y1={Y(0)} y2={Y(most)} class="grid" />
            <line x1={X(0)} x2={X(most)} y1={Y(k)} y2={Y(k)} class="grid" />
            {k % every === 0 && (
              <>
                <text x={X(k)} y={Y(0) + 17} text-anchor="middle">
                  {k}
                </text>
                <text x={X(0) - 8} y={Y(k) + 4} text-anchor="end">
                  {k}
                </text>
              </>
            )}
          </>
        ))}
        <polygon points={body.map(([x, y]) => `${X(x!)},${Y(y!)}`).join(" ")} class="body" />
        <polyline
          points={[[first[0]!, most], ...corner, [most, last[1]!]].map(([x, y]) => `${X(x!)},${Y(y!)}`).join(" ")}
          class="edge"
        />
        <line x1={X(0)} y1={Y(0)} x2={X(most)} y2={Y(most)} class="diagonal" />
        {inside.slice(0, 300).map((a) => (
          <circle cx={X(a[0]!)} cy={Y(a[1]!)} r={2.5} class="inner" />
        ))}
        {newton.vertices.map((v) => (
          <circle cx={X(v[0]!)} cy={Y(v[1]!)} r={4.5} class="vertex" />
        ))}
        <circle cx={X(t)} cy={Y(t)} r={5} class="hit" />
        <text x={X(t) + 9} y={Y(t) - 7} class="ochre strong">
          t = {newton.distance}
        </text>
        <text x={X(most)} y={Y(0) + 31} text-anchor="end" class="name">
          power of {newton.variables[0]}
        </text>
        <text x={X(0) + 6} y={Y(most) + 12} class="name">
          power of {newton.variables[1]}
        </text>
      </svg>
      <Caption newton={newton} />
    </figure>
  );
}

type P3 = [number, number, number];

/** Each facet cut off at a cube, as a polygon in order around its middle. */
function facets(newton: Newton, most: number): { points: P3[]; normal: number[]; compact: boolean; hit: boolean }[] {
  return newton.facets.map((f) => {
    const on = newton.vertices.filter((v) => dot(f.normal, v) === f.offset);
    let cloud: P3[] = on.map((v) => [v[0]!, v[1]!, v[2]!]);
    const away = [0, 1, 2].filter((i) => f.normal[i] === 0);
    for (const i of away) cloud = cloud.concat(cloud.map((p) => p.map((v, j) => (j === i ? most : v)) as P3));
    return {
      points: around(cloud, f.normal),
      normal: f.normal,
      compact: !away.length,
      hit: newton.hit.every((h) => dot(f.normal, h) === f.offset),
    };
  });
}

function around(cloud: P3[], normal: number[]): P3[] {
  const n = Math.hypot(...normal);
  const e = normal.map((v) => v / n);
  const i = e.indexOf(Math.min(...e));
  const u0 = [0, 1, 2].map((j) => (j === i ? 1 : 0) - e[i]! * e[j]!);
  const lu = Math.hypot(...u0);
  const u = u0.map((v) => v / lu);
  const w = [e[1]! * u[2]! - e[2]! * u[1]!, e[2]! * u[0]! - e[0]! * u[2]!, e[0]! * u[1]! - e[1]! * u[0]!];
  const flat = cloud.map((p) => ({ p, x: dot(p, u), y: dot(p, w) }));
  flat.sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (list: typeof flat) => {
    const hull: typeof flat = [];
    for (const q of list) {
      while (hull.length > 1) {
        const [a, b] = [hull.at(-2)!, hull.at(-1)!];
        if ((b.x - a.x) * (q.y - a.y) - (b.y - a.y) * (q.x - a.x) > 1e-9) break;
        hull.pop();
      }
      hull.push(q);
    }
    return hull.slice(0, -1);
  };
  return [...half(flat), ...half([...flat].reverse())].map((q) => q.p);
}

function Space({ newton }: { newton: Newton }) {
  const [ref, width] = useWidth();
  const { turn, zoom, events } = useTurn([-2.2, 0.5]);
  const [solid, setSolid] = useState(true);
  const t = real(newton.distance);
  const most = Math.max(2, Math.ceil(t), ...newton.vertices.flat()) + 1;
  const size = Math.min(width, 430);
  const s = (size / (most * 1.9)) * zoom;
  const centre = [most / 2, most / 2, most / 2];
  const project = (p: number[]): [number, number, number] => {
    const [x, y, z] = rotate(
      turn,
      p.map((v, i) => v - centre[i]!),
    );
    return [size / 2 + x * s, size / 2 - y * s, z];
  };
  const drawn = facets(newton, most)
    .filter((f) => f.points.length > 2)
    .map((f) => {
      const facing =
        rotate(
          turn,
          f.normal.map((v) => -v),
        )[2] > 0;
      return { ...f, facing, flat: f.points.map(project) };
    })
    .sort((a, b) => Number(a.facing) - Number(b.facing));
  const axes = newton.variables.map((name, i) => ({ name, end: [0, 1, 2].map((j) => (j === i ? most : 0)) }));
  const origin = project([0, 0, 0]);
  const hit = project([t, t, t]);
  return (
    <figure ref={ref}>
      <svg
        width={size}
        height={size}
        role="application"
        aria-roledescription="figure that turns"
        aria-label={`${words(newton)} Arrow keys turn it, plus and minus change its size, 0 resets.`}
        {...{ tabindex: 0 }}
        class="turns"
        {...(events as any)}
      >
        {axes.map((a) => {
          const end = project(a.end);
          return (
            <>
              <line x1={origin[0]} y1={origin[1]} x2={end[0]} y2={end[1]} class="axis" />
              <text x={end[0]} y={end[1] - 5} text-anchor="middle" class="name">
                {a.name}
              </text>
            </>
          );
        })}
        {drawn.map((f) => (
          <polygon
            points={f.flat.map((p) => `${p[0].toFixed(1)},${p[1].toFixed(1)}`).join(" ")}
            class={`facet ${f.compact ? "compact" : "open"} ${f.facing ? "near" : "far"} ${f.hit ? "carries" : ""} ${solid ? "" : "wire"}`}
          />
        ))}
        <line x1={origin[0]} y1={origin[1]} x2={hit[0]} y2={hit[1]} class="diagonal" />
        {newton.vertices.map((v) => {
          const p = project(v);
          return (
            <>
              <circle cx={p[0]} cy={p[1]} r={3.5} class="vertex" />
              {newton.vertices.length <= 8 && (
                <text x={p[0] + 6} y={p[1] - 5} class="small">
                  {v.join(",")}
                </text>
              )}
            </>
          );
        })}
        <circle cx={hit[0]} cy={hit[1]} r={5} class="hit" />
      </svg>
      <p class="controls">
        <label>
          <input type="checkbox" checked={solid} onChange={(e) => setSolid(e.currentTarget.checked)} /> faces filled
        </label>{" "}
        <span class="soft">
          drag or arrow keys turn; axes are powers of{" "}
          {newton.variables.map((v, i) => (
            <>
              {i > 0 && ", "}
              <V v={v} />
            </>
          ))}
        </span>
      </p>
      <Caption newton={newton} />
    </figure>
  );
}
