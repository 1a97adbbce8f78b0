"""Each stage in one piece run for Dagster: what landed, and the metadata that people see beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pyarrow.compute as pc

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ATLAS,
    ATLAS_SUMMARY,
    CONTRASTS,
    DECLINED_ROLES,
    DECODERS,
    EXPLANATION_SCORES,
    EXPLANATIONS,
    FIRST_CONTRASTS,
    INTERVENTION_EFFECTS,
    PLAYED_ROLES,
    ROLE_BASELINES,
    ROLE_CONTRASTS,
    STEERED_RESPONSES,
    VECTOR_AXES,
    Table,
)
from persona_assets.orchestration import loaded
from persona_assets.orchestration.metadata import Metadata, about_file, about_files, preview, under_sae
from persona_assets.orchestration.pictures import atlas_pictures
from persona_assets.orchestration.progress import Report
from persona_assets.orchestration.versions import Landed, version_of
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.table import needed, stage_of
from persona_assets.study.study import Study

Files = dict[str, LakeFile]


def land_statistics(study: Study, report: Report) -> Landed:
    """Compare the roles under every SAE, and tell how many take part."""
    from persona_assets.analysis.stage import compare_roles

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        return {"compared roles": len(across.compared(sae))}

    return _across_roles(study, report, ROLE_CONTRASTS, compare_roles, told)


def land_played(study: Study, report: Report) -> Landed:
    """Compare the roles under every SAE by the answers that play them, and name those with too few."""
    from persona_assets.analysis.played import compare_played

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        roles = study.lake.read(PLAYED_ROLES, files[PLAYED_ROLES.name]).to_pylist()
        left_out = [role["role"] for role in roles if not role["takes_part"]]
        return {"too few answers play the role": ", ".join(left_out) or "of none"}

    return _across_roles(study, report, PLAYED_ROLES, compare_played, told)


def land_first_tokens(study: Study, report: Report) -> Landed:
    """Compare the roles under every SAE by the first tokens of each response, and name those left out."""
    from persona_assets.analysis.first_tokens import compare_first

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        left_out = across.compared(sae).keys() - across.compared_first(sae).keys()
        return {"not pooled over first tokens": ", ".join(sorted(left_out)) or "none"}

    return _across_roles(study, report, FIRST_CONTRASTS, compare_first, told)


def land_contrasts(study: Study, report: Report) -> Landed:
    """Compare the groups of the study's own contrasts under every SAE."""
    from persona_assets.analysis.own_stage import compare_groups

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        contrasts = study.lake.read(CONTRASTS, files[CONTRASTS.name]).to_pylist()
        return {f"{one['contrast']} (note)": one["note"] for one in contrasts if one["note"]}

    return _across_roles(study, report, CONTRASTS, compare_groups, told)


def land_baselines(study: Study, report: Report) -> Landed:
    """Ask how well plain methods tell the roles apart under every SAE, and tell each method's median."""
    from persona_assets.analysis.baselines_stage import compare_baselines

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        found = study.lake.read(ROLE_BASELINES, files[ROLE_BASELINES.name])
        medians = found.group_by("method").aggregate([("auroc", "approximate_median")]).to_pylist()
        return {f"{one['method']} (median AUROC)": one["auroc_approximate_median"] for one in medians}

    return _across_roles(study, report, ROLE_BASELINES, compare_baselines, told)


def land_declined(study: Study, report: Report) -> Landed:
    """Place every answer under every SAE, and tell why answers of roles could not be."""
    from persona_assets.analysis.declined_stage import place_answers

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        roles = study.lake.read(DECLINED_ROLES, files[DECLINED_ROLES.name]).to_pylist()
        return {f"{one['role']} (no scores)": one["reason"] for one in roles if one["reason"]}

    return _across_roles(study, report, DECLINED_ROLES, place_answers, told)


