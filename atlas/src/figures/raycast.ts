// The body K ≤ ε of a germ in three variables, by casting rays: on the graphics card where there is one, else
// by a small interpreter. A mesh would cut off cusps and double lines, which are what is to be seen.
import { evaluator, glsl, type Poly } from "../poly.ts";
import type { Rotation } from "./frame.tsx";

export interface Body {
  /** generators in three variables, about the point */
  polys: Poly[];
  /** K = f₁ instead of the sum of squares */
  loss: boolean;
  /** variables that are ≥ a bound or ≤ one, about the point */
  low: [number, number, number];
  high: [number, number, number];
}
export interface View {
  turn: Rotation;
  zoom: number;
  radius: number;
  epsilon: number;
  /** draw the zero set of the one generator by its changes of sign */
  zero: boolean;
}
export interface Paint {
  plus: [number, number, number];
  minus: [number, number, number];
  cut: [number, number, number];
}

const SAMPLES = 160;
const HALVINGS = 24;

let gl: WebGLRenderingContext | null | undefined;
const programs = new Map<string, WebGLProgram | null>();

function context(): WebGLRenderingContext | null {
  if (gl === undefined) {
    // one context for the whole page: browsers allow only a few
    gl = null;
    try {
      const canvas = new OffscreenCanvas(300, 300);
      gl = canvas.getContext("webgl", { antialias: false }) as WebGLRenderingContext | null;
      canvas.addEventListener("webglcontextlost", () => {
        programs.clear();
        gl = null;
      });
    } catch {
      // no such canvas here: pictures are drawn by hand
    }
  }
  return gl;
}

const VERTEX = "attribute vec2 p;void main(){gl_Position=vec4(p,0.,1.);}";

function fragment(body: Body): string {
  const one = body.polys.length === 1;
  const k = body.loss ? `abs(f0(x))` : body.polys.map((_, i) => `f${i}(x)*f${i}(x)`).join("+");
  return `precision highp float;
uniform vec2 size;uniform vec2 turn;uniform float zoom,radius,eps;uniform int zero;
uniform vec3 plus,minus,cut,low,high;
${body.polys.map((p, i) => `float f${i}(vec3 x){return ${glsl(p)};}`).join("\n")}
bool inside(vec3 x){return all(greaterThanEqual(x,low-1e-6))&&all(lessThanEqual(x,high+1e-6));}
float k(vec3 x){return inside(x)?(${k || "0.0"})-eps:1e6;}
float f(vec3 x){return ${one ? "f0(x)" : "1.0"};}
float g(vec3 x){return zero==1?f(x):k(x);}
vec3 world(vec3 s){float ca=cos(turn.x),sa=sin(turn.x),cb=cos(turn.y),sb=sin(turn.y);
 float y1=sb*s.y-cb*s.z;float z=cb*s.y+sb*s.z;return vec3(ca*s.x+sa*y1,ca*y1-sa*s.x,z);}
void main(){
 vec2 q=(2.*gl_FragCoord.xy-size)/min(size.x,size.y)*1.06*radius/zoom;
 float R=radius;float h=R*R-dot(q,q);
 if(h<0.){gl_FragColor=vec4(0.);return;}
 float top=sqrt(h);float step=2.*top/${SAMPLES}.;
 float t=top;float before=g(world(vec3(q,t)));bool hit=false;bool cap=zero==0&&before<=0.;
 float a=t,b=t;
 if(!cap){for(int i=0;i<${SAMPLES};i++){float s=t-step;float now=g(world(vec3(q,s)));
  if((zero==1&&before*now<=0.)||(zero==0&&now<=0.)){a=t;b=s;hit=true;break;}
  t=s;before=now;}
  if(hit){float ga=g(world(vec3(q,a)));for(int i=0;i<${HALVINGS};i++){float c=.5*(a+b);float gc=g(world(vec3(q,c)));
   if(zero==1?ga*gc>0.:gc>0.){a=c;ga=gc;}else b=c;}}}
 if(!hit&&!cap){gl_FragColor=vec4(0.);return;}
 float z=cap?top:.5*(a+b);vec3 x=world(vec3(q,z));
 float e=radius*2e-3;vec3 n;
 if(cap)n=vec3(q,top)/R;else{
 vec3 dx=world(vec3(e,0.,0.)),dy=world(vec3(0.,e,0.)),dz=world(vec3(0.,0.,e));
 n=vec3(g(x+dx)-g(x-dx),g(x+dy)-g(x-dy),g(x+dz)-g(x-dz));
 float l=length(n);n=l>0.&&l<1e6?n/l:vec3(0.,0.,1.);}
 bool second=zero==1?n.z<0.:f(x)<0.;if(n.z<0.)n=-n;
 vec3 base=cap?cut:(second?minus:plus);
 float light=.58+.42*max(0.,dot(n,normalize(vec3(-.45,.6,.75))));
 float shine=cap?0.:.18*pow(max(0.,dot(n,normalize(vec3(-.25,.35,1.)))),24.);
 float fog=1.-.16*(top-z)/(2.*R);
 gl_FragColor=vec4(base*light*fog+shine,1.);
}`;
}

