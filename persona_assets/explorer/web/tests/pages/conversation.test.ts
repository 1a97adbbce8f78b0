import { expect, test } from "vitest";
import type { DriftMessage, DriftTurn } from "../../src/generated/contract";
import { exchangesOf, heightOf } from "../../src/pages/Drift/conversation";

const said = (role: DriftMessage["role"], content: string, turn: number | null = null): DriftMessage => ({ role, content, turn });
const answered = (turn: number, ...piece: string[]): DriftTurn => ({
  turn,
  message: null,
  n_tokens: piece.length,
  n_active_features: null,
  norm: null,
  n_answers: null,
  scores: { projection: null, cosine_axis: null, cosine_anchor: null },
  played: null,
  plain: null,
  uncapped: null,
  nearest: [],
  tokens: { piece, projection: [], scaled: [] },
});

test("a conversation is read answer by answer, each below what was said since the one before", () => {
  const messages = [said("system", "s"), said("user", "u"), said("assistant", "a", 0), said("user", "v"), said("assistant", "b", 1)];
  expect(exchangesOf({ messages: [...messages, said("user", "w")], turns: [answered(0, "x"), answered(1, "y")] })).toEqual([
    { before: messages.slice(0, 2), place: 0, text: "a" },
    { before: [messages[3]], place: 1, text: "b" },
    { before: [said("user", "w")], place: null, text: "" },
  ]);
});

test("an answer whose message is not known is read from its tokens, in its place", () => {
  const turns = [answered(4, " on", "ce"), answered(6, "twice")];
  expect(exchangesOf({ messages: [], turns })).toEqual([
    { before: [], place: 0, text: "once" },
    { before: [], place: 1, text: "twice" },
  ]);
  const messages = [said("user", "u"), said("assistant", "b", 6), said("user", "v")];
  expect(exchangesOf({ messages, turns }).map((one) => [one.place, one.text])).toEqual([
    [0, "once"],
    [1, "b"],
    [null, ""],
  ]);
});

test("a turn that nobody measured is text before the next one", () => {
  const messages = [said("assistant", "a", 9), said("user", "u"), said("assistant", "b", 1)];
  expect(exchangesOf({ messages, turns: [answered(1)] })).toEqual([{ before: messages.slice(0, 2), place: 0, text: "b" }]);
});

test("what is not laid out is given the more room the more text it has, of a cut text no more than its limit", () => {
  const of = (text: string) => heightOf({ before: [], place: 0, text }, 2000);
  expect(of("x".repeat(800)) - of("x")).toBe(9 * 19);
  expect(of("x".repeat(9000))).toBe(of("x".repeat(2000)));
});
