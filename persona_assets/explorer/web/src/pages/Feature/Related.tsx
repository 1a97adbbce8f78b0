import { fixed } from "../../components/format";
import { FeatureLink, RoleLink } from "../../components/links";
import { Section } from "../../components/parts";
import type { FeaturePage } from "../../generated/contract";

/** The features whose means over roles are most alike in the full space, not on the map. */
export function Related({ feature: { related } }: { feature: FeaturePage }) {
  return (
    <Section title="Related features" note="cosine over roles, in the full space">
      {related.length === 0 ? (
        <p className="muted">Neighbors are known only of features on the map.</p>
      ) : (
        <table className="sort-table related" aria-label="Related features">
          <tbody>
            {related.map((one) => (
              <tr key={one.feature_id}>
                <td className="num">{fixed(one.similarity, 3)}</td>
                <td className="grow">
                  <FeatureLink id={one.feature_id} label={one.label} />
                </td>
                <td>{one.preferred_role !== null && <RoleLink role={one.preferred_role} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
