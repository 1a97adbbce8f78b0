"""Each stage run for Dagster: what landed, and the metadata that people see beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ANSWERED_BY,
    ATLAS,
    ATLAS_SUMMARY,
    CONTRASTS,
    DECODERS,
    JUDGEMENTS,
    PLAYED_ROLES,
    POOLED,
    RESPONSE_SPANS,
    RESPONSES,
    ROLE_BASELINES,
    ROLE_FEATURES,
    TABLES,
    Table,
)
from persona_assets.orchestration import loaded
from persona_assets.orchestration.metadata import columns, preview
from persona_assets.orchestration.pictures import atlas_pictures
from persona_assets.orchestration.progress import Report
from persona_assets.orchestration.versions import Landed, version_of
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.spans import n_without_answer
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study

Metadata = dict[str, Any]
Files = dict[str, LakeFile]


def read_catalog(study: Study) -> Landed:
    """Read and check every role and question."""
    roles = study.roles.values()
    asked = {role.name: study.questions(role) for role in roles}
    instructions = [(role.name, role.instructions[0] or "(no system message)") for role in roles]
    first = [(question.id, question.text) for question in next(iter(asked.values()))[:10]]
    metadata = {
        "roles": len(asked),
        "questions": sum(len(questions) for questions in asked.values()),
        "first instructions": preview(("role", "instruction"), instructions),
        "first questions": preview(("id", "question"), first),
    }
    content = {
        role.name: [list(role.instructions), [(question.id, question.text) for question in asked[role.name]]]
        for role in roles
    }
    return Landed(fingerprint(content), metadata)


def land_responses(
    study: Study, overwrite: bool, role: str, progress: Progress, asked: Sequence[str] = ()
) -> Landed:
    """Generate a role, unless its responses are fresh, beside small ones that the run `asked` for."""
    stage = loaded.generation(study)
    lake, start = stage.study.lake, time.time()
    file = stage.land(role, overwrite=overwrite, progress=progress, asked=asked)
    content = lake.read(RESPONSES, file)
    answered_by, n_tokens = lake.note(file, ANSWERED_BY), pc.sum(content["n_response_tokens"]).as_py()
    metadata = {
        **({"answered by": answered_by} if answered_by else {}),
        **about_file(lake, file, content.num_rows),
        **({"tokens": n_tokens} if role in stage.shared else _speed(file, start, n_tokens)),
        **(found := _cut_off(study, role, content)),
        "preview": _rows(content, ["variant", "question", "response", "finish_reason"]),
    }
    return Landed(file.stem, metadata, _warning(study, content.num_rows, *found.values()))


def _cut_off(study: Study, role: str, responses: pa.Table) -> dict[str, int]:
    """Return how many responses reached `max_tokens`, and how many end within their thinking."""
    n_cut_off = pc.sum(pc.equal(responses["finish_reason"], "length")).as_py() or 0
    spans = RoleFiles(study, role).file(RESPONSE_SPANS)
    n_lacking = 0 if spans is None else n_without_answer(study.lake.read(RESPONSE_SPANS, spans).to_pylist())
    return {"reached max_tokens": n_cut_off, "without an answer": n_lacking}


def _warning(study: Study, n_responses: int, n_cut_off: int, n_lacking: int) -> str | None:
    """Return what is told of a first role whose answers lack their ends; None where enough are whole."""
    checks, reached = study.settings.checks, f"generation.max_tokens ({study.generation.max_tokens})"
    if n_lacking > checks.max_empty * n_responses:
        return f"{n_lacking} of {n_responses} responses end within their thinking; raise {reached}"
    if n_cut_off > checks.max_truncated * n_responses:
        return f"{n_cut_off} of {n_responses} answers reached {reached}; raise it, or the others will, too"
    return None


def land_judgements(study: Study, overwrite: bool, role: str, progress: Progress) -> Landed:
    """Ask every judge about a role's answers."""
    stage = loaded.judging(study)
    file = stage.land(role, overwrite=overwrite, progress=progress)
    content = study.lake.read(JUDGEMENTS, file)
    metadata = {
        **about_file(study.lake, file, content.num_rows),
        "mean score": pc.mean(content["score"]).as_py(),
        "answers of judges without a score": content["score"].null_count,
        "preview": _rows(content, ["judge", "response_id", "score", "expected", "text"]),
    }
    return Landed(file.stem, metadata)


