import type { ReactNode } from "react";
import { count, fixed, percent } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { MarkList } from "../../components/MarkList";
import { measuredOn } from "../../components/measuredOn";
import { Facts, RoleChoice } from "../../components/parts";
import { Rating } from "../../components/Rating";
import { SavePage } from "../../components/SavePage";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import { SAYS } from "../../generated/columns";
import type { MarksOfRole, RolePage as Role, RoleAnswers } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href, navigate, useParam, useRoute } from "../../router/router";
import "../../charts/charts.css";
import { Axes } from "./Axes";
import { Characteristic } from "./Characteristic";
import { Controls } from "./Controls";
import { Instructions } from "./Instructions";
import { Nearest, NearestRole } from "./Nearest";
import { Responses } from "./Responses";
import "./role.css";

export default function RolePage() {
  const { arg: role } = useRoute();
  const sae = useSae();
  const page = useResource<Role>(sae && role !== null ? paths.role(sae.sae, role) : null);
  if (sae === null) return <Empty title="The study has no SAE yet">Roles are compared by the features that fire in their responses.</Empty>;
  if (role === null) return <Empty title="No role is chosen">The roles' overview lists them all.</Empty>;
  return (
    <Loaded of={page} what={`the role ${role}`} shape="role" missing={<Empty title={`The study has no role ${role.slice(0, 60)}`} />}>
      {(data) => <Page key={data.role} role={data} sae={sae.sae} />}
    </Loaded>
  );
}

function Page({ role, sae }: { role: Role; sae: string }) {
  return (
    <div className="page role">
      <RoleHead role={role} />
      {role.answers?.repeats && <Repeats answers={role.answers} />}
      {role.features.length > 0 && <Marks role={role.role} sae={sae} />}
      <div className="role-columns">
        <Characteristic role={role} sae={sae} />
        <div>
          <Axes role={role} sae={sae} />
          <Nearest role={role} />
        </div>
      </div>
      <Controls role={role} />
      <Instructions role={role} />
      <Responses role={role.role} n={role.n_responses} nPages={role.n_pages} />
    </div>
  );
}

/** The features that set it apart most, each with what the role says where it fires. */
function Marks({ role, sae }: { role: string; sae: string }) {
  const marks = useResource<MarksOfRole>(paths.marksOfRole(sae, role));
  return (
    <Loaded of={marks} what="what marks the role" missing={null}>
      {(data) => (
        <MarkList
          title="What marks it"
          note="those of q < 0.05 first; each with what the role says where it fires most"
          marks={data.marks}
          abreast
        />
      )}
    </Loaded>
  );
}

function Repeats({ answers: { n_distinct, n_responses, n_effective } }: { answers: RoleAnswers }) {
  return (
    <p className="caution" role="note">
      Only {count(n_distinct)} of its {count(n_responses)} answers differ, which count as {count(Math.round(n_effective))}: its wordings
      repeat one another, so intervals and q below are too sure.
    </p>
  );
}

function Fit({ fit }: { fit: Role["fit"] }) {
  if (fit === null) return <span className="muted">not measured</span>;
  return (
    <>
      {percent(fit.fvu)}{" "}
      <span className="fact-note">
        of the variance; L0 {fixed(fit.l0, 1)}, {fit.loss_recovered !== null && `loss recovered ${percent(fit.loss_recovered)}, `}
        {measuredOn(fit)}
      </span>
    </>
  );
}

/** Their number, and, where a live server has all of them in that order, the way to them: they may lie far below the first by other orders. */
function Findings({ of }: { of: Role["findings"] }) {
  const { live } = useStudy();
  const { arg } = useRoute();
  const [sae] = useParam("sae");
  if (of === null) return <span className="muted fact-note">not compared</span>;
  const found = of.n_more + of.n_less;
  return (
    <>
      {live && found > 0 ? (
        <a href={href("role", arg, { by: "q", ...(sae && { sae }) })} title="the surest first">
          {count(found)}
        </a>
      ) : (
        count(found)
      )}{" "}
      <span className="fact-note">
        of {count(of.n_tested)}: {count(of.n_more)} more, {count(of.n_less)} less, {count(of.n_relevant)} ◆
      </span>
    </>
  );
}

function shares(played: Role["played"]): [string, ReactNode, string?][] {
  if (played === null || played.share === null) return [];
  const interval = played.share_low === null ? "" : ` [${percent(played.share_low)}, ${percent(played.share_high)}]`;
  return [
    [
      "answers that play it",
      <>
        {percent(played.share)}
        <span className="bracket">{interval}</span>
        {!played.takes_part && <span className="fact-note"> too few to compare by</span>}
      </>,
      SAYS.played_roles.share,
    ],
  ];
}

function rated(adherence: Role["adherence"]): [string, ReactNode, string?][] {
  if (adherence.length === 0) return [["played", <span className="muted fact-note">no judge is set</span>]];
  return adherence.map((one) => [
    `played, says ${one.judge}`,
    <>
      <Rating of={one} /> <span className="fact-note">of {one.highest}</span>
    </>,
  ]);
}

function RoleHead({ role }: { role: Role }) {
  const { anchor, roles } = useStudy();
  const entry = roles.find((one) => one.role === role.role);
  return (
    <header className="role-head">
      <div className="role-title">
        <h1>
          <span className="faint">Role</span> <bdi>{role.role}</bdi>
        </h1>
        {role.role === anchor && <span className="chip">anchor of the assistant axis</span>}
        {role.excluded && <span className="chip warn">left out of comparisons</span>}
        {role.status !== "fresh" && (
          <span className="chip bad">
            {role.status === "missing"
              ? "missing: not all of its answers are given and read yet"
              : `${role.status}: not all of its data fit today's settings`}
          </span>
        )}
        <SavePage title={`Role ${role.role}`} />
        <span className="role-compare">
          <RoleChoice
            label="compare with"
            value=""
            except={[role.role]}
            choose={(other) => other && navigate(href("compare", null, { a: role.role, b: other }))}
          />
        </span>
      </div>
      <Facts
        facts={[
          ["responses", `${count(role.n_responses)}${entry ? ` of ${count(entry.n_prompts)}` : ""}`],
          ["instruction variants", count(role.instructions.length)],
          ["SAE leaves unexplained", <Fit fit={role.fit} />, SAYS.sae_fit.fvu],
          ["features that set it apart", <Findings of={role.findings} />, SAYS.role_findings.level],
          ["overlap of lengths", fixed(role.features[0]?.length_overlap), SAYS.length_contrasts.length_overlap],
          ...rated(role.adherence),
          ...shares(role.played),
          ["nearest role", <NearestRole of={role} />],
        ]}
      />
    </header>
  );
}
