import type { RecordedQuestion } from "../../generated/contract";

/** The questions with the answers under a target's edits alone, of one strength or of all; and how many answers these are. */
export function shownOf(questions: RecordedQuestion[], target: string, strength: number | null) {
  const shown = questions.map((one) => ({
    ...one,
    edited: one.edited.filter((answer) => answer.target === target && (strength === null || answer.strength === strength)),
  }));
  const known = shown.filter((one) => one.edited.length > 0);
  return { questions: known, n_shown: known.reduce((n, one) => n + one.edited.length, 0) };
}

/** How many characters two texts begin with alike: up to the end of the last word that is whole in both. */
export function alike(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  if (at === one.length && at === other.length) return at;
  while (at > 0 && !/\s/.test(one[at - 1] ?? "")) at--;
  return at;
}
