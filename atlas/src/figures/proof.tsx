// The proof as a tree that unfolds: each node says its theorem, what it gave, and where λ is attained.
import { useMemo, useState } from "preact/hooks";
import { meta, proof, type Node, type Proof } from "../data.ts";
import { grouped } from "../number.tsx";
import { useLoaded } from "../parts.tsx";

function sentence(text: string): [string, string] {
  const [head, ...rest] = text.split(/\n\s*\n/);
  return [head!.replaceAll("\n", " "), rest.join("\n\n")];
}

function TheoremNote({ op }: { op: string }) {
  const found = meta.theorems[op];
  if (!found) return null;
  const [head, more] = sentence(found.statement);
  return (
    <div class="theorem">
      <p>{head}</p>
      {more && more.split(/\n\s*\n/).map((p) => <p>{p.replaceAll("\n", " ")}</p>)}
      {Object.keys(found.hypotheses).length > 0 && (
        <>
          <p class="soft">The verifier checks, by these names:</p>
          <dl class="hypotheses">
            {Object.entries(found.hypotheses).map(([name, text]) => (
              <>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </>
            ))}
          </dl>
        </>
      )}
    </div>
  );
}

function Branch({
  tree,
  at,
  children,
  open,
  all,
}: {
  tree: Proof;
  at: number;
  children: number[][];
  open: boolean;
  all: number;
}) {
  const [, caption, germ, moves, op, words, verdict, critical, divisors, again] = tree.nodes[at] as Node;
  const [shown, setShown] = useState(open || all > 0);
  const [theorem, setTheorem] = useState(false);
  const [more, setMore] = useState(30);
  const below = children[at]!;
  return (
    <details
      class={critical ? "step critical" : "step"}
      open={shown}
      onToggle={(e) => setShown(e.currentTarget.open)}
    >
      <summary>
        {caption && <span class="case">{caption}</span>}
        <span class="words">{words}</span>
        <span class="verdict">
          {verdict}
          {critical ? <span class="decides"> decides</span> : null}
        </span>
      </summary>
      {shown && (
        <div class="inside">
          <p class="germ">
            <span class="label">germ</span> <code>{germ}</code>
          </p>
          {moves.length > 0 && (
            <ul class="moves">
              {moves.map((m) => (
                <li>first {m}</li>
              ))}
            </ul>
          )}
          {divisors.length > 0 && <p class="soft">λ is reached by {divisors.join("; ")}</p>}
          {again !== null && (
            <p class="soft">The proof of step {again} is used again: it is the same family up to names.</p>
          )}
          <button class="small" aria-expanded={theorem} onClick={() => setTheorem(!theorem)}>
            theorem “{op}” in words
          </button>
          {theorem && <TheoremNote op={op} />}
          {below.slice(0, more).map((child) => (
            <Branch key={`${child}-${all}`} tree={tree} at={child} children={children} open={false} all={all} />
          ))}
          {below.length > more && (
            <button class="more" onClick={() => setMore(more + 60)}>
              {below.length - more} cases more
            </button>
          )}
        </div>
      )}
    </details>
  );
}

function Tree({ tree }: { tree: Proof }) {
  const [all, setAll] = useState(0);
  const children = useMemo(() => {
    const found: number[][] = tree.nodes.map(() => []);
    tree.nodes.forEach((node, i) => node[0] !== null && found[node[0]]!.push(i));
    return found;
  }, [tree]);
  const few = tree.nodes.length <= 150;
  return (
    <div class="proof">
      <p>
        The certificate proves {tree.claim}: {grouped(tree.nodes.length)} {tree.nodes.length === 1 ? "step" : "steps"}
        . Steps marked <span class="decides">decides</span> attain the value.{" "}
        {tree.nodes.length > 1 && few && (
          <button class="small" onClick={() => setAll(all + 1)}>
            unfold all
          </button>
        )}
      </p>
      <Branch key={all} tree={tree} at={0} children={children} open all={all} />
    </div>
  );
}

const LARGE = 400_000;

/** The tree of one certificate; a large one waits to be asked for. */
export function ProofTree({ digest }: { digest: string }) {
  const known = meta.proofs[digest];
  const [wanted, setWanted] = useState(!known || known.bytes < LARGE);
  const { value, error } = useLoaded<Proof | null>(
    () => (wanted ? proof(digest) : Promise.resolve(null)),
    [digest, wanted],
  );
  if (!known) return <p class="absent">· no tree: this proof was not unfolded when the atlas was built</p>;
  if (!wanted)
    return (
      <button class="more" onClick={() => setWanted(true)}>
        open the proof: {grouped(known.nodes)} steps, {(known.bytes / 1e6).toFixed(1)} MB
      </button>
    );
  if (error) return <p class="absent bad">{error}</p>;
  if (!value) return <p>Loading the proof …</p>;
  return <Tree tree={value} />;
}
