import { Doses } from "../../components/Doses";
import { doses, summary } from "../../components/doses";
import { Section } from "../../components/parts";
import type { FeaturePage } from "../../generated/contract";

/** What editing the feature does beside random ones: dose by dose, and in words. */
export function Effects({ feature: { effects } }: { feature: FeaturePage }) {
  if (effects.length === 0) return null;
  const found = doses(effects);
  return (
    <Section
      title="What it does"
      note="the feature edited in the stream; a dot is filled where the effect is surely more than its controls'; the shaded band holds 95% of theirs"
    >
      <p>{summary(found)}</p>
      <Doses doses={found} />
    </Section>
  );
}