def land_activations(study: Study, overwrite: bool, role: str, progress: Progress) -> Landed:
    """Extract a role under every SAE that it lacks."""
    stage = loaded.extraction(study)
    lake, start = stage.study.lake, time.time()
    metadata: Metadata = {}
    landed = stage.land(role, overwrite=overwrite, progress=progress)
    files = RoleFiles(study, role)
    for sae, file in landed.items():
        pooled_file = files.pooled(sae)
        assert pooled_file is not None
        pooled = lake.read(POOLED, pooled_file)
        of_sae = {
            **about_file(lake, file, lake.num_rows(file)),
            **_speed(file, start, pc.sum(pooled["n_tokens"]).as_py()),
            "responses pooled": pooled["excluded_reason"].null_count,
            "features per response": pc.mean(pooled["n_active_features"]).as_py(),
        }
        metadata |= _of_sae(study, sae, of_sae)
    return Landed(version_of(landed.values()), metadata)


def land_role_features(study: Study, overwrite: bool, role: str, progress: Progress) -> Landed:
    """Aggregate a role under every SAE."""
    from persona_assets.analysis.aggregate import aggregate

    metadata: Metadata = {}
    landed: list[LakeFile] = []
    saes = list(study.settings.extraction.saes)
    for number, sae in enumerate(saes, start=1):
        file = aggregate(study, role, sae, overwrite=overwrite)
        landed.append(file)
        content = study.lake.read(ROLE_FEATURES, file)
        strongest = content.sort_by([("firing_rate", "descending"), ("mean", "descending")])
        of_sae = {
            **about_file(study.lake, file, content.num_rows),
            "preview": _rows(strongest, ["feature_id", "firing_rate", "mean", "max", "sd"]),
        }
        metadata |= _of_sae(study, sae, of_sae)
        progress(number, len(saes))
    return Landed(version_of(landed), metadata)


def land_statistics(study: Study, report: Report) -> Landed:
    """Compare the roles under every SAE; where fewer than two are extracted, say so."""
    from persona_assets.analysis.stage import compare_roles

    across = AcrossRoles.of(study)
    metadata: Metadata = {}
    landed: list[LakeFile] = []
    for sae in study.settings.extraction.saes:
        n_compared = {"compared roles": len(across.compared(sae))}
        if across.statistics_fingerprint(sae) is not None:
            files = compare_roles(across, sae, progress=report.part(sae))
            landed += files.values()
            metadata |= _of_sae(study, sae, _files(study.lake, files) | n_compared)
            report.done(sae)
        else:
            metadata |= _of_sae(study, sae, n_compared)
    return Landed(version_of(landed), metadata)


def land_played(study: Study, report: Report) -> Landed:
    """Compare the roles under every SAE by the answers that play them, and name those with too few."""
    from persona_assets.analysis.played import compare_played

    def told(sae: str, files: Files) -> Metadata:
        roles = study.lake.read(PLAYED_ROLES, files[PLAYED_ROLES.name]).to_pylist()
        left_out = [role["role"] for role in roles if not role["takes_part"]]
        return {"too few answers play the role": ", ".join(left_out) or "of none"}

    return _across_roles(study, report, PLAYED_ROLES, compare_played, told)


def land_contrasts(study: Study, report: Report) -> Landed:
    """Compare the groups of the study's own contrasts under every SAE."""
    from persona_assets.analysis.own_stage import compare_groups

    def told(sae: str, files: Files) -> Metadata:
        contrasts = study.lake.read(CONTRASTS, files[CONTRASTS.name]).to_pylist()
        return {f"{one['contrast']} (note)": one["note"] for one in contrasts if one["note"]}

    return _across_roles(study, report, CONTRASTS, compare_groups, told)


def land_baselines(study: Study, report: Report) -> Landed:
    """Ask how well plain methods tell the roles apart under every SAE, and tell each method's median."""
    from persona_assets.analysis.baselines_stage import compare_baselines

    def told(sae: str, files: Files) -> Metadata:
        found = study.lake.read(ROLE_BASELINES, files[ROLE_BASELINES.name])
        medians = found.group_by("method").aggregate([("auroc", "approximate_median")]).to_pylist()
        return {f"{one['method']} (median AUROC)": one["auroc_approximate_median"] for one in medians}

    return _across_roles(study, report, ROLE_BASELINES, compare_baselines, told)


def land_atlas(study: Study, report: Report) -> Landed:
    """Map the features under every SAE whose roles are compared."""
    from persona_assets.atlas.stage import map_features

    def told(sae: str, files: Files) -> Metadata:
        [summary] = study.lake.read(ATLAS_SUMMARY, files[ATLAS_SUMMARY.name]).to_pylist()
        known = {name.replace("_", " "): value for name, value in summary.items() if value is not None}
        return known | atlas_pictures(study, sae, files)

    return _across_roles(study, report, ATLAS, lambda across, sae, progress: map_features(across, sae), told)


