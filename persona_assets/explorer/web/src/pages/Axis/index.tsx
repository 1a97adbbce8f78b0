import { useState } from "react";
import { RoleLine } from "../../charts/RoleLine";
import { fmt, shortly } from "../../components/format";
import { Empty, Loaded } from "../../components/Loaded";
import { MarkList } from "../../components/MarkList";
import { useSae, useStudy } from "../../data/StudyContext";
import { useResource } from "../../data/useResource";
import type { Axis, Line, Sae } from "../../generated/contract";
import { paths } from "../../generated/paths";
import { href, useRoute } from "../../router/router";
import "../../charts/charts.css";
import "./axis.css";
import { Chosen } from "./Chosen";

const MOST = 2; // roles that are chosen
const ORDERED = "those of q < 0.05 first, then by the end of AUROC’s interval that is nearer to ½";
const UNITS: Record<string, string> = { noise: "the standard error of a role's mean", raw: "that of the matrix of roles" };

export default function AxisPage() {
  const sae = useSae();
  return (
    <div className="page axis-page">
      {sae === null ? (
        <Empty title="The study has no SAE yet">Roles are compared once their responses have been encoded.</Empty>
      ) : (
        <OnTheAxis key={sae.sae} sae={sae} />
      )}
    </div>
  );
}

function OnTheAxis({ sae }: { sae: Sae }) {
  const line = useResource<Line>(paths.line(sae.sae));
  return (
    <Loaded of={line} what="the axis" shape="axis" missing={<NoAxis reason={null} />}>
      {(data) =>
        data.axis === null || data.axis.reason !== null ? (
          <NoAxis reason={data.axis?.reason ?? null} />
        ) : (
          <Whole sae={sae} line={data} axis={data.axis} />
        )
      }
    </Loaded>
  );
}

function NoAxis({ reason }: { reason: string | null }) {
  return (
    <Empty title="There is no assistant axis yet">
      {reason ?? "The study has no atlas: persona run makes it."} Until then: the <a href={href("roles")}>roles</a>, and the{" "}
      <a href={href("table")}>features</a>.
    </Empty>
  );
}

function Whole({ sae, line: { unit, toward, away }, axis }: { sae: Sae; line: Line; axis: Axis }) {
  const { anchor } = useStudy();
  const [pointed, point] = useState<string | null>(null);
  const chosen = useChosen(axis);
  const link = (role: string) => {
    const next = chosen.includes(role) ? chosen.filter((one) => one !== role) : [...chosen, role].slice(-MOST);
    return href("axis", null, { roles: next.join(",") });
  };
  const shown = pointed === null || chosen.includes(pointed) ? chosen : [...chosen.slice(0, MOST - 1), pointed];
  return (
    <>
      <Lead sae={sae} axis={axis} />
      <RoleLine positions={axis.positions} anchor={anchor} chosen={chosen} link={link} point={point} />
      <div className="axis-ends">
        <span>← the other roles</span>
        <span>
          0 is the mean of all roles
          {unit !== null && Object.hasOwn(UNITS, unit) && `; the unit is ${UNITS[unit]}`}
        </span>
        <span>
          towards <bdi>{anchor}</bdi> →
        </span>
      </div>
      <Chosen sae={sae.sae} roles={shown} positions={axis.positions} chosen={chosen} />
      <div className="axis-columns">
        <MarkList title="What the other roles have more of" note={`than ${anchor}; ${ORDERED}`} marks={away} />
        <MarkList title={`What ${anchor} has more of`} note={`than the other roles; ${ORDERED}`} marks={toward} />
      </div>
    </>
  );
}

/** The roles of the address, those that have a place. */
function useChosen(axis: Axis): string[] {
  const wanted = new Set((useRoute().params.get("roles") ?? "").split(","));
  return [...wanted].filter((role) => axis.positions.some((one) => one.role === role)).slice(0, MOST);
}

function Lead({ sae, axis }: { sae: Sae; axis: Axis }) {
  const { anchor } = useStudy();
  const place = axis.positions.find((one) => one.role === anchor);
  return (
    <>
      <h1>The assistant axis</h1>
      <p className="axis-lead">
        Where {axis.positions.length - (place ? 1 : 0)} roles that <bdi>{shortly(sae.model)}</bdi> plays lie from <bdi>{anchor}</bdi>, by
        the features of its residual stream: the axis leads from the mean of the other roles to <bdi>{anchor}</bdi>. A line is the 95%
        interval of a place.
        {axis.anchor_null !== null && place?.position != null && (
          <>
            {" "}
            <bdi>{anchor}</bdi> lies at {fmt(place.position)}. For scale: if another role is taken as the anchor, it lies at{" "}
            {fmt(axis.anchor_null)} on its own axis (median over roles).
          </>
        )}
      </p>
    </>
  );
}
