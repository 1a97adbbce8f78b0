import { memo } from "react";
import { fmt, signedFmt } from "../../components/format";
import { LongText } from "../../components/LongText";
import type { DriftRun, DriftScore, DriftTurn } from "../../generated/contract";
import { type Exchange, heightOf } from "./conversation";
import { Side } from "./Side";
import { LONG, TurnDetails } from "./TurnDetails";
import { besideBand, valueOf } from "./words";

const TEXTLESS = 75; // pixels of a turn without its text

interface ExchangeItemProps {
  exchange: Exchange;
  run: DriftRun;
  score: DriftScore;
  shown: boolean; // whether its text is
  chosen: boolean;
  pointed: boolean;
  choose: (place: number) => void;
  point: (place: number | null) => void;
  showFeatures: (() => void) | null;
}

/** What was said to the assistant, and its answer with the turn's score beside it. */
export const ExchangeItem = memo(function ExchangeItem(props: ExchangeItemProps) {
  const { exchange, run, score, shown, chosen, pointed, choose, point, showFeatures } = props;
  const { before, place, text } = exchange;
  const turn = place === null ? undefined : run.turns[place];
  const leave = () => point(null);
  const size = { containIntrinsicBlockSize: `auto ${shown ? heightOf(exchange, LONG) : TEXTLESS}px` };
  return (
    <li
      className={`exchange${chosen ? " chosen" : ""}${pointed ? " pointed" : ""}`}
      data-place={place}
      style={size}
      onPointerEnter={() => point(place)}
      onPointerLeave={leave}
      onFocus={() => point(place)}
      onBlur={leave}
    >
      {shown &&
        before.map((message, at) => (
          <div key={at} className="said">
            <span className="faint">{message.role}</span>
            <LongText text={message.content} limit={LONG} />
          </div>
        ))}
      {turn && place !== null && (
        <div className="said">
          <TurnButton run={run} turn={turn} score={score} chosen={chosen} choose={() => choose(place)} />
          {chosen ? (
            <TurnDetails run={run} turn={turn} score={score} text={shown ? text : null} showFeatures={showFeatures} />
          ) : (
            shown && <LongText text={text} limit={LONG} />
          )}
        </div>
      )}
    </li>
  );
});

interface TurnButtonProps {
  run: DriftRun;
  turn: DriftTurn;
  score: DriftScore;
  chosen: boolean;
  choose: () => void;
}

function TurnButton({ run, turn, score, chosen, choose }: TurnButtonProps) {
  const change = run.transitions.find((one) => one.turn === turn.turn)?.changes[score] ?? null;
  return (
    <button className="plain turn-button" aria-current={chosen ? "true" : undefined} onClick={choose}>
      <span className="turn-name">turn {turn.turn}</span>{" "}
      <span className="turn-score">
        <Side side={besideBand(turn, score)} /> {fmt(valueOf(turn, score))}
      </span>{" "}
      {change !== null && <span className="faint turn-change">{signedFmt(change)}</span>}
    </button>
  );
}
