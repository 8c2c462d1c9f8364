// The twenty ideas: claim, figure, command, what fails, what is open.
import { useEffect } from "preact/hooks";
import { meta } from "../data.ts";
import { Rich } from "../math.tsx";
import { Commands } from "../parts.tsx";
import { address } from "../route.ts";
import { Notices } from "./about.tsx";

const MARK: Record<string, [string, string]> = {
  proved: ["✓", "good"],
  measured: ["≈", "warm"],
  conjectured: ["?", "bad"],
};

export function Seed({ number }: { number?: string }) {
  useEffect(() => {
    if (number) document.getElementById(`idea-${number}`)?.scrollIntoView();
  }, [number]);
  if (number && !meta.ideas.some((i) => String(i.number) === number))
    return <Notices title="No such idea" text={`There are ${meta.ideas.length} ideas; ${number} is none of them.`} />;
  return (
    <div class="seed">
      <h1 tabIndex={-1}>Twenty ideas, and what became of them</h1>
      <p class="lead">
        The laboratory began with ideas about neural networks and programs as singularities. Of each: what is claimed,
        the figure that was measured or proved, the command that gives it again, what fails, what is open. What can be
        counted in the tables was counted when the atlas was built.
      </p>
      <ol class="jump" aria-label="The ideas">
        {meta.ideas.map((i) => (
          <li>
            <a href={address(["seed", String(i.number)])}>{i.title}</a>
          </li>
        ))}
      </ol>
      {meta.ideas.map((i) => {
        const [glyph, hue] = MARK[i.strength] ?? ["?", "soft"];
        return (
          <section
            class={String(i.number) === number ? "card wide chosen" : "card wide"}
            id={`idea-${i.number}`}
            aria-labelledby={`idea-${i.number}-h`}
          >
            <h2 id={`idea-${i.number}-h`}>
              {i.number}. {i.title}{" "}
              <span class={`mark ${hue}`}>
                <span aria-hidden="true">{glyph}</span> {i.strength}
              </span>
            </h2>
            <dl class="facts">
              <dt>claim</dt>
              <dd>
                <Rich text={i.claim} />
              </dd>
              <dt>figure</dt>
              <dd class="figure-said">
                <Rich text={i.figure} />
              </dd>
              <dt>what fails</dt>
              <dd>
                <Rich text={i.fails} />
              </dd>
              <dt>what is open</dt>
              <dd>
                <Rich text={i.open} />
              </dd>
            </dl>
            <Commands lines={[["again", i.command]]} />
          </section>
        );
      })}
    </div>
  );
}
