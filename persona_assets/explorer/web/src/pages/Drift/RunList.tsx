import { count, qValue, signedFmt } from "../../components/format";
import { Section } from "../../components/parts";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import type { DriftRunEntry, DriftRuns } from "../../generated/contract";
import { VERDICT_WORDS } from "../../generated/verdicts";
import { href } from "../../router/router";
import { plainHint, VERDICTS } from "./words";

/** Every conversation that was measured; the sensitive ones are marked. */
export function RunList({ runs, default_run, unreadable }: DriftRuns) {
  const first = runs.find((run) => run.run === default_run);
  const names = runs.find((run) => run.plain !== null)?.plain?.names;
  return (
    <div className="page drift">
      <h1>Persona drift</h1>
      <p className="drift-intro muted">
        Each turn of a conversation is laid on the assistant axis: the lower its score, the further the model is from the assistant's own
        voice. Compare a score with the null band, not with zero.
      </p>
      {first && (
        <p>
          Whoever made this folder would begin with{" "}
          <a href={href("drift", first.run)}>
            <bdi>{first.name.slice(0, 200)}</bdi>
          </a>
          .
        </p>
      )}
      <SortSection
        title="Conversations"
        note={count(runs.length)}
        label="Conversations"
        rows={runs}
        columns={names === undefined ? COLUMNS : [...COLUMNS, plainColumn(names)]}
        rowKey={(run) => run.run}
        first="name"
      />
      {unreadable.length > 0 && <Unreadable runs={unreadable} />}
    </div>
  );
}

function Unreadable({ runs }: { runs: DriftRuns["unreadable"] }) {
  return (
    <Section title="Cannot be shown" note={count(runs.length)}>
      <ul className="panel unreadable-runs">
        {runs.map(({ run, name, reason }) => (
          <li key={run}>
            <bdi className="untrusted">{name.slice(0, 200)}</bdi> <bdi className="muted">{reason.slice(0, 400)}</bdi>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const plainColumn = (names: string): SortColumn<DriftRunEntry> => ({
  key: "plain",
  title: "p beside plain",
  hint: plainHint(names),
  num: true,
  value: (run) => run.plain?.p ?? null,
  cell: (run) =>
    run.plain === null || run.plain.p === null ? (
      "–"
    ) : (
      <>
        {qValue(run.plain.p)} <span className="muted">of {count(run.plain.n)}</span>
      </>
    ),
});

const COLUMNS: SortColumn<DriftRunEntry>[] = [
  {
    key: "name",
    title: "conversation",
    className: "grow",
    value: (run) => run.name,
    cell: (run) => (
      <>
        <a href={href("drift", run.run)}>
          <bdi>{run.name.slice(0, 200)}</bdi>
        </a>
        {run.sensitive && <span className="chip warn sensitive">sensitive</span>}
        {run.cap && <span className="chip capped-run">capped</span>}
        {run.plain?.is_plain && <span className="chip plain-run">plain</span>}
      </>
    ),
  },
  { key: "turns", title: "turns", num: true, value: (run) => run.n_turns, cell: (run) => count(run.n_turns) },
  {
    key: "tokens",
    title: "tokens",
    hint: "of the whole conversation; of the answers alone where that is not known",
    num: true,
    value: (run) => run.n_tokens ?? run.n_answer_tokens,
    cell: (run) => count(run.n_tokens ?? run.n_answer_tokens),
  },
  {
    key: "drop",
    title: "largest drop",
    num: true,
    value: (run) => run.largest_drop?.change ?? null,
    cell: (run) =>
      run.largest_drop === null ? (
        "–"
      ) : (
        <a href={href("drift", run.run, { turn: run.largest_drop.turn })}>
          {signedFmt(run.largest_drop.change)} at turn {run.largest_drop.turn}
        </a>
      ),
  },
  { key: "below", title: "below the band", num: true, value: (run) => run.n_below_band, cell: (run) => count(run.n_below_band) },
  {
    key: "p",
    title: "p",
    hint: "of the whole run: how often as many plain answers have one as low as its lowest turn",
    num: true,
    value: (run) => run.p,
    cell: (run) => qValue(run.p),
  },
  {
    key: "verdict",
    title: "confounds",
    hint: "the worst correlation of the score with a turn's norm, features or tokens",
    value: (run) => run.verdict && Object.keys(VERDICT_WORDS).indexOf(run.verdict),
    cell: (run) => (run.verdict === null ? "–" : <span className={VERDICTS[run.verdict]}>{VERDICT_WORDS[run.verdict]}</span>),
  },
  {
    key: "model",
    title: "read by",
    value: (run) => run.model,
    cell: (run) => <bdi className="muted">{run.model.slice(0, 60)}</bdi>,
  },
];
