import { fmt, signedFmt } from "../../components/format";
import type { FeatureEffect } from "../../generated/contract";

/** One thing that editing the feature may move, strength by strength. */
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
  answer_readout: "way to the role, in answers given anew",
  answer_loss: "loss of answers given anew (nats a token)",
  answer_repetition: "repetition in answers given anew",
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

/** Whether an edit does more than its controls, in words: of the surest strength. */
export function verdict({ of }: Dose): string {
  const surest = of.reduce((one, other) => (other.q < one.q ? other : one));
  const beside = `${surest.n_controls} random ${surest.against}s`;
  return surest.moves ? `more than ${beside} (q = ${fmt(surest.q, 2)})` : `moves nothing: no more than ${beside} (q = ${fmt(surest.q, 2)})`;
}

/** An effect with its interval and what the controls do, in words. */
export function told(one: FeatureEffect): string {
  const sure = one.low === null || one.high === null ? "no interval" : `95% interval ${signedFmt(one.low)} to ${signedFmt(one.high)}`;
  const controls = `95% of controls ${signedFmt(one.control_low)} to ${signedFmt(one.control_high)}`;
  return `strength ${fmt(one.strength)}: ${signedFmt(one.effect)}, ${sure} of ${one.n_questions} questions; ${controls}`;
}
