import { type CSSProperties, type KeyboardEvent, useRef, useState } from "react";
import { fmt } from "../components/format";
import { plainKey } from "../components/plainKey";
import type { DriftTokens } from "../generated/contract";

export interface Token {
  piece: string;
  value: number;
  level: number; // 0: plain and not a stop of the keyboard; else how thick its line is
  share?: number; // 0–1: its ground; without one the level's
}

const LEVELS = 5;

/** The level 0–5 of an activation; anything above zero is at least 1. */
export function level(value: number, max: number): number {
  if (value <= 0) return 0;
  return max <= 0 ? LEVELS : Math.max(1, Math.min(LEVELS, Math.ceil((value / max) * LEVELS)));
}

/** A token of a feature whose strongest, of all that is shown, is `max`. */
export function lit(piece: string, value: number, max: number): Token {
  return { piece, value, level: level(value, max), share: max <= 0 ? 1 : Math.min(1, value / max) };
}

/** How strong a token's ground is, as a CSS variable; on the drift axis the middle of 0–1 has none. */
function ground(palette: "heat" | "drift", share: number): CSSProperties {
  const strength = palette === "heat" ? share : Math.abs(2 * share - 1);
  return { "--strength": Number(strength.toFixed(3)) } as CSSProperties;
}

const side = (palette: "heat" | "drift", share: number): string => (palette === "heat" ? "" : share < 0.5 ? " away" : " toward");

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
          <Lit key={i} at={i} token={token} palette={palette} isStop={i === current} />
        ),
      )}
    </p>
  );
}

function Lit({ at, token, palette, isStop }: { at: number; token: Token; palette: "heat" | "drift"; isStop: boolean }) {
  const { piece, value, level, share = level / LEVELS } = token;
  return (
    <span
      data-at={at}
      className={`token ${palette}-${level}${side(palette, share)}`}
      style={ground(palette, share)}
      tabIndex={isStop ? 0 : -1}
    >
      <Piece text={piece} />
      <span className="token-value"> {fmt(value)} </span>
    </span>
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

/** What the grounds of the tokens mean: from 0 to `max`; a line is a fifth of it thicker. */
export function HeatLegend({ max, unit }: { max: number; unit: string }) {
  return (
    <div className="legend">
      <span>{unit}</span>
      <span>0</span>
      {[1, 2, 3, 4, 5].map((step) => (
        <span
          key={step}
          className={`token step heat-${step}`}
          style={ground("heat", step / LEVELS)}
          title={`up to ${fmt((max * step) / LEVELS)}`}
        />
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
    share: scaled[i] ?? 0.5,
  }));
}

export function DriftLegend({ note }: { note: string }) {
  return (
    <div className="legend">
      <span>away from the assistant</span>
      {[1, 2, 3, 4, 5].map((step) => (
        <span key={step} className={`token step drift-${step}${side("drift", (step - 1) / 4)}`} style={ground("drift", (step - 1) / 4)} />
      ))}
      <span>toward it</span>
      <span className="tokens-note">{note}</span>
    </div>
  );
}
