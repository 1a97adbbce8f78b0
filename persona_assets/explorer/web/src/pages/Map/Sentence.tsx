import { useBundle } from "../../bundle/store";
import { Tokens } from "../../charts/Tokens";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { ExamplesOfRole, FeaturePage } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href } from "../../router/router";
import { about, strongest } from "./peak";
import "../../charts/charts.css";

/** The tokens about the strongest of a feature, from the role that prefers it or else from another; nothing where none are kept. */
export function Sentence({ feature, role }: { feature: number; role: string }) {
  const examples = useExamples(feature, role);
  if (examples === "none") return null;
  const best = examples && strongest(examples.responses);
  return (
    <div className="map-sentence">
      {examples && best && (
        <>
          <Tokens tokens={about(best)} palette="heat" label={`Tokens of ${examples.role} on which feature ${feature} fires`} />
          <a className="faint" href={href("role", examples.role, { response: best.response_id })}>
            — <bdi>{examples.role}</bdi>
          </a>
        </>
      )}
    </div>
  );
}

/** A site has them on the feature's page, of some roles; the live server is asked for the role's. Null: they are being read. */
function useExamples(feature: number, role: string): ExamplesOfRole | "none" | null {
  const { live } = useStudy();
  const sae = useSae()?.sae ?? "";
  const isBundle = useBundle().opened !== null;
  const asked = useResource<ExamplesOfRole>(live ? paths.featureInRole(sae, feature, role) : null);
  const page = useResource<FeaturePage>(live || isBundle ? null : paths.feature(sae, feature));
  if (isBundle || asked.state === "error" || page.state === "error") return "none";
  if (live) return asked.state === "ready" ? asked.data : null;
  if (page.state !== "ready") return null;
  const { examples } = page.data;
  return examples.find((one) => one.role === role) ?? examples[0] ?? "none";
}
