import { useMemo, useState } from "react";
import { DriftLegend, driftTokens, Tokens } from "../../charts/Tokens";
import { count, fixed, fmt } from "../../components/format";
import { LongText } from "../../components/LongText";
import { RoleLink } from "../../components/links";
import { Meter } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import type { DriftRun, DriftScore, DriftTurn } from "../../generated/contract";
import { asLeast, valueOf } from "./words";

export const LONG = 2000; // characters of a message, before more are asked for
const FIRST = 1500; // tokens drawn before more are asked for

interface TurnDetailsProps {
  run: DriftRun;
  turn: DriftTurn;
  score: DriftScore;
  text: string | null; // null: it is not shown
  showFeatures: (() => void) | null;
}

/** A turn that is open: its score, its tokens on the axis, and the roles it is nearest to. */
export function TurnDetails({ run, turn, score, text, showFeatures }: TurnDetailsProps) {
  return (
    <div className="turn-details">
      <p className="footnote">
        {`score ${fmt(valueOf(turn, score))}${pOf(turn, score)}, ${count(turn.n_tokens)} tokens${plainNote(run, turn, score)}`}
        {showFeatures && (
          <>
            {" · "}
            <button className="plain" onClick={showFeatures}>
              what moved it ↓
            </button>
          </>
        )}
      </p>
      {text !== null && <TurnTokens turn={turn} text={text} />}
      <NearestRoles run={run} turn={turn} />
    </div>
  );
}

/** How many plain answers score as low, as a share. */
function pOf(turn: DriftTurn, score: DriftScore): string {
  const p = turn.scores[score]?.p ?? null;
  return p === null ? "" : ` (p ${fmt(p)}${asLeast(p, turn.n_answers, "answers")})`;
}

/** Where the same turn of plain conversations lies. */
function plainNote(run: DriftRun, turn: DriftTurn, score: DriftScore): string {
  if (!turn.plain || !run.plain || score !== "projection") return "";
  const { low, high, p } = turn.plain;
  return `; 95 % of ${count(run.plain.n)} plain conversations have ${fmt(low)} to ${fmt(high)} at this turn (p ${fmt(p)}${asLeast(p, run.plain.n, "of them")})`;
}

function TurnTokens({ turn, text }: { turn: DriftTurn; text: string }) {
  const [all, setAll] = useState(false);
  const tokens = useMemo(() => driftTokens(turn.tokens), [turn]);
  if (tokens.length === 0)
    return (
      <>
        <p className="muted">The tokens of this turn are not known.</p>
        <LongText text={text} limit={LONG} />
      </>
    );
  return (
    <div className="turn-tokens">
      <Tokens tokens={all ? tokens : tokens.slice(0, FIRST)} palette="drift" label={`Tokens of turn ${turn.turn}`} />
      {tokens.length > FIRST && !all && (
        <button className="plain" onClick={() => setAll(true)}>
          show all {count(tokens.length)} tokens
        </button>
      )}
      <DriftLegend note="from the turn's 5th to its 95th percentile; a token's own projection on hover and focus" />
    </div>
  );
}

/** Roles of another study have no page here, whatever they are called. */
function NearestRoles({ run, turn }: { run: DriftRun; turn: DriftTurn }) {
  const { roles } = useStudy();
  if (turn.nearest.length === 0) return null;
  return (
    <div className="nearest-roles">
      <h3>Nearest roles</h3>
      <ol>
        {turn.nearest.map(({ role, cosine }) => (
          <li key={role}>
            {run.own_sae !== null && roles.some((one) => one.role === role) ? <RoleLink role={role} /> : <bdi>{role}</bdi>}{" "}
            <span className="muted">{fixed(cosine, 3)}</span>
            <Meter share={cosine} />
          </li>
        ))}
      </ol>
    </div>
  );
}
