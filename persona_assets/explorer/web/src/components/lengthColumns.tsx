import { SAYS } from "../generated/columns";
import type { FeatureOfRole } from "../generated/contract";
import { Bracketed } from "./contrastColumns";
import { fmt } from "./format";
import type { SortColumn } from "./SortTable";

type PerToken = Pick<FeatureOfRole, "rate_ratio" | "rate_ratio_low" | "rate_ratio_high">;
type AtLength = PerToken & Pick<FeatureOfRole, "effect_at_length" | "effect_at_length_low" | "effect_at_length_high">;

const short = (value: number | null | undefined): string => fmt(value, 2);

/** How many times as often a feature is active per token, with the interval; `says` of what. */
export function perTokenColumn<Row>(of: (row: Row) => PerToken | undefined, says: string): SortColumn<Row> {
  return {
    key: "per-token",
    title: "per token ×",
    hint: says,
    num: true,
    value: (row) => of(row)?.rate_ratio ?? null,
    cell: (row) => <Bracketed value={of(row)?.rate_ratio} low={of(row)?.rate_ratio_low} high={of(row)?.rate_ratio_high} write={short} />,
  };
}

/** What stays of the difference per token and at equal length of the answers, each with its interval; `of` a row, once it is known. */
export function lengthColumns<Row>(of: (row: Row) => AtLength | undefined): SortColumn<Row>[] {
  return [
    perTokenColumn(of, SAYS.length_contrasts.rate_ratio),
    {
      key: "at-length",
      title: "at equal length",
      hint: SAYS.length_contrasts.effect_at_length,
      num: true,
      value: (row) => of(row)?.effect_at_length ?? null,
      cell: (row) => (
        <Bracketed
          value={of(row)?.effect_at_length}
          low={of(row)?.effect_at_length_low}
          high={of(row)?.effect_at_length_high}
          write={short}
        />
      ),
    },
  ];
}
