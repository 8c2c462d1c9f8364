// Where K ≤ ε: the body about the point, in one, two or three variables; a slice where there are more.
// The zero set itself is blank or torn at the very points that matter, so it is a second button.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Page } from "../data.ts";
import { real } from "../data.ts";
import { V } from "../math.tsx";
import { Absent, power, short } from "../number.tsx";
import { expand, parse, type Poly } from "../poly.ts";
import { replace, route } from "../route.ts";
import { colour, rotate, ticks, useTheme, useTurn, useWidth, type Rotation } from "./frame.tsx";
import { draw, potential } from "./raycast.ts";
import { VolumeLine } from "./volume.tsx";

interface Slice {
  variables: string[];
  polys: Poly[];
  loss: boolean;
  low: number[];
  high: number[];
}

/** The germ of a page in some of its variables, the others held at the point. */
export function slice(page: Page, variables: string[]): Slice {
  const germ = page.germ!;
  const values = Object.fromEntries(germ.variables.map((v) => [v, 0]));
  for (const v of variables) delete values[v];
  const polys = germ.generators.map((g) => expand(parse(g), variables, values)).filter((p) => p.terms.size);
  const bound = (v: string, side: 0 | 1, none: number) => {
    if (side === 0 && germ.nonnegative.includes(v)) return 0;
    const b = germ.box[v]?.[side];
    return b == null ? none : real(b);
  };
  return {
    variables,
    polys,
    loss: page.row.convention === "loss",
    low: variables.map((v) => bound(v, 0, -1e9)),
    high: variables.map((v) => bound(v, 1, 1e9)),
  };
}

export function BodyFigure({ page }: { page: Page }) {
  const germ = page.germ!;
  const d = germ.variables.length;
  const [chosen, setChosen] = useState<string[]>(d <= 3 ? germ.variables : page.slice);
  const given = Number(route().query.get("eps"));
  const [exponent, setExponent] = useState(given > 0 && given <= 0.1 ? Math.log10(given) : -3);
  const [zero, setZero] = useState(false);
  const epsilon = 10 ** exponent;
  const cut = useMemo(() => {
    try {
      return slice(page, chosen);
    } catch (error) {
      return String((error as Error).message);
    }
  }, [page, chosen.join()]);
  if (!chosen.length)
    return (
      <Absent
        cell={{
          status: "not applicable",
          reason: "every term of the generators has more than three variables, so K is 0 on each slice by three",
        }}
      />
    );
  if (typeof cut === "string") return <p class="absent">· not drawn: {cut}</p>;
  const one = cut.polys.length === 1;
  const set = (e: number) => {
    setExponent(e);
    replace({ eps: e === -3 ? undefined : (10 ** e).toPrecision(3) });
  };
  return (
    <figure class="body-figure">
      {cut.polys.length === 0 ? (
        <p class="absent">· K is 0 on this whole slice: take other variables</p>
      ) : chosen.length === 1 ? (
        <OneD cut={cut} epsilon={epsilon} />
      ) : chosen.length === 2 ? (
        <TwoD cut={cut} epsilon={epsilon} zero={zero && one} />
      ) : (
        <ThreeD cut={cut} epsilon={epsilon} zero={zero && one} />
      )}
      <div class="controls">
        <label class="slider">
          <span>
            ε = <strong>{power(10 ** exponent)}</strong>
          </span>
          <input
            type="range"
            min={-7}
            max={-1}
            step={0.1}
            value={exponent}
            aria-label="epsilon, logarithmic"
            aria-valuetext={`epsilon ${short(epsilon)}`}
            onInput={(e) => set(Number(e.currentTarget.value))}
          />
        </label>
        <VolumeLine page={page} epsilon={epsilon} />
        {one && chosen.length > 1 && (
          <button class="small" aria-pressed={zero} onClick={() => setZero(!zero)}>
            zero set f = 0
          </button>
        )}
      </div>
      {d > 3 && (
        <div class="controls">
          {chosen.map((v, i) => (
            <label>
              axis {i + 1}{" "}
              <select
                value={v}
                onChange={(e) => {
                  const next = [...chosen];
                  const w = e.currentTarget.value;
                  const j = next.indexOf(w);
                  if (j >= 0) next[j] = v;
                  next[i] = w;
                  setChosen(next);
                }}
              >
                {germ.variables.map((name) => (
                  <option>{name}</option>
                ))}
              </select>
            </label>
          ))}
        </div>
      )}
      <figcaption>
        {zero && one ? (
          <>The real zeros of the generator, by its changes of sign: pieces of smaller dimension are lost.</>
        ) : (
          <>
            All points about the point with K ≤ ε
            {one && !cut.loss && chosen.length === 3 ? "; blue where f > 0, ochre where f < 0" : ""}.
          </>
        )}{" "}
        {d > 3 && (
          <>
            A slice in{" "}
            {chosen.map((v, i) => (
              <>
                {i > 0 && ", "}
                <V v={v} />
              </>
            ))}
            , {d - chosen.length === 1 ? "the other variable" : `the other ${d - chosen.length} variables`} held at
            the point: it does not show the dimension of the whole.
          </>
        )}
      </figcaption>
    </figure>
  );
}