function compile(body: Body): WebGLProgram | null {
  const source = fragment(body);
  if (programs.has(source)) return programs.get(source)!;
  const g = context();
  if (!g) return null;
  const make = (kind: number, text: string) => {
    const s = g.createShader(kind)!;
    g.shaderSource(s, text);
    g.compileShader(s);
    return s;
  };
  const program = g.createProgram()!;
  g.attachShader(program, make(g.VERTEX_SHADER, VERTEX));
  g.attachShader(program, make(g.FRAGMENT_SHADER, source));
  g.linkProgram(program);
  const done = g.getProgramParameter(program, g.LINK_STATUS) ? program : null;
  programs.set(source, done);
  return done;
}

/** Draw into the canvas, at ``size`` pixels a side when at rest; true if the graphics card did it. */
export function draw(
  target: HTMLCanvasElement,
  size: number,
  body: Body,
  view: View,
  paint: Paint,
  moving: boolean,
): boolean {
  const terms = body.polys.reduce((s, p) => s + p.terms.size, 0);
  const program = terms <= 160 ? compile(body) : null;
  const scale = moving ? 3 : 1;
  const w = Math.ceil(size / scale);
  const h = w;
  const show = target.getContext("bitmaprenderer")!;
  if (program && gl) {
    const canvas = gl.canvas as OffscreenCanvas;
    canvas.width = w;
    canvas.height = h;
    gl.viewport(0, 0, w, h);
    gl.useProgram(program);
    const u = (name: string) => gl!.getUniformLocation(program, name);
    gl.uniform2f(u("size"), w, h);
    gl.uniform2f(u("turn"), view.turn[0], view.turn[1]);
    gl.uniform1f(u("zoom"), view.zoom);
    gl.uniform1f(u("radius"), view.radius);
    gl.uniform1f(u("eps"), view.epsilon);
    gl.uniform1i(u("zero"), view.zero ? 1 : 0);
    for (const name of ["plus", "minus", "cut"] as const) gl.uniform3f(u(name), ...paint[name]);
    gl.uniform3f(u("low"), ...body.low);
    gl.uniform3f(u("high"), ...body.high);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 3, -1, -1, 3]), gl.STATIC_DRAW);
    const p = gl.getAttribLocation(program, "p");
    gl.enableVertexAttribArray(p);
    gl.vertexAttribPointer(p, 2, gl.FLOAT, false, 0, 0);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.deleteBuffer(buffer);
    show.transferFromImageBitmap(canvas.transferToImageBitmap());
    return true;
  }
  const shrink = moving ? 6 : terms > 60 ? 4 : 3;
  const small = new OffscreenCanvas(Math.ceil(size / shrink), Math.ceil(size / shrink));
  byHand(small, body, view, paint);
  show.transferFromImageBitmap(small.transferToImageBitmap());
  return false;
}

