import { Interval, IntervalAxis } from "../charts/Interval";
import { extent, type Scale, squareRoot } from "../charts/scale";
import { SAYS } from "../generated/columns";
import { fixed, fmt, qValue, signedFmt } from "./format";
import type { SortColumn } from "./SortTable";

/** What is known of a role and a feature: the same in a role's table and in a feature's. */
export interface Contrast {
  mean: number;
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  auroc: number | null;
  q: number | null;
}

const PLOT_EDGE = 12; // pixels left free at both ends

/** Of effects and their intervals, over `width` pixels; zero is always on it. */
export function effectScale(rows: Contrast[], width: number): Scale {
  const reach = extent(rows.flatMap((row) => [row.effect, row.effect_low, row.effect_high, 0]));
  return squareRoot(reach, [PLOT_EDGE, width - PLOT_EDGE]).nice(4);
}

/** The effect as a number and as a dot with its interval, AUROC and q. */
export function contrastColumns<Row extends Contrast>(scale: Scale): SortColumn<Row>[] {
  return [
    {
      key: "effect",
      title: "effect",
      hint: SAYS.role_contrasts.effect,
      num: true,
      value: (row) => row.effect,
      cell: (row) => signedFmt(row.effect),
    },
    {
      key: "plot",
      title: (
        <>
          <span className="hidden-label">interval</span>
          <IntervalAxis scale={scale} />
        </>
      ),
      className: "plot-cell",
      cell: (row) => <Interval scale={scale} value={row.effect} low={row.effect_low} high={row.effect_high} strong={(row.q ?? 1) < 0.05} />,
    },
    {
      key: "auroc",
      title: "AUROC",
      hint: SAYS.role_contrasts.auroc,
      num: true,
      value: (row) => row.auroc,
      cell: (row) => fixed(row.auroc, 3),
    },
    {
      key: "q",
      title: "q",
      hint: SAYS.role_contrasts.q,
      num: true,
      value: (row) => row.q,
      cell: (row) => qValue(row.q),
    },
  ];
}

/** The mean activation. */
export function meanColumn<Row extends Contrast>(): SortColumn<Row> {
  return {
    key: "mean",
    title: "mean",
    hint: SAYS.role_features.mean,
    num: true,
    value: (row) => row.mean,
    cell: (row) => fmt(row.mean),
  };
}
