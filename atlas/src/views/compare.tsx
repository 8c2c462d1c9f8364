import { useState } from "preact/hooks";
import { index, page, position, type Page } from "../data.ts";
import { BodyFigure } from "../figures/body.tsx";
import { JetsFigure } from "../figures/jets.tsx";
import { NewtonFigure } from "../figures/newton.tsx";
import { Rich } from "../math.tsx";
import { Absent, range, StatusMark, text, Value } from "../number.tsx";
import { Section, useLoaded } from "../parts.tsx";
import { address, rowAddress } from "../route.ts";
import { Notices } from "./about.tsx";
import { Generators, main, SHOW } from "../row-parts.tsx";

export function Compare({ ids }: { ids: string[] }) {
  const there = ids.filter((id) => position.has(id));
  const { value, error } = useLoaded<Page[]>(() => Promise.all(there.map(page)), [ids.join("+")]);
  if (there.length !== 2) return <Choose ids={ids} />;
  if (error) return <Notices title="Compare" text={error} />;
  if (!value) return <p>Loading …</p>;
  return <Side a={value[0]!} b={value[1]!} />;
}

function Choose({ ids }: { ids: string[] }) {
  const [a, setA] = useState(ids[0] ?? "");
  const [b, setB] = useState(ids[1] ?? "");
  return (
    <div class="notice">
      <h1 tabIndex={-1}>Compare two rows</h1>
      <p>
        Two ids of rows are needed
        {ids.length ? `; ${ids.filter((i) => !position.has(i)).join(", ") || "one"} is not among them` : ""}.
      </p>
      <form
        class="inline"
        onSubmit={(e) => {
          e.preventDefault();
          location.hash = address(["compare", `${a}+${b}`]);
        }}
      >
        <label>
          one <input value={a} onInput={(e) => setA(e.currentTarget.value)} />
        </label>{" "}
        <label>
          other <input value={b} onInput={(e) => setB(e.currentTarget.value)} />
        </label>{" "}
        <button class="small">side by side</button>
      </form>
    </div>
  );
}

const COLUMNS: [string, string][] = [
  ["λ", "lambda"],
  ["m", "m"],
  ["Arnold's type", "type"],
  ["corank", "corank"],
  ["Milnor number", "milnor"],
  ["Tjurina number", "tjurina"],
  ["spectrum", "spectrum"],
  ["ĉ", "c_hat"],
  ["contact loci", "contact"],
];