/** K of a body as a function, 10⁶ outside its constraints. */
export function potential(body: {
  polys: Poly[];
  loss: boolean;
  low: number[];
  high: number[];
}): (x: ArrayLike<number>) => number {
  const parts = body.polys.map(evaluator);
  const { low, high } = body;
  return (x) => {
    for (let i = 0; i < low.length; i++) if (x[i]! < low[i]! - 1e-9 || x[i]! > high[i]! + 1e-9) return 1e6;
    if (body.loss) return Math.abs(parts[0]!(x));
    let k = 0;
    for (const f of parts) {
      const v = f(x);
      k += v * v;
    }
    return k;
  };
}

function byHand(canvas: OffscreenCanvas, body: Body, view: View, paint: Paint): void {
  const { width: w, height: h } = canvas;
  const out = canvas.getContext("2d")!;
  const image = out.createImageData(w, h);
  const K = potential(body);
  const f = body.polys.length === 1 ? evaluator(body.polys[0]!) : () => 1;
  const [ca, sa, cb, sb] = [
    Math.cos(view.turn[0]),
    Math.sin(view.turn[0]),
    Math.cos(view.turn[1]),
    Math.sin(view.turn[1]),
  ];
  const x = new Float64Array(3);
  const to = (u: number, v: number, d: number) => {
    const y1 = sb * v - cb * d;
    x[0] = ca * u + sa * y1;
    x[1] = ca * y1 - sa * u;
    x[2] = cb * v + sb * d;
    return x;
  };
  const g = (u: number, v: number, d: number) => (view.zero ? f(to(u, v, d)) : K(to(u, v, d)) - view.epsilon);
  const R = view.radius;
  const samples = 80;
  const reach = (1.06 * R) / view.zoom / Math.min(w, h);
  for (let j = 0; j < h; j++)
    for (let i = 0; i < w; i++) {
      const u = (2 * i + 1 - w) * reach;
      const v = (h - 2 * j - 1) * reach;
      const rest = R * R - u * u - v * v;
      if (rest < 0) continue;
      const top = Math.sqrt(rest);
      const step = (2 * top) / samples;
      let before = g(u, v, top);
      const cap = !view.zero && before <= 0;
      let [a, b, hit] = [top, top, false];
      for (let s = 1; !cap && s <= samples; s++) {
        const d = top - s * step;
        const now = g(u, v, d);
        if (view.zero ? before * now <= 0 : now <= 0) {
          [a, b, hit] = [d + step, d, true];
          break;
        }
        before = now;
      }
      if (!hit && !cap) continue;
      let ga = g(u, v, a);
      for (let s = 0; hit && s < 14; s++) {
        const c = (a + b) / 2;
        const gc = g(u, v, c);
        if (view.zero ? ga * gc > 0 : gc > 0) [a, ga] = [c, gc];
        else b = c;
      }
      const d = cap ? top : (a + b) / 2;
      const e = R * 4e-3;
      let n = cap
        ? [u / R, v / R, top / R]
        : [g(u + e, v, d) - g(u - e, v, d), g(u, v + e, d) - g(u, v - e, d), g(u, v, d + e) - g(u, v, d - e)];
      const l = Math.hypot(...n);
      n = l > 0 && l < 1e5 ? n.map((c) => c / l) : [0, 0, 1];
      const second = view.zero ? n[2]! < 0 : f(to(u, v, d)) < 0;
      if (n[2]! < 0) n = n.map((c) => -c);
      const light =
        (0.58 + 0.42 * Math.max(0, (-0.45 * n[0]! + 0.6 * n[1]! + 0.75 * n[2]!) / 1.061)) *
        (1 - (0.16 * (top - d)) / (2 * R));
      const base = cap ? paint.cut : second ? paint.minus : paint.plus;
      const at = 4 * (j * w + i);
      for (let c = 0; c < 3; c++) image.data[at + c] = Math.min(255, 255 * base[c]! * light);
      image.data[at + 3] = 255;
    }
  out.putImageData(image, 0, 0);
}
