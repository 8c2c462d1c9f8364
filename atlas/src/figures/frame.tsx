// What all figures share: their width in CSS pixels, scales, ticks, colours of the theme.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";

/** The width of the container: charts are laid out in CSS pixels, so that labels keep their size. */
export function useWidth<T extends HTMLElement = HTMLElement>(): [RefObject<any>, number] {
  const ref = useRef<T>(null);
  const [width, setWidth] = useState(320);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(240, Math.floor(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

export function ticks(low: number, high: number, about = 5): number[] {
  const span = high - low || 1;
  const raw = span / about;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * unit).find((s) => span / s <= about + 1) ?? unit * 10;
  const found: number[] = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step)
    found.push(Math.abs(v) < step / 1e6 ? 0 : v);
  return found;
}

/** A colour of the style sheet as numbers from 0 to 1, for canvases. */
export function colour(name: string): [number, number, number] {
  const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const m = /^#(..)(..)(..)$/.exec(text);
  return m ? [parseInt(m[1]!, 16) / 255, parseInt(m[2]!, 16) / 255, parseInt(m[3]!, 16) / 255] : [0.5, 0.5, 0.5];
}

export function useTheme(): number {
  const [n, setN] = useState(0);
  useEffect(() => {
    const change = () => setN((k) => k + 1);
    addEventListener("themechange", change);
    return () => removeEventListener("themechange", change);
  }, []);
  return n;
}

export type Rotation = [number, number];
export function rotate([a, b]: Rotation, p: number[]): [number, number, number] {
  const [x, y, z] = [p[0] ?? 0, p[1] ?? 0, p[2] ?? 0];
  const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
  const [x1, y1] = [ca * x - sa * y, sa * x + ca * y];
  // right, up, towards the eye
  return [x1, cb * z + sb * y1, sb * z - cb * y1];
}

/** Drag and arrow keys turn; + and − change the size; 0 resets. */
export function useTurn(start: Rotation, onMove?: (moving: boolean) => void) {
  const [turn, setTurn] = useState<Rotation>(start);
  const [zoom, setZoom] = useState(1);
  const from = useRef<{ x: number; y: number; turn: Rotation } | null>(null);
  const rest = useRef(0);
  const moved = () => {
    onMove?.(true);
    clearTimeout(rest.current);
    rest.current = setTimeout(() => onMove?.(false), 150) as unknown as number;
  };
  const events = {
    onPointerDown: (e: PointerEvent) => {
      (e.currentTarget as Element).setPointerCapture(e.pointerId);
      from.current = { x: e.clientX, y: e.clientY, turn };
    },
    onPointerMove: (e: PointerEvent) => {
      if (!from.current) return;
      const { x, y, turn: t } = from.current;
      setTurn([t[0] + (e.clientX - x) * 0.01, Math.max(-1.57, Math.min(1.57, t[1] + (e.clientY - y) * 0.01))]);
      moved();
    },
    onPointerUp: () => (from.current = null),
    onPointerCancel: () => (from.current = null),
    onKeyDown: (e: KeyboardEvent) => {
      const step = 0.12;
      const by: Record<string, () => void> = {
        ArrowLeft: () => setTurn(([a, b]) => [a - step, b]),
        ArrowRight: () => setTurn(([a, b]) => [a + step, b]),
        ArrowUp: () => setTurn(([a, b]) => [a, Math.min(1.57, b + step)]),
        ArrowDown: () => setTurn(([a, b]) => [a, Math.max(-1.57, b - step)]),
        "+": () => setZoom((z) => z * 1.25),
        "=": () => setZoom((z) => z * 1.25),
        "-": () => setZoom((z) => z / 1.25),
        "0": () => (setTurn(start), setZoom(1)),
      };
      if (!by[e.key] || e.ctrlKey || e.metaKey) return;
      e.preventDefault();
      by[e.key]!();
      moved();
    },
  };
  return { turn, zoom, setZoom, events };
}
