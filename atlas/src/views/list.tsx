import { useEffect, useMemo, useState } from "preact/hooks";
import { index, meta, real } from "../data.ts";
import { grouped, short } from "../number.tsx";
import { download, RowTable } from "../parts.tsx";
import { address } from "../route.ts";
import { confirm, nearest, search, type Chip } from "../search.ts";

/** The last list shown: what [ and ] walk along. */
export const lastList: { rows: number[]; query: string } = { rows: [], query: "" };

const SORTS: Record<string, (a: number, b: number) => number> = {
  λ: (a, b) => num(index.lower[a]) - num(index.lower[b]) || num(index.upper[a]) - num(index.upper[b]),
  d: (a, b) => index.d[a]! - index.d[b]!,
  m: (a, b) => (index.m[a] ?? 99) - (index.m[b] ?? 99),
  id: (a, b) => (index.ids[a]! < index.ids[b]! ? -1 : 1),
};
const num = (t: string | null | undefined) => {
  const v = real(t);
  return Number.isNaN(v) ? Infinity : v;
};

function Germ({ parts, rows }: { parts: string[]; rows: number[] }) {
  const [state, setState] = useState<{ same: number[]; perhaps: number[]; key: string } | null>(null);
  const key = parts.join(",");
  useEffect(() => {
    let current = true;
    confirm(parts, rows).then((found) => {
      if (!current) return;
      setState({
        key,
        same: found.filter((f) => f.same === true).map((f) => f.row),
        perhaps: found.filter((f) => f.same === null).map((f) => f.row),
      });
      lastList.rows = found.filter((f) => f.same !== false).map((f) => f.row);
    });
    return () => {
      current = false;
    };
  }, [key, rows.length]);
  const found = state?.key === key ? state : null;
  const typed = parts.map((p) => `'${p}'`).join(" ");
  if (!found) return <p aria-live="polite">Comparing with {rows.length} rows of the same shape …</p>;
  if (!found.same.length && !found.perhaps.length)
    return (
      <>
        <p>
          No row of the atlas has these generators, under any names and signs of the variables. The first command looks
          for them up to proved moves as well, units and regular parts; the second proves λ of them:
        </p>
        <p>
          <code>singlab find {typed}</code>
        </p>
        <p>
          <code>singlab rlct {typed}</code>
        </p>
        <h2>Proved rows with as many variables</h2>
        <RowTable rows={nearest(parts)} />
      </>
    );
  const classes = [...new Set(found.same.map((i) => index.classes[i]!).filter(Boolean))];
  const moved = index.ids.map((_, i) => i).filter((i) => classes.includes(index.classes[i]!) && !found.same.includes(i));
  return (
    <>
      <p aria-live="polite">
        {found.same.length} {found.same.length === 1 ? "row is" : "rows are"} this germ up to renaming and signs of
        variables
        {classes.length ? (
          <>
            ; class{" "}
            {classes.map((c) => (
              <>
                <a href={address(["class", c])}>{c}</a>{" "}
              </>
            ))}
          </>
        ) : null}
        .
      </p>
      {found.same.length > 0 && <RowTable rows={found.same} />}
      {moved.length > 0 && (
        <>
          <h2>Up to proved moves</h2>
          <p>Units are divided out and regular parts straightened; the page of the class says how.</p>
          <RowTable rows={moved} />
        </>
      )}
      {found.perhaps.length > 0 && (
        <>
          <h2>Perhaps</h2>
          <p>The same shape, in more than six variables: renamings are not tried here.</p>
          <RowTable rows={found.perhaps} />
        </>
      )}
    </>
  );
}

const [FEW, PAGE] = [20, 60]; // rows at first, and when typing rests
const REST = 200; // ms

