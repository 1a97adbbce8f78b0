import { count, fixed, fmt, signedFmt } from "../../components/format";
import { Facts } from "../../components/parts";
import type { Confound, DriftCap, DriftPlain, DriftRun, DriftRunEntry, DriftScore } from "../../generated/contract";
import { VERDICT_WORDS } from "../../generated/verdicts";
import { href, navigate, useParam } from "../../router/router";
import { isLeast, leastP, plainHint, reachOf, SCORES, VERDICTS } from "./words";

interface RunHeadProps {
  run: DriftRun;
  runs: DriftRunEntry[];
  score: DriftScore;
  scores: DriftScore[];
  played: boolean; // whether the axis over played answers is shown
  lead: () => void; // to the turn that the address names
}

/** Which conversation, which score, and what came out. */
export function RunHead({ run, runs, score, scores, played, lead }: RunHeadProps) {
  const [, setScore] = useParam("score", run.score);
  return (
    <header className="drift-head">
      <div className="drift-title">
        <h1>
          <a className="muted" href={href("drift")}>
            Conversations
          </a>{" "}
          <span className="faint" aria-hidden="true">
            /
          </span>{" "}
          <bdi className="untrusted">{run.name.slice(0, 200)}</bdi>
        </h1>
        {run.sensitive && <span className="chip warn">sensitive</span>}
        <span className="drift-choices">
          <label>
            conversation{" "}
            <select value={run.run} onChange={(event) => navigate(href("drift", event.target.value))}>
              {runs.map((one) => (
                <option key={one.run} value={one.run}>
                  {one.name.slice(0, 60)}
                  {one.sensitive ? " (sensitive)" : ""}
                </option>
              ))}
            </select>
          </label>
          <label>
            score{" "}
            <select value={score} onChange={(event) => setScore(event.target.value, { push: true })}>
              {scores.map((one) => (
                <option key={one} value={one}>
                  {SCORES[one]}
                </option>
              ))}
            </select>
          </label>
          {run.played && <AxisChoice played={played} />}
        </span>
      </div>
      <RunFacts run={run} score={score} played={played} lead={lead} />
      <p className="footnote">{`${spaceOf(run)}${playedAs(run)}`}</p>
      {run.cap && <CapNote cap={run.cap} />}
      {run.plain && score === "projection" && <p className="footnote drift-plain">{plainAs(run.plain)}</p>}
    </header>
  );
}

/** What was held, and that of a text read so the score holds what the cap itself put there. */
function CapNote({ cap }: { cap: DriftCap }) {
  const held =
    cap.threshold === null
      ? "the streams of several layers held, each along its own axis, at their own thresholds or above"
      : `the stream's projection on the axis held at ${fmt(cap.threshold)} or above`;
  return (
    <p className="footnote drift-cap">
      {cap.how === "read"
        ? `Read under a cap: the same text, with ${held}. The scores hold what the cap itself puts into the stream. `
        : `Answered under a cap: the answers were given with ${held}, and read without it. `}
      <a href={href("drift", cap.of)}>The conversation without it</a>
    </p>
  );
}

function AxisChoice({ played }: { played: boolean }) {
  const [, setAxis] = useParam("axis", "all");
  return (
    <label>
      axis over{" "}
      <select value={played ? "played" : "all"} onChange={(event) => setAxis(event.target.value, { push: true })}>
        <option value="all">all answers</option>
        <option value="played">answers that play their role</option>
      </select>
    </label>
  );
}

function RunFacts({ run, score, played, lead }: Pick<RunHeadProps, "run" | "score" | "played" | "lead">) {
  const drop = largestDrop(run, score);
  const below = run.turns.filter((turn) => turn.scores[score]?.low != null && turn.scores[score]!.value < turn.scores[score]!.low!).length;
  const hasBand = run.turns.some((turn) => turn.scores[score]?.low != null);
  return (
    <Facts
      facts={[
        ["assistant turns", count(run.n_turns)],
        run.n_tokens === null
          ? ["answers' tokens", count(run.n_answer_tokens), "of the answers alone: the conversation's are not known"]
          : ["tokens", count(run.n_tokens)],
        [
          "largest drop",
          drop ? (
            <a
              href={href("drift", run.run, { turn: drop.turn, score, ...(played && { axis: "played" }) })}
              onClick={lead}
            >{`${signedFmt(drop.change)} at turn ${drop.turn}`}</a>
          ) : (
            "–"
          ),
        ],
        ["below the band", hasBand ? `${count(below)} of ${count(run.n_turns)}` : "–", "one turn in forty is, by chance"],
        [
          "p of the run",
          score === run.score ? <RunP run={run} /> : "–",
          `how often as many plain answers have one as low as the lowest turn (${SCORES[run.score]})`,
        ],
        ...(run.plain && score === "projection" ? [plainFact(run.plain)] : []),
        [
          "confounds",
          <ConfoundFact run={run} score={score} />,
          "the strongest of the score's correlations, below, with its interval; moderate: the interval lies beyond 0.40 or −0.40, high: beyond 0.70 or −0.70, else unproven",
        ],
        ["SAE", <bdi className="drift-model">{run.sae}</bdi>],
        ["read by", <bdi className="drift-model">{run.model}</bdi>],
      ]}
    />
  );
}