def land_atlas(study: Study, report: Report) -> Landed:
    """Map the features under every SAE whose roles are compared."""
    from persona_assets.atlas.stage import map_features

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        [summary] = study.lake.read(ATLAS_SUMMARY, files[ATLAS_SUMMARY.name]).to_pylist()
        return _known(summary) | atlas_pictures(study, sae, files)

    return _across_roles(study, report, ATLAS, lambda across, sae, progress: map_features(across, sae), told)


def land_vectors(study: Study, report: Report) -> Landed:
    """Compare the roles' vectors under every SAE, and tell how much of the assistant axis it carries."""
    from persona_assets.vectors.stage import compare_vectors

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        axes = study.lake.read(VECTOR_AXES, files[VECTOR_AXES.name]).drop_columns(["direction"]).to_pylist()
        lacking = {"intervals": "none: these need extraction.vectors: response"}
        return (
            _known(axes[0])
            | {"compared roles": len(across.with_vectors(sae))}
            | ({} if across.keeps_response_vectors else lacking)
        )

    loaded.make_room()
    return _across_roles(study, report, VECTOR_AXES, compare_vectors, told)


def _across_roles(
    study: Study,
    report: Report,
    table: Table,
    make: Callable[..., Files],
    told: Callable[[AcrossRoles, str, Files], Metadata],
) -> Landed:
    """Make the files of a stage, of which `table` is one, under every SAE under which it can be made."""
    across = AcrossRoles.of(study)
    metadata: Metadata = {}
    landed: list[LakeFile] = []
    for sae in study.settings.extraction.saes:
        if across.fingerprint(table, sae) is not None:
            files = make(across, sae, progress=report.part(sae))
            landed += files.values()
            metadata |= under_sae(study, sae, about_files(study.lake, files) | told(across, sae, files))
            report.done(sae)
        else:
            awaited = " and ".join(needed(stage_of(table), study.settings))
            report.warn(f"nothing is made under SAE {sae}: it waits for fresh {awaited} of two roles or more")
    return Landed(version_of(landed), metadata)


def land_steered(study: Study, report: Report) -> Landed:
    """Have the model answer with the stream edited under every SAE, and tell how many answers change."""
    from persona_assets.steering.answered import land_steered

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        rows = study.lake.read(STEERED_RESPONSES, files[STEERED_RESPONSES.name])
        edited = rows.filter(pc.not_equal(pc.fill_null(rows["control"], "target"), "nothing"))
        n_unchanged = pc.sum(edited["unchanged"]).as_py() or 0
        counts = {"answers under an edit": edited.num_rows, "the same as without it": n_unchanged}
        judged = rows.filter(pc.is_valid(rows["judge"]))
        return counts | ({"without a score": judged["score"].null_count} if judged.num_rows else {})

    loaded.make_room()
    return _across_roles(study, report, STEERED_RESPONSES, land_steered, told)


def land_interventions(study: Study, report: Report) -> Landed:
    """Read answers with the stream edited under every SAE, and tell how many targets do more than chance."""
    from persona_assets.steering.stage import land_interventions

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        rows = study.lake.read(INTERVENTION_EFFECTS, files[INTERVENTION_EFFECTS.name]).to_pylist()
        kinds = [(row["intervention"], row["metric"], row["against"]) for row in rows]
        n_moving = Counter(kind for kind, row in zip(kinds, rows, strict=True) if row["q"] <= 0.05)
        metadata: Metadata = {
            f"{name}: {metric}, against random {against}s": (
                f"{n_moving[name, metric, against]} of {n} do more (q <= 0.05)"
            )
            for (name, metric, against), n in sorted(Counter(kinds).items())
        }
        return metadata

    loaded.make_room()
    return _across_roles(study, report, INTERVENTION_EFFECTS, land_interventions, told)


