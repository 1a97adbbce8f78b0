import { SignedBar } from "../../charts/SignedBar";
import { fmt, signedFmt } from "../../components/format";
import { Section } from "../../components/parts";
import { VirtualList } from "../../components/VirtualList";
import type { DriftRun, DriftScore } from "../../generated/contract";
import { Side } from "./Side";
import { besideBand, valueOf } from "./words";

const ROW = 26; // pixels
const HALF = 30; // pixels of the largest change's bar

interface TurnListProps {
  run: DriftRun;
  score: DriftScore;
  place: number;
  choose: (place: number) => void;
  point: (place: number | null) => void;
}

/** The turns with their scores and what each changed. */
export function TurnList({ run, score, place, choose, point }: TurnListProps) {
  const changes = new Map(run.transitions.map((one) => [one.turn, one.changes[score]]));
  const largest = Math.max(1e-12, ...run.transitions.map((one) => Math.abs(one.changes[score] ?? 0)));
  const row = (at: number) => {
    const turn = run.turns[at]!;
    return <TurnItem turn={turn} score={score} change={changes.get(turn.turn) ?? null} largest={largest} point={() => point(at)} />;
  };
  return (
    <Section title="Turns" note="score and change" className="turn-section">
      <div className="panel turn-list" onPointerLeave={() => point(null)}>
        <div className="turn-row turn-head" aria-hidden="true">
          <span>turn</span>
          <span>score</span>
          <span>change</span>
          <span />
          <span>tokens</span>
        </div>
        <VirtualList label="Turns" length={run.turns.length} rowHeight={ROW} active={place} choose={choose} row={row} />
      </div>
    </Section>
  );
}

interface TurnItemProps {
  turn: DriftRun["turns"][number];
  score: DriftScore;
  change: number | null;
  largest: number; // change of a turn
  point: () => void;
}

function TurnItem({ turn, score, change, largest, point }: TurnItemProps) {
  return (
    <div className="turn-row" onPointerEnter={point}>
      <span>{turn.turn}</span>
      <span>
        <Side side={besideBand(turn, score)} /> {fmt(valueOf(turn, score))}
      </span>
      <span>{signedFmt(change)}</span>
      <SignedBar share={(change ?? 0) / largest} half={HALF} sides={["away", "toward"]} />
      <span className="muted">{turn.n_tokens}</span>
    </div>
  );
}