export function List({ query, sort }: { query: string; sort: string }) {
  // a few rows at once, so that a letter answers soon, and a page of them when typing rests
  const [more, setMore] = useState({ query: "", shown: FEW });
  const shown = more.query === query ? more.shown : FEW;
  const found = useMemo(() => search(query), [query]);
  useEffect(() => {
    const rest = setTimeout(() => setMore({ query, shown: PAGE }), REST);
    return () => clearTimeout(rest);
  }, [query]);
  const rows = useMemo(() => (SORTS[sort] ? [...found.rows].sort(SORTS[sort]) : found.rows), [found, sort]);
  lastList.rows = rows;
  lastList.query = query;
  const without = (chip: Chip) =>
    found.chips
      .filter((c) => c !== chip)
      .map((c) => c.text)
      .join(" ");
  const save = () => {
    const lines = rows.map((i) => ({
      id: index.ids[i],
      title: index.titles[i],
      family: index.families[i],
      d: index.d[i],
      status: index.status[i],
      lower: index.lower[i],
      upper: index.upper[i],
      m: index.m[i],
      class_id: index.classes[i],
    }));
    download("atlas-rows.json", JSON.stringify(lines, null, 1));
  };
  return (
    <div class="list">
      <h1 tabIndex={-1}>{query ? "Rows found" : "All rows"}</h1>
      <div class="filters">
        <label>
          family{" "}
          <select
            value={/family:(\S+)/.exec(query)?.[1] ?? ""}
            onChange={(e) => {
              const rest = query.replace(/\s*family:\S+/, "").trim();
              const v = e.currentTarget.value;
              location.hash = address(["rows"], { q: [rest, v && `family:${v}`].filter(Boolean).join(" "), sort });
            }}
          >
            <option value="">all</option>
            {Object.entries(meta.families).map(([id, title]) => (
              <option value={id}>{title || id}</option>
            ))}
          </select>
        </label>
        <label>
          status{" "}
          <select
            value={/status:(\S+)/.exec(query)?.[1] ?? ""}
            onChange={(e) => {
              const rest = query.replace(/\s*status:\S+/, "").trim();
              const v = e.currentTarget.value;
              location.hash = address(["rows"], { q: [rest, v && `status:${v}`].filter(Boolean).join(" "), sort });
            }}
          >
            <option value="">all</option>
            {[...new Set(index.status)].map((s) => (
              <option value={s}>{s}</option>
            ))}
          </select>
        </label>
        <label>
          sort{" "}
          <select
            value={sort}
            onChange={(e) => (location.hash = address(["rows"], { q: query, sort: e.currentTarget.value }))}
          >
            {["best", ...Object.keys(SORTS)].map((s) => (
              <option value={s}>{s}</option>
            ))}
          </select>
        </label>
        <button class="small" onClick={save}>
          download these {grouped(rows.length)}
        </button>
      </div>
      <p class="chips" aria-live="polite">
        <strong>{grouped(rows.length)}</strong> rows
        {found.chips.map((c) => (
          <a
            class="chip"
            href={address(["rows"], { q: found.germ ? "" : without(c), sort })}
            aria-label={`remove ${c.words}`}
          >
            {c.words} <span aria-hidden="true">×</span>
          </a>
        ))}
      </p>
      {found.germ ? (
        <Germ parts={found.germ} rows={found.rows} />
      ) : (
        <>
          {rows.length > 0 && (
            <RowTable
              rows={rows.slice(0, shown)}
              extra={
                found.distance
                  ? (i) => (
                      <span class="soft">
                        {" "}
                        {found.distance!.get(i) ? `off by ${short(found.distance!.get(i)!)}` : "on the reading"}
                      </span>
                    )
                  : undefined
              }
            />
          )}
          {rows.length > shown && (
            <button class="more" onClick={() => setMore({ query, shown: shown + PAGE })}>
              show {PAGE} more of {grouped(rows.length)}
            </button>
          )}
          {found.told.map((line) => (
            <p class="told">{`${line[0]!.toUpperCase()}${line.slice(1)}.`}</p>
          ))}
          {!rows.length && !found.unknown.length && (
            <p>
                A polynomial is written as x^2-y^3, several as x*y, y^2; a value as λ=5/12; a reading as 5.9±0.3.
            </p>
          )}
          {found.unknown.length > 0 && (
            <>
              <h2>λ unknown: any reading fits these</h2>
              <RowTable rows={found.unknown.slice(0, 30)} />
            </>
          )}
        </>
      )}
    </div>
  );
}
