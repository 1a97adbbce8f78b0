import { Empty, Loaded } from "../../components/Loaded";
import { Section } from "../../components/parts";
import { useSae } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { FeaturePage as Feature, FeaturePeaks } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { useRoute } from "../../router/router";
import "../../charts/charts.css";
import { Distribution } from "./Distribution";
import { Effects } from "./Effects";
import { Examples } from "./Examples";
import { FeatureHead } from "./FeatureHead";
import { Density, ShapeOfPeaks, Silent } from "./Peaks";
import { FromStrongToWeak, OverRange, TokenActivations } from "./Range";
import { Related } from "./Related";
import { RolesOfFeature } from "./RolesOfFeature";
import { Writes } from "./Writes";
import "./feature.css";

export default function FeaturePage() {
  const { arg } = useRoute();
  const sae = useSae();
  const id = arg !== null && /^\d{1,9}$/.test(arg) ? Number(arg) : null;
  const page = useResource<Feature>(sae && id !== null ? paths.feature(sae.sae, id) : null);
  if (sae === null) return <Empty title="The study has no SAE yet">Features are there once responses have been encoded.</Empty>;
  if (id === null) return <Empty title="This is not a feature">A feature's address ends in its number.</Empty>;
  const missing = (
    <Empty title={`Feature ${id} is not here`}>
      Not a feature of {sae.sae}, or its page was not exported: a static site holds those on its map, and more as far as it has room.
    </Empty>
  );
  return (
    <Loaded of={page} what={`feature ${id}`} shape="feature" missing={missing}>
      {(feature) => <Page key={feature.feature_id} feature={feature} sae={sae.sae} />}
    </Loaded>
  );
}

function Page({ feature, sae }: { feature: Feature; sae: string }) {
  const peaks = useResource<FeaturePeaks>(feature.alive ? paths.peaks(sae, feature.feature_id) : null);
  return (
    <div className="page feature">
      <FeatureHead feature={feature} />
      {feature.alive ? (
        <>
          <div className="feature-columns">
            <div className="feature-first">
              <Examples feature={feature} sae={sae} />
              <RolesOfFeature feature={feature} sae={sae} />
            </div>
            <div>
              <Writes feature={feature} />
              <Section title="Its tokens">
                <Loaded of={peaks} what="the tokens" shape="facts" missing={<p className="muted">They were not exported.</p>}>
                  {(data) => <ShapeOfPeaks peaks={data} />}
                </Loaded>
              </Section>
              {peaks.state === "ready" && <TokenActivations peaks={peaks.data} />}
            </div>
          </div>
          <Effects feature={feature} />
          {peaks.state === "ready" && <FromStrongToWeak peaks={peaks.data} />}
          {peaks.state === "ready" && <OverRange peaks={peaks.data} />}
          {peaks.state === "ready" && <Silent peaks={peaks.data} />}
          <Distribution feature={feature} sae={sae} />
          {peaks.state === "ready" && <Density peaks={peaks.data} />}
          <Related feature={feature} />
        </>
      ) : (
        <Empty title="It never fired">In no response of this study was this feature above zero on any token.</Empty>
      )}
    </div>
  );
}
