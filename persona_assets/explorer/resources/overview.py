"""All roles beside one another: how alike they are, and where they stand on the axes."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from persona_assets.analysis.clustering import role_families, role_order
from persona_assets.base.arrays import Floats
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json

SIMILARITY = ("similarity", "similarity_low", "similarity_high")

MOST_FAMILIES = 10  # as many as there are colours that stay tellable

# Of an axis, and of a role on it.
FACTS = (
    "explained_variance",
    "explained_null",
    "cosine_with_assistant",
    "anchor_null",
    "reason",
    "played_axis_cosine",
)
PLACE = (
    *("role", "position", "position_low", "position_high", "rank_low", "rank_high"),
    *("played_position", "played_position_low", "played_position_high"),
)


def roles(source: Source, sae: str) -> Json:
    """`{sae}/roles.json`."""
    source.sae(sae)
    names, matrices = _matrices(source, sae)
    order = role_order(matrices["similarity"])
    mapped = source.row("map_summary", sae=sae)
    shown = {name: matrix[np.ix_(order, order)].tolist() for name, matrix in matrices.items()}
    place = {row: at for at, row in enumerate(order)}
    null = None if mapped is None else mapped["similarity_null"]
    found = _families(matrices["similarity"], null)
    return {
        "order": [names[row] for row in order] or [role["role"] for role in source.rows("roles")],
        **{
            name: [[None if np.isnan(cell) else cell for cell in row] for row in matrix]
            for name, matrix in shown.items()
        },
        "similarity_null": null,
        "families": [sorted(place[row] for row in family) for family in found],
        "axes": axes(source, sae),
        "adherence": source.rows("adherence", role=None),
        "findings": source.known("findings", sae=sae, role=None),
        "fits": source.rows("fits", sae=sae, role=None),
    }


def families(source: Source, sae: str, null: float | None) -> list[list[str]]:
    """Return the families of roles that are alike beyond chance, which `null` tells, the largest first."""
    names, matrices = _matrices(source, sae)
    return [[names[row] for row in rows] for rows in _families(matrices["similarity"], null)]


def _families(similarity: Floats, null: float | None) -> list[list[int]]:
    return [] if null is None else role_families(similarity, null, MOST_FAMILIES)


def _matrices(source: Source, sae: str) -> tuple[list[str], dict[str, Floats]]:
    """Return the roles that are compared, and each of `SIMILARITY`, float64[n_roles, n_roles]."""
    pairs = source.columns("similarity", sae=sae)
    names = sorted(set(pairs["role_a"]))
    known = {
        name: np.array([np.nan if value is None else value for value in pairs[name]], np.float64)
        for name in SIMILARITY
    }
    return names, {name: values.reshape(len(names), len(names)) for name, values in known.items()}


def axes(source: Source, sae: str) -> list[Json]:
    """Return the contract's `Axis` of each axis, the assistant axis first."""
    every = source.rows("axes", sae=sae, role=None)
    found = []
    for axis, group in groupby(every, key=lambda place: place["axis"]):
        places = list(group)
        facts = {key: places[0][key] for key in FACTS}
        positions = [{key: place[key] for key in PLACE} for place in places]
        found.append({"axis": axis} | facts | {"positions": positions})
    return found
