import type { DriftMessage, DriftRun, DriftTurn } from "../../generated/contract";

/** What was said up to an answer, and the answer: one step of a conversation. */
export interface Exchange {
  before: DriftMessage[]; // since the answer before
  place: number | null; // of its turn in the run; null: nothing answered it
  text: string; // of the answer
}

/**
 * The whole conversation, answer by answer. Folders of other tools may lack the messages, or some: of an answer
 * without one the text is its tokens'.
 */
export function exchangesOf({ messages, turns }: Pick<DriftRun, "messages" | "turns">): Exchange[] {
  const places = new Map(turns.map((turn, place) => [turn.turn, place]));
  const found: Exchange[] = [];
  let before: DriftMessage[] = [];
  for (const message of messages) {
    const place = message.turn === null ? undefined : places.get(message.turn);
    if (place === undefined) {
      before.push(message);
      continue;
    }
    found.push({ before, place, text: message.content });
    before = [];
  }
  if (before.length > 0) found.push({ before, place: null, text: "" });
  const said = new Set(found.map((one) => one.place));
  const unsaid = turns.flatMap((turn, place) => (said.has(place) ? [] : [{ before: [], place, text: pieced(turn) }]));
  return unsaid.length === 0 ? found : [...found, ...unsaid].sort((a, b) => (a.place ?? turns.length) - (b.place ?? turns.length));
}

const pieced = (turn: DriftTurn): string => turn.tokens.piece.join("").trim();

const LINE = 19; // pixels
const IN_A_LINE = 80; // characters
const PADDING = 10; // pixels around a text

/** About how many pixels an exchange takes, until it is drawn: what is out of view is not laid out. */
export function heightOf({ before, text }: Exchange, limit: number): number {
  const texts = [...before.map((message) => message.content), text];
  return texts.reduce((sum, one) => sum + PADDING + LINE * Math.max(1, Math.ceil(Math.min(one.length, limit) / IN_A_LINE)), PADDING);
}
