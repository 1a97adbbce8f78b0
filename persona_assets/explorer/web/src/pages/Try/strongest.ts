import type { TriedFeature, TriedText } from "../../generated/contract";

/** A feature on one token. */
export interface OnToken {
  feature: TriedFeature;
  value: number;
}

/** Of each token the features on it, the strongest first. */
export function byToken({ pieces, features }: TriedText): OnToken[][] {
  const found: OnToken[][] = pieces.map(() => []);
  for (const feature of features) {
    feature.tokens.forEach((token, at) => {
      found[token]?.push({ feature, value: feature.values[at] ?? 0 });
    });
  }
  for (const one of found) one.sort((a, b) => b.value - a.value);
  return found;
}

/** How many times as often as in the study it fires here; null where that is not known. */
export function ratio({ n_active, token_rate }: TriedFeature, nTokens: number): number | null {
  return token_rate === null || token_rate === 0 || nTokens === 0 ? null : n_active / nTokens / token_rate;
}
