// The one-ring of a row: its neighbours by the kind of relation, as a graph to walk and as a list.
import type { Edge } from "../data.ts";
import { index, position } from "../data.ts";
import { range } from "../number.tsx";
import { Link, RowLink } from "../parts.tsx";
import { rowAddress } from "../route.ts";
import { useWidth } from "./frame.tsx";

const WORDS: Record<string, [string, string]> = {
  closure: ["deeper than", "in whose closure lies"],
  class: ["same germ as", "same germ as"],
  adjacency: ["deforms to", "is a deformation of"],
  transposition: ["transposed network", "transposed network"],
  "same function": ["computes the same function as", "computes the same function as"],
  "trained into": ["trained into", "run that ended here"],
};

export interface Neighbour {
  id: string;
  kind: string;
  words: string;
  evidence: string;
}

export function neighbours(id: string, edges: Edge[]): Neighbour[] {
  const seen = new Set<string>();
  const found: Neighbour[] = [];
  const here = (end: string) => end === id || end.startsWith(`${id}#`);
  for (const e of edges) {
    const out = here(e.source);
    const other = (out ? e.target : e.source).split("#")[0]!;
    const key = `${other}\n${e.kind}\n${out}`;
    if (other === id || seen.has(key)) continue;
    seen.add(key);
    found.push({
      id: other,
      kind: e.kind,
      words: (WORDS[e.kind] ?? [e.kind, e.kind])[out ? 0 : 1]!,
      evidence: e.evidence,
    });
  }
  return found;
}

export function NeighbourGraph({ id, edges }: { id: string; edges: Edge[] }) {
  const [ref, width] = useWidth();
  const found = neighbours(id, edges);
  if (!found.length)
    return (
      <p class="absent">
        <span aria-hidden="true">· </span>
        <span class="word">none</span>: no relation of this row to another is on file.
      </p>
    );
  const groups = new Map<string, Neighbour[]>();
  for (const n of found) groups.set(n.words, [...(groups.get(n.words) ?? []), n]);
  const drawn = [...groups.values()].flat().slice(0, 14);
  const size = Math.min(width, 150 + 14 * drawn.length);
  const c = size / 2;
  const r = c - 20;
  const angle = (i: number) => -Math.PI / 2 + (2 * Math.PI * i) / drawn.length;
  return (
    <div ref={ref} class="neighbours">
      <svg
        width={size}
        height={size}
        role="group"
        aria-label={`This row and ${drawn.length} of ${found.length} neighbours; the numbers are those of the list.`}
      >
        {drawn.map((n, i) => (
          <line
            x1={c}
            y1={c}
            x2={c + r * Math.cos(angle(i))}
            y2={c + r * Math.sin(angle(i))}
            class={`link ${n.kind.replaceAll(" ", "-")}`}
          />
        ))}
        <circle cx={c} cy={c} r={22} class="centre" />
        <text x={c} y={c + 4} text-anchor="middle" class="on-blue">
          here
        </text>
        {drawn.map((n, i) => {
          const [x, y] = [c + r * Math.cos(angle(i)), c + r * Math.sin(angle(i))];
          const k = position.get(n.id);
          const value = k === undefined ? "" : `, λ ${range(index.lower[k]!, index.upper[k]!)}`;
          const label = `${i + 1}: ${n.words} ${n.id}${value}`;
          return (
            <Link href={k === undefined ? undefined : rowAddress(n.id)} label={label}>
              <circle cx={x} cy={y} r={15} class="node" />
              <text aria-hidden="true" x={x} y={y + 4} text-anchor="middle">
                {i + 1}
              </text>
            </Link>
          );
        })}
      </svg>
      <div class="groups">
        {[...groups].map(([words, list]) => (
          <div>
            <h3>{words}</h3>
            <ol start={drawn.indexOf(list[0]!) + 1 || undefined}>
              {list.slice(0, 14).map((n) => (
                <li value={drawn.indexOf(n) + 1 || undefined}>
                  <RowLink id={n.id} />
                  {n.evidence ? <small class="note"> {n.evidence}</small> : null}
                </li>
              ))}
            </ol>
            {list.length > 14 && <p class="soft">and {list.length - 14} more</p>}
          </div>
        ))}
      </div>
    </div>
  );
}
