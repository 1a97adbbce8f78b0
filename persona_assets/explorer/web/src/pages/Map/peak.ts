/** Of responses in which a feature fires: where it is strongest. */
import { lit, type Token } from "../../charts/Tokens";
import type { Example } from "../../generated/contract";

const [BEFORE, AFTER] = [14, 6]; // tokens about the peak

type Kept = Example & { pieces: string[]; activations: number[] };

/** The response with the strongest token, of those whose tokens are kept. */
export function strongest(responses: Example[]): Kept | undefined {
  const kept = responses.filter((one): one is Kept => one.pieces !== null && one.activations !== null);
  return kept.sort((a, b) => b.max - a.max)[0];
}

/** The tokens about the peak, coloured as on the feature's page. */
export function about({ pieces, activations }: Kept): Token[] {
  const max = Math.max(...activations);
  const peak = activations.indexOf(max);
  const from = Math.max(0, peak - BEFORE);
  return pieces.slice(from, peak + AFTER + 1).map((piece, at) => lit(piece, activations[from + at] ?? 0, max));
}
