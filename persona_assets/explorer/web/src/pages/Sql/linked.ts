/** Which values of an answer are a feature, a role, a response or a conversation of the study, and where their pages are. */
import type { SqlResult, Study } from "../../generated/contract";
import { href, type Params } from "../../router/router";

export type LinkOf = (row: number, column: number) => string | null;
type Told = (value: unknown, row: readonly unknown[]) => string | null;

const FEATURE = /^([a-z_]+_)?feature(_id)?(_[ab])?$/;
const ROLE = /^([a-z_]+_)?role(_[ab])?$|^(anchor|neighbor|against)$/;
const NONE: Told = () => null;

/** Return the link of each cell of `result`: by its column's name, and only where the study has such a thing. */
export function linksOf(result: SqlResult, study: Study): LinkOf {
  const names = result.columns.map(({ name }) => name.toLowerCase());
  const told = names.map((name) => toldBy(name, names, study));
  return (row, column) => {
    const values = result.rows[row];
    return values === undefined ? null : (told[column] ?? NONE)(values[column], values);
  };
}

function toldBy(name: string, names: string[], study: Study): Told {
  const roles = new Set(study.roles.map(({ role }) => role));
  const at = (other: string, row: readonly unknown[]) => row[names.indexOf(other)];
  const isRole = (value: unknown): value is string => typeof value === "string" && roles.has(value);
  if (FEATURE.test(name)) {
    return (value, row) => {
      const sae = saeOf(at("sae", row), study);
      const isOne = sae !== undefined && Number.isInteger(value) && Number(value) >= 0 && Number(value) < (sae.d_sae ?? Infinity);
      return isOne ? href("feature", Number(value), paramsOf(at("sae", row))) : null;
    };
  }
  if (ROLE.test(name)) {
    return (value, row) => {
      const named = at("sae", row);
      return isRole(value) && saeOf(named, study) !== undefined ? href("role", value, paramsOf(named)) : null;
    };
  }
  if (name === "response_id") {
    return (value, row) => {
      const role = at("role", row);
      return isRole(role) && Number.isInteger(value) ? href("role", role, { response: Number(value), sae: null }) : null;
    };
  }
  if (name === "run" && study.has_drift) return (value) => (typeof value === "string" ? href("drift", value, { sae: null }) : null);
  return NONE;
}

/** The SAE of a row that names one, which must be the study's; of another row the study's first. */
function saeOf(named: unknown, { saes }: Study) {
  return named === undefined ? saes[0] : saes.find(({ sae }) => sae === named);
}

/** A row that names no SAE is of the study's first, whichever the address names. */
const paramsOf = (sae: unknown): Params => ({ sae: typeof sae === "string" ? sae : null });
