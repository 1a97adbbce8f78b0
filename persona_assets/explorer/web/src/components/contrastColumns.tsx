import { Interval, IntervalAxis } from "../charts/Interval";
import { extent, type Scale, squareRoot } from "../charts/scale";
import { SAYS } from "../generated/columns";
import { fixed, fmt, qValue, signedFmt, UNKNOWN } from "./format";
import type { SortColumn } from "./SortTable";

interface Effect {
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
}

/** What is known of a role and a feature: the same in a role's table and in a feature's. */
export interface Contrast extends Effect {
  mean: number;
  auroc: number | null;
  auroc_low: number | null;
  auroc_high: number | null;
  n_wordings_agree: number | null;
  min_wording_auroc: number | null;
  q: number | null;
  q_relevant: number | null;
  played_effect: number | null;
  first_effect: number | null;
  first_effect_low: number | null;
  first_effect_high: number | null;
}

/** What is known of a row's role: its wordings, and up to which q its features are findings (null: it has none). */
interface OfRole<Row> {
  nWordings: (row: Row) => number | null;
  level: (row: Row) => number | null;
}

/** As the view role_findings counts them. */
function isFound(q: number | null, level: number | null): boolean {
  return q !== null && level !== null && q <= level;
}

const PLOT_EDGE = 12; // pixels left free at both ends

/** Of effects and their intervals, over `width` pixels; zero is always on it. */
export function effectScale(rows: Effect[], width: number): Scale {
  const reach = extent(rows.flatMap((row) => [row.effect, row.effect_low, row.effect_high, 0]));
  return squareRoot(reach, [PLOT_EDGE, width - PLOT_EDGE]).nice(4);
}

/** How the columns are to be read, below a table of them. */
export function ContrastNote() {
  return (
    <p className="footnote">
      Whiskers and brackets: 95 % intervals; none where too few firings are expected. Wordings: how many of the role’s wordings are on the
      AUROC’s side of ½, of all. Per token and at equal length: what stays of a difference where answers of one role are longer. Filled
      dots: findings, whose q is at most the role’s level (0.05 × the share of roles that differ at all). q: {SAYS.role_contrasts.q}. ◆: so
      is the q of a difference beyond the smallest effect of interest.
    </p>
  );
}

/** The effect as a number and as a dot with its interval, AUROC with its own, in how many of `nWordings` it holds, and q; filled where it is a finding. */
export function contrastColumns<Row extends Contrast>(scale: Scale, of: OfRole<Row>): SortColumn<Row>[] {
  return [
    {
      key: "effect",
      title: "effect",
      hint: SAYS.role_contrasts.effect,
      num: true,
      wide: true,
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
      wide: true,
      cell: (row) => (
        <Interval scale={scale} value={row.effect} low={row.effect_low} high={row.effect_high} strong={isFound(row.q, of.level(row))} />
      ),
    },
    {
      key: "auroc",
      title: "AUROC",
      hint: SAYS.role_contrasts.auroc,
      num: true,
      value: (row) => row.auroc,
      cell: (row) => <Bracketed value={row.auroc} low={row.auroc_low} high={row.auroc_high} />,
    },
    wordingsColumn(of.nWordings),
    qColumn(of.level),
  ];
}

/** q, marked where the difference is a relevant one, too. */
function qColumn<Row extends Contrast>(level: OfRole<Row>["level"]): SortColumn<Row> {
  return {
    key: "q",
    title: "q",
    hint: SAYS.role_contrasts.q,
    num: true,
    value: (row) => row.q,
    cell: (row) => (
      <>
        {qValue(row.q)}
        <span className="relevant" title={row.q_relevant === null ? undefined : `q of a relevant difference: ${qValue(row.q_relevant)}`}>
          {isFound(row.q, level(row)) && isFound(row.q_relevant, level(row)) ? "◆" : ""}
        </span>
      </>
    ),
  };
}

/** The effect by the answers alone that play the role; no column where a judge has told none apart. */
export function playedEffect<Row extends Contrast>(rows: Row[]): SortColumn<Row>[] {
  if (!rows.some((row) => row.played_effect !== null)) return [];
  return [
    {
      key: "played-effect",
      title: "when played",
      hint: "the effect by those answers alone that play the role in a judge's eyes (analysis.min_score)",
      num: true,
      wide: true,
      value: (row) => row.played_effect,
      cell: (row) => signedFmt(row.played_effect),
    },
  ];
}

/** The effect over the first tokens of each response, with its interval; no column where the study does not pool them. */
export function firstEffect<Row extends Contrast>(rows: Row[]): SortColumn<Row>[] {
  if (!rows.some((row) => row.first_effect !== null)) return [];
  return [
    {
      key: "first-effect",
      title: "first tokens",
      hint: "the effect over the first tokens of each answer alone, where all are equally long (extraction.first_tokens)",
      num: true,
      value: (row) => row.first_effect,
      cell: (row) => <Bracketed value={row.first_effect} low={row.first_effect_low} high={row.first_effect_high} write={signedFmt} />,
    },
  ];
}

/** In how many of a role's wordings the AUROC is on the role's side. */
function wordingsColumn<Row extends Contrast>(nWordings: (row: Row) => number | null): SortColumn<Row> {
  return {
    key: "wordings",
    title: "wordings",
    hint: SAYS.role_contrasts.n_wordings_agree,
    num: true,
    wide: true,
    value: (row) => row.n_wordings_agree,
    cell: (row) => (
      <span title={row.min_wording_auroc === null ? undefined : `least AUROC of a wording: ${fixed(row.min_wording_auroc, 3)}`}>
        {ofWordings(row.n_wordings_agree, nWordings(row))}
      </span>
    ),
  };
}

export function ofWordings(agree: number | null, all: number | null): string {
  return agree === null ? UNKNOWN : `${agree} of ${all ?? UNKNOWN}`;
}

type Maybe = number | null | undefined;

/** A number, by default one of 0 to 1 or on a scale, and its interval in brackets, where it has one. */
export function Bracketed({
  value,
  low,
  high,
  write = fixed,
}: {
  value: Maybe;
  low: Maybe;
  high: Maybe;
  write?: (value: Maybe) => string;
}) {
  return (
    <>
      {write(value)}
      {(low ?? high ?? null) !== null && (
        <span className="bracket">
          {" "}
          [{write(low)}, {write(high)}]
        </span>
      )}
    </>
  );
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
