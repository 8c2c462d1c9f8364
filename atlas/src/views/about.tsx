import { index, meta } from "../data.ts";
import { grouped } from "../number.tsx";
import { Commands, Section } from "../parts.tsx";

export function Notices({ title, text }: { title: string; text: string }) {
  return (
    <div class="notice">
      <h1 tabIndex={-1}>{title}</h1>
      <p>{text}</p>
      <p>
        <a href="#/">To the first page</a> · <a href="#/rows">all rows</a>
      </p>
    </div>
  );
}

const STATES = ["value", "bounds", "unknown", "no device", "not applicable"];

export function About() {
  return (
    <div class="about">
      <h1 tabIndex={-1}>Completeness, source, reliability</h1>
      <p class="lead">
        The page has no data of its own: it is drawn from the five tables of the dictionary, and every download gives
        the records a page was drawn from.
      </p>
      <Section id="completeness" title="Completeness" wide>
        <p>
          {grouped(index.ids.length)} rows in {Object.keys(meta.families).length} families. Every cell is one of five
          states; none is blank. Counted when the atlas was built:
        </p>
        {meta.notes.map((n) => (
          <p class="warning">{n}</p>
        ))}
        {Object.entries(meta.counts).map(([table, columns]) => (
          <div class="scroll" tabIndex={0} role="group" aria-label={`States of the cells of ${table}`}>
            <table class="small-table">
              <caption>{table}</caption>
              <thead>
                <tr>
                  <th scope="col">column</th>
                  {STATES.map((s) => (
                    <th scope="col" class="num">
                      {s}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {Object.entries(columns).map(([column, states]) => (
                  <tr>
                    <th scope="row">{column}</th>
                    {STATES.map((s) => (
                      <td class={states[s] ? "num" : "num soft"}>{grouped(states[s] ?? 0)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ))}
      </Section>
      <Section id="source" title="Source">
        <p>
          Rows are declared in the catalog of singularity_lab {meta.version}. Values come with certificates that its
          verifier replays; claims of papers stand beside them and are never used to compute. Readings come from its
          instruments, with seed and settings.
        </p>
        <Commands
          lines={[
            ["everything", "singlab dictionary export --out tables"],
            ["this page", "singlab atlas build --out atlas"],
          ]}
        />
      </Section>
      <Section id="reliability" title="Reliability">
        <p>
          <a href="#/measured">Exact against measured</a>: every reading beside the proved value, by device, failures
          too.
        </p>
        <p>
          The atlas is not built when two rows of a class differ in (λ, m), when a cell is blank, or when an edge has
          no end. The strengths of a statement are four: proved, bounds proved, measured, conjectured; the conformal
          columns say conjecture in their heading.
        </p>
      </Section>
      <Section id="query" title="The search box" wide>
        <dl class="facts">
          <dt>words</dt>
          <dd>match id, title, family, aliases, tags and note; all of them must; what is called so comes first</dd>
          <dt>λ=5/12, λ&lt;1, m=2, d:2..4</dt>
          <dd>compare; 5/12 alone is λ=5/12; bounds count only where the whole interval fits</dd>
          <dt>family: tag: status: class: model:</dt>
          <dd>filter by a column</dd>
          <dt>5.9±0.3</dt>
          <dd>every row whose value or bounds meet the interval, nearest first</dd>
          <dt>x^2-y^3, or a list with commas</dt>
          <dd>rows with these generators up to names and signs of the variables</dd>
          <dt>keys</dt>
          <dd>/ goes to the box, [ and ] to the row before and after in the last list</dd>
        </dl>
      </Section>
      <Section id="glossary" title="Words" wide>
        <dl class="glossary">
          {Object.values(meta.glossary).map((t) => (
            <>
              <dt>{t.title}</dt>
              <dd>
                {t.text} {t.also ? <em>Also: {t.also}.</em> : null}
              </dd>
            </>
          ))}
        </dl>
      </Section>
    </div>
  );
}
