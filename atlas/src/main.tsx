// The page: header with the one box, the view of the address, and the theme.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { index, install, meta, position, start } from "./data.ts";
import { address, route, rowAddress, type Route } from "./route.ts";
import { prepare } from "./search.ts";
import { About, Notices } from "./views/about.tsx";
import { ClassView } from "./views/class.tsx";
import { Compare } from "./views/compare.tsx";
import { Landing } from "./views/landing.tsx";
import { lastList, List } from "./views/list.tsx";
import { MachineView } from "./views/machine.tsx";
import { MeasuredView } from "./views/measured.tsx";
import { Phases } from "./views/phases.tsx";
import { RowView } from "./views/row.tsx";
import { RunView } from "./views/run.tsx";
import { Seed } from "./views/seed.tsx";

declare const ATLAS_DIGEST: string;

install();

function View({ at }: { at: Route }) {
  const [kind, name] = at.path;
  switch (kind) {
    case undefined:
      return <Landing />;
    case "rows":
      return <List query={at.query.get("q") ?? ""} sort={at.query.get("sort") ?? "best"} />;
    case "row":
      return <RowView key={name} id={name ?? ""} section={at.path[2]} />;
    case "phases":
      return (
        <Phases
          key={name}
          id={name ?? ""}
          n={at.query.get("n")}
          reading={at.query.get("reading")}
          kind={at.query.get("kind")}
          values={at.query.get("values")}
        />
      );
    case "class":
      return <ClassView key={name} id={name ?? ""} />;
    case "compare":
      return <Compare key={name} ids={(name ?? "").split("+").filter(Boolean)} />;
    case "machine":
      return <MachineView key={name} name={name ?? ""} />;
    case "run":
      return <RunView key={name} id={name ?? ""} />;
    case "measured":
      return <MeasuredView wanted={at.query.get("device")} />;
    case "seed":
      return <Seed number={name} />;
    case "about":
      return <About />;
    default:
      return <Notices title="No such page" text={`The address ${location.hash} names no page of the atlas.`} />;
  }
}

function Theme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(() => {
    const kept = stored();
    return kept ? kept === "dark" : system.matches;
  });
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    dispatchEvent(new Event("themechange"));
  }, [dark]);
  useEffect(() => {
    const follow = (e: MediaQueryListEvent) => !stored() && setDark(e.matches);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, []);
  const turn = () => {
    try {
      localStorage.setItem("atlas-theme", dark ? "light" : "dark");
    } catch {
      // a folder may have no storage: the choice holds until the page is closed
    }
    setDark(!dark);
  };
  return (
    <button class="theme" onClick={turn} aria-label={dark ? "light colours" : "dark colours"}>
      <span aria-hidden="true">◐</span>
    </button>
  );
}
function stored(): string | null {
  try {
    return localStorage.getItem("atlas-theme");
  } catch {
    return null;
  }
}

function App() {
  const [at, setAt] = useState(route());
  const [text, setText] = useState(at.query.get("q") ?? "");
  const box = useRef<HTMLInputElement>(null);
  const typed = useRef(false);
  const where = at.path.join("/");

  useEffect(() => {
    const change = () => {
      const next = route();
      const id = next.path[1];
      if (next.path[0] === "row" && id && !position.has(id) && meta.moved[id]) {
        location.replace(rowAddress(meta.moved[id]));
        return;
      }
      setAt(next);
      if (next.path[0] === "rows" && document.activeElement !== box.current) setText(next.query.get("q") ?? "");
    };
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);

  useEffect(() => {
    if (typed.current) {
      typed.current = false;
      return;
    }
    const h1 = document.querySelector<HTMLElement>("main h1");
    if (h1 && where) h1.focus({ preventScroll: true });
    const inside = at.path[2] || (at.path[0] === "seed" && at.path[1]); // the page scrolls there by itself
    if (!inside) scrollTo(0, kept.get(location.hash) ?? 0);
  }, [where]);

  useEffect(() => {
    const remember = () => kept.set(location.hash, scrollY);
    const keys = (e: KeyboardEvent) => {
      const target = e.target as HTMLElement;
      if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      if (e.key === "/") {
        e.preventDefault();
        box.current?.focus();
        box.current?.select();
      }
      if ((e.key === "[" || e.key === "]") && route().path[0] === "row") {
        const i = position.get(route().path[1] ?? "");
        const list = lastList.rows.length ? lastList.rows : index.ids.map((_, k) => k);
        const next = list[list.indexOf(i ?? -1) + (e.key === "]" ? 1 : -1)];
        if (next !== undefined) location.hash = rowAddress(index.ids[next]!);
      }
    };
    addEventListener("scroll", remember, { passive: true });
    addEventListener("keydown", keys);
    return () => {
      removeEventListener("scroll", remember);
      removeEventListener("keydown", keys);
    };
  }, []);

  const type = (value: string) => {
    setText(value);
    typed.current = true;
    const next = address(["rows"], { q: value, sort: at.query.get("sort") ?? undefined });
    if (at.path[0] === "rows") history.replaceState(null, "", next);
    else history.pushState(null, "", next);
    setAt(route());
    typed.current = at.path[0] !== "rows";
  };

  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(e) => (e.preventDefault(), document.querySelector<HTMLElement>("main h1")?.focus())}
      >
        Skip to the page
      </a>
      <header class="top">
        <div class="bar">
          <a class="brand" href="#/">
            Atlas <span class="narrow-gone">of singular models</span>
          </a>
          <form
            role="search"
            onSubmit={(e) => {
              e.preventDefault();
              const id = text.trim();
              if (position.has(id)) location.hash = rowAddress(id);
            }}
          >
            <label class="sr" for="box">
              Search: a word, λ=5/12, a reading 5.9±0.3, or generators x^2-y^3
            </label>
            <input
              id="box"
              ref={box}
              type="search"
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              placeholder="word · λ=5/12 · 5.9±0.3 · x^2-y^3 · d:2..4"
              value={text}
              onInput={(e) => type(e.currentTarget.value)}
            />
          </form>
          <nav aria-label="Pages">
            <a href="#/rows">Rows</a>
            <a href="#/seed">Ideas</a>
            <a href="#/about">About</a>
          </nav>
          <Theme />
        </div>
      </header>
      <main id="main">
        <View at={at} />
      </main>
      <footer>
        <p>
          singularity_lab {meta.version} · {index.ids.length.toLocaleString("en-GB")} rows · data{" "}
          {meta.digest.slice(0, 12)} · page {ATLAS_DIGEST.slice(0, 12)} · {meta.built}
        </p>
      </footer>
    </>
  );
}

const kept = new Map<string, number>();

start().then(() => {
  prepare();
  render(<App />, document.getElementById("app")!);
});
