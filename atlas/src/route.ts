// Addresses: #/rows?q=…, #/row/ID, … What matters of the state (query, n, ε) is in the address.
export interface Route {
  path: string[];
  query: URLSearchParams;
}

export function route(hash = location.hash): Route {
  const text = hash.replace(/^#\/?/, "");
  const cut = text.indexOf("?");
  const path = (cut < 0 ? text : text.slice(0, cut)).split("/").filter(Boolean).map(decode);
  return { path, query: new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1)) };
}
const decode = (part: string) => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

export function address(path: string[], query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter(([, v]) => v !== undefined && v !== "");
  const q = new URLSearchParams(given.map(([k, v]) => [k, String(v)])).toString();
  return `#/${path.map((p) => encodeURIComponent(p).replaceAll("%2B", "+")).join("/")}${q ? `?${q}` : ""}`;
}
export const rowAddress = (id: string) => address(["row", id]);

/** Put a state into the address without a new entry of the history. */
export function replace(query: Record<string, string | number | undefined>): void {
  const now = route();
  const next = new URLSearchParams(now.query);
  for (const [k, v] of Object.entries(query)) {
    if (v === undefined || v === "") next.delete(k);
    else next.set(k, String(v));
  }
  history.replaceState(history.state, "", address(now.path, Object.fromEntries(next)));
}
