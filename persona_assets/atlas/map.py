"""Places of the selected features in the plane, for navigation: neighbors come from the full space."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sklearn.decomposition import PCA

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.neighbors import (
    Neighbors,
    cosine_neighbors,
    map_neighbors,
    preservation,
    shared,
)
from persona_assets.atlas.nulls import neighbor_null, permuted
from persona_assets.base.arrays import Flags, Floats, Ints
from persona_assets.base.errors import StudyError
from persona_assets.study.settings import AtlasSettings

NOTE = (
    "Distances in the map are for navigation only; neighbors and similarities come from the full space "
    "of roles, by cosine."
)

# UMAP cannot lay out fewer.
_FEWEST = 4

_SEEDS = 3  # of the maps that are laid beside each other


@dataclass(frozen=True)
class Map:
    """The selected features, in the order of `Selection.selected`.

    `umap` and `pca` float64[n_selected, 2] are coordinates, NaN where there is none: in both with too few
    features (4 for UMAP, 2 for PCA), in PCA's second with a single role. `explained` float64[2] are the parts
    of the features' variance along PCA's two, NaN where there is none. `preserved` is the part of the
    `quality_k` nearest by cosine that are among the nearest in the UMAP, None where that has no places.

    `stable` bool[n_selected, k] are the neighbors that are so in both halves of wordings, None where there
    are none. `overlap` is the part of the `quality_k` nearest in a UMAP that are so with another random
    state, over every two of three. `preserved_null` and `neighbor_null` are what `permuted` features give.
    """

    umap: Floats
    pca: Floats
    explained: Floats
    neighbors: Neighbors
    preserved: float | None
    preserved_null: float | None
    overlap: float | None
    neighbor_null: float | None
    stable: Flags | None


def lay_out(selection: Selection, settings: AtlasSettings, halves: Floats | None = None) -> Map:
    """Map the selected features; `halves` float64[2, n_roles, n_selected] are their columns in two halves.

    Raises StudyError where the settings are not ones UMAP has.
    """
    points, ids = np.ascontiguousarray(selection.columns.T), selection.selected
    umap, drawn = umap_places(points, settings), permuted(points, settings.random_seed)
    near = cosine_neighbors(points, ids, settings.neighbor_k)
    return Map(
        umap,
        *pca_places(points, settings.random_seed),
        near,
        preservation(points, umap, ids, settings.quality_k),
        preservation(drawn, umap_places(drawn, settings), ids, settings.quality_k),
        _overlap(points, umap, ids, settings),
        neighbor_null(drawn),
        None if halves is None else _stable(near, halves, ids),
    )


def _overlap(points: Floats, umap: Floats, ids: Ints, settings: AtlasSettings) -> float | None:
    """Return how much of a neighborhood in the map does not depend on UMAP's random state."""
    placed = ~np.isnan(umap).any(axis=1)
    if not placed.any():
        return None
    seeds = range(settings.umap_random_state + 1, settings.umap_random_state + _SEEDS)
    others = [umap_places(points, settings.model_copy(update={"umap_random_state": at})) for at in seeds]
    near = [map_neighbors(places, ids, settings.quality_k) for places in (umap, *others)]
    return float(np.mean([shared(*pair)[placed].mean() for pair in combinations(near, 2)]))


def _stable(near: Neighbors, halves: Floats, ids: Ints) -> Flags:
    k = near.rows.shape[1]
    first, second = (cosine_neighbors(np.ascontiguousarray(half.T), ids, k).rows for half in halves)
    return shared(near.rows, first) & shared(near.rows, second)


def umap_places(points: Floats, settings: AtlasSettings) -> Floats:
    """float64[n, 2] of `points` float64[n, n_dimensions] by UMAP over cosines, the same at every call.

    `umap_n_neighbors` are cut to n - 1. Features are NaN that have no neighbor but opposite ones, all with
    fewer than four. Raises StudyError where the settings are not ones UMAP has.
    """
    _check(settings)
    if len(points) < _FEWEST:
        return np.full((len(points), 2), np.nan)
    from persona_assets.atlas.kept_umap import UMAP

    umap = UMAP(
        metric="cosine",
        n_neighbors=min(settings.umap_n_neighbors, len(points) - 1),
        min_dist=settings.umap_min_dist,
        random_state=settings.umap_random_state,
        n_jobs=1,  # what a random state asks for
    )
    return umap.fit_transform(points.astype(np.float32)).astype(np.float64)


def pca_places(points: Floats, seed: int) -> tuple[Floats, Floats]:
    """float64[n, 2] of `points` float64[n, n_dimensions] on their first two components, and float64[2]: the
    part of the variance that each explains.
    """
    places, explained = np.full((len(points), 2), np.nan), np.full(2, np.nan)
    if len(points) > 1:
        n_components = min(2, *points.shape)
        pca = PCA(n_components, random_state=seed)
        with np.errstate(invalid="ignore"):  # the share of no variance, where all are alike
            places[:, :n_components] = pca.fit_transform(points.astype(np.float32))
        explained[:n_components] = pca.explained_variance_ratio_
    return places, explained


def _check(settings: AtlasSettings) -> None:
    if settings.umap_n_neighbors < 2:
        raise StudyError("atlas.umap_n_neighbors: 1 leaves a feature only itself; give at least 2")
    if settings.umap_min_dist > 1:
        raise StudyError(f"atlas.umap_min_dist: {settings.umap_min_dist} is above 1, the spread of the map")
