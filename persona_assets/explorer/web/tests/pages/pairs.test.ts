import { expect, test } from "vitest";
import type { EditedAnswer, RecordedAnswer, RecordedQuestion } from "../../src/generated/contract";
import { alike, shownOf } from "../../src/pages/Steer/pairs";

const plain: RecordedAnswer = {
  response: "a",
  n_characters: 1,
  n_tokens: 1,
  finish_reason: "stop",
  readout: null,
  loss: null,
  repetition: null,
};
const under = (target: string, strength: number): EditedAnswer => ({ ...plain, target, strength, level: strength, unchanged: false });
const question = (response_id: number, edited: EditedAnswer[]): RecordedQuestion => ({ response_id, question: "?", plain, edited });

test("a target's answers alone are shown, of one strength or of all, and counted", () => {
  const all = [question(1, [under("one", 1), under("one", 2), under("other", 1)]), question(2, [under("other", 1)])];
  expect(shownOf(all, "one", null)).toMatchObject({
    questions: [{ response_id: 1, edited: [{ strength: 1 }, { strength: 2 }] }],
    n_shown: 2,
  });
  expect(shownOf(all, "other", 1).questions.map((one) => one.response_id)).toEqual([1, 2]);
  expect(shownOf(all, "one", 3)).toEqual({ questions: [], n_shown: 0 });
});

test("two texts are alike up to the last word that is whole in both", () => {
  expect(alike("The sea is calm", "The sea is cold")).toBe("The sea is ".length);
  expect(alike("The sea", "The sea is cold")).toBe("The ".length);
  expect(alike("same", "same")).toBe(4);
  expect(alike("one", "other")).toBe(0);
  expect(alike("", "a")).toBe(0);
});
