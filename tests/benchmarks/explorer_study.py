"""A study of full size to explore: `python explorer_study.py FOLDER`. Of its 276 roles a few are drawn; the
others' files are further names of theirs, so that it costs little disk. What is told of all roles together is
drawn, not computed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import full_scale
import numpy as np
import pyarrow as pa
from full_scale_role import D_SAE

from persona_assets.analysis.aggregate import aggregate
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    ATLAS,
    ATLAS_SUMMARY,
    EVIDENCE,
    FEATURE_LABELS,
    FEATURE_TILE,
    FEATURES,
    METRICS,
    NEIGHBORS,
    POOLED,
    RESPONSES,
    ROLE_AXES,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_MATRIX,
    ROLE_SIMILARITY,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import publish, warehouse_path

N_ROLES, N_DRAWN, N_SELECTED, N_NEIGHBORS = 276, 3, 5_000, 20
SAE = full_scale.SAE
_NOUNS = (
    "sea",
    "law",
    "grief",
    "metal",
    "dance",
    "storm",
    "orchard",
    "ledger",
    "engine",
    "hymn",
    "debt",
    "knife",
)
_KINDS = ("words about", "questions of", "metaphors of", "dialogue with", "negations near", "names of")


def write_explored(folder: Path) -> Study:
    """The study below `folder`, published; what is there already stays, the snapshot too."""
    full_scale.write_study(folder, N_DRAWN)
    full_scale._write_catalog(folder, N_ROLES)
    study = full_scale.open_study(folder)
    for role in study.role_names[:N_DRAWN]:
        if RoleFiles(study, role).role_features(SAE) is None:
            aggregate(study, role, SAE)
    for number, role in enumerate(study.role_names[N_DRAWN:]):
        _name_again(study, study.role_names[number % N_DRAWN], role)
    across = AcrossRoles.of(study)
    if across.file(ROLE_CONTRASTS, SAE) is None:
        _draw_across(across)
    if not warehouse_path(study).is_file():
        publish(study)
    return study


def _name_again(study: Study, drawn: str, role: str) -> None:
    """Give the files of the role `drawn` a second name, as those of `role`."""
    source = RoleFiles(study, drawn)
    if RoleFiles(study, role).role_features(SAE) is not None:
        return
    _link(study, RESPONSES, source.responses, RoleFiles(study, role).responses_fingerprint, role, None)
    files = RoleFiles(study, role)
    made_from, shown = files.activations_fingerprint(SAE), files.fingerprint(EVIDENCE, SAE)
    _link(study, POOLED, source.pooled(SAE), made_from, role, SAE)
    _link(study, EVIDENCE, source.evidence(SAE), shown, role, SAE)
    _link(study, ACTIVATIONS, source.activations(SAE), made_from, role, SAE)
    made_from = RoleFiles(study, role).role_features_fingerprint(SAE)
    _link(study, ROLE_FEATURES, source.role_features(SAE), made_from, role, SAE)


def _link(
    study: Study, table: Table, file: LakeFile | None, made_from: str | None, role: str, sae: str | None
) -> None:
    assert file is not None and made_from is not None
    folder = Path(study.lake.uri(study.lake.folder(table, sae=sae, role=role)))
    folder.mkdir(parents=True, exist_ok=True)
    os.link(study.lake.uri(file.path), folder / f"{made_from}.parquet")


def _draw_across(across: AcrossRoles) -> None:
    """What is told of all roles together: of the right shape and size, at random."""
    study, random = across.study, np.random.default_rng(1)
    made_from = across.fingerprint(ROLE_CONTRASTS, SAE)
    assert made_from is not None
    for table, content in (
        (FEATURES, _features(study, random)),
        (ROLE_MATRIX, ROLE_MATRIX.schema.empty_table()),
        (ROLE_CONTRASTS, _contrasts(study, random)),
    ):
        study.lake.write(table, content, made_from, sae=SAE)
    made_from = across.fingerprint(ATLAS, SAE)
    assert made_from is not None
    for table, content in _atlas(study, random):
        study.lake.write(table, content, made_from, sae=SAE)
    study.lake.write(FEATURE_LABELS, _labels(random), "imported-0123456789abcdef", sae=SAE)


def _features(study: Study, random: np.random.Generator) -> pa.Table:
    roles = np.array(study.role_names)
    known: dict[str, object] = {
        "feature_id": np.arange(D_SAE, dtype=np.int32),
        "preferred_role": roles[random.integers(0, N_ROLES, D_SAE)],
    }
    known |= {name: np.ones(D_SAE, bool) for name in ("alive", "atlas_alive", "pass")}
    return _filled(FEATURES, known, D_SAE, random)


def _contrasts(study: Study, random: np.random.Generator) -> pa.Table:
    n = N_ROLES * D_SAE
    tiles = np.arange(D_SAE, dtype=np.int32).reshape(-1, 1, FEATURE_TILE)
    shape = (len(tiles), N_ROLES, FEATURE_TILE)
    role = np.broadcast_to(np.arange(N_ROLES, dtype=np.int32)[:, None], shape).ravel()
    known = {
        "role": pa.DictionaryArray.from_arrays(role, pa.array(study.role_names)),
        "feature_id": np.broadcast_to(tiles, shape).ravel(),
        "effect": random.standard_normal(n),
    }
    return _filled(ROLE_CONTRASTS, known, n, random)


def _atlas(study: Study, random: np.random.Generator) -> Iterator[tuple[Table, pa.Table]]:
    roles, n = np.array(study.role_names), N_SELECTED
    selected = np.sort(random.choice(D_SAE, n, replace=False)).astype(np.int32)
    metrics = {name: random.random(n) for name in METRICS}
    rank = np.arange(1, n + 1, dtype=np.int32)
    preferred = roles[random.integers(0, N_ROLES, n)]
    top = [[{"role": role, "activation": 1.0, "share": 0.5}] for role in preferred]
    known = {"feature_id": selected, "rank": rank, "preferred_role": preferred, "top_roles": top} | metrics
    yield ATLAS, _filled(ATLAS, known, n, random)
    near = random.integers(0, n, n * N_NEIGHBORS)
    known = {
        "feature_id": np.repeat(selected, N_NEIGHBORS),
        "rank": np.tile(np.arange(1, N_NEIGHBORS + 1, dtype=np.int32), n),
        "neighbor_id": selected[near],
    }
    yield NEIGHBORS, _filled(NEIGHBORS, known, n * N_NEIGHBORS, random)
    pairs = {"role_a": np.repeat(roles, N_ROLES), "role_b": np.tile(roles, N_ROLES)}
    yield ROLE_SIMILARITY, _filled(ROLE_SIMILARITY, pairs, N_ROLES**2, random)
    axes = ["assistant", *(f"pc{number}" for number in range(1, 11))]
    known = {
        "axis": np.repeat(np.array(axes), N_ROLES),
        "role": np.tile(roles, len(axes)),
        "reason": pa.nulls(N_ROLES * len(axes), pa.string()),
    }
    yield ROLE_AXES, _filled(ROLE_AXES, known, N_ROLES * len(axes), random)
    yield ATLAS_SUMMARY, pa.Table.from_pylist([_SUMMARY], schema=ATLAS_SUMMARY.schema)


def _labels(random: np.random.Generator) -> pa.Table:
    kinds, nouns = np.array(_KINDS), np.array(_NOUNS)
    words = [kinds[random.integers(0, len(kinds), D_SAE)]]
    words += [nouns[random.integers(0, len(nouns), D_SAE)] for _ in range(4)]
    known = {
        "feature_id": np.arange(D_SAE, dtype=np.int32),
        "rank": np.zeros(D_SAE, np.int32),
        "description": [" ".join(row) for row in zip(*words, strict=True)],
        "source": ["export"] * D_SAE,
        "model": ["example"] * D_SAE,
        "url": pa.nulls(D_SAE, pa.string()),
    }
    return _filled(FEATURE_LABELS, known, D_SAE, random)


def _filled(table: Table, known: dict[str, object], n: int, random: np.random.Generator) -> pa.Table:
    """A table of `n` rows: what is known, and drawn numbers in the other columns."""
    columns = {name: known[name] if name in known else random.random(n) for name in table.schema.names}
    return pa.table(
        [pa.array(columns[field.name], field.type) for field in table.schema], schema=table.schema
    )


_SUMMARY = {
    "role_matrix_mode": "question_centered_mean",
    "n_roles": N_ROLES,
    "d_sae": D_SAE,
    "alive_count": D_SAE,
    "pass_count": D_SAE // 2,
    "selected_count": N_SELECTED,
    "sd_threshold": 0.1,
    "criterion": "role_test",
    "quality_k": 15,
    "preservation": 0.5,
    "preservation_null": 0.2,
    "map_stability": 0.6,
    "neighbors_stable": 0.5,
    "neighbor_null": 0.2,
    "similarity_null": 0.1,
    "axes_unit": "noise",
    "pca_x_explained": 0.4,
    "pca_y_explained": 0.1,
    "note": "Drawn at random, to measure the explorer on.",
}


if __name__ == "__main__":
    print(write_explored(Path(sys.argv[1])).file)
