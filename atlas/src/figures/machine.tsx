// The zero set of a machine as a complex of components, and its functions by their two complexities.
import { useState } from "preact/hooks";
import { real } from "../data.ts";
import { grouped } from "../number.tsx";
import { ticks, useWidth } from "./frame.tsx";
import { SmallTable, num } from "../parts";

interface Trace {
  syndrome: string;
  input: string;
  target: string;
  output: string;
  steps: string[];
}
export interface Component {
  dimension: number;
  lambda_E: string;
  lambda_H: string;
  multiplicity: number;
  codes: number;
  degenerate: boolean;
  piece: number;
  support: Record<string, string[]>;
  traces: Trace[];
  syndromes: number;
}
interface Wanted {
  outputs: string[];
  name: string;
  codes: number;
  lambda_E: string;
  multiplicity: number;
  vertices: { lambda_E: string; multiplicity: number; codes: number }[];
  components: number;
  bits: number;
}
export interface Machine {
  program: string;
  title: string;
  summary: string;
  function: string;
  steps: number;
  semantics: string;
  chart: string;
  codes: number;
  solutions: number;
  f_vector: number[];
  euler_characteristic: number;
  pieces: number[];
  components: Component[];
  choices: { name: string; options: string[] }[];
  start: Record<string, string>;
  edges: { a: number; b: number; dimension: number; lambda_E: string; multiplicity: number }[];
  solutions_by_code: Record<string, [string, number, number[]]>;
  functions: Wanted[];
  inputs?: string[];
  no_functions: string;
  command: string;
}

/** Components as discs, in their pieces, joined where they meet. */
export function Complex({ machine: w, at, onPick }: { machine: Machine; at: number; onPick: (i: number) => void }) {
  const [ref, width] = useWidth();
  const shown = w.components.slice(0, 40);
  const pieces = [...new Set(shown.map((c) => c.piece))];
  const size = Math.min(width, 460);
  const most = Math.max(...shown.map((c) => c.codes));
  const r = (c: Component) => 14 + 12 * Math.sqrt(c.codes / most);
  const places: { x: number; y: number }[] = [];
  let left = 0;
  let height = 0;
  let rowTop = 0;
  for (const piece of pieces) {
    const inside = shown.map((c, i) => ({ c, i })).filter((e) => e.c.piece === piece);
    const reach = inside.length === 1 ? 34 : 30 + 22 * inside.length ** 0.8;
    const need = 2 * reach + 24;
    if (left + need > size && left > 0) {
      rowTop = height;
      left = 0;
    }
    inside.forEach((e, k) => {
      const angle = -Math.PI / 2 + (2 * Math.PI * k) / inside.length;
      const ring = inside.length === 1 ? 0 : reach - 14;
      places[e.i] = { x: left + need / 2 + ring * Math.cos(angle), y: rowTop + need / 2 + ring * Math.sin(angle) };
    });
    left += need;
    height = Math.max(height, rowTop + need);
  }
  return (
    <figure ref={ref}>
      <svg
        width={size}
        height={height + 8}
        role="group"
        aria-label={`${w.components.length} components in ${pieces.length} pieces; each is a button.`}
      >
        {w.edges
          .filter((e) => places[e.a] && places[e.b])
          .map((e) => {
            const [p, q] = [places[e.a]!, places[e.b]!];
            return (
              <g>
                <title>{`components ${e.a + 1} and ${e.b + 1} meet in dimension ${e.dimension}: λ ${e.lambda_E}, m ${e.multiplicity}`}</title>
                <line x1={p.x} y1={p.y} x2={q.x} y2={q.y} class="link thick" />
                <text x={(p.x + q.x) / 2} y={(p.y + q.y) / 2 + 4} text-anchor="middle" class="small halo">
                  {e.lambda_E}
                </text>
              </g>
            );
          })}
        {shown.map((c, i) => (
          <g
            role="button"
            {...{ tabindex: 0 /* as SVG spells it */ }}
            aria-pressed={i === at}
            aria-label={`component ${i + 1}: λ ${c.lambda_E}, dimension ${c.dimension}, ${c.codes} codes${c.degenerate ? ", degenerate" : ""}`}
            onClick={() => onPick(i)}
            onKeyDown={(e) => {
              if (e.key === "Enter" || e.key === " ") {
                e.preventDefault();
                onPick(i);
              }
            }}
            class="pick"
          >
            <circle
              cx={places[i]!.x}
              cy={places[i]!.y}
              r={r(c)}
              class={`node ${i === at ? "now" : ""} ${c.degenerate ? "degenerate" : ""}`}
            />
            <text
              aria-hidden="true"
              x={places[i]!.x}
              y={places[i]!.y + 4}
              text-anchor="middle"
              class={i === at ? "on-blue" : ""}
            >
              {c.lambda_E}
            </text>
          </g>
        ))}
        {shown.map((c, i) => (
          <text
            aria-hidden="true"
            x={places[i]!.x}
            y={places[i]!.y + r(c) + 13}
            text-anchor="middle"
            class="small halo"
          >
            {i + 1}
            {c.degenerate ? "*" : ""}
          </text>
        ))}
      </svg>
      <SmallTable
        label="Table of components"
        heads={["component", num("λ"), num("m"), num("dim"), num("codes"), num("piece")]}
      >
        {shown.map((c, i) => (
          <tr class={i === at ? "carries" : ""}>
            <th scope="row">
              <button class="small" onClick={() => onPick(i)} aria-pressed={i === at}>
                {i + 1}
                {c.degenerate ? " *" : ""}
              </button>
            </th>
            <td class="num">{c.lambda_E}</td>
            <td class="num">{c.multiplicity}</td>
            <td class="num">{c.dimension}</td>
            <td class="num">{c.codes}</td>
            <td class="num">{c.piece + 1}</td>
          </tr>
        ))}
      </SmallTable>
      <figcaption>
        A disc is a component, its size the number of codes, its number λ of the error at its generic point; lines say λ
        where two meet. * some syndrome is no single error.
      </figcaption>
    </figure>
  );
}

