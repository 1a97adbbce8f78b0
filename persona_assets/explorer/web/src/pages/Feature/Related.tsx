import { fixed } from "../../components/format";
import { FeatureLink, RoleLink } from "../../components/links";
import { Fold } from "../../components/parts";
import { Rows } from "../../components/Rows";
import type { FeaturePage } from "../../generated/contract";

/** The features nearest to it: by their roles in the full space, not on the map, and by what their decoders write. */
export function Related({ feature: { related, written_alike } }: { feature: FeaturePage }) {
  const written = written_alike.map(({ cosine, ...one }) => ({ ...one, similarity: cosine }));
  return (
    <Fold title="Related features" note="by their roles, and by what they write">
      <div className="beside">
        <div>
          <h3>Cosine over roles</h3>
          <Near label="Related features" of={related} none="Neighbors are known only of features on the map." />
        </div>
        <div>
          <h3>Cosine of decoder directions; the last is the most opposed</h3>
          <Near label="Features that write alike, and the opposite" of={written} none="Not computed: see the asset directions." />
        </div>
      </div>
    </Fold>
  );
}

function Near({ label, of, none }: { label: string; of: FeaturePage["related"]; none: string }) {
  if (of.length === 0) return <p className="muted">{none}</p>;
  return (
    <table className="sort-table related" aria-label={label}>
      <Rows>
        {of.map((one) => (
          <tr key={`${one.feature_id}/${one.similarity}`}>
            <td className="num">{fixed(one.similarity, 3)}</td>
            <td className="grow">
              <FeatureLink id={one.feature_id} label={one.label} />
            </td>
            <td>{one.preferred_role !== null && <RoleLink role={one.preferred_role} />}</td>
          </tr>
        ))}
      </Rows>
    </table>
  );
}
