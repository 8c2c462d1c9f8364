// Bundles the page into ../singularity_lab/atlas/static: one classic script, one style sheet, one font.
// Classic, since a module does not load from a folder opened by double-click.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "singularity_lab", "atlas", "static");
mkdirSync(out, { recursive: true });

// The digest of all that the bundle is made of: tests/atlas compares it with the sources.
function sources(folder) {
  return readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? sources(path) : [path];
    })
    .sort();
}
const hash = createHash("sha256");
for (const path of [...sources(join(here, "src")), join(here, "build.mjs"), join(here, "package-lock.json")]) {
  hash.update(relative(here, path).replaceAll("\\", "/") + "\n");
  hash.update(readFileSync(path));
}
const digest = hash.digest("hex");

await build({
  entryPoints: [join(here, "src", "main.tsx")],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  outfile: join(out, "atlas.js"),
  legalComments: "eof",
  define: { ATLAS_DIGEST: JSON.stringify(digest) },
  logLevel: "warning",
});
await build({
  entryPoints: [join(here, "src", "style.css")],
  bundle: true,
  minify: true,
  external: ["*.woff2"],
  outfile: join(out, "atlas.css"),
  logLevel: "warning",
});
copyFileSync(join(here, "src", "index.html"), join(out, "index.html"));
copyFileSync(join(here, "src", "atlas-math.woff2"), join(out, "atlas-math.woff2"));
copyFileSync(join(here, "src", "OFL.txt"), join(out, "OFL.txt"));
writeFileSync(join(out, "sources.sha256"), digest + "\n");
const size = ["atlas.js", "atlas.css", "atlas-math.woff2", "index.html"].map(
  (name) => `${name} ${(statSync(join(out, name)).size / 1000).toFixed(1)} kB`,
);
console.log(size.join(", "));
