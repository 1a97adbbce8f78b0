import { SignedBar } from "../../charts/SignedBar";
import { fmt, signedFmt } from "../../components/format";
import { Section } from "../../components/parts";
import { VirtualList } from "../../components/VirtualList";
import type { DriftRun, DriftScore } from "../../generated/contract";
import { besideBand, valueOf } from "./words";

const ROW = 26; // pixels
const TALL = 44; // with the answer's beginning
const SAID = 24; // tokens
const HALF = 30; // pixels of the largest change's bar

interface TurnListProps {
  run: DriftRun;
  score: DriftScore;
  place: number;
  choose: (place: number) => void;
}

/** The turns with their scores, what each changed and how it begins. */
export function TurnList({ run, score, place, choose }: TurnListProps) {
  const changes = new Map(run.transitions.map((one) => [one.turn, one.changes[score]]));
  const said = !run.sensitive;
  const largest = Math.max(1e-12, ...run.transitions.map((one) => Math.abs(one.changes[score] ?? 0)));
  return (
    <Section title="Turns" note="score and change" className="turn-section">
      <div className="panel turn-list">
        <div className="turn-row turn-head" aria-hidden="true">
          <span>turn</span>
          <span>score</span>
          <span>change</span>
          <span />
          <span>tokens</span>
        </div>
        <VirtualList
          label="Turns"
          length={run.turns.length}
          rowHeight={said ? TALL : ROW}
          active={place}
          choose={choose}
          row={(at) => (
            <TurnItem turn={run.turns[at]!} score={score} change={changes.get(run.turns[at]!.turn) ?? null} {...{ largest, said }} />
          )}
        />
      </div>
    </Section>
  );
}

interface TurnItemProps {
  turn: DriftRun["turns"][number];
  score: DriftScore;
  change: number | null;
  largest: number; // change of a turn
  said: boolean; // whether its text may be shown
}

function TurnItem({ turn, score, change, largest, said }: TurnItemProps) {
  const side = besideBand(turn, score);
  return (
    <div className="turn-item">
      <div className="turn-row">
        <span>{turn.turn}</span>
        <span>
          {side && (
            <span className={`side ${side}`} title={`${side} the null band`}>
              {side === "below" ? "▼" : "▲"}
              <span className="hidden-label">{side} the band</span>
            </span>
          )}{" "}
          {fmt(valueOf(turn, score))}
        </span>
        <span>{signedFmt(change)}</span>
        <SignedBar share={(change ?? 0) / largest} half={HALF} sides={["away", "toward"]} />
        <span className="muted">{turn.n_tokens}</span>
      </div>
      {said && <bdi className="turn-said muted ellipsis untrusted">{turn.tokens.piece.slice(0, SAID).join("").trim()}</bdi>}
    </div>
  );
}
