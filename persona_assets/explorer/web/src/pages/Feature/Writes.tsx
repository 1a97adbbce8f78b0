import { fmt } from "../../components/format";
import { OneToken } from "../../components/OneToken";
import { Section } from "../../components/parts";
import { visible } from "../../components/visible";
import type { FeaturePage } from "../../generated/contract";

/** What the weights say that a feature writes: the tokens that it promotes, and those that it suppresses. */
export function Writes({ feature: { logits } }: { feature: FeaturePage }) {
  if (logits.length === 0) return null;
  return (
    <Section title="What it writes" note="in the weights alone">
      <Pieces title="Promotes" of={logits.filter((one) => one.sign === 1)} />
      <Pieces title="Suppresses" of={logits.filter((one) => one.sign === -1)} />
    </Section>
  );
}

function Pieces({ title, of }: { title: string; of: FeaturePage["logits"] }) {
  if (of.length === 0) return null;
  return (
    <p className="pieces">
      <span className="muted">{title}</span>
      {of.map(({ piece, value }, place) => (
        <OneToken key={`${place}/${piece}`} piece={piece} title={`${visible(piece)}  ${fmt(value)}`} />
      ))}
    </p>
  );
}
