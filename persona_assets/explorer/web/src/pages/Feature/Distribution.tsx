import { Histogram } from "../../charts/Histogram";
import { StackedBar } from "../../charts/StackedBar";
import { count, fixed, fmt } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { Facts, Fold } from "../../components/parts";
import { useResource } from "../../data/useResource";
import { SAYS } from "../../generated/columns";
import type { Histogram as Counts, FeaturePage } from "../../generated/contract";
import { paths } from "../../generated/paths";

const NOTEWORTHY = 0.4; // |r| from which the length of responses may be what one sees

/** How strongly it fires, what its variance goes with, and whether it only follows the responses' length. */
export function Distribution({ feature, sae }: { feature: FeaturePage; sae: string }) {
  const histogram = useResource<Counts>(paths.histogram(sae, feature.feature_id));
  return (
    <Fold title="Activations and variance" note="means over a response's tokens, and what one answer's variance is due to">
      <div className="beside">
        <div className="histogram-box">
          <Loaded of={histogram} what="the histogram" shape="chart" missing={<p className="muted">The histogram was not exported.</p>}>
            {(counts) => <Activations counts={counts} />}
          </Loaded>
        </div>
        <Variance statistics={feature.statistics} />
      </div>
    </Fold>
  );
}

function Activations({ counts }: { counts: Counts }) {
  const fired = counts.counts.reduce((sum, one) => sum + one, 0);
  if (fired === 0) return <p className="muted">It fired in no response.</p>;
  return (
    <>
      <Histogram histogram={counts} label="mean activation" />
      <p className="footnote">
        {count(fired)} responses in which it fired; in {count(counts.n_silent)} others it is silent.
      </p>
    </>
  );
}

function Variance({ statistics: s }: { statistics: FeaturePage["statistics"] }) {
  const parts = [
    { name: "role", share: s.component_role },
    { name: "question", share: s.component_question },
    { name: "wording", share: s.component_wording },
    { name: "role × question", share: s.component_role_question },
    { name: "rest", share: s.component_rest },
  ].flatMap(({ name, share }) => (share === null ? [] : [{ name, share }]));
  return (
    <div>
      {parts.length > 0 ? <StackedBar parts={parts} label="Variance explained" /> : <p className="muted">Not computed.</p>}
      {s.length_correlation !== null && <Length r={s.length_correlation} />}
      <Facts
        facts={[
          ["sd over roles", fmt(s.sd), SAYS.features.sd],
          ["entropy", fmt(s.entropy), SAYS.features.entropy],
          ["stability", fmt(s.stability), SAYS.features.stability],
          ["score", fmt(s.score), "by which features are selected for the map"],
        ]}
      />
    </div>
  );
}

function Length({ r }: { r: number }) {
  const said = `Correlation with the response's length: r = ${fixed(r)}.`;
  if (Math.abs(r) < NOTEWORTHY) return <p className="footnote">{said}</p>;
  return (
    <p className="caution" role="note">
      {said} {r > 0 ? "Long" : "Short"} responses bring it out: a difference between roles may be one of length.
    </p>
  );
}
