// What instruments read at a germ, from the columns of the stratum: the reading that stands for it, the
// orders of its coordinates beside the divisor that carries λ, and estimates at several n.
import type { Cell, Stratum } from "./data.ts";
import { Absent, grouped, short } from "./number.tsx";
import { RowLink, Word } from "./parts.tsx";
import { SmallTable, num } from "./parts";

interface ReadingValue {
  row: string;
  device: string;
  value: number;
  low: number;
  high: number;
  level: string;
  inside: boolean | null;
  outcome: string;
}
interface Valuation {
  row: string;
  orders: Record<string, [number, number]>;
  divisors: { k: number; h: number; weights: Record<string, string> }[];
  tied: number;
  nearest?: Record<string, number>;
  furthest?: number;
  within: boolean | null;
  outcome: string;
}
interface Estimate {
  device: string;
  n: number;
  value: number;
  low: number;
  high: number;
  outcome: string;
}

/** The reading of another row whose germ is the same; nothing where the row has its own. */
export function Shared({ cell, row }: { cell: Cell<ReadingValue> | undefined; row: string }) {
  const v = cell?.value;
  if (cell?.status !== "value" || !v || v.row === row) return null;
  return (
    <p>
      Read at <RowLink id={v.row} />, whose germ is the same up to renaming and signs:{" "}
      <strong class="warm">
        {short(v.value)} [{short(v.low)}, {short(v.high)}]
      </strong>{" "}
      by {v.device} at level {v.level},{" "}
      {v.outcome !== "ok" ? v.outcome : v.inside ? "◆ holds the proved value" : "◇ misses the proved value"}.
    </p>
  );
}

function Orders({ cell, row }: { cell: Cell<Valuation>; row: string }) {
  const v = cell.value!;
  const judged = v.within !== null;
  return (
    <>
      <SmallTable
        label="Table of measured orders"
        heads={["coordinate", num("measured order"), num(v.tied > 1 ? "nearest of the tied" : "weight/k")]}
      >
        {Object.entries(v.orders).map(([name, [order, error]]) => (
          <tr>
            <th scope="row">{name}</th>
            <td class="num warm">
              {short(order)} ± {short(error)}
            </td>
            <td class="num blue">{judged ? short(v.nearest![name] ?? 0) : "none"}</td>
          </tr>
        ))}
      </SmallTable>
      <p class="note">
        Slopes of log|coordinate| in log ε where the samples of K ≤ ε lie, K having order 1
        {v.row !== row ? <> (names are those of {v.row})</> : ""}.{" "}
        {!judged
          ? v.divisors.length
            ? `Nothing to judge by: ${cell.route ?? "too few of the divisors that meet have weights of the coordinates"}.`
            : "No divisor that carries λ has weights of the coordinates: nothing to compare with."
          : v.within
            ? "✓ They agree with the divisor that carries λ."
            : "✗ They differ from the divisor on file: where it is one of a family, no coordinate falls alone."}
        {v.tied > 1 ? ` ${v.tied} divisors tie: samples spread over the polytope of their weights.` : ""}
        {v.outcome !== "ok" ? ` The reading itself says: ${v.outcome}.` : ""}
      </p>
    </>
  );
}

export function Measured({ stratum: s, row }: { stratum: Stratum | undefined; row: string }) {
  const valuation = s?.["valuation"] as Cell<Valuation> | undefined;
  const llc = s?.["llc"] as Cell<Estimate[]> | undefined;
  return (
    <>
      <h3>
        <Word of="valuation">Where the samples lie: orders of the coordinates</Word>
      </h3>
      {valuation?.status === "value" && valuation.value ? (
        <Orders cell={valuation} row={row} />
      ) : (
        <Absent cell={valuation ?? { status: "unknown", reason: "no column" }} />
      )}
      <h3>Local learning coefficient at several n</h3>
      {llc?.status === "value" && llc.value ? (
        <ul>
          {llc.value.map((e) => (
            <li>
              n = {grouped(e.n)}: {short(e.value)} [{short(e.low)}, {short(e.high)}] by {e.device}
              {e.outcome !== "ok" ? `, ${e.outcome}` : ""}
            </li>
          ))}
        </ul>
      ) : (
        <Absent cell={llc ?? { status: "unknown", reason: "no column" }} />
      )}
    </>
  );
}
