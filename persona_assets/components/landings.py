"""What each stage does for one role, and the metadata people then see beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from persona_assets.across import AcrossRoles
from persona_assets.components.metadata import preview
from persona_assets.components.pictures import atlas_pictures
from persona_assets.components.progress import Report
from persona_assets.freshness import RoleFiles
from persona_assets.lake import Lake, LakeFile
from persona_assets.progress import Progress
from persona_assets.schema import ATLAS_SUMMARY, POOLED, RESPONSES, ROLE_FEATURES
from persona_assets.study import Study

if TYPE_CHECKING:
    from persona_assets.extract.stage import ExtractionStage
    from persona_assets.generate.stage import GenerationStage

Metadata = dict[str, Any]


def land_responses(stage: GenerationStage, overwrite: bool, role: str, progress: Progress) -> Metadata:
    """Generate a role, unless its responses are fresh."""
    lake, start = stage.study.lake, time.time()
    file = stage.land(role, overwrite=overwrite, progress=progress)
    content = lake.read(RESPONSES, file)
    return {
        **_file(lake, file, content.num_rows),
        **_speed(file, start, pc.sum(content["n_response_tokens"]).as_py()),
        "preview": _rows(content, ["variant", "question", "response", "finish_reason"]),
    }


def land_activations(stage: ExtractionStage, overwrite: bool, role: str, progress: Progress) -> Metadata:
    """Extract a role under every SAE that it lacks."""
    lake, start = stage.study.lake, time.time()
    metadata: Metadata = {}
    for sae, file in stage.land(role, overwrite=overwrite, progress=progress).items():
        pooled_file = RoleFiles(stage.study, role).pooled(sae)
        assert pooled_file is not None
        pooled = lake.read(POOLED, pooled_file)
        of_sae = {
            **_file(lake, file, lake.num_rows(file)),
            **_speed(file, start, pc.sum(pooled["n_tokens"]).as_py()),
            "responses pooled": pooled["excluded_reason"].null_count,
            "features a response": pc.mean(pooled["n_active_features"]).as_py(),
        }
        metadata |= _of_sae(stage.study, sae, of_sae)
    return metadata


def land_role_features(study: Study, overwrite: bool, role: str, progress: Progress) -> Metadata:
    """Aggregate a role under every SAE."""
    from persona_assets.aggregate import aggregate

    metadata: Metadata = {}
    saes = list(study.settings.extraction.saes)
    for number, sae in enumerate(saes, start=1):
        file = aggregate(study, role, sae, overwrite=overwrite)
        content = study.lake.read(ROLE_FEATURES, file)
        strongest = content.sort_by([("firing_rate", "descending"), ("mean", "descending")])
        of_sae = {
            **_file(study.lake, file, content.num_rows),
            "preview": _rows(strongest, ["feature_id", "firing_rate", "mean", "max", "sd"]),
        }
        metadata |= _of_sae(study, sae, of_sae)
        progress(number, len(saes))
    return metadata


def land_statistics(study: Study, report: Report) -> Metadata:
    """Compare the roles under every SAE; where fewer than two are extracted, say so."""
    from persona_assets.analysis.stage import compare_roles

    across = AcrossRoles.of(study)
    metadata: Metadata = {}
    for sae in study.settings.extraction.saes:
        n_compared = {"compared roles": len(across.compared(sae))}
        if across.statistics_fingerprint(sae) is not None:
            files = compare_roles(across, sae, progress=report.part(sae))
            metadata |= _of_sae(study, sae, _files(study.lake, files) | n_compared)
            report.done(sae)
        else:
            metadata |= _of_sae(study, sae, n_compared)
    return metadata


def land_atlas(study: Study, report: Report) -> Metadata:
    """Map the features under every SAE whose roles are compared."""
    from persona_assets.atlas.stage import map_features

    across = AcrossRoles.of(study)
    metadata: Metadata = {}
    for sae in study.settings.extraction.saes:
        if across.atlas_fingerprint(sae) is not None:
            files = map_features(across, sae)
            [summary] = study.lake.read(ATLAS_SUMMARY, files[ATLAS_SUMMARY.name]).to_pylist()
            known = {name.replace("_", " "): value for name, value in summary.items() if value is not None}
            pictures = atlas_pictures(study, sae, files)
            metadata |= _of_sae(study, sae, _files(study.lake, files) | known | pictures)
            report.done(sae)
    return metadata


def land_feature_labels(study: Study, report: Report) -> Metadata:
    """Land the labels at hand for every SAE; nothing is fetched."""
    from persona_assets.labels.stage import land_labels

    metadata: Metadata = {}
    for sae in study.settings.extraction.saes:
        file = land_labels(study, sae)
        metadata |= _of_sae(study, sae, _file(study.lake, file, study.lake.num_rows(file)))
        report.done(sae)
    return metadata


def publish_warehouse(study: Study) -> Metadata:
    """Publish the warehouse and say what is in it."""
    from persona_assets.warehouse import publish

    snapshot = publish(study)
    return {
        "bytes": snapshot.path.stat().st_size,
        "file": dg.MetadataValue.path(str(snapshot.path)),
        "tables": preview(("table", "rows"), snapshot.tables.items()),
    }


def _file(lake: Lake, file: LakeFile, rows: int) -> Metadata:
    return {
        "dagster/row_count": rows,
        "bytes": file.size,
        "file": dg.MetadataValue.path(lake.uri(file.path)),
        "origin": "imported" if file.imported else "made by this study",
    }


def _files(lake: Lake, files: Mapping[str, LakeFile]) -> Metadata:
    """Of tables that land together: the first one's facts where Dagster looks for them, all tables' rows."""
    rows = {name: lake.num_rows(file) for name, file in files.items()}
    return {
        "dagster/row_count": next(iter(rows.values())),
        "bytes": sum(file.size for file in files.values()),
        "tables": preview(("table", "rows"), rows.items()),
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
