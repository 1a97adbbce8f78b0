import { Bracketed } from "../../components/contrastColumns";
import { fixed } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { Fold } from "../../components/parts";
import { Rows } from "../../components/Rows";
import { SAYS } from "../../generated/columns";
import type { Baseline, Echo, RolePage } from "../../generated/contract";

type Labels = Map<number, string | null>;

const METHODS: Record<string, string> = {
  feature: "best single feature",
  probe_1: "probe on 1 feature",
  probe_5: "probe on 5 features",
  probe_20: "probe on 20 features",
  mean_difference: "difference of means",
  residual_difference: "difference of means in the residual stream",
  words: "words and pairs of words",
};

/** Whether plain methods tell the role as well, and which of its features only repeat what it was told. */
export function Controls({ role: { baselines, echoes, features } }: { role: RolePage }) {
  const labels = new Map(features.map((one) => [one.feature_id, one.label]));
  return (
    <>
      {baselines.length > 0 && (
        <Fold
          title="Plain methods"
          note="how well each tells the role's answers from others', on other questions under other wordings; 0.5 is chance"
        >
          <div className="scroll-box">
            <Told baselines={baselines} labels={labels} />
          </div>
        </Fold>
      )}
      {echoes.length > 0 && (
        <Fold title={`Echoes (${echoes.length})`} note="features that peak on words of the role's own name or instructions">
          <div className="scroll-box">
            <Echoes echoes={echoes} labels={labels} />
          </div>
        </Fold>
      )}
    </>
  );
}

function Echoes({ echoes, labels }: { echoes: Echo[]; labels: Labels }) {
  return (
    <table className="sort-table" aria-label="Echoes of the role's words">
      <thead>
        <tr>
          <th>feature</th>
          <th>words</th>
          <th className="num">peaks on them</th>
          <th className="num" title="share of the same peaks on words of another role's, in the mean">
            by chance
          </th>
          <th className="num" title="the role's words hold no more peaks than another role's">
            p
          </th>
        </tr>
      </thead>
      <Rows>
        {echoes.map((one) => (
          <tr key={one.feature_id}>
            <td className="grow">
              <FeatureLink id={one.feature_id} label={labels.get(one.feature_id) ?? null} />
            </td>
            <td>
              <bdi>{one.words.join(", ")}</bdi>
            </td>
            <td className="num">
              {one.n_echoes} of {one.n_peaks}
            </td>
            <td className="num">{fixed(one.chance)}</td>
            <td className="num">{fixed(one.p, 3)}</td>
          </tr>
        ))}
      </Rows>
    </table>
  );
}

function Told({ baselines, labels }: { baselines: Baseline[]; labels: Labels }) {
  return (
    <table className="sort-table" aria-label="Plain methods">
      <thead>
        <tr>
          <th>method</th>
          <th className="num" title={SAYS.role_baselines.auroc}>
            AUROC
          </th>
          <th>goes by</th>
        </tr>
      </thead>
      <Rows>
        {baselines.map((one) => (
          <tr key={one.method}>
            <td>{METHODS[one.method] ?? one.method}</td>
            <td className="num">
              <Bracketed value={one.auroc} low={one.low} high={one.high} />
            </td>
            <td className="grow">
              <GoesBy baseline={one} labels={labels} />
            </td>
          </tr>
        ))}
      </Rows>
    </table>
  );
}

function GoesBy({ baseline: { features, terms }, labels }: { baseline: Baseline; labels: Labels }) {
  if (terms?.length) return <bdi>{terms.join(", ")}</bdi>;
  return (features ?? []).map((id, i) => (
    <span key={`${i}/${id}`}>
      {i > 0 && ", "}
      <FeatureLink id={id} label={labels.get(id)} />
    </span>
  ));
}
