// What every page is made of: sections, words that explain themselves in place, commands, waiting.
import { useEffect, useId, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { index, meta, position } from "./data.ts";
import { range, spoken, StatusMark } from "./number.tsx";
import { Rich } from "./math.tsx";
import { address, rowAddress } from "./route.ts";

export function Section(p: { id: string; title: ComponentChildren; children: ComponentChildren; wide?: boolean }) {
  return (
    <section class={p.wide ? "card wide" : "card"} id={p.id} aria-labelledby={`${p.id}-h`}>
      <h2 id={`${p.id}-h`}>{p.title}</h2>
      {p.children}
    </section>
  );
}

/** A word of the glossary: the note opens below, and one stays where one is. */
export function Word({ of, children }: { of: string; children?: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const term = meta.glossary[of];
  if (!term) return <>{children ?? of}</>;
  return (
    <>
      <button class="word-button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {children ?? term.title}
      </button>
      {open && (
        <span class="knowl" id={id} role="note">
          <strong>{term.title}.</strong> {term.text}
          {term.also ? <em> Also called: {term.also}.</em> : null}
        </span>
      )}
    </>
  );
}

export function Copy({ text, label = "copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      setSaid(document.execCommand("copy") ? "copied" : "select and copy by hand");
      area.remove();
    }
    setTimeout(() => setSaid(""), 1500);
  };
  return (
    <button class="small" onClick={copy} aria-label={`${label}: ${text.slice(0, 80)}`}>
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}

export function Commands({ lines }: { lines: [string, string][] }) {
  return (
    <div class="commands">
      {lines.map(([label, text]) => (
        <div class="command">
          <span class="label">{label}</span>
          <code tabIndex={0}>{text}</code>
          <Copy text={text} />
        </div>
      ))}
    </div>
  );
}

export function useLoaded<T>(load: () => Promise<T>, keys: unknown[]): { value?: T; error?: string } {
  const [state, setState] = useState<{ value?: T; error?: string; keys?: string }>({});
  const key = keys.join("\n");
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && setState({ value, keys: key }),
      (error) => current && setState({ error: String(error.message ?? error), keys: key }),
    );
    return () => {
      current = false;
    };
  }, [key]);
  return state.keys === key ? state : {};
}

type Head = ComponentChildren | { num: ComponentChildren };

/** The head of a column of numbers. */
export function num(head: ComponentChildren): Head {
  return { num: head };
}

/** A table with a name that scrolls by itself where it is wide; children: its rows. */
export function SmallTable(p: { label: string; heads: Head[]; kind?: string; children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={p.label}>
      <table class={p.kind ? `small-table ${p.kind}` : "small-table"}>
        <thead>
          <tr>
            {p.heads.map((head) =>
              head && typeof head === "object" && "num" in head ? (
                <th scope="col" class="num">
                  {head.num}
                </th>
              ) : (
                <th scope="col">{head}</th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{p.children}</tbody>
      </table>
    </div>
  );
}

/** The rows as a table: λ and m as they sort and copy, the status as glyph and word. */
export function RowTable({ rows, extra }: { rows: number[]; extra?: (i: number) => ComponentChildren }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">row</th>
          <th scope="col" class="title">
            title
          </th>
          <th scope="col" class="num">
            λ
          </th>
          <th scope="col" class="num">
            m
          </th>
          <th scope="col" class="num">
            d
          </th>
          <th scope="col">status</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((i) => {
          const [low, high] = [index.lower[i]!, index.upper[i]!];
          return (
            <tr key={index.ids[i]}>
              <th scope="row">
                <a href={rowAddress(index.ids[i]!)}>{index.ids[i]}</a>
              </th>
              <td class="title">
                <Rich text={index.titles[i]!} />
                {extra?.(i)}
              </td>
              <td class="num lam">
                <span aria-hidden="true">{range(low, high)}</span>
                <span class="sr">{spoken(low, high)}</span>
              </td>
              <td class="num">{index.m[i] ?? <span title="the bounds do not decide m">?</span>}</td>
              <td class="num">{index.d[i]}</td>
              <td class="status">
                <StatusMark status={index.status[i]!} word={false} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The link of a row, with its title and λ where it is on file. */
export function RowLink({ id }: { id: string }) {
  const i = position.get(id);
  if (i === undefined) {
    const run = meta.runs.find((r) => r.id === id || r.id.startsWith(`${id}-n-`));
    return run ? <a href={address(["run", run.id])}>{id}</a> : <span>{id}</span>;
  }
  return (
    <>
      <a href={rowAddress(id)}>
        <Rich text={index.titles[i] || id} />
      </a>{" "}
      <span class="soft">λ {range(index.lower[i]!, index.upper[i]!)}</span>
    </>
  );
}

/** A part of a figure that leads to a row, or a plain group where there is none. */
export function Link(p: { href?: string; label: string; children: ComponentChildren; [name: string]: any }) {
  const { href, label, children, ...rest } = p;
  return href ? (
    <a href={href} aria-label={label} {...rest}>
      {children}
    </a>
  ) : (
    <g {...rest}>
      <title>{label}</title>
      {children}
    </g>
  );
}

export function download(name: string, text: string, type = "application/json"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
