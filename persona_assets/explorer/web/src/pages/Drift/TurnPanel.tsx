import { useMemo, useState } from "react";
import { DriftLegend, driftTokens, Tokens } from "../../charts/Tokens";
import { count, fixed, fmt } from "../../components/format";
import { LongText } from "../../components/LongText";
import { RoleLink } from "../../components/links";
import { Meter, Section } from "../../components/parts";
import { useStudy } from "../../data/StudyContext";
import type { DriftRun, DriftScore, DriftTurn } from "../../generated/contract";
import { valueOf } from "./words";

const FIRST = 1500; // tokens drawn before more are asked for

/** One turn: what was said before it, its tokens on the axis, and the roles it is nearest to. */
export function TurnPanel({ run, turn, score }: { run: DriftRun; turn: DriftTurn; score: DriftScore }) {
  const [shown, show] = useShownText(run);
  return (
    <Section
      title={`Turn ${turn.turn}`}
      note={`score ${fmt(valueOf(turn, score))}${pOf(turn, score)}, ${count(turn.n_tokens)} tokens${plainNote(run, turn, score)}`}
      className="turn-panel"
    >
      {shown ? (
        <>
          <Before run={run} turn={turn} />
          <TurnTokens turn={turn} />
        </>
      ) : (
        <div className="panel turn-hidden">
          <p>This conversation is marked as sensitive: its text is shown only when asked for.</p>
          <button onClick={show}>Show the text</button>
        </div>
      )}
      <NearestRoles run={run} turn={turn} />
    </Section>
  );
}

/** How many plain answers score as low, as a share. */
function pOf(turn: DriftTurn, score: DriftScore): string {
  const p = turn.scores[score]?.p ?? null;
  return p === null ? "" : ` (p ${fmt(p)})`;
}

/** Where the same turn of plain conversations lies. */
function plainNote(run: DriftRun, turn: DriftTurn, score: DriftScore): string {
  if (!turn.plain || !run.plain || score !== "projection") return "";
  const { low, high, p } = turn.plain;
  return `; 95 % of ${count(run.plain.n)} plain conversations have ${fmt(low)} to ${fmt(high)} at this turn (p ${fmt(p)})`;
}

const opened = new Set<string>(); // sensitive conversations whose text was asked for, until the page is left

function useShownText(run: DriftRun): [boolean, () => void] {
  const [asked, setAsked] = useState(opened.has(run.run));
  const show = () => {
    opened.add(run.run);
    setAsked(true);
  };
  return [!run.sensitive || asked, show];
}

/** The messages since the assistant's last one. */
function Before({ run, turn }: { run: DriftRun; turn: DriftTurn }) {
  const before = useMemo(() => {
    if (turn.message === null) return [];
    let first = turn.message;
    while (first > 0 && run.messages[first - 1]?.turn === null) first--;
    return run.messages.slice(first, turn.message);
  }, [run, turn]);
  return before.map((message, i) => (
    <div key={i} className="said">
      <span className="faint">{message.role}</span>
      <LongText text={message.content} limit={500} />
    </div>
  ));
}

function TurnTokens({ turn }: { turn: DriftTurn }) {
  const [all, setAll] = useState(false);
  const tokens = useMemo(() => driftTokens(turn.tokens), [turn]);
  if (tokens.length === 0) return <p className="muted">The tokens of this turn are not known.</p>;
  return (
    <div className="said">
      <span className="faint">assistant</span>
      <div className="panel turn-tokens">
        <Tokens tokens={all ? tokens : tokens.slice(0, FIRST)} palette="drift" label={`Tokens of turn ${turn.turn}`} />
        {tokens.length > FIRST && !all && (
          <button className="plain" onClick={() => setAll(true)}>
            show all {count(tokens.length)} tokens
          </button>
        )}
        <DriftLegend note="from the turn's 5th to its 95th percentile; a token's own projection on hover and focus" />
      </div>
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
