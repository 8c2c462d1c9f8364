// Readings of instruments beside the exact value: one line a reading, failures kept.
import type { Reading } from "../data.ts";
import { real } from "../data.ts";
import { short } from "../number.tsx";
import { ticks, useWidth } from "./frame.tsx";
import { SmallTable, num } from "../parts";

const value = (c: { status: string; value?: any }) => (c.status === "value" ? Number(c.value) : NaN);

export function ReadingsFigure({
  readings,
  lower,
  upper,
}: {
  readings: Reading[];
  lower: string | null;
  upper: string | null;
}) {
  const [ref, width] = useWidth();
  const drawn = readings.filter((r) => Number.isFinite(value(r.value)));
  if (!readings.length)
    return (
      <p class="absent">
        <span aria-hidden="true">∅ </span>
        <span class="word">no device</span>: no reading was taken at this row. The command below takes one.
      </p>
    );
  const [a, b] = [real(lower), real(upper)];
  const all = [a, b, ...drawn.flatMap((r) => [value(r.value), value(r.low), value(r.high)])].filter(Number.isFinite);
  const [lo, hi] = [Math.min(...all), Math.max(...all)];
  const margin = (hi - lo || 1) * 0.08;
  const X = (v: number) => 16 + ((v - lo + margin) / (hi - lo + 2 * margin)) * (width - 32);
  const row = 26;
  const height = drawn.length * row + 34;
  return (
    <figure ref={ref}>
      {drawn.length > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`Exact λ ${lower === upper ? lower : `between ${lower} and ${upper}`}; ${drawn.length} readings, listed in the table.`}
        >
          {Number.isFinite(a) && Number.isFinite(b) && (
            <rect
              x={X(a) - (a === b ? 1.25 : 0)}
              y={4}
              width={Math.max(2.5, X(b) - X(a))}
              height={height - 30}
              class={a === b ? "exact-bar" : "exact-band"}
            />
          )}
          {ticks(lo, hi, width > 500 ? 7 : 4).map((v) => (
            <text x={X(v)} y={height - 6} text-anchor="middle">
              {short(v)}
            </text>
          ))}
          {drawn.map((r, i) => {
            const y = 18 + i * row;
            const judged = r.inside.status === "value";
            const inside = judged && r.inside.value;
            const [l, h] = [value(r.low), value(r.high)];
            return (
              <>
                {Number.isFinite(l) && Number.isFinite(h) && <line x1={X(l)} x2={X(h)} y1={y} y2={y} class="whisker" />}
                {judged ? (
                  <path
                    d={`M${X(value(r.value))},${y - 6} l6,6 l-6,6 l-6,-6 z`}
                    class={inside ? "measured" : "measured open"}
                  />
                ) : (
                  <circle cx={X(value(r.value))} cy={y} r={4} class="measured" />
                )}
                <text
                  x={X(value(r.value)) + (X(value(r.value)) > width * 0.7 ? -10 : 10)}
                  y={y - 7}
                  text-anchor={X(value(r.value)) > width * 0.7 ? "end" : "start"}
                  class="halo"
                >
                  {r.device}
                </text>
              </>
            );
          })}
        </svg>
      )}
      <SmallTable
        label="Table of readings"
        heads={["device", num("reading"), "interval", "against exact", "outcome", num("seed")]}
      >
        {readings.map((r) => (
          <tr>
            <td>
              {r.device}
              {r.n ? <span class="soft"> n {r.n.toLocaleString("en-GB")}</span> : null}
            </td>
            <td class="num">{r.value.status === "value" ? short(value(r.value)) : r.value.status}</td>
            <td>
              {Number.isFinite(value(r.low))
                ? `[${short(value(r.low))}, ${short(value(r.high))}]`
                : (r.low.reason ?? r.low.status)}
              {r.level ? <span class="soft"> {r.level}</span> : null}
            </td>
            <td>
              {r.inside.status === "value" ? (
                r.inside.value ? (
                  <span class="mark good">◆ inside</span>
                ) : (
                  <span class="mark bad">◇ outside</span>
                )
              ) : (
                (r.inside.reason ?? r.inside.status)
              )}
            </td>
            <td>
              {r.outcome}
              {r.note ? <span class="soft"> {r.note}</span> : null}
            </td>
            <td class="num">{r.seed}</td>
          </tr>
        ))}
      </SmallTable>
      <figcaption>
        Blue: exact λ. Ochre: a reading with its interval, ◆ the interval holds the exact value, ◇ it does not, ● the
        device claims no λ; misses are kept.
      </figcaption>
    </figure>
  );
}
