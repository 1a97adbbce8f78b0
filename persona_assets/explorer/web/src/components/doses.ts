import type { FeatureEffect } from "../generated/contract";
import { fmt, signedFmt } from "./format";

/** One thing that editing a target may move, strength by strength. */
export interface Dose {
  intervention: string;
  role: string;
  operation: string;
  metric: string;
  of: FeatureEffect[];
}

const METRICS: Record<string, string> = {
  readout: "way to the role, in given answers",
  kl: "shift of the predictions (KL, nats)",
  loss: "loss of given answers (nats a token)",
  answer_readout: "way to the role, in new answers",
  answer_loss: "loss of new answers (nats per token)",
  answer_repetition: "repetition in new answers",
  answer_score: "judge's score of new answers",
};

/** The effects by what they are of, in the order in which `METRICS` names them. */
export function doses(effects: FeatureEffect[]): Dose[] {
  const found = new Map<string, Dose>();
  for (const one of effects) {
    const { intervention, role, operation, metric } = one;
    const key = `${intervention}/${role}/${metric}`;
    const dose = found.get(key) ?? { intervention, role, operation, metric, of: [] };
    dose.of.push(one);
    found.set(key, dose);
  }
  const place = Object.keys(METRICS);
  const by = (one: Dose) => `${one.intervention}/${one.role}/${place.indexOf(one.metric)}`;
  return [...found.values()].sort((one, other) => (by(one) < by(other) ? -1 : 1));
}

export const named = (metric: string): string => METRICS[metric] ?? metric;

/** The effect that is surest of those by strength; of several the largest. */
export const surest = ({ of }: Dose): FeatureEffect =>
  of.reduce((one, other) => (other.q < one.q || (other.q === one.q && Math.abs(other.effect) > Math.abs(one.effect)) ? other : one));

/** Whether an effect surely is more than its controls', may be, or is not seen to be. */
export function more(one: FeatureEffect): "surely" | "maybe" | "no" {
  if (one.moves) return "surely";
  return one.effect < one.control_low || one.effect > one.control_high ? "maybe" : "no";
}

/** The surest effect beside its controls, in words. */
export function verdict(dose: Dose): string {
  const one = surest(dose);
  const beside = `${one.n_controls} random ${one.against}s`;
  const words = {
    surely: `more than ${beside}`,
    maybe: `beyond 95% of ${beside}, not surely`,
    no: `not seen to move more than ${beside}`,
  };
  return `${words[more(one)]} (q = ${fmt(one.q, 2)})`;
}

/** What all of it comes to. */
export function summary(found: Dose[]): string {
  const [moved, maybe] = (["surely", "maybe"] as const).map((how) => found.filter((dose) => more(surest(dose)) === how).length);
  const all = `${found.length} ${found.length === 1 ? "measure" : "measures"}`;
  if (moved) return `Editing it moves ${moved} of ${all} more than editing others does.`;
  if (maybe) return `Editing it may move something: ${maybe} of ${all} beyond what 95% of the others do, none surely.`;
  return "Editing it was not seen to move more than editing others does: a sign, and not shown to be a cause.";
}

/** An effect with its interval and what the controls do, in words. */
export function told(one: FeatureEffect): string {
  const sure = one.low === null || one.high === null ? "no interval" : `95% interval ${signedFmt(one.low)} to ${signedFmt(one.high)}`;
  const controls = `95% of controls ${signedFmt(one.control_low)} to ${signedFmt(one.control_high)}`;
  return `strength ${one.strength}: ${signedFmt(one.effect)}, ${sure} of ${one.n_questions} questions; ${controls}`;
}
