"""The atlas as tables: what is said of features, of their neighbours, and of roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from persona_assets.atlas.map import NOTE, Map
from persona_assets.atlas.metrics import Metrics
from persona_assets.atlas.roles import RoleSpace
from persona_assets.atlas.selection import Selection
from persona_assets.schema import Table
from persona_assets.settings import AtlasSettings

NO_CV_NOTE = "cv is left out: the mean over roles of question-centred values is about 0."

# In the order of the interchange formats.
METRICS = (
    "score", "stability", "sd", "mu", "pref_ratio", "active_frac", "cv", "mean_activation", "max_activation",
    "bridge_entropy",
)  # fmt: skip

_INT, _DOUBLE, _TEXT = pa.int32(), pa.float64(), pa.string()
_TOP_ROLE = pa.struct([("role", _TEXT), ("activation", _DOUBLE), ("share", _DOUBLE)])


def _spanning(name: str, columns: list[tuple[str, pa.DataType]]) -> Table:
    return Table(name, pa.schema(columns), per_sae=True, per_role=False)


ATLAS = _spanning(
    "atlas",
    [
        ("feature_id", _INT),
        ("rank", _INT),
        *((name, _DOUBLE) for name in ("umap_x", "umap_y", "pca_x", "pca_y")),
        ("preferred_role", _TEXT),
        ("top_roles", pa.list_(_TOP_ROLE)),
        *((name, _DOUBLE) for name in METRICS),
    ],
)

NEIGHBORS = _spanning(
    "neighbors", [("feature_id", _INT), ("rank", _INT), ("neighbor_id", _INT), ("similarity", _DOUBLE)]
)

ROLE_SIMILARITY = _spanning(
    "role_similarity", [("role_a", _TEXT), ("role_b", _TEXT), ("similarity", _DOUBLE)]
)

ROLE_AXES = _spanning(
    "role_axes",
    [
        ("axis", _TEXT),
        ("role", _TEXT),
        ("position", _DOUBLE),
        ("explained_variance", _DOUBLE),
        ("cosine_with_assistant", _DOUBLE),
        ("reason", _TEXT),
    ],
)

ATLAS_SUMMARY = _spanning(
    "atlas_summary",
    [
        ("role_matrix_mode", _TEXT),
        ("n_roles", _INT),
        ("d_sae", _INT),
        ("alive_count", _INT),
        ("pass_count", _INT),
        ("selected_count", _INT),
        ("sd_threshold", _DOUBLE),
        ("unsplit_roles", pa.list_(_TEXT)),
        ("quality_k", _INT),
        ("preservation", _DOUBLE),
        ("note", _TEXT),
    ],
)

# To be joined to the table features, whose alive, mean and sd are of the raw role means.
FEATURE_FLAGS = pa.schema(
    [
        ("feature_id", _INT),
        ("atlas_alive", pa.bool_()),
        ("atlas_mu", _DOUBLE),
        ("atlas_sd", _DOUBLE),
        ("stability", _DOUBLE),
        ("pass", pa.bool_()),
        ("score", _DOUBLE),
    ]
)


@dataclass(frozen=True)
class AtlasTables:
    """The tables of the atlas, with the schemas above; what there is none of is NULL, never NaN.

    Ranks begin with 1. `atlas` has a row a selected feature, the best first; `neighbors` one for each of a
    feature's nearest; `role_similarity` one for every pair of roles, both ways and a role with itself;
    `role_axes` one for every axis (`assistant`, `pc1` …) and role, the facts of the axis beside each role's
    position; `feature_flags` one for each of the SAE's features; `summary` a single row.
    """

    atlas: pa.Table
    neighbors: pa.Table
    role_similarity: pa.Table
    role_axes: pa.Table
    feature_flags: pa.Table
    summary: pa.Table


def atlas_table(selection: Selection, layout: Map, metrics: Metrics) -> pa.Table:
    """The rows of `ATLAS`."""
    selected, roles = selection.selected, np.array(selection.roles, dtype=object)
    known: dict[str, object] = {
        "feature_id": selected.astype(np.int32),
        "rank": np.arange(1, len(selected) + 1, dtype=np.int32),
        "umap_x": layout.umap[:, 0],
        "umap_y": layout.umap[:, 1],
        "pca_x": layout.pca[:, 0],
        "pca_y": layout.pca[:, 1],
        "preferred_role": roles[metrics.preferred],
        "top_roles": _top_roles(selection.roles, metrics),
    }
    known |= {name: getattr(selection, name)[selected] for name in ("score", "stability", "sd", "mu")}
    known |= {field.name: getattr(metrics, field.name) for field in fields(metrics) if field.name in METRICS}
    return _table(ATLAS.schema, [known[name] for name in ATLAS.schema.names])


def neighbors_table(selection: Selection, layout: Map) -> pa.Table:
    """The rows of `NEIGHBORS`."""
    n, k = layout.neighbours.rows.shape
    columns = [
        np.repeat(selection.selected, k).astype(np.int32),
        np.tile(np.arange(1, k + 1, dtype=np.int32), n),
        selection.selected[layout.neighbours.rows.ravel()].astype(np.int32),
        layout.neighbours.similarities.ravel(),
    ]
    return _table(NEIGHBORS.schema, columns)


def role_similarity_table(selection: Selection, space: RoleSpace) -> pa.Table:
    """The rows of `ROLE_SIMILARITY`."""
    roles, n = np.array(selection.roles, dtype=object), len(selection.roles)
    return _table(ROLE_SIMILARITY.schema, [np.repeat(roles, n), np.tile(roles, n), space.similarity.ravel()])


def role_axes_table(selection: Selection, space: RoleSpace) -> pa.Table:
    """The rows of `ROLE_AXES`: the assistant axis, without positions where there is a reason, then the
    principal components.
    """
    nothing, n_axes = np.full(len(selection.roles), np.nan), len(space.explained) + 1
    along, cosines = nothing, np.full(n_axes, np.nan)
    if space.assistant is not None:
        along, cosines = space.assistant.positions, np.append(1.0, space.assistant.cosines)
    n = len(selection.roles)
    columns = [
        np.repeat(np.array(["assistant", *(f"pc{i}" for i in range(1, n_axes))], dtype=object), n),
        np.tile(np.array(selection.roles, dtype=object), n_axes),
        np.concatenate([along, space.positions.T.ravel()]),
        np.repeat(np.append(np.nan, space.explained), n),
        np.repeat(cosines, n),
        [space.why_no_assistant] * n + [None] * (n * (n_axes - 1)),
    ]
    return _table(ROLE_AXES.schema, columns)


def feature_flags_table(selection: Selection) -> pa.Table:
    """The rows of `FEATURE_FLAGS`, by feature."""
    columns = [
        np.arange(len(selection.mu), dtype=np.int32),
        selection.alive,
        selection.mu,
        selection.sd,
        selection.stability,
        selection.passed,
        selection.score,
    ]
    return _table(FEATURE_FLAGS, columns)


def summary_table(selection: Selection, layout: Map, settings: AtlasSettings) -> pa.Table:
    """The row of `ATLAS_SUMMARY`."""
    row = [
        selection.mode,
        len(selection.roles),
        len(selection.mu),
        int(selection.alive.sum()),
        int(selection.passed.sum()),
        len(selection.selected),
        selection.threshold,
        selection.unsplit,
        settings.quality_k,
        layout.preserved,
        f"{NOTE} {NO_CV_NOTE}" if selection.centred else NOTE,
    ]
    return _table(ATLAS_SUMMARY.schema, [[value] for value in row])


def _top_roles(roles: list[str], metrics: Metrics) -> list[list[dict[str, object]]]:
    return [
        [
            {"role": roles[row], "activation": value, "share": _known(share)}
            for row, value, share in zip(*of_feature, strict=True)
        ]
        for of_feature in zip(
            metrics.top_roles.T.tolist(), metrics.top_values.T.tolist(), metrics.top_shares.T.tolist(),
            strict=True,
        )
    ]  # fmt: skip


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _table(schema: pa.Schema, columns: Sequence[object]) -> pa.Table:
    """What could not be computed is NaN in the arrays and NULL in the table."""
    arrays = [
        pa.array(column, field.type, from_pandas=True) for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)
