// The jets staircase: codimension and number of top components of the jet schemes, order by order.
import type { Cell } from "../data.ts";
import { Absent } from "../number.tsx";
import { Word } from "../parts.tsx";
import { useWidth } from "./frame.tsx";

interface Jets {
  codimensions: number[];
  // of the first orders alone, where the others are not decided, nothing more is known
  order?: number;
  field?: string;
  method?: string;
  dimensions?: number[];
  components?: (number | null)[];
  threshold?: string;
  attained?: number[];
}

export function JetsFigure({ cell }: { cell: Cell<Jets> | undefined }) {
  const [ref, width] = useWidth();
  if (!cell || !cell.value) return <Absent cell={cell ?? { status: "no device", reason: "no column" }} />;
  const j = cell.value;
  const codim = j.codimensions.map((v) => Number(v));
  const n = codim.length;
  const most = Math.max(1, ...codim);
  const height = 150;
  const w = Math.min(54, (width - 56) / n);
  const X = (i: number) => 44 + i * w;
  const Y = (v: number) => height - 6 - (v / most) * (height - 30);
  let path = `M${X(0)},${Y(codim[0]!)}`;
  codim.forEach((v, i) => (path += ` V${Y(v)} H${X(i + 1)}`));
  return (
    <figure ref={ref}>
      <svg
        width={X(n) + 12}
        height={height + 24}
        role="img"
        aria-label={`Codimension of the jet schemes of order 0 to ${n - 1}: ${codim.join(", ")}.`}
      >
        {Array.from({ length: most + 1 }, (_, v) =>
          most < 9 || v % 2 === 0 ? (
            <>
              <line x1={X(0)} x2={X(n)} y1={Y(v)} y2={Y(v)} class="grid" />
              <text x={X(0) - 7} y={Y(v) + 4} text-anchor="end">
                {v}
              </text>
            </>
          ) : null,
        )}
        {codim.map((v, i) => (
          <>
            <rect
              x={X(i)}
              y={Y(v)}
              width={w}
              height={Y(0) - Y(v)}
              class={j.attained?.includes(i) ? "bar attained" : "bar pale"}
            />
            <text x={X(i) + w / 2} y={height + 14} text-anchor="middle">
              {i}
            </text>
          </>
        ))}
        <path d={path} class="stair" />
      </svg>
      <div class="scroll" tabIndex={0} role="group" aria-label="Table of jet schemes">
        <table class="small-table">
          <thead>
            <tr>
              <th scope="row">order</th>
              {codim.map((_, i) => (
                <th scope="col" class="num">
                  {i}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">codimension</th>
              {codim.map((v) => (
                <td class="num">{v}</td>
              ))}
            </tr>
            {j.dimensions && (
              <tr>
                <th scope="row">dimension</th>
                {j.dimensions.map((v) => (
                  <td class="num">{v}</td>
                ))}
              </tr>
            )}
            {j.components && (
              <tr>
                <th scope="row">top components</th>
                {j.components.map((v) => (
                  <td class="num">{v ?? <abbr title="not decided by this route">?</abbr>}</td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <figcaption>
        <Word of="jets">Jet schemes</Word>
        {j.method
          ? ` over ${j.field} near the point, decided by ${j.method}.`
          : ": the first orders."}
        {j.threshold && (
          <>
            {" "}
            The least codimension/(order + 1) is {j.threshold}
            {j.attained?.length ? `, at order ${j.attained.join(", ")}` : ""}: an upper bound of the complex
            threshold, reached where the order is divisible enough (Mustaţă 2002).
          </>
        )}{" "}
        {cell.reason ?? ""}
        {cell.cut && " A time limit ended one way to this cell: more time may say more."}
      </figcaption>
    </figure>
  );
}
