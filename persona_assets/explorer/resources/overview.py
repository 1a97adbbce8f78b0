"""All roles beside one another: how alike they are, and where they stand on the axes."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from persona_assets.analysis.clustering import role_order
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json

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
    names, similarity = _matrix(source, sae)
    order = role_order(similarity)
    shown = similarity[np.ix_(order, order)]
    return {
        "order": [names[row] for row in order] or [role["role"] for role in source.rows("roles")],
        "similarity": [[None if np.isnan(cell) else cell for cell in row] for row in shown.tolist()],
        "axes": _axes(source, sae),
        "adherence": source.rows("adherence", role=None),
        "findings": source.known("findings", sae=sae, role=None),
        "fits": source.rows("fits", sae=sae, role=None),
    }


def _matrix(source: Source, sae: str) -> tuple[list[str], np.ndarray]:
    """Return the roles that are compared, and float64[n_roles, n_roles]."""
    pairs = source.columns("similarity", sae=sae)
    names = sorted(set(pairs["role_a"]))
    values = np.array([np.nan if value is None else value for value in pairs["similarity"]], np.float64)
    return names, values.reshape(len(names), len(names))


def _axes(source: Source, sae: str) -> list[Json]:
    every = source.rows("axes", sae=sae, role=None)
    axes = []
    for axis, group in groupby(every, key=lambda place: place["axis"]):
        places = list(group)
        facts = {key: places[0][key] for key in FACTS}
        positions = [{key: place[key] for key in PLACE} for place in places]
        axes.append({"axis": axis} | facts | {"positions": positions})
    return axes
