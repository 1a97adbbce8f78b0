/** Colours for canvases, which cannot read the style sheet's; SVG and HTML take theirs from charts.css. */
export type Rgb = readonly [number, number, number];

const DIVERGING_LIGHT: Rgb[] = [[23, 74, 124], [103, 157, 201], [247, 247, 245], [228, 150, 96], [150, 58, 18]];
const DIVERGING_DARK: Rgb[] = [[132, 190, 240], [52, 104, 152], [32, 34, 38], [160, 88, 40], [246, 176, 116]];

/** The colour at `t` in [-1, 1]; 0 is the paper's own. */
export function diverging(t: number, dark: boolean): Rgb {
  return along(dark ? DIVERGING_DARK : DIVERGING_LIGHT, (clamp(t, -1, 1) + 1) / 2);
}

export function css([r, g, b]: Rgb, alpha = 1): string {
  return `rgba(${r},${g},${b},${alpha})`;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function along(stops: Rgb[], t: number): Rgb {
  const at = t * (stops.length - 1);
  const left = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[left]!, stops[left + 1]!];
  const mix = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * (at - left));
  return [mix(0), mix(1), mix(2)];
}