export function Functions({ machine: w }: { machine: Machine }) {
  const [ref, width] = useWidth();
  const [more, setMore] = useState(16);
  const list = w.functions;
  const size = Math.min(width, 560);
  const height = 260;
  const least = list.map((f) => real(f.lambda_E));
  const [x1, y1] = [Math.ceil(Math.max(...least)) + 0.5, Math.ceil(Math.max(...list.map((f) => f.bits))) + 0.5];
  const X = (v: number) => 44 + (v / x1) * (size - 60);
  const Y = (v: number) => height - 36 - (v / y1) * (height - 50);
  // functions at one place are one disc
  const places = new Map<string, Wanted[]>();
  for (const f of list) {
    const key = `${f.lambda_E} ${f.bits}`;
    places.set(key, [...(places.get(key) ?? []), f]);
  }
  const title = (f: Wanted) => f.name || f.outputs.join(" ");
  return (
    <figure ref={ref}>
      <p>
        {list.length} functions of the inputs {w.inputs?.map((i) => i || "the empty word").join(", ")} are computed by
        some code. Across: the least λ over its codes, complexity by volume. Up: −log₂ of the share of its codes,
        complexity by counting.
      </p>
      <svg
        width={size}
        height={height}
        role="img"
        aria-label={`${list.length} functions by least lambda and by counting; the table lists them.`}
      >
        {ticks(0, x1, 8).map((v) => (
          <>
            <line x1={X(v)} x2={X(v)} y1={14} y2={height - 36} class="grid" />
            <text x={X(v)} y={height - 20} text-anchor="middle">
              {v}
            </text>
          </>
        ))}
        {ticks(0, y1, 6).map((v) => (
          <>
            <line x1={44} x2={size - 16} y1={Y(v)} y2={Y(v)} class="grid" />
            <text x={38} y={Y(v) + 4} text-anchor="end">
              {v}
            </text>
          </>
        ))}
        <text x={size - 16} y={height - 4} text-anchor="end" class="name">
          least λ
        </text>
        <text x={4} y={12} class="name">
          bits
        </text>
        {[...places.values()].map((fs) => (
          <g>
            <title>{fs.map(title).join("; ")}</title>
            <circle
              cx={X(real(fs[0]!.lambda_E))}
              cy={Y(fs[0]!.bits)}
              r={5 + 2 * fs.length}
              class={`node ${fs.some((f) => f.name === w.function) ? "now" : ""}`}
            />
            {fs.length > 1 && (
              <text
                x={X(real(fs[0]!.lambda_E))}
                y={Y(fs[0]!.bits) + 4}
                text-anchor="middle"
                class={fs.some((f) => f.name === w.function) ? "on-blue" : ""}
              >
                {fs.length}
              </text>
            )}
          </g>
        ))}
      </svg>
      <figcaption>
        Filled: the place of the function of this program; a number counts functions at one place.
      </figcaption>
      <SmallTable
        label="Table of functions"
        heads={["outputs", "name", num("least λ"), num("m"), num("codes"), num("−log₂ share")]}
      >
        {list.slice(0, more).map((f) => (
          <tr class={f.name === w.function ? "carries" : ""}>
            <td>
              <code>{f.outputs.join(" ")}</code>
            </td>
            <td>{f.name || <span class="soft">no name</span>}</td>
            <td class="num">{f.lambda_E}</td>
            <td class="num">{f.multiplicity}</td>
            <td class="num">{grouped(f.codes)}</td>
            <td class="num">{f.bits.toFixed(2)}</td>
          </tr>
        ))}
      </SmallTable>
      {list.length > more && (
        <button class="more" onClick={() => setMore(list.length)}>
          all {list.length} functions
        </button>
      )}
    </figure>
  );
}
