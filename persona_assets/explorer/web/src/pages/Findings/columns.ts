/** A column as it is shown: its place in the rows, and those of the ends of its interval where they stand beside it. */
export interface ShownColumn {
  name: string;
  at: number;
  low: number | null;
  high: number | null;
}

/** The columns of an answer; `x_low` and `x_high` are shown with their `x`. */
export function shownColumns(names: string[]): ShownColumn[] {
  const place = (name: string): number | null => (names.includes(name) ? names.indexOf(name) : null);
  const shown = names.map((name, at) => {
    const [low, high] = [place(`${name}_low`), place(`${name}_high`)];
    return low === null || high === null ? { name, at, low: null, high: null } : { name, at, low, high };
  });
  const ends = new Set(shown.flatMap(({ low, high }) => [low, high]));
  return shown.filter(({ at }) => !ends.has(at));
}

/** The value of the first column called `name`. */
export function valueOf(columns: string[], row: unknown[], name: string): unknown {
  const at = columns.indexOf(name);
  return at < 0 ? undefined : row[at];
}

/** The SAE under which a feature is opened: the one that is named, else the default (null); undefined where the study has it no more. */
export function saeOf(named: unknown, saes: { sae: string }[]): string | null | undefined {
  if (named === undefined || named === null) return null;
  return saes.find((one) => one.sae === named)?.sae;
}
