import { expect, test } from "vitest";
import { doses, summary, told, verdict } from "../../src/components/doses";
import type { FeatureEffect } from "../../src/generated/contract";

const one = (more: Partial<FeatureEffect>): FeatureEffect => ({
  intervention: "pirates",
  role: "pirate",
  operation: "add",
  strength: 1,
  metric: "kl",
  effect: 0.2,
  low: 0.1,
  high: 0.3,
  n_questions: 6,
  against: "feature",
  n_controls: 59,
  control_low: 0,
  control_high: 0.05,
  q: 0.5,
  moves: false,
  ...more,
});

test("effects are gathered by what they are of, the way to the role first", () => {
  const found = doses([one({}), one({ strength: 2 }), one({ metric: "readout" }), one({ metric: "answer_readout" })]);
  expect(found.map((dose) => [dose.metric, dose.of.length])).toEqual([
    ["readout", 1],
    ["kl", 2],
    ["answer_readout", 1],
  ]);
});

test("what is not told from its controls is not said to move nothing, and the surest strength speaks for the others", () => {
  const [nothing] = doses([one({ effect: 0.01 }), one({ strength: 2, q: 0.2, effect: 0.02 })]);
  expect(verdict(nothing!)).toBe("not seen to move more than 59 random features (q = 0.20)");
  expect(summary([nothing!])).toContain("was not seen to move more");
  const [something] = doses([one({}), one({ strength: 2, q: 0.01, moves: true })]);
  expect(verdict(something!)).toBe("more than 59 random features (q = 0.010)");
  expect(summary([nothing!, something!])).toContain("moves 1 of 2 measures");
});

test("what lies beyond most controls without being sure is not said to move nothing", () => {
  const [maybe] = doses([one({ q: 0.13 })]);
  expect(verdict(maybe!)).toBe("beyond 95% of 59 random features, not surely (q = 0.13)");
  expect(summary([maybe!])).toContain("may move something: 1 of 1 measure ");
});

test("an effect without an interval is told without one", () => {
  expect(told(one({ low: null, high: null }))).toContain("no interval of 6 questions");
});
