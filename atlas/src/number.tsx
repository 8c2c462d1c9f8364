// How values are written: exact ones as fractions in one line, bounds as inequalities, measured ones with
// their interval, and what is not there with its reason.
import type { Cell } from "./data.ts";
import { real } from "./data.ts";

export const GLYPH: Record<string, [string, string, string]> = {
  proved: ["✓", "proved", "good"],
  bracketed: ["↔", "bounds proved", "warm"],
  cited: ["“", "cited, not proved here", "soft"],
  disputed: ["!", "contradiction", "bad"],
  unknown: ["?", "unknown", "bad"],
};
const ABSENT: Record<string, string> = { unknown: "?", "no device": "∅", "not applicable": "·" };

export function StatusMark({ status, word = true }: { status: string; word?: boolean }) {
  const [glyph, text, hue] = GLYPH[status] ?? ["?", status, "soft"];
  return (
    <span class={`mark ${hue}`}>
      <span aria-hidden="true">{glyph}</span> <span class={word ? "" : "narrow-hidden"}>{text}</span>
    </span>
  );
}

export function decimals(text: string): string {
  const v = real(text);
  if (Number.isInteger(v)) return "";
  const exact = Number(v.toFixed(4)) === v;
  return `${exact ? "=" : "≈"} ${v.toFixed(4).replace(/0+$/, "")}`;
}

/** λ of a row of the index: 5/12, or 1 … 5/4, or ≥ 1/2. */
export function range(lower: string | null, upper: string | null): string {
  if (lower && lower === upper) return lower;
  if (lower && upper) return `${lower} … ${upper}`;
  if (lower) return `≥ ${lower}`;
  if (upper) return `≤ ${upper}`;
  return "?";
}

export function spoken(lower: string | null, upper: string | null): string {
  if (lower && lower === upper) return `lambda ${lower}`;
  if (lower && upper) return `lambda between ${lower} and ${upper}, both proved`;
  if (lower) return `lambda at least ${lower}`;
  if (upper) return `lambda at most ${upper}`;
  return "lambda unknown";
}

/** What stands where a value is missing: glyph, word, reason. */
export function Absent({ cell }: { cell: Cell }) {
  return (
    <span class={`absent ${cell.status === "unknown" ? "bad" : ""}`}>
      <span aria-hidden="true">{ABSENT[cell.status] ?? "?"} </span>
      <span class="word">{cell.status}</span>
      {cell.reason ? `: ${cell.reason}` : ""}
    </span>
  );
}

export function text(value: unknown): string {
  if (value == null) return "none";
  if (Array.isArray(value)) return value.map(text).join(", ");
  if (typeof value === "object")
    return Object.entries(value as object)
      .map(([k, v]) => `${k}: ${text(v)}`)
      .join(", ");
  return String(value);
}

export function Value({ cell, show = text }: { cell: Cell | undefined; show?: (v: any) => any }) {
  if (!cell) return <Absent cell={{ status: "no device", reason: "the tables do not have this column" }} />;
  if (cell.status === "value") return <>{show(cell.value)}</>;
  if (cell.status === "bounds") {
    const bounds = range(cell.lower ?? null, cell.upper ?? null);
    return (
      <span>
        {cell.value != null ? show(cell.value) : bounds}
        {cell.reason ? <small class="note"> {cell.reason}</small> : null}
      </span>
    );
  }
  return <Absent cell={cell} />;
}

export const grouped = (n: number) => n.toLocaleString("en-GB");

export function power(x: number): string {
  const e = Math.round(Math.log10(x));
  if (Math.abs(Math.log10(x) - e) < 1e-9) return `10${superscript(e)}`;
  return short(x);
}
export function superscript(n: number): string {
  return [...String(n)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
}
/** Three figures; a power of ten where the number is small or large. */
export function short(x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "not a number";
  if (x === 0) return "0";
  const a = Math.abs(x);
  if (a >= 1e-3 && a < 1e5) return String(Number(x.toPrecision(3)));
  const e = Math.floor(Math.log10(a));
  return `${(x / 10 ** e).toFixed(1)}·10${superscript(e)}`;
}
