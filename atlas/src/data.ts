// The data of the page. All of it comes in classic scripts that call atlas.put(name, payload), since a page
// that was opened from a folder may load scripts but may not fetch files. Shards are deflated, in base64.

export type Status = "value" | "bounds" | "unknown" | "no device" | "not applicable";
export interface Cell<T = any> {
  status: Status;
  value?: T;
  lower?: string;
  upper?: string;
  reason?: string;
  route?: string;
  cut?: boolean;
}

/** The columns of all rows, side by side: what search and lists need. */
export interface Index {
  ids: string[];
  titles: string[];
  aliases: string[];
  families: string[];
  d: number[];
  status: string[];
  lower: (string | null)[];
  upper: (string | null)[];
  m: (number | null)[];
  tags: string[];
  notes: string[];
  classes: string[];
  models: string[];
  signs: string[];
  shard: number[];
}

export interface Meta {
  version: string;
  built: string;
  digest: string;
  families: Record<string, string>;
  theorems: Record<string, Theorem>;
  glossary: Record<string, Term>;
  classes: Record<string, string[]>;
  models: Record<string, { title: string; shard: number; strata: number; functions: number }>;
  proofs: Record<string, { shard: string; nodes: number; bytes: number }>;
  machines: { name: string; title: string }[];
  runs: { id: string; title: string }[];
  ideas: Idea[];
  counts: Record<string, Record<string, Record<string, number>>>;
  moved: Record<string, string>;
  notes: string[];
}
export interface Theorem {
  statement: string;
  hypotheses: Record<string, string>;
}
export interface Idea {
  number: number;
  title: string;
  strength: string;
  claim: string;
  figure: string;
  command: string;
  fails: string;
  open: string;
}
export interface Term {
  title: string;
  text: string;
  also: string;
}

export interface Stratum {
  row_id: string;
  stratum_id: string;
  model_id: string;
  on_file: boolean;
  [column: string]: any;
}
export interface Certificate {
  digest: string;
  kind: string;
  value: string;
  multiplicity: number;
  bytes: number;
  path: string;
  steps: number;
  theorems: string[];
  rows: string[];
}
export interface Reading {
  row_id: string;
  stratum_id: string;
  run_id: string;
  step: number;
  device: string;
  settings: Record<string, any>;
  seed: number;
  n: number;
  value: Cell<string>;
  low: Cell<string>;
  high: Cell<string>;
  level: string;
  outcome: string;
  note: string;
  exact: Cell<string>;
  inside: Cell<boolean>;
  cost: number;
  command: string;
}
export interface Edge {
  source: string;
  target: string;
  kind: string;
  weight: number;
  evidence: string;
}
export interface Germ {
  variables: string[];
  generators: string[];
  nonnegative: string[];
  box: Record<string, [string | null, string | null]>;
}
export interface Newton {
  variables: string[];
  vertices: number[][];
  support: number[][];
  facets: { normal: number[]; offset: number }[];
  distance: string;
  hit: number[][];
  note?: string;
}
export interface Row {
  id: string;
  title: string;
  title_computed: boolean;
  aliases: string[];
  family: string;
  family_title: string;
  builder: string;
  parameters: Record<string, any>;
  model_id: string;
  at: string;
  description: string;
  d: number;
  statement: string;
  variables: string[];
  generators: string[];
  convention: string;
  point: Record<string, string>;
  prior: Record<string, string>;
  box: Record<string, [string | null, string | null]>;
  semantics: Cell;
  chart: Cell;
  inputs: Cell;
  loss_form: Cell;
  tags: string[];
  note: string;
  claims: string[];
  scope: string;
  status: string;
  class_id: Cell<string>;
}
/** All that the page of one row shows. */
export interface Page {
  row: Row;
  germ: Germ | null;
  germ_reason: string;
  newton: Newton | null;
  newton_reason: string;
  slice: string[];
  strata: Stratum[];
  certificates: Certificate[];
  readings: Reading[];
  edges: Edge[];
  commands: Record<string, { shell: string; python: string }>;
}
export interface ModelPage {
  model_id: string;
  title: string;
  statement: string;
  strata: Stratum[];
  edges: Edge[];
  /** the functions that the model passes through; losses are those of singular values where none is given */
  functions?: Ladder | null;
}
export interface Ladder {
  rank: number | null;
  argument: string;
  phases: { name: string; row: string; loss?: string; lambda: Cell; m: Cell }[];
}
/** [parent, case, germ, moves, op, words, verdict, critical, divisors, same as, λ] */
export type Node = [number | null, string, string, string[], string, string, string, 0 | 1, string[], number | null];
export interface Proof {
  digest: string;
  claim: string;
  kind: string;
  nodes: Node[];
}

const waiting = new Map<string, ((payload: any) => void)[]>();
const arrived = new Map<string, any>();
const asked = new Map<string, Promise<any>>();

declare global {
  interface Window {
    atlas: { put: (name: string, payload: any) => void };
  }
}

export function install(): void {
  window.atlas = {
    put(name, payload) {
      arrived.set(name, payload);
      for (const tell of waiting.get(name) ?? []) tell(payload);
      waiting.delete(name);
    },
  };
}

function script(name: string): Promise<any> {
  return new Promise((resolve, reject) => {
    if (arrived.has(name)) return resolve(arrived.get(name));
    waiting.set(name, [...(waiting.get(name) ?? []), resolve]);
    const element = document.createElement("script");
    element.src = `data/${name}.js`;
    element.onerror = () => {
      asked.delete(name);
      reject(new Error(`data/${name}.js is not there: the folder is incomplete; build it again`));
    };
    document.head.append(element);
  });
}

/** When index.js or meta.js, which the page loads itself, has come. */
export function first<T>(name: string): Promise<T> {
  return new Promise((resolve) => {
    if (arrived.has(name)) resolve(arrived.get(name));
    else waiting.set(name, [...(waiting.get(name) ?? []), resolve]);
  });
}

async function inflate(text: string): Promise<any> {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** One shard, by the name of its file; each is loaded and unpacked once. */
export function shard<T>(name: string): Promise<T> {
  let promise = asked.get(name);
  if (!promise) {
    promise = script(name).then(inflate);
    asked.set(name, promise);
  }
  return promise;
}

export let index: Index;
export let meta: Meta;
export let position: Map<string, number>;

export async function start(): Promise<void> {
  [index, meta] = await Promise.all([first<Index>("index"), first<Meta>("meta")]);
  position = new Map(index.ids.map((id, i) => [id, i]));
}

export async function page(id: string): Promise<Page> {
  const i = position.get(id);
  if (i === undefined) throw new Error(`no row ${id}`);
  const found = await shard<Record<string, Page>>(`rows-${two(index.shard[i]!)}`);
  return found[id]!;
}

export async function model(id: string): Promise<ModelPage | null> {
  const known = meta.models[id];
  if (!known) return null;
  return (await shard<Record<string, ModelPage>>(`models-${two(known.shard)}`))[id]!;
}

export async function proof(digest: string): Promise<Proof | null> {
  const known = meta.proofs[digest];
  if (!known) return null;
  return (await shard<Record<string, Proof>>(`proofs-${known.shard}`))[digest]!;
}

export const two = (n: number) => String(n).padStart(2, "0");

/** A rational as text, as a number: for sorting and drawing. */
export function real(text: string | null | undefined): number {
  if (text == null) return NaN;
  const [a, b] = text.split("/");
  return b ? Number(a) / Number(b) : Number(a);
}
