import { meta, position, real, shard } from "../data.ts";
import { ticks, useWidth } from "../figures/frame.tsx";
import { short } from "../number.tsx";
import { Commands, Section, useLoaded } from "../parts.tsx";
import { address, rowAddress } from "../route.ts";
import { Notices } from "./about.tsx";
import { SmallTable, num } from "../parts";

interface Step {
  step: number;
  loss: number | null;
  value: number | null;
  low: number | null;
  high: number | null;
  outcome: string;
  reason: string;
  row_id?: string;
  stratum_id?: string;
  probes?: Record<string, number>;
}
interface Run {
  title: string;
  device: string;
  about: string;
  rows: Step[];
  ladder: { name: string; value: string }[];
  into: { target: string; evidence: string }[];
}

export function RunView({ id }: { id: string }) {
  const known = meta.runs.some((r) => r.id === id);
  const { value, error } = useLoaded<Run | null>(() => (known ? shard<Run>(`run-${id}`) : Promise.resolve(null)), [id]);
  if (!known)
    return (
      <div class="notice">
        <h1 tabIndex={-1}>{id ? `No run ${id}` : "Training runs"}</h1>
        {meta.runs.length ? (
          <ul>
            {meta.runs.map((r) => (
              <li>
                <a href={address(["run", r.id])}>{r.title}</a>
              </li>
            ))}
          </ul>
        ) : (
          <p>No training run was filed in this atlas.</p>
        )}
        <p>To show one of your own:</p>
        <Commands
          lines={[
            ["read it", "singlab track checkpoints/ --out run.json"],
            ["show it", "singlab atlas build --run run.json --out atlas"],
          ]}
        />
      </div>
    );
  if (error) return <Notices title={id} text={error} />;
  return value ? <View run={value} /> : <p>Loading …</p>;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

function View({ run }: { run: Run }) {
  const places = [...new Set(run.rows.map((r) => r.stratum_id).filter(Boolean))] as string[];
  const ok = run.rows.filter((r) => r.outcome === "ok").length;
  const probes = [...new Set(run.rows.flatMap((r) => Object.keys(r.probes ?? {})))];
  return (
    <article class="run">
      <h1 tabIndex={-1}>{run.title}</h1>
      <p class="lead">
        {run.rows.length} checkpoints read by {run.device || "a device"}
        {run.about ? ` of ${run.about}` : ""}; {ok} readings may be believed, {run.rows.length - ok} are shown as
        misses.
      </p>
      {run.into.length > 0 && (
        <p>
          Trained into{" "}
          {run.into.map((e) => {
            const id = e.target.split("#")[0]!;
            return (
              <>
                {position.has(id) ? <a href={rowAddress(id)}>{e.target}</a> : e.target}{" "}
                <small class="note">{e.evidence}</small>{" "}
              </>
            );
          })}
        </p>
      )}
      <div class="sections">
        <Section id="loss" title="Loss" wide>
          <Chart rows={run.rows} pick={(r) => r.loss} log name="loss" />
        </Section>
        <Section id="reading" title="Reading of λ on the ladder of exact values" wide>
          <Chart rows={run.rows} pick={(r) => r.value} name="λ" ladder={run.ladder} whiskers />
          {!run.ladder.length && <p class="note">No ladder: the run is not tied to a model on file.</p>}
          {places.length > 0 ? (
            <p class="band-line" role="group" aria-label="Nearest stratum by step">
              {run.rows.map((r) => (
                <span
                  class="band-cell"
                  data-k={places.indexOf(r.stratum_id ?? "") % 4}
                  title={`step ${r.step}: ${r.stratum_id || "none"}`}
                >
                  {LETTERS[places.indexOf(r.stratum_id ?? "")] ?? "·"}
                </span>
              ))}
              <br />
              {places.map((p, i) => (
                <span class="soft">
                  {LETTERS[i]} {p}{" "}
                </span>
              ))}
            </p>
          ) : (
            <p class="note">Nearest stratum: not told by this run.</p>
          )}
        </Section>
        <Section id="probes" title="Probes" wide>
          {probes.length ? (
            probes.slice(0, 8).map((p) => (
              <>
                <h3>log |{p}|</h3>
                <Chart
                  rows={run.rows}
                  pick={(r) => (r.probes?.[p] == null ? null : Math.abs(r.probes[p]!))}
                  log
                  name={p}
                />
              </>
            ))
          ) : (
            <p class="absent">· no probe was logged in this run</p>
          )}
        </Section>
        <Section id="rows" title="Checkpoints" wide>
          <SmallTable label="Table of checkpoints" heads={[num("step"), num("loss"), "reading", "outcome"]}>
            {run.rows.map((r) => (
              <tr>
                <td class="num">{r.step}</td>
                <td class="num">{r.loss == null ? "not told" : short(r.loss)}</td>
                <td>
                  {r.value == null ? "none" : short(r.value)}
                  {r.low != null && r.high != null ? ` [${short(r.low)}, ${short(r.high)}]` : ""}
                </td>
                <td class={r.outcome === "ok" ? "" : "bad"}>
                  {r.outcome} <span class="soft">{r.reason}</span>
                </td>
              </tr>
            ))}
          </SmallTable>
        </Section>
      </div>
    </article>
  );
}

interface ChartProps {
  rows: Step[];
  pick: (r: Step) => number | null;
  name: string;
  log?: boolean;
  whiskers?: boolean;
  ladder?: { name: string; value: string }[];
}
function Chart({ rows, pick, name, log = false, whiskers = false, ladder = [] }: ChartProps) {
  const [ref, width] = useWidth();
  const told = rows
    .map((r) => ({ r, v: pick(r) }))
    .filter((p): p is { r: Step; v: number } => p.v != null && (!log || p.v > 0));
  if (!told.length) return <p class="absent">· no value of {name} was told</p>;
  const height = 190;
  const f = (v: number) => (log ? Math.log10(v) : v);
  const all = told
    .flatMap((p) => (whiskers && p.r.low != null && p.r.high != null ? [p.v, p.r.low, p.r.high] : [p.v]))
    .map(f);
  const rungs = ladder.map((l) => ({ ...l, v: real(l.value) }));
  const [lo, hi] = [Math.min(...all, ...rungs.map((l) => l.v)), Math.max(...all, ...rungs.map((l) => l.v))];
  const steps = rows.map((r) => r.step);
  const [a, b] = [Math.min(...steps), Math.max(...steps)];
  const X = (s: number) => 56 + ((s - a) / (b - a || 1)) * (width - 72);
  const Y = (v: number) => 12 + (1 - (f(v) - lo) / (hi - lo || 1)) * (height - 46);
  return (
    <figure ref={ref}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${name} by step, from ${short(told[0]!.v)} at step ${told[0]!.r.step} to ${short(told.at(-1)!.v)} at step ${told.at(-1)!.r.step}.`}
      >
        {ticks(lo, hi, 4).map((v) => (
          <>
            <line x1={56} x2={width - 16} y1={Y(log ? 10 ** v : v)} y2={Y(log ? 10 ** v : v)} class="grid" />
            <text x={50} y={Y(log ? 10 ** v : v) + 4} text-anchor="end">
              {short(log ? 10 ** v : v)}
            </text>
          </>
        ))}
        {ticks(a, b, width > 600 ? 8 : 4).map((s) => (
          <text x={X(s)} y={height - 12} text-anchor="middle">
            {s.toLocaleString("en-GB")}
          </text>
        ))}
        {rungs.map((l) => (
          <line x1={56} x2={width - 16} y1={Y(l.v)} y2={Y(l.v)} class="exact-line">
            <title>{`λ ${l.value}`}</title>
          </line>
        ))}
        {!whiskers && <polyline points={told.map((p) => `${X(p.r.step)},${Y(p.v)}`).join(" ")} class="curve" />}
        {whiskers &&
          told.map(({ r, v }) => (
            <>
              {r.low != null && r.high != null && (
                <line x1={X(r.step)} x2={X(r.step)} y1={Y(r.low)} y2={Y(r.high)} class="whisker" />
              )}
              <path
                d={`M${X(r.step)},${Y(v) - 4} l4,4 l-4,4 l-4,-4 z`}
                class={r.outcome === "ok" ? "measured" : "measured open"}
              />
            </>
          ))}
      </svg>
    </figure>
  );
}