function Side({ a, b }: { a: Page; b: Page }) {
  const [sa, sb] = [main(a), main(b)];
  const pair = [a, b];
  const ia = position.get(a.row.id)!;
  const ib = position.get(b.row.id)!;
  const sameClass = a.row.class_id.status === "value" && a.row.class_id.value === b.row.class_id.value;
  const jets = parting(sa?.["jets"], sb?.["jets"]);
  const lambda = (i: number) => range(index.lower[i]!, index.upper[i]!);
  return (
    <article class="compare">
      <h1 tabIndex={-1}>
        {a.row.id} and {b.row.id}
      </h1>
      <p class="lead">
        {sameClass ? (
          <>
            The same germ: both are of class{" "}
            <a href={address(["class", a.row.class_id.value!])}>{a.row.class_id.value}</a>.
          </>
        ) : lambda(ia) === lambda(ib) && index.m[ia] === index.m[ib] && index.m[ia] !== null ? (
          <>
            The same (λ, m) = ({lambda(ia)}, {index.m[ia]}), but not known to be one germ.
          </>
        ) : (
          <>
            λ {lambda(ia)} against {lambda(ib)}
            {index.lower[ia] &&
            index.upper[ib] &&
            index.lower[ia] === index.upper[ia] &&
            index.lower[ib] === index.upper[ib]
              ? verdict(a, b, ia, ib)
              : "."}
          </>
        )}{" "}
        {jets}
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-label="Columns side by side">
        <table class="compare-table">
          <thead>
            <tr>
              <th scope="col">column</th>
              {pair.map((p) => (
                <th scope="col">
                  <a href={rowAddress(p.row.id)}>
                    <Rich text={p.row.title || p.row.id} />
                  </a>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Line name="family" a={a.row.family_title || a.row.family} b={b.row.family_title || b.row.family} />
            <Line name="parameters d" a={String(a.row.d)} b={String(b.row.d)} />
            <tr>
              <th scope="row">status</th>
              <td>
                <StatusMark status={index.status[ia]!} />
              </td>
              <td>
                <StatusMark status={index.status[ib]!} />
              </td>
            </tr>
            {COLUMNS.map(([name, key]) => {
              const [ca, cb] = [sa?.[key], sb?.[key]];
              const differs = ca?.status === "value" && cb?.status === "value" && text(ca.value) !== text(cb.value);
              return (
                <tr class={differs ? "differs" : ""}>
                  <th scope="row">
                    {name}
                    {differs ? <span class="mark bad"> differs</span> : null}
                  </th>
                  <td class="long">
                    <Value cell={ca} show={SHOW[key] ?? text} />
                  </td>
                  <td class="long">
                    <Value cell={cb} show={SHOW[key] ?? text} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <div class="sections two">
        {pair.map((p) => (
          <Section id={`germ-${p.row.id}`} title={`Polynomials of ${p.row.id}`}>
            <Generators page={p} most={6} />
          </Section>
        ))}
        {pair.map((p) => (
          <Section id={`body-${p.row.id}`} title={`Where K ≤ ε, ${p.row.id}`}>
            {p.germ ? <BodyFigure page={p} /> : <Absent cell={{ status: "not applicable", reason: p.germ_reason }} />}
          </Section>
        ))}
        {pair.map((p) => (
          <Section id={`newton-${p.row.id}`} title={`Newton polyhedron, ${p.row.id}`}>
            {p.newton ? (
              <NewtonFigure newton={p.newton} />
            ) : (
              <Absent cell={{ status: "not applicable", reason: p.newton_reason }} />
            )}
          </Section>
        ))}
        {pair.map((p) => (
          <Section id={`jets-${p.row.id}`} title={`Jets, ${p.row.id}`}>
            <JetsFigure cell={main(p)?.["jets"]} />
          </Section>
        ))}
      </div>
    </article>
  );
}

function verdict(a: Page, b: Page, ia: number, ib: number): string {
  const v = (t: string) => {
    const [p, q] = t.split("/").map(Number);
    return q ? p! / q : p!;
  };
  const [x, y] = [v(index.lower[ia]!), v(index.lower[ib]!)];
  if (x === y) {
    if (index.m[ia] === null || index.m[ib] === null) return "; m is not decided for both.";
    return index.m[ia]! > index.m[ib]!
      ? `; ${a.row.id} is the more singular, by its larger m.`
      : `; ${b.row.id} is the more singular, by its larger m.`;
  }
  return `: ${x < y ? a.row.id : b.row.id} is the more singular, there is more room near its zeros. Both are compared at the point of the row only.`;
}

function parting(a: any, b: any): string {
  if (a?.status !== "value" || b?.status !== "value") return "";
  const [x, y] = [a.value.codimensions as number[], b.value.codimensions as number[]];
  const k = x.findIndex((v, i) => y[i] !== undefined && v !== y[i]);
  return k < 0
    ? `Their jets have the same codimensions up to order ${Math.min(x.length, y.length) - 1}.`
    : `Their jet schemes part at order ${k}: codimension ${x[k]} against ${y[k]}.`;
}

function Line({ name, a, b }: { name: string; a: string; b: string }) {
  const differs = a !== b;
  return (
    <tr class={differs ? "differs" : ""}>
      <th scope="row">
        {name}
        {differs ? <span class="mark bad"> differs</span> : null}
      </th>
      <td>{a}</td>
      <td>{b}</td>
    </tr>
  );
}
