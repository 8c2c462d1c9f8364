import { index, meta, page, position, type Page } from "../data.ts";
import { BodyFigure } from "../figures/body.tsx";
import { neighbours } from "../figures/graph.tsx";
import { range } from "../number.tsx";
import { RowTable, Section, useLoaded } from "../parts.tsx";
import { address } from "../route.ts";
import { Generators, main } from "../row-parts.tsx";
import { Notices } from "./about.tsx";
import { Absent } from "../number.tsx";

const members = (id: string) => index.ids.map((_, i) => i).filter((i) => index.classes[i] === id);

export function ClassView({ id }: { id: string }) {
  const rows = members(id);
  const first = rows[0];
  const { value } = useLoaded<Page | null>(
    () => (first === undefined ? Promise.resolve(null) : page(index.ids[first]!)),
    [id],
  );
  if (first === undefined)
    return <Notices title={`No class ${id}`} text="No row of the atlas has a germ of this class." />;
  const [low, high] = [index.lower[first]!, index.upper[first]!];
  const families = new Set(rows.map((i) => index.families[i]));
  const twins = index.ids
    .map((_, i) => i)
    .filter(
      (i) =>
        low &&
        index.lower[i] === low &&
        index.upper[i] === high &&
        index.m[i] === index.m[first] &&
        index.classes[i] &&
        index.classes[i] !== id,
    );
  const otherClasses = [...new Set(twins.map((i) => index.classes[i]!))];
  const why = value
    ? [...new Set(value.edges.filter((e) => e.kind === "class" && e.evidence).map((e) => e.evidence))]
    : [];
  return (
    <article class="class-page">
      <h1 tabIndex={-1}>
        Class <code>{id}</code>
      </h1>
      <p class="lead">
        λ {range(low, high)}, m {index.m[first] ?? "not decided"}: one value for{" "}
        {rows.length === 1 ? "its one row" : `all ${rows.length} rows`}
        {families.size > 1 ? `, from ${families.size} families` : ""}.
      </p>
      <div class="sections">
        <Section id="members" title="Who has it" wide>
          {rows.length === 1 ? <p>No other row on file has this germ.</p> : null}
          <RowTable rows={rows.slice(0, 200)} />
          {rows.length > 200 ? <p class="soft">and {rows.length - 200} more</p> : null}
        </Section>
        {value && (
          <>
            <Section id="germ" title={`The germ, as ${value.row.id} has it`}>
              <Generators page={value} />
              {why.length > 0 && (
                <>
                  <h3>How rows become one another</h3>
                  <ul>
                    {why.slice(0, 8).map((w) => (
                      <li>{w}</li>
                    ))}
                  </ul>
                </>
              )}
              <p>
                {main(value)?.["type"]?.status === "value" ? `Arnold's type ${main(value)!["type"].value}. ` : ""}
                {value.row.class_id.route ? `Equality by ${value.row.class_id.route}. ` : ""}
                Rows of a class are one germ up to renaming and signs of variables, or up to a proved move that is
                named.
              </p>
            </Section>
            <Section id="picture" title="Where K ≤ ε">
              {value.germ ? (
                <BodyFigure page={value} />
              ) : (
                <Absent cell={{ status: "not applicable", reason: value.germ_reason }} />
              )}
            </Section>
            <Section id="near" title="One deformation away">
              {neighbours(value.row.id, value.edges).filter((n) => n.kind === "adjacency" || n.kind === "closure")
                .length ? (
                <ul>
                  {neighbours(value.row.id, value.edges)
                    .filter((n) => n.kind === "adjacency" || n.kind === "closure")
                    .slice(0, 20)
                    .map((n) => {
                      const i = position.get(n.id);
                      const c = i === undefined ? "" : index.classes[i];
                      return (
                        <li>
                          {n.words} {c ? <a href={address(["class", c])}>class {c}</a> : null}{" "}
                          <a href={address(["row", n.id])}>{n.id}</a> <small class="note">{n.evidence}</small>
                        </li>
                      );
                    })}
                </ul>
              ) : (
                <p class="absent">· none: no adjacency of this germ is on file</p>
              )}
            </Section>
          </>
        )}
        <Section id="twins" title="Same (λ, m), another germ" wide>
          {otherClasses.length ? (
            <p>
              {otherClasses.length} other {otherClasses.length === 1 ? "class has" : "classes have"} the same numbers
              and another germ:{" "}
              {otherClasses.slice(0, 24).map((c) => (
                <>
                  <a href={address(["class", c])}>{c}</a>{" "}
                </>
              ))}
              {otherClasses.length > 24 ? "…" : ""} They are not the same singularity.
            </p>
          ) : (
            <p>No other class has these numbers.</p>
          )}
          <p class="soft">{Object.keys(meta.classes).length} classes have more than one row.</p>
        </Section>
      </div>
    </article>
  );
}