def land_explanations(study: Study, report: Report) -> Landed:
    """Have a model say what features are about under every SAE, and tell how many answers cannot be read."""
    from persona_assets.explaining.stage import explain_features

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        rows = study.lake.read(EXPLANATIONS, files[EXPLANATIONS.name])
        explained = rows.filter(pc.is_valid(rows["text"])).slice(0, 5).to_pylist()
        return {
            "explained": rows.num_rows - rows["text"].null_count,
            "answers that cannot be read": rows.num_rows - rows["answer"].null_count,
            "some": preview(("feature", "text"), [(one["feature_id"], one["text"]) for one in explained]),
        }

    def make(across: AcrossRoles, sae: str, progress: Progress) -> Files:
        return explain_features(across, sae, progress=progress, say=report.warn)

    loaded.make_room()
    return _across_roles(study, report, EXPLANATIONS, make, told)


def land_feature_labels(study: Study, report: Report) -> Landed:
    """Land the labels at hand for every SAE; nothing is fetched."""
    from persona_assets.labels.stage import land_labels

    metadata: Metadata = {}
    landed: list[LakeFile] = []
    for sae in study.settings.extraction.saes:
        file = land_labels(study, sae)
        landed.append(file)
        metadata |= under_sae(study, sae, about_file(study.lake, file, study.lake.num_rows(file)))
        report.done(sae)
    return Landed(version_of(landed), metadata)


def land_directions(study: Study, report: Report) -> Landed:
    """Land what the features of every SAE write; of one whose weights are not here, say so and go on."""
    from persona_assets.directions.stage import land_directions

    across = AcrossRoles.of(study)
    metadata: Metadata = {}
    landed: list[LakeFile] = []
    loaded.make_room()
    for sae in study.settings.extraction.saes:
        try:
            files = land_directions(across, sae, report.part(sae))
        except StudyError as error:  # nothing but the pages of features needs it
            report.warn(f"{sae}: left out: {error}")
            metadata |= under_sae(study, sae, {"left out": str(error)})
            continue
        landed += files.values()
        [about] = study.lake.read(DECODERS, files[DECODERS.name]).to_pylist()
        metadata |= under_sae(study, sae, about_files(study.lake, files) | _known(about))
        report.done(sae)
    return Landed(version_of(landed), metadata)


def land_explanation_scores(study: Study, report: Report) -> Landed:
    """Score every label at hand under every SAE, and tell of each source how many are better than chance."""
    from persona_assets.scoring.score import better_than_chance
    from persona_assets.scoring.stage import land_scores

    def told(across: AcrossRoles, sae: str, files: Files) -> Metadata:
        rows = study.lake.read(EXPLANATION_SCORES, files[EXPLANATION_SCORES.name]).to_pylist()
        metadata: Metadata = {}
        for scorer, source in sorted({(row["scorer"], row["source"]) for row in rows}):
            of = [row for row in rows if (row["scorer"], row["source"]) == (scorer, source)]
            scored = [row for row in of if row["score"] is not None]
            better = sum(better_than_chance(row["q"]) for row in scored)
            metadata[f"{scorer} of {source}"] = (
                f"{better} of {len(scored)} labels better than chance; {len(of) - len(scored)} not scored"
            )
        return metadata

    loaded.make_room()
    return _across_roles(study, report, EXPLANATION_SCORES, land_scores, told)


def _known(row: Metadata) -> Metadata:
    """Return what a table's one row says, its columns in words; nothing of those without a value."""
    return {name.replace("_", " "): value for name, value in row.items() if value is not None}


PER_STUDY = {
    "statistics": land_statistics,
    "played": land_played,
    "first_tokens": land_first_tokens,
    "contrasts": land_contrasts,
    "baselines": land_baselines,
    "declined": land_declined,
    "atlas": land_atlas,
    "vectors": land_vectors,
    "steered_responses": land_steered,
    "interventions": land_interventions,
    "explanations": land_explanations,
    "feature_labels": land_feature_labels,
    "explanation_scores": land_explanation_scores,
    "directions": land_directions,
}