function OneD({ cut, epsilon }: { cut: Slice; epsilon: number }) {
  const [ref, width] = useWidth();
  const size = Math.min(width, 430);
  const height = 200;
  const K = useMemo(() => potential(cut), [cut]);
  const X = (x: number) => 30 + ((x + 1) / 2) * (size - 40);
  const top = Math.max(1e-9, K([1]), K([-1]) < 1e5 ? K([-1]) : 0);
  const Y = (k: number) => height - 24 - Math.min(1, k / top) * (height - 40);
  const xs = Array.from({ length: 401 }, (_, i) => -1 + i / 200).filter((x) => x >= cut.low[0]! && x <= cut.high[0]!);
  const inside = xs.filter((x) => K([x]) <= epsilon);
  return (
    <div ref={ref}>
      <svg
        width={size}
        height={height}
        role="img"
        aria-label={`K along ${cut.variables[0]}; K ≤ ε from ${short(inside[0] ?? 0)} to ${short(inside.at(-1) ?? 0)}.`}
      >
        {[-1, -0.5, 0, 0.5, 1].map((t) => (
          <text x={X(t)} y={height - 6} text-anchor="middle">
            {t}
          </text>
        ))}
        <line x1={X(-1)} x2={X(1)} y1={Y(0)} y2={Y(0)} class="axis" />
        {inside.length > 0 && (
          <line x1={X(inside[0]!)} x2={X(inside.at(-1)!) + 1} y1={Y(0)} y2={Y(0)} class="inside-line" />
        )}
        <polyline points={xs.map((x) => `${X(x)},${Y(K([x]))}`).join(" ")} class="curve" />
        <text x={X(0) + 6} y={16} class="name">
          K
        </text>
      </svg>
    </div>
  );
}

const RADIUS = 1.2;
const box = (size: number) => `position:relative;width:${size}px;height:${size}px`;

function TwoD({ cut, epsilon, zero }: { cut: Slice; epsilon: number; zero: boolean }) {
  const [ref, width] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [reach, setReach] = useState(RADIUS);
  const size = Math.min(width, 430);
  const pad = 30;
  const inner = size - pad - 6;
  const K = useMemo(() => potential(cut), [cut]);
  const f = useMemo(() => (cut.polys.length === 1 ? potential({ ...cut, loss: true }) : null), [cut]);
  useEffect(() => {
    const c = canvas.current;
    if (!c) return;
    const n = Math.round(inner * Math.min(2, devicePixelRatio || 1));
    c.width = c.height = n;
    const out = c.getContext("2d")!;
    const image = out.createImageData(n, n);
    const blue = colour("blue");
    const values = new Float32Array((n + 1) * (n + 1));
    const x = new Float64Array(2);
    for (let j = 0; j <= n; j++)
      for (let i = 0; i <= n; i++) {
        x[0] = reach * ((2 * i) / n - 1);
        x[1] = reach * (1 - (2 * j) / n);
        values[j * (n + 1) + i] = K(x);
      }
    const shades = [1, 0.42, 0.24, 0.13, 0.06];
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++) {
        const at = j * (n + 1) + i;
        const k = values[at]!;
        let alpha = 0;
        if (zero) {
          // a cell of the grid holds a zero where the least K of its corners is small against their change
          const corners = [k, values[at + 1]!, values[at + n + 1]!, values[at + n + 2]!];
          const roots = corners.map(Math.sqrt);
          alpha = Math.min(...roots) <= 1.05 * (Math.max(...roots) - Math.min(...roots)) ? 1 : 0;
        } else
          for (let s = 0; s < 5; s++)
            if (k <= epsilon * 10 ** s) {
              alpha = shades[s]!;
              break;
            }
        if (!alpha) continue;
        const p = 4 * (j * n + i);
        for (let ch = 0; ch < 3; ch++) image.data[p + ch] = 255 * blue[ch]!;
        image.data[p + 3] = 255 * alpha;
      }
    out.putImageData(image, 0, 0);
  }, [K, f, epsilon, zero, size, theme, reach]);
  const at = (v: number) => ((v / reach + 1) / 2) * inner;
  const key = (e: KeyboardEvent) => {
    const by: Record<string, number> = { "+": 0.8, "=": 0.8, "-": 1.25 };
    if (by[e.key]) setReach(Math.max(1e-3, Math.min(8, reach * by[e.key]!)));
    else if (e.key === "0") setReach(RADIUS);
    else return;
    e.preventDefault();
  };
  const marks = ticks(-reach, reach, 4);
  return (
    <div ref={ref} class="plane">
      <div
        style={box(size)}
        tabIndex={0}
        role="application"
        aria-roledescription="figure with zoom"
        aria-label={`The region K ≤ ${short(epsilon)} in the plane of ${cut.variables.join(" and ")}, with paler bands at 10, 100, 1000 and 10000 times ε. Plus and minus zoom, 0 resets.`}
        onKeyDown={key}
      >
        <canvas
          ref={canvas}
          style={`position:absolute;left:${pad}px;top:6px;width:${inner}px;height:${inner}px`}
          class="frame"
        />
        <svg width={size} height={size} style="position:absolute;left:0;top:0;pointer-events:none" aria-hidden="true">
          {marks.map((v) => (
            <>
              <text x={pad + at(v)} y={size - pad + 22} text-anchor="middle">
                {short(v)}
              </text>
              <text x={pad - 4} y={6 + inner - at(v) + 4} text-anchor="end">
                {short(v)}
              </text>
            </>
          ))}
          <line x1={pad} x2={pad + inner} y1={6 + inner / 2} y2={6 + inner / 2} class="cross" />
          <line y1={6} y2={6 + inner} x1={pad + inner / 2} x2={pad + inner / 2} class="cross" />
          <text x={pad + inner - 6} y={6 + inner / 2 - 6} text-anchor="end" class="name">
            {cut.variables[0]}
          </text>
          <text x={pad + inner / 2 + 7} y={20} class="name">
            {cut.variables[1]}
          </text>
        </svg>
      </div>
      <div class="controls">
        <button class="small" onClick={() => setReach(Math.max(1e-3, reach / 2))}>
          closer
        </button>
        <button class="small" onClick={() => setReach(Math.min(8, reach * 2))}>
          wider
        </button>
        <span class="soft">bands: ε, 10 ε, 100 ε, 10³ ε, 10⁴ ε</span>
      </div>
    </div>
  );
}

