import { useMemo, useState } from "react";
import { HeatLegend, lit, Tokens } from "../../charts/Tokens";
import { count, fmt, percent } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { OneToken } from "../../components/OneToken";
import { Fold, Section } from "../../components/parts";
import type { SortColumn } from "../../components/SortTable";
import { SortTable } from "../../components/SortTable";
import type { TriedFeature, TriedText } from "../../generated/contract";
import { byToken, type OnToken, ratio } from "./strongest";

const PER_TOKEN = 3;

/** The tokens of a text, by the feature that is chosen or else by the strongest on each, and the features on it. */
export function Text({ text, number }: { text: TriedText; number: number | null }) {
  const [chosen, choose] = useState<number | null>(null);
  const onTokens = useMemo(() => byToken(text), [text]);
  const feature = text.features.find((one) => one.feature_id === chosen) ?? null;
  return (
    <>
      <Section
        title={number === null ? "Tokens" : `Answer ${number}`}
        note={feature === null ? "by the strongest feature on each" : `by feature ${feature.feature_id}`}
        aside={feature !== null && <button onClick={() => choose(null)}>all features</button>}
      >
        <Highlighted text={text} onTokens={onTokens} feature={feature} />
      </Section>
      <Section title="Features" note="the strongest on any token; choose one to see where it is active">
        <Features text={text} chosen={chosen} choose={choose} />
      </Section>
      <Fold title="Token by token" note={`the ${PER_TOKEN} strongest features of each`}>
        <TokenList text={text} onTokens={onTokens} />
      </Fold>
    </>
  );
}

/** Of a chosen feature the scale ends at the strongest that it reaches in the study, or here. */
function Highlighted({ text, onTokens, feature }: { text: TriedText; onTokens: OnToken[][]; feature: TriedFeature | null }) {
  const values = onTokens.map((on) => {
    const shown = feature === null ? on[0] : on.find((one) => one.feature === feature);
    return shown?.value ?? 0;
  });
  const max = feature === null ? Math.max(0, ...values) : Math.max(feature.max, feature.strongest ?? 0);
  const tokens = text.pieces.map((piece, at) => lit(piece, values[at] ?? 0, max));
  return (
    <div className="panel try-tokens">
      <Tokens tokens={tokens} palette="heat" label={feature === null ? "Tokens of the text" : `Activation of ${feature.feature_id}`} />
      <HeatLegend max={max} unit={feature === null ? "activation" : "activation, up to the strongest in the study"} />
    </div>
  );
}

interface FeaturesProps {
  text: TriedText;
  chosen: number | null;
  choose: (feature: number) => void;
}

function Features({ text, chosen, choose }: FeaturesProps) {
  const [sort, setSort] = useState("-max");
  const columns = columnsOf(text.pieces.length, choose);
  if (text.features.length === 0) return <p className="muted">No feature fires on any token.</p>;
  return (
    <div className="panel scroll-box try-features">
      <SortTable
        label="Features of the text"
        rows={text.features}
        columns={columns}
        rowKey={(row) => row.feature_id}
        sort={sort}
        setSort={setSort}
        marked={(row) => row.feature_id === chosen}
      />
    </div>
  );
}

function columnsOf(nTokens: number, choose: (feature: number) => void): SortColumn<TriedFeature>[] {
  return [
    {
      key: "show",
      title: <span className="hidden-label">show</span>,
      cell: (row) => (
        <button className="plain" aria-label={`Show where feature ${row.feature_id} is active`} onClick={() => choose(row.feature_id)}>
          show
        </button>
      ),
    },
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => row.feature_id,
      cell: (row) => <FeatureLink id={row.feature_id} label={row.label} />,
    },
    { key: "max", title: "strongest here", num: true, value: (row) => row.max, cell: (row) => fmt(row.max) },
    { key: "strongest", title: "in the study", num: true, value: (row) => row.strongest, cell: (row) => fmt(row.strongest) },
    {
      key: "tokens",
      title: "on tokens here",
      num: true,
      value: (row) => row.n_active,
      cell: (row) => `${count(row.n_active)} of ${count(nTokens)}`,
    },
    {
      key: "rate",
      title: "of the study’s tokens",
      hint: "the share of all tokens of all roles on which it is active: its density",
      num: true,
      value: (row) => row.token_rate,
      cell: (row) => percent(row.token_rate),
    },
    {
      key: "ratio",
      title: "times as often",
      hint: "share of the tokens here over that in the study: a text of a few tokens, so no more than a hint",
      num: true,
      value: (row) => ratio(row, nTokens),
      cell: (row) => fmt(ratio(row, nTokens)),
    },
  ];
}

function TokenList({ text, onTokens }: { text: TriedText; onTokens: OnToken[][] }) {
  return (
    <ol className="try-list" aria-label="Features of each token">
      {text.pieces.map((piece, at) => (
        <li key={at}>
          <OneToken piece={piece} />
          <span>
            {(onTokens[at] ?? []).slice(0, PER_TOKEN).map(({ feature, value }) => (
              <span key={feature.feature_id} className="try-on">
                <FeatureLink id={feature.feature_id} label={feature.label} /> <span className="muted">{fmt(value)}</span>
              </span>
            ))}
          </span>
        </li>
      ))}
    </ol>
  );
}
