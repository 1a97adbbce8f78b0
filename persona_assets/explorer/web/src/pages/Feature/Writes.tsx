import { fixed, fmt } from "../../components/format";
import { FeatureLink } from "../../components/links";
import { Section } from "../../components/parts";
import type { FeaturePage } from "../../generated/contract";

/** What the weights say that a feature writes: the tokens that it promotes, and the features that write alike. */
export function Writes({ feature: { logits, written_alike: alike } }: { feature: FeaturePage }) {
  if (logits.length === 0 && alike.length === 0) return null;
  return (
    <Section title="What it writes" note="in the weights alone">
      <Pieces title="Promotes" of={logits.filter((one) => one.sign === 1)} />
      <Pieces title="Suppresses" of={logits.filter((one) => one.sign === -1)} />
      {alike.length > 0 && (
        <table className="sort-table related" aria-label="Features that write alike, and the opposite">
          <tbody>
            {alike.map((one) => (
              <tr key={`${one.feature_id}/${one.cosine}`}>
                <td className="num">{fixed(one.cosine, 3)}</td>
                <td className="grow">
                  <FeatureLink id={one.feature_id} label={one.label} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Pieces({ title, of }: { title: string; of: FeaturePage["logits"] }) {
  if (of.length === 0) return null;
  return (
    <p className="pieces">
      <span className="muted">{title}</span>
      {of.map(({ piece, value }, place) => (
        <bdi key={`${place}/${piece}`} className="piece untrusted" title={fmt(value)}>
          {piece}
        </bdi>
      ))}
    </p>
  );
}