function RunP({ run: { p, least_of } }: { run: DriftRun }) {
  if (least_of === null) return fmt(p);
  return (
    <>
      {fmt(p)} <span className="fact-note">the smallest that {count(least_of)} answers can show</span>
    </>
  );
}

function plainFact(plain: DriftPlain): [string, string, string] {
  const others = plain.is_plain ? "other plain" : "plain";
  const n = `${count(plain.n)} ${others} ${plain.n === 1 ? "one" : "ones"} as long`;
  const least = plain.p !== null && isLeast(plain.p, plain.n) ? "the smallest that can come of " : "";
  return ["p beside plain conversations", `${fmt(plain.p)} (${least}${n})`, plainHint(plain.names)];
}

function largestDrop(run: DriftRun, score: DriftScore): { turn: number; change: number } | null {
  let drop: { turn: number; change: number } | null = null;
  for (const { turn, changes } of run.transitions) {
    const change = changes[score];
    if (change !== null && change < (drop?.change ?? 0)) drop = { turn, change };
  }
  return drop;
}

/** The strongest of the score's correlations that are listed. */
function strongest(run: DriftRun, score: DriftScore): Confound | undefined {
  const known = run.confounds.filter((one) => one.score === score && one.r !== null && one.verdict !== null);
  return known.reduce<Confound | undefined>((most, one) => (most && Math.abs(most.r!) >= Math.abs(one.r!) ? most : one), undefined);
}

/** The verdict on it, with its interval and how many turns that is of; where none is listed, what the run says of its own score. */
function ConfoundFact({ run, score }: Pick<RunHeadProps, "run" | "score">) {
  const one = strongest(run, score);
  const verdict = one?.verdict ?? (score === run.score ? run.verdict : null);
  if (verdict === null) return "–";
  const said = one ? `r ${fixed(one.r)} (${reachOf(one)}; ${count(run.n_turns)} turns)` : largest(run);
  return (
    <>
      <span className={VERDICTS[verdict]}>{VERDICT_WORDS[verdict]}</span> <span className="muted">{said}</span>
    </>
  );
}

const largest = ({ max_correlation: r }: DriftRun): string => (r === null ? "" : `|r| ${fixed(r)}`);

/** How far the axis moves where only played answers count. */
function playedAs({ played }: DriftRun): string {
  if (!played) return "";
  return ` Over answers that play their role alone, of ${count(played.n_roles)} roles, the axis has the cosine ${fixed(played.axis_cosine)} with this one.`;
}

/** How to read the run beside plain conversations, and what it cannot say. */
function plainAs(plain: DriftPlain): string {
  const who = plain.is_plain ? `This is one of the plain conversations, those called ${plain.names}. ` : "";
  if (plain.n === 0) return `${who}No ${plain.is_plain ? "other " : ""}plain conversation (called ${plain.names}) has as many turns.`;
  const least = leastP(plain);
  const enough = least > LEVEL ? ` With so few it is ${fmt(least)} at least: it takes ${Math.round(1 / LEVEL) - 1} to reach ${LEVEL}.` : "";
  return (
    `${who}Each turn is ranked among the same turn of ${count(plain.n)} plain conversations (called ${plain.names}) with as many turns, ` +
    `in which nobody is asked to play a role: what long conversations do by themselves is no drift there. The p of the run is the share ` +
    `of all whose lowest turn lies as far below its place's mean; one more plain conversation has it up to ${LEVEL} once in ${Math.round(1 / LEVEL)}.${enough}`
  );
}

const LEVEL = 0.05;
const PARTED = 0.5; // a cosine below it: difference and first component are two axes

const POOLED = { sae: "features", residual: "the residual stream, without the SAE," };

/** In one sentence: what a turn's vector is, and what the axis. */
function spaceOf({ space: s, anchor }: DriftRun): string {
  const others = s.compared_with.length > 0 ? `the mean of ${s.compared_with.length} other roles` : "the mean of the other roles";
  const axis =
    s.axis === null
      ? "not known"
      : s.axis === "pca"
        ? "the first principal component of the roles, turned toward the assistant"
        : `${anchor} less ${others}`;
  const steps = [
    s.pooling === null ? "features pooled in a way that is not known" : `${POOLED[s.space]} pooled by ${s.pooling}`,
    s.transform === "log1p" && "log1p",
    s.centred && "centred by the roles' mean",
    s.normalized && "of length 1",
  ];
  const apart = s.axis_cosine !== null && s.axis_cosine < PARTED ? "; they tell different stories, so look at both" : "";
  const cosine = s.axis_cosine === null ? "" : ` (its cosine with the other way to find it: ${fixed(s.axis_cosine)}${apart})`;
  return `Turns are ${steps.filter(Boolean).join(", ")}; the axis is ${axis}${cosine}.`;
}
