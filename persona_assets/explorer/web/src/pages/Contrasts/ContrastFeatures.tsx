import { useMemo } from "react";
import { Interval, IntervalAxis } from "../../charts/Interval";
import { Bracketed, effectScale } from "../../components/contrastColumns";
import { fixed, fmt, percent, qValue, signedFmt } from "../../components/format";
import { Loaded } from "../../components/Loaded";
import { perTokenColumn } from "../../components/lengthColumns";
import { FeatureLink } from "../../components/links";
import { SortSection } from "../../components/SortSection";
import type { SortColumn } from "../../components/SortTable";
import { useResource } from "../../data/useResource";
import { SAYS } from "../../generated/columns";
import type { FeatureOfContrast, OwnContrast } from "../../generated/contract";
import { paths } from "../../generated/paths";
import "../../charts/charts.css";

const PLOT = 150;
const FOUND = 0.05; // q of a finding

/** The features that tell the groups of one contrast apart, with how sure each is. */
export function ContrastFeatures({ sae, contrast }: { sae: string; contrast: OwnContrast }) {
  const found = useResource<FeatureOfContrast[]>(paths.contrast(sae, contrast.contrast));
  return (
    <Loaded of={found} what="the features" shape="table">
      {(rows) => <Features rows={rows} contrast={contrast} />}
    </Loaded>
  );
}

function Features({ rows, contrast }: { rows: FeatureOfContrast[]; contrast: OwnContrast }) {
  const columns = useMemo(() => columnsOf(rows, contrast), [rows, contrast]);
  return (
    <SortSection
      title={<bdi>{contrast.contrast}</bdi>}
      note={`the ${rows.length} features whose interval lies furthest from 0.5`}
      box="contrast-features"
      label={`Features of the contrast ${contrast.contrast}`}
      rows={rows}
      columns={columns}
      rowKey={(row) => row.feature_id}
      first="-auroc"
      empty="No feature fires in either group."
    >
      <p className="footnote">
        {contrast.note !== null && <>Note: {contrast.note}. </>}
        Whiskers and brackets: 95 % intervals, for another draw of {contrast.unit}s
        {contrast.crossed !== null && <> and of {contrast.crossed}s, on which they are compared</>}; none where nothing tells how much they
        differ, or too few firings are expected. Filled dots: q &lt; {FOUND}. ◆: the q of a difference of AUROC beyond the smallest effect
        of interest is. The groups have {contrast.n_group} and {contrast.n_against} {contrast.unit}s.
      </p>
    </SortSection>
  );
}

const isFound = (q: number | null) => q !== null && q < FOUND;

function columnsOf(rows: FeatureOfContrast[], contrast: OwnContrast): SortColumn<FeatureOfContrast>[] {
  const scale = effectScale(rows, PLOT);
  const says = SAYS.contrast_features;
  return [
    {
      key: "feature",
      title: "feature",
      className: "grow",
      value: (row) => row.feature_id,
      cell: (row) => <FeatureLink id={row.feature_id} label={row.label} />,
    },
    { key: "effect", title: "effect", hint: says.effect, num: true, value: (row) => row.effect, cell: (row) => signedFmt(row.effect) },
    {
      key: "plot",
      title: (
        <>
          <span className="hidden-label">interval</span>
          <IntervalAxis scale={scale} />
        </>
      ),
      className: "plot-cell",
      cell: (row) => <Interval scale={scale} value={row.effect} low={row.effect_low} high={row.effect_high} strong={isFound(row.q)} />,
    },
    {
      key: "auroc",
      title: "AUROC",
      hint: says.auroc,
      num: true,
      value: (row) => row.auroc,
      cell: (row) => <Bracketed value={row.auroc} low={row.auroc_low} high={row.auroc_high} />,
    },
    ...sureColumns(contrast),
    perTokenColumn((row) => row, SAYS.contrast_features.rate_ratio),
    ...levelColumns(),
  ];
}

/** In how many of the group's units it holds, and q. */
function sureColumns(contrast: OwnContrast): SortColumn<FeatureOfContrast>[] {
  const says = SAYS.contrast_features;
  return [
    {
      key: "units",
      title: `${contrast.unit}s`,
      hint: says.n_units_agree,
      num: true,
      value: (row) => row.n_units_agree,
      cell: (row) => <span title={`least AUROC: ${fixed(row.min_unit_auroc, 3)}`}>{`${row.n_units_agree} of ${contrast.n_group}`}</span>,
    },
    {
      key: "q",
      title: "q",
      hint: says.q,
      num: true,
      value: (row) => row.q,
      cell: (row) => (
        <>
          {qValue(row.q)}
          <span className="relevant" title={row.q_relevant === null ? undefined : `q of a relevant difference: ${qValue(row.q_relevant)}`}>
            {isFound(row.q_relevant) ? "◆" : ""}
          </span>
        </>
      ),
    },
  ];
}

/** The groups' means, and how often it fires in them. */
function levelColumns(): SortColumn<FeatureOfContrast>[] {
  const says = SAYS.contrast_features;
  return [
    {
      key: "means",
      title: "means",
      hint: `${says.mean_group}; ${says.mean_against}`,
      num: true,
      value: (row) => row.mean_group,
      cell: (row) => `${fmt(row.mean_group)} · ${fmt(row.mean_against)}`,
    },
    {
      key: "fires",
      title: "fires in",
      hint: `${says.firing_rate_group}; ${says.firing_rate_against}`,
      num: true,
      value: (row) => row.firing_rate_group,
      cell: (row) => `${percent(row.firing_rate_group)} · ${percent(row.firing_rate_against)}`,
    },
  ];
}
