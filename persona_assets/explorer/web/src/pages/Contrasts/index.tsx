import { Empty, Loaded } from "../../components/Loaded";
import { Played } from "../../components/Played";
import { Section } from "../../components/parts";
import { useSae } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import { SAYS } from "../../generated/columns";
import type { OwnContrast } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { setParams, useParam } from "../../router/router";
import { ContrastFeatures } from "./ContrastFeatures";
import "./contrasts.css";

/** The study's own contrasts: two groups of roles, wordings or questions each, and the features that tell them apart. */
export default function ContrastsPage() {
  const sae = useSae();
  if (sae === null)
    return <Empty title="The study has no SAE yet">Groups are compared by the features that fire in their responses.</Empty>;
  return (
    <div className="page contrasts">
      <h1 className="hidden-label">The study’s own contrasts</h1>
      <Contrasts sae={sae.sae} />
    </div>
  );
}

function Contrasts({ sae }: { sae: string }) {
  const [asked] = useParam("contrast");
  const found = useResource<OwnContrast[]>(paths.contrasts(sae));
  return (
    <Loaded of={found} what="the contrasts" shape="page">
      {(contrasts) => {
        const chosen = contrasts.find((one) => one.contrast === asked) ?? contrasts[0];
        if (chosen === undefined) return <HowToAdd />;
        return (
          <>
            <List contrasts={contrasts} chosen={chosen} />
            {chosen.kind === "roles" && <Played sae={sae} roles={[...chosen.group, ...chosen.against]} />}
            <ContrastFeatures key={chosen.contrast} sae={sae} contrast={chosen} />
          </>
        );
      }}
    </Loaded>
  );
}

function HowToAdd() {
  return (
    <Empty title="The study has no contrasts of its own">
      Name two groups of roles, wordings or questions in its file, <code>contrasts: {"{sea: {roles: [pirate], against: [ghost]}}"}</code>,
      then <code>persona run STUDY --select contrasts,warehouse</code>.
    </Empty>
  );
}

function List({ contrasts, chosen }: { contrasts: OwnContrast[]; chosen: OwnContrast }) {
  return (
    <Section title="Contrasts" note="of the study’s own: one group against another">
      <ul className="contrast-list">
        {contrasts.map((one) => (
          <li key={one.contrast}>
            <button aria-pressed={one.contrast === chosen.contrast} onClick={() => setParams({ contrast: one.contrast })}>
              <bdi>{one.contrast}</bdi>
            </button>
            <span>
              <Members names={one.group} /> <span className="muted">against</span> <Members names={one.against} />
            </span>
            <span className="muted" title={SAYS.contrasts.unit}>
              {one.n_more + one.n_less} features with q &lt; 0.05, {one.n_relevant} of a relevant size
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const SHOWN = 6; // members of a group

function Members({ names }: { names: string[] }) {
  return (
    <span title={names.join(", ")}>
      <bdi>{names.slice(0, SHOWN).join(", ") || "nothing yet"}</bdi>
      {names.length > SHOWN && ` and ${names.length - SHOWN} more`}
    </span>
  );
}
