import { useState } from "preact/hooks";
import { meta, shard } from "../data.ts";
import { Complex, Functions, type Component, type Machine } from "../figures/machine.tsx";
import { Absent, grouped } from "../number.tsx";
import { Commands, Section, useLoaded, Word } from "../parts.tsx";
import { address } from "../route.ts";
import { Notices } from "./about.tsx";
import { SmallTable } from "../parts";

export function MachineView({ name }: { name: string }) {
  const known = meta.machines.some((m) => m.name === name);
  const { value, error } = useLoaded<Machine | null>(
    () => (known ? shard<Machine>(`machine-${name}`) : Promise.resolve(null)),
    [name],
  );
  if (!known)
    return (
      <div class="notice">
        <h1 tabIndex={-1}>{name ? `No machine ${name}` : "Machines"}</h1>
        <p>The census is shown of:</p>
        <ul>
          {meta.machines.map((m) => (
            <li>
              <a href={address(["machine", m.name])}>{m.title}</a>
            </li>
          ))}
        </ul>
      </div>
    );
  if (error) return <Notices title={name} text={error} />;
  return value ? <View machine={value} /> : <p>Loading …</p>;
}

function View({ machine: w }: { machine: Machine }) {
  const [at, setAt] = useState(0);
  const component = w.components[at]!;
  return (
    <article class="machine">
      <h1 tabIndex={-1}>{w.program}</h1>
      <p class="lead">
        {w.summary} {w.function ? `It computes: ${w.function}${/[?.]$/.test(w.function) ? "" : "."}` : ""} T = {w.steps}
        , {w.semantics} <Word of="semantics">semantics</Word>, {w.chart} chart.
      </p>
      <p>
        {grouped(w.codes)} codes, {grouped(w.solutions)} solve it. The zero set W₀ has {w.components.length} components
        in {w.pieces.length} {w.pieces.length === 1 ? "piece" : "pieces"}; f-vector {w.f_vector.join(" ")}, Euler
        characteristic {w.euler_characteristic}.
      </p>
      <p class="warning">
        <strong>Not a posterior:</strong> how often gradient descent ends at a code is not ordered by λ.
      </p>
      <div class="sections">
        <Section id="complex" title="W₀ as a complex">
          <Complex machine={w} at={at} onPick={setAt} />
        </Section>
        <Section id="transitions" title={`Transitions of component ${at + 1}`}>
          <Transitions machine={w} component={component} />
        </Section>
        <Section id="syndromes" title={`What goes wrong at component ${at + 1}`} wide>
          <p>
            {component.syndromes} minimal <Word of="syndrome">syndromes</Word>
            {component.degenerate
              ? "; one of them is no single error, so the zero set is not a plain crossing there"
              : ""}
            . λ of the error is <strong>{component.lambda_E}</strong>, m {component.multiplicity}; of the squared error{" "}
            {component.lambda_H}.
          </p>
          {component.traces.map((t) => (
            <details class="step">
              <summary>
                <code>{t.syndrome}</code>{" "}
                <span class="words">
                  on {t.input || "the empty word"} it gives {t.output}, not {t.target}
                </span>
              </summary>
              <ol class="inside">
                {t.steps.map((s) => (
                  <li>{s}</li>
                ))}
              </ol>
            </details>
          ))}
          {component.traces.length < component.syndromes && (
            <p class="soft">
              The first {component.traces.length} are shown; all: <code>singlab program trace {w.program}</code>
            </p>
          )}
        </Section>
        <Section id="code" title="One code: flip an entry" wide>
          <Code machine={w} />
        </Section>
        <Section id="functions" title="Functions of this machine" wide>
          {w.functions.length ? (
            <>
              <Functions machine={w} />
              <p>
                <a href={address(["phases", w.program])}>Which function is lowest at which n</a>, when this program is
                the truth.
              </p>
            </>
          ) : (
            <Absent cell={{ status: "not applicable", reason: w.no_functions }} />
          )}
        </Section>
        <Section id="commands" title="Commands" wide>
          <Commands
            lines={[
              ["census", w.command],
              ["traces", `singlab program trace ${w.program}`],
              ["Python", `from singularity_lab import program_census; program_census("${w.program}")`],
            ]}
          />
        </Section>
      </div>
    </article>
  );
}

function Transitions({ machine: w, component }: { machine: Machine; component: Component }) {
  return (
    <>
      <SmallTable label="Table of transitions" heads={["entry", "allowed", "of"]}>
        {w.choices.map((c) => {
          const allowed = component.support[c.name] ?? [];
          const free = allowed.length > 1;
          return (
            <tr>
              <th scope="row">
                <code>{c.name}</code>
              </th>
              <td class={free ? "" : "forced"}>
                {allowed.join(" ")} <span class="soft">{free ? "free" : "forced"}</span>
              </td>
              <td class="soft">{c.options.join(" ")}</td>
            </tr>
          );
        })}
      </SmallTable>
      <p class="note">
        Forced entries must be as they are; free ones may be mixed, and the machine still solves every input.
      </p>
    </>
  );
}

function Code({ machine: w }: { machine: Machine }) {
  const [code, setCode] = useState<Record<string, string>>(w.start);
  const key = w.choices.map((c) => c.options.indexOf(code[c.name]!).toString(16)).join("");
  const found = w.solutions_by_code[key];
  return (
    <>
      <div class="code-grid">
        {w.choices.map((c) => (
          <label>
            <code>{c.name}</code>{" "}
            <select value={code[c.name]} onChange={(e) => setCode({ ...code, [c.name]: e.currentTarget.value })}>
              {c.options.map((o) => (
                <option>{o}</option>
              ))}
            </select>
          </label>
        ))}
      </div>
      <p aria-live="polite" class="said">
        {found ? (
          <>
            This code solves every input: λ of the error is {found[0]}, m {found[1]}, in{" "}
            {found[2].length === 1 ? "component" : "components"} {found[2].map((i) => i + 1).join(", ")}.
          </>
        ) : (
          "This code does not solve every input."
        )}{" "}
        <button class="small" onClick={() => setCode(w.start)}>
          back to the program
        </button>
      </p>
    </>
  );
}
