import type { SaeFit } from "../generated/contract";
import { count } from "./format";

/** On what the fit of an SAE in a role was measured. */
export function measuredOn({ n_tokens, n_responses, n_outliers }: SaeFit): string {
  return `on ${count(n_tokens)} tokens of ${count(n_responses)} responses, ${count(n_outliers)} outliers`;
}
