"""The atlas as tables: what is said of features, of their neighbors, and of roles."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.map import NOTE, Map
from persona_assets.atlas.metrics import Metrics
from persona_assets.atlas.placing import Places
from persona_assets.atlas.played_axis import PlayedPlaces
from persona_assets.atlas.roles import RoleSpace
from persona_assets.base.arrays import Flags, Floats
from persona_assets.lake.schema import (
    ATLAS,
    ATLAS_SUMMARY,
    METRICS,
    NEIGHBORS,
    ROLE_AXES,
    ROLE_SIMILARITY,
)
from persona_assets.study.settings import AtlasSettings

NO_CV_NOTE = (
    "The coefficient of variation (cv: the spread over roles, divided by the mean) is not given: each role "
    "is compared with the others on the same questions, so that the mean over roles is about 0."
)
NOTHING_PASSED_NOTE = (
    "In no feature do roles differ beyond their wordings and questions (q < 0.05), so none is mapped and no "
    "roles are compared; a study of few answers shows little. `atlas.selection: classic` maps the features "
    "that vary most."
)


@dataclass(frozen=True)
class AtlasTables:
    """The tables of the atlas, with the schemas above; what there is none of is NULL, never NaN.

    Ranks begin with 1. `atlas` has a row a selected feature, the best first; `neighbors` one for each of a
    feature's nearest; `role_similarity` one for every pair of roles, both ways and a role with itself;
    `role_axes` one for every axis (`assistant`, `pc1` …) and role, the facts of the axis beside each role's
    position; `summary` a single row.
    """

    atlas: pa.Table
    neighbors: pa.Table
    role_similarity: pa.Table
    role_axes: pa.Table
    summary: pa.Table


def atlas_table(selection: Selection, layout: Map, metrics: Metrics) -> pa.Table:
    """Return the rows of `ATLAS`."""
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
    return ATLAS.of(known)


def neighbors_table(selection: Selection, layout: Map) -> pa.Table:
    """Return the rows of `NEIGHBORS`."""
    n, k = layout.neighbors.rows.shape
    return NEIGHBORS.of(
        {
            "feature_id": np.repeat(selection.selected, k),
            "rank": np.tile(np.arange(1, k + 1), n),
            "neighbor_id": selection.selected[layout.neighbors.rows.ravel()],
            "similarity": layout.neighbors.similarities.ravel(),
            "stable": [None] * (n * k) if layout.stable is None else layout.stable.ravel(),
        }
    )


def role_similarity_table(selection: Selection, space: RoleSpace) -> pa.Table:
    """Return the rows of `ROLE_SIMILARITY`."""
    roles, n = np.array(selection.roles, dtype=object), len(selection.roles)
    crossed, half = space.crossed
    return ROLE_SIMILARITY.of(
        {
            "role_a": np.repeat(roles, n),
            "role_b": np.tile(roles, n),
            "similarity": space.similarity.ravel(),
            "crossed_similarity": crossed.ravel(),
            "similarity_low": np.maximum(crossed - half, -1).ravel(),
            "similarity_high": np.minimum(crossed + half, 1).ravel(),
        }
    )


def role_axes_table(
    selection: Selection, space: RoleSpace, anchor: str, played: PlayedPlaces | None = None
) -> pa.Table:
    """Return the rows of `ROLE_AXES`: the assistant axis, without positions where there is a reason, then the
    principal components.
    """
    known = places_on_axes(selection.roles, space, anchor)
    n_roles = len(selection.roles)
    return ROLE_AXES.of(known | _played(n_roles, n_roles * len(space.axes), played))


def places_on_axes(roles: list[str], space: RoleSpace, anchor: str) -> dict[str, object]:
    """Return the columns of `ROLE_AXES` for `roles` in any space."""
    n, n_axes = len(roles), len(space.axes)
    lacking = n * n_axes - space.places.position.size  # the assistant axis, where there is none
    known = {field.name: getattr(space.places, field.name).ravel() for field in fields(space.places)}
    known = {name: np.append(np.full(lacking, np.nan), values) for name, values in known.items()}
    others = space.as_anchor[np.array(roles, dtype=object) != anchor]
    anchored = np.nanmedian(others) if space.assistant is not None else np.nan
    return {
        "axis": np.repeat(np.array(space.axes, dtype=object), n),
        "role": np.tile(np.array(roles, dtype=object), n_axes),
        "position": known["position"],
        "position_low": known["position"] - known["half"],
        "position_high": known["position"] + known["half"],
        "in_sample": known["in_sample"],
        **{name: _whole(known[name]) for name in ("rank", "rank_low", "rank_high")},
        "explained_variance": np.repeat(np.append(np.nan, space.explained), n),
        "explained_null": np.repeat(np.append(np.nan, space.nulls.explained), n),
        "cosine_with_assistant": np.repeat(space.cosines, n),
        "anchor_null": np.repeat(np.append(anchored, np.full(n_axes - 1, np.nan)), n),
        "reason": [space.why_no_assistant] * n + [None] * (n * (n_axes - 1)),
    }


def _played(n_roles: int, n_rows: int, played: PlayedPlaces | None) -> dict[str, object]:
    """Return the columns `played_*`: of the first `n_roles` rows, the assistant axis, alone."""
    found = {field.name: np.full(n_rows, np.nan) for field in fields(Places)}
    cosine = np.full(n_rows, np.nan)
    if played is not None:
        cosine[:n_roles] = played.cosine
        for name, values in found.items():
            values[played.rows] = getattr(played.places, name)[0]
    return {
        "played_position": found["position"],
        "played_position_low": found["position"] - found["half"],
        "played_position_high": found["position"] + found["half"],
        **{f"played_{name}": _whole(found[name]) for name in ("rank", "rank_low", "rank_high")},
        "played_axis_cosine": cosine,
    }


def summary_table(selection: Selection, layout: Map, space: RoleSpace, settings: AtlasSettings) -> pa.Table:
    """Return the row of `ATLAS_SUMMARY`."""
    along_x, along_y = layout.explained
    row = {
        "role_matrix_mode": selection.mode,
        "n_roles": len(selection.roles),
        "d_sae": len(selection.mu),
        "alive_count": int(selection.alive.sum()),
        "pass_count": int(selection.passed.sum()),
        "selected_count": len(selection.selected),
        "sd_threshold": selection.threshold,
        "criterion": selection.criterion,
        "quality_k": settings.quality_k,
        "preservation": layout.preserved,
        "preservation_null": layout.preserved_null,
        "map_stability": layout.overlap,
        "neighbors_stable": None if layout.stable is None else _mean(layout.stable),
        "neighbor_null": layout.neighbor_null,
        "similarity_null": space.nulls.similarity,
        "axes_unit": space.unit,
        "pca_x_explained": along_x,
        "pca_y_explained": along_y,
        "note": _note(selection),
    }
    return ATLAS_SUMMARY.of({name: [value] for name, value in row.items()})


def _note(selection: Selection) -> str:
    if len(selection.selected) == 0 and selection.criterion == "role_test":
        return NOTHING_PASSED_NOTE
    return f"{NOTE} {NO_CV_NOTE}" if selection.centred else NOTE


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


def _mean(flags: Flags) -> float | None:
    return float(flags.mean()) if flags.size else None


def _whole(values: Floats) -> pa.Array:
    """Return whole numbers, NULL for NaN."""
    return pa.array(values, from_pandas=True).cast(pa.int32())


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
