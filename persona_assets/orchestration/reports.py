"""Each role's stages, catalog and warehouse run for Dagster: what landed, and what people see beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from persona_assets.base.progress import Progress
from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ANSWERED_BY,
    ATTRIBUTION_CHECKS,
    FEATURE_ATTRIBUTION,
    JUDGEMENTS,
    POOLED,
    RESPONSE_SPANS,
    RESPONSES,
    ROLE_FEATURES,
)
from persona_assets.orchestration import loaded
from persona_assets.orchestration.metadata import Metadata, about_file, preview, under_sae
from persona_assets.orchestration.versions import Landed, version_of
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.spans import n_without_answer
from persona_assets.study.named_roles import check_named_roles
from persona_assets.study.study import Study


def read_catalog(study: Study) -> Landed:
    """Read and check every role and question, and that the roles are there which the settings name."""
    check_named_roles(study)
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
        metadata |= under_sae(study, sae, of_sae)
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
        metadata |= under_sae(study, sae, of_sae)
        progress(number, len(saes))
    return Landed(version_of(landed), metadata)


def land_attribution(study: Study, overwrite: bool, role: str, progress: Progress) -> Landed:
    """Attribute a role's answers to the features of every SAE."""
    landed = loaded.attribution(study).land(role, overwrite=overwrite, progress=progress)
    metadata: Metadata = {}
    for sae, file in landed.items():
        content = study.lake.read(FEATURE_ATTRIBUTION, file)
        checks_file = RoleFiles(study, role).file(ATTRIBUTION_CHECKS, sae)
        assert checks_file is not None
        checks = study.lake.read(ATTRIBUTION_CHECKS, checks_file).to_pylist()
        strongest = content.sort_by([("attribution", "descending")])
        of_sae = {
            **about_file(study.lake, file, content.num_rows),
            **({"agrees with ablation (Spearman)": checks[0]["spearman"]} if checks else {}),
            "preview": _rows(strongest, ["feature_id", "attribution", "low", "high", "n_active"]),
        }
        metadata |= under_sae(study, sae, of_sae)
    return Landed(version_of(landed.values()), metadata)


PER_ROLE = {
    "responses": land_responses,
    "judgements": land_judgements,
    "activations": land_activations,
    "role_features": land_role_features,
    "attribution": land_attribution,
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
    lost = {} if snapshot.lost is None else {"lost": snapshot.lost}
    return Landed(version, {**metadata, "tables": tables, **failed, **lost}), problems


def about_warehouse(study: Study) -> Landed:
    """Return what is told of the published snapshot; its version is decided by the files it stands on."""
    from persona_assets.warehouse import connect, stands_on, warehouse_path

    path = warehouse_path(study)
    with connect(study) as warehouse:
        version = stands_on(warehouse)
        macros = warehouse.execute(query("snapshot/macros")).fetchall()
    asked = [(f"{name}({', '.join(parameters)})", comment) for name, parameters, comment in macros]
    metadata = {
        "bytes": path.stat().st_size,
        "file": dg.MetadataValue.path(str(path)),
        "macros": preview(("macro", "answers"), asked),
    }
    return Landed(version, metadata)


def _speed(file: LakeFile, start: float, n_tokens: int | None) -> Metadata:
    """Tokens, and tokens per second if the file was made since `start` rather than found fresh."""
    made = file.modified >= start
    speed = {"tokens per second": (n_tokens or 0) / (time.time() - start)} if made else {}
    return {"tokens": n_tokens or 0, **speed}


def _rows(content: pa.Table, columns: Sequence[str]) -> dg.MarkdownMetadataValue:
    shown = content.select(columns).slice(0, 5).to_pylist()
    return preview(columns, ([row[column] for column in columns] for row in shown))