def _across_roles(
    study: Study,
    report: Report,
    table: Table,
    make: Callable[..., Files],
    told: Callable[[str, Files], Metadata],
) -> Landed:
    """Make the files of a stage, of which `table` is one, under every SAE under which it can be made."""
    across = AcrossRoles.of(study)
    metadata: Metadata = {}
    landed: list[LakeFile] = []
    for sae in study.settings.extraction.saes:
        if across.fingerprint(table, sae) is not None:
            files = make(across, sae, progress=report.part(sae))
            landed += files.values()
            metadata |= _of_sae(study, sae, _files(study.lake, files) | told(sae, files))
            report.done(sae)
    return Landed(version_of(landed), metadata)


def land_feature_labels(study: Study, report: Report) -> Landed:
    """Land the labels at hand for every SAE; nothing is fetched."""
    from persona_assets.labels.stage import land_labels

    metadata: Metadata = {}
    landed: list[LakeFile] = []
    for sae in study.settings.extraction.saes:
        file = land_labels(study, sae)
        landed.append(file)
        metadata |= _of_sae(study, sae, about_file(study.lake, file, study.lake.num_rows(file)))
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
            metadata |= _of_sae(study, sae, {"left out": str(error)})
            continue
        landed += files.values()
        [about] = study.lake.read(DECODERS, files[DECODERS.name]).to_pylist()
        known = {name.replace("_", " "): value for name, value in about.items() if value is not None}
        metadata |= _of_sae(study, sae, _files(study.lake, files) | known)
        report.done(sae)
    return Landed(version_of(landed), metadata)


# What makes each stage's assets: of a role, or of all roles together.
PER_ROLE = {
    "responses": land_responses,
    "judgements": land_judgements,
    "activations": land_activations,
    "role_features": land_role_features,
}
PER_STUDY = {
    "statistics": land_statistics,
    "played": land_played,
    "contrasts": land_contrasts,
    "baselines": land_baselines,
    "atlas": land_atlas,
    "feature_labels": land_feature_labels,
    "directions": land_directions,
}


def publish_warehouse(study: Study) -> tuple[Landed, list[str]]:
    """Publish the warehouse and say what is in it, and why marts are not."""
    from persona_assets.warehouse import publish

    snapshot = publish(study)
    tables = preview(("table", "rows"), snapshot.tables.items())
    version, metadata, _ = about_warehouse(study)
    problems = list(snapshot.problems.values())
    told = [[problem.removeprefix(f"{study.file.parent}/")] for problem in problems]
    failed = {"marts that failed": preview(("why",), told)} if problems else {}
    return Landed(version, {**metadata, "tables": tables, **failed}), problems


def about_warehouse(study: Study) -> Landed:
    """Return what is told of the published snapshot; its version is decided by the files it stands on."""
    from persona_assets.warehouse import connect, warehouse_path

    path = warehouse_path(study)
    with connect(study) as warehouse:
        files = warehouse.execute("select path from lake_files order by path").fetchall()
        macros = warehouse.execute(query("snapshot/macros")).fetchall()
    asked = [(f"{name}({', '.join(parameters)})", comment) for name, parameters, comment in macros]
    metadata = {
        "bytes": path.stat().st_size,
        "file": dg.MetadataValue.path(str(path)),
        "macros": preview(("macro", "answers"), asked),
    }
    return Landed(fingerprint({"files": files}), metadata)


def about_file(lake: Lake, file: LakeFile, rows: int) -> Metadata:
    """Return what is told of a file of the lake."""
    return {
        "dagster/row_count": rows,
        "bytes": file.size,
        "file": dg.MetadataValue.path(lake.uri(file.path)),
        "origin": "imported" if file.imported else "made by this study",
    }


def _files(lake: Lake, files: Mapping[str, LakeFile]) -> Metadata:
    """Return the rows of tables that land together: Dagster counts those that the stage is shown by."""
    rows = {name: lake.num_rows(file) for name, file in files.items()}
    return {
        "dagster/row_count": rows[stage_of(TABLES[next(iter(files))]).main.name],
        "bytes": sum(file.size for file in files.values()),
        "tables": preview(("table", "rows"), rows.items()),
        **columns(TABLES[name] for name in files),
    }


def _speed(file: LakeFile, start: float, n_tokens: int | None) -> Metadata:
    """Tokens, and tokens per second if the file was made since `start` rather than found fresh."""
    made = file.modified >= start
    speed = {"tokens per second": (n_tokens or 0) / (time.time() - start)} if made else {}
    return {"tokens": n_tokens or 0, **speed}


def _of_sae(study: Study, sae: str, metadata: Metadata) -> Metadata:
    """Metadata under the SAE's name; as it is for the study's first, whose keys Dagster knows."""
    return metadata if sae == study.default_sae else {f"{sae}: {name}": v for name, v in metadata.items()}


def _rows(content: pa.Table, columns: Sequence[str]) -> dg.MarkdownMetadataValue:
    shown = content.select(columns).slice(0, 5).to_pylist()
    return preview(columns, ([row[column] for column in columns] for row in shown))
