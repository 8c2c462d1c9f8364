// How well the words of a query fit a row: what is called so comes before what mentions it. The same rule as in
// singularity_lab/dictionary/words.py, where it is told; test/queries.json holds both to it.

const INSIDE = 4; // letters from which a word is also looked for inside of others
const SPELLED: [RegExp, string][] = [
  [/iz(?=e|ation|ing)/g, "is"],
  [/neighbor/g, "neighbour"],
  [/center/g, "centre"],
];

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith("s") || /(ss|us|is|as)$/.test(word)) return word;
  return word.endsWith("ies") ? word.slice(0, -3) + "y" : word.slice(0, -1);
}
const known = new Map<string, string>();
/** Words in one spelling: small letters, no hyphens, British, singular, `D_4` as `d4`. */
export function plain(text: string): string {
  let found = known.get(text);
  if (found !== undefined) return found;
  found = text
    .toLowerCase()
    .replace(/(?<=[a-z])_\{?(?=[0-9])/g, "")
    .replace(/[^\p{L}\p{N}_.×/+*^=<>]+|_/gu, " ");
  for (const [american, british] of SPELLED) found = found.replace(american, british);
  found = found.split(" ").filter(Boolean).map(singular).join(" ");
  known.set(text, found);
  return found;
}

export interface Row {
  id: string;
  title: string;
  family: string;
  familyTitle: string;
  aliases: string[];
  /** tags, and what else the row mentions */
  told: string;
}
export interface Names {
  id: string;
  titles: string[];
  aliases: [number, string][];
  all: string;
}

/** What each row is called: the place of a name is 0 for titles, 1 for a row's own aliases, 1, 2, … for the family's. */
export function namesOf(rows: Row[]): Names[] {
  const family = new Map<string, string[]>();
  for (const row of rows) {
    const own = new Set(row.aliases);
    family.set(row.family, (family.get(row.family) ?? row.aliases).filter((a) => own.has(a)));
  }
  const places = new Map([...family].map(([name, list]) => [name, new Map(list.map((a, k) => [a, k + 1]))]));
  return rows.map((row) => {
    const place = places.get(row.family)!;
    const titles = [row.title, row.familyTitle, row.family].map(plain);
    const aliases = row.aliases.map((a): [number, string] => [place.get(a) ?? 1, plain(a)]);
    const all = [...titles, ...aliases.map((a) => a[1]), plain(row.id), plain(row.told)];
    return { id: row.id.toLowerCase(), titles, aliases, all: " " + all.join(" ") };
  });
}

/** Whether a plain word begins a word of the row, or is inside of one where it is long. */
export function mentions(names: Names, word: string): boolean {
  return names.all.includes(` ${word}`) || (word.length >= INSIDE && names.all.includes(word));
}

/** How well words fit, least first; see the table in singularity_lab/dictionary/words.py. */
export function closeness(names: Names, words: string[]): [number, number] {
  const asked = words.map(plain);
  const phrase = asked.join(" ");
  if (words.join(" ").toLowerCase() === names.id) return [0, 0];
  const named: [number, string][] = [
    [0, plain(names.id)],
    ...names.titles.map((t): [number, string] => [0, t]),
    ...names.aliases,
  ];
  const least = (test: (name: string) => boolean, list = named) =>
    list.reduce((best, [place, name]) => (place < best && test(name) ? place : best), Infinity);
  const equal = least((name) => name === phrase);
  if (equal < Infinity) return [1, equal];
  const begun = least((name) => name.startsWith(phrase));
  if (begun < Infinity) return [2, begun];
  if (names.titles.some((t) => t.includes(` ${phrase}`))) return [3, 0];
  const inside = least((name) => name.includes(` ${phrase}`), names.aliases);
  if (inside < Infinity) return [4, inside];
  const titles = " " + names.titles.join(" ");
  if (asked.every((word) => titles.includes(` ${word}`))) return [5, 0];
  return asked.every((word) => names.all.includes(` ${word}`)) ? [6, 0] : [7, 0];
}