const START: Rotation = [0.65, 0.42];

function ThreeD({ cut, epsilon, zero }: { cut: Slice; epsilon: number; zero: boolean }) {
  const [ref, width] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [moving, setMoving] = useState(false);
  const { turn, zoom, setZoom, events } = useTurn(START, setMoving);
  const size = Math.min(width, 430);
  const body = useMemo(
    () => ({
      polys: cut.polys,
      loss: cut.loss,
      low: cut.low as [number, number, number],
      high: cut.high as [number, number, number],
    }),
    [cut],
  );
  useEffect(() => {
    const c = canvas.current;
    if (!c) return;
    const n = Math.round(size * Math.min(2, devicePixelRatio || 1));
    const paint = { plus: colour("body-a"), minus: colour("body-b"), cut: colour("body-cut") };
    const card = draw(c, n, body, { turn, zoom, radius: RADIUS, epsilon, zero }, paint, moving);
    c.dataset.by = card ? "card" : "hand";
  }, [body, turn, zoom, epsilon, zero, size, theme, moving]);
  const s = (size / 2 / 1.06 / RADIUS) * zoom;
  const project = (p: number[]) => {
    const [x, y] = rotate(turn, p);
    return [size / 2 + x * s, size / 2 - y * s] as const;
  };
  return (
    <div ref={ref} class="space">
      <div
        style={box(size)}
        tabIndex={0}
        role="application"
        class="turns"
        aria-roledescription="figure that turns"
        aria-label={`The body K ≤ ${short(epsilon)} inside a ball of radius ${RADIUS}, in ${cut.variables.join(", ")}. Arrow keys turn it, plus and minus change its size, 0 resets.`}
        {...(events as any)}
      >
        <svg width={size} height={size} style="position:absolute;left:0;top:0" aria-hidden="true">
          <circle cx={size / 2} cy={size / 2} r={RADIUS * s} class="ball" />
        </svg>
        <canvas ref={canvas} style={`position:absolute;left:0;top:0;width:${size}px;height:${size}px`} />
        <svg width={size} height={size} style="position:absolute;left:0;top:0;pointer-events:none" aria-hidden="true">
          {cut.variables.map((name, i) => {
            const end = project([0, 1, 2].map((j) => (j === i ? RADIUS : 0)));
            const label = project([0, 1, 2].map((j) => (j === i ? RADIUS * 1.02 : 0)));
            const o = project([0, 0, 0]);
            return (
              <>
                <line x1={o[0]} y1={o[1]} x2={end[0]} y2={end[1]} class="axis3" />
                <text
                  x={Math.max(12, Math.min(size - 12, label[0]))}
                  y={Math.max(14, Math.min(size - 4, label[1]))}
                  text-anchor="middle"
                  class="name halo"
                >
                  {name}
                </text>
              </>
            );
          })}
        </svg>
      </div>
      <div class="controls">
        <button class="small" onClick={() => setZoom(zoom * 1.4)}>
          larger
        </button>
        <button class="small" onClick={() => setZoom(zoom / 1.4)}>
          smaller
        </button>
        <span class="soft">drag or arrow keys turn</span>
      </div>
    </div>
  );
}
