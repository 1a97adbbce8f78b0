import { type KeyboardEvent, useRef, useState } from "react";
import { fmt } from "../components/format";
import { plainKey } from "../components/plainKey";
import type { DriftTokens } from "../generated/contract";

export interface Token {
  piece: string;
  value: number;
  level: number; // 0: plain and not a stop of the keyboard
}

const LEVELS = 5;

/** The level 0–5 of an activation; anything above zero is at least 1. */
export function level(value: number, max: number): number {
  if (value <= 0) return 0;
  return max <= 0 ? LEVELS : Math.max(1, Math.min(LEVELS, Math.ceil((value / max) * LEVELS)));
}

interface TokensProps {
  tokens: Token[];
  palette: "heat" | "drift";
  label: string;
  cut?: boolean; // there is text before the first
}

/**
 * Text as tokens, coloured by value; a value shows on hover and on focus.
 *
 * One stop of the tab key: the arrows go from one token that has a level to the next.
 */
export function Tokens({ tokens: given, palette, label, cut = false }: TokensProps) {
  const box = useRef<HTMLParagraphElement>(null);
  // A token whose character stands at another one is nothing to see or to stop at.
  const tokens = given.map((token) => (token.piece === "" ? { ...token, level: 0 } : token));
  const first = tokens.findIndex((token) => token.level > 0);
  const [stop, setStop] = useState(-1);
  const current = tokens[stop]?.level ? stop : first;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[plainKey(event)];
    if (step === undefined) return;
    event.preventDefault();
    let next = current + step;
    while (tokens[next]?.level === 0) next += step;
    if (tokens[next] === undefined) return;
    setStop(next);
    box.current?.querySelector<HTMLElement>(`[data-at="${next}"]`)?.focus();
  };
  return (
    <p className="tokens" dir="auto" ref={box} onKeyDown={onKeyDown} role="group" aria-label={label}>
      {cut && <span className="faint">… </span>}
      {tokens.map((token, i) =>
        token.level === 0 ? (
          <span key={i}>
            <Piece text={token.piece} />
          </span>
        ) : (
          <span key={i} data-at={i} className={`token ${palette}-${token.level}`} tabIndex={i === current ? 0 : -1}>
            <Piece text={token.piece} />
            <span className="token-value"> {fmt(token.value)} </span>
          </span>
        ),
      )}
    </p>
  );
}

/** A line's end is shown, since it is a token too. */
function Piece({ text }: { text: string }) {
  if (!text.includes("\n")) return text;
  return text.split("\n").map((line, i) => (
    <span key={i}>
      {i > 0 && (
        <>
          <span className="line-end" aria-hidden="true">
            ↵
          </span>
          {"\n"}
        </>
      )}
      {line}
    </span>
  ));
}

/** What the grounds of the tokens mean: from 0 to `max` in even steps. */
export function HeatLegend({ max, unit }: { max: number; unit: string }) {
  return (
    <div className="legend">
      <span>{unit}</span>
      <span>0</span>
      {[1, 2, 3, 4, 5].map((step) => (
        <span key={step} className={`token step heat-${step}`} title={`up to ${fmt((max * step) / LEVELS)}`} />
      ))}
      <span>{fmt(max)}</span>
    </div>
  );
}

/** Tokens on the drift axis: level 3 is the middle, and every token is a stop for its value. */
export function driftTokens({ piece, projection, scaled }: DriftTokens): Token[] {
  return piece.map((text, i) => ({
    piece: text,
    value: projection[i] ?? 0,
    level: Math.min(LEVELS, 1 + Math.floor((scaled[i] ?? 0.5) * LEVELS)),
  }));
}

export function DriftLegend({ note }: { note: string }) {
  return (
    <div className="legend">
      <span>away from the assistant</span>
      {[1, 2, 3, 4, 5].map((step) => (
        <span key={step} className={`token step drift-${step}`} />
      ))}
      <span>toward it</span>
      <span className="tokens-note">{note}</span>
    </div>
  );
}
