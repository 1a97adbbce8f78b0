"""Roles on the assistant axis once more: over the answers alone that play them in a judge's eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.selection import Selection
from persona_assets.atlas.blocks import BlocksBeside
from persona_assets.atlas.crossed import FEWEST, Crossed, crossed
from persona_assets.atlas.placing import Places, place
from persona_assets.atlas.roles import RoleSpace, noise
from persona_assets.base.arrays import Floats, Ints


@dataclass(frozen=True)
class PlayedPlaces:
    """Where the roles `rows` int64[n] of the selection lie on the axis over played answers: `places` of them.

    `cosine` is of this axis with the one over all answers.
    """

    rows: Ints
    places: Places
    cosine: float


def played_places(
    selection: Selection, space: RoleSpace, anchor: str, every: Crossed, played: BlocksBeside
) -> PlayedPlaces | None:
    """Place the roles of `played` on the axis from them to the anchor, in the unit of that over all answers.

    `every` are the products over all answers. Both axes are divided by a length that holds the noise of the
    axis over all answers: that of fewer answers is larger, and would draw every place to 0. A role takes part
    whose answers are under three wordings and groups of questions (under all, where there are fewer). None
    where there is no axis, or the anchor or every other role takes no part.
    """
    scale, assistant = noise(selection), space.assistant
    played = _spread(played)
    if scale is None or assistant is None or anchor not in played.roles or len(played.roles) < 2:
        return None
    found = crossed(played.blocks, scale)
    if found is None:
        return None
    rows = np.array([selection.roles.index(role) for role in played.roles])
    weights = np.where(rows == selection.roles.index(anchor), 1.0, -1 / (len(rows) - 1))
    columns = played.means / scale
    axis = weights @ columns
    squared = weights @ found.products @ weights + _noise_of(assistant.weights, selection, anchor, every)
    if not squared > 0 or not axis.any():
        return None
    weights = weights / np.sqrt(squared)
    in_sample = (columns - columns.mean(axis=0)) @ (weights @ columns)
    cosine = float(axis @ assistant.direction / np.linalg.norm(axis))
    return PlayedPlaces(rows, place(in_sample[None], weights[None], found), cosine)


def _noise_of(weights: Floats, selection: Selection, anchor: str, every: Crossed) -> float:
    """Return what noise adds to the squared length of the axis over all answers, made by `weights`."""
    of_anchor = weights[selection.roles.index(anchor)]  # 1 before the axis was given length 1
    return float((1 - weights @ every.products @ weights) / of_anchor**2)


def _spread(played: BlocksBeside) -> BlocksBeside:
    """Return the roles whose answers are under enough wordings and groups of questions to leave one out."""
    present = played.blocks.present
    n_wordings, n_groups = present.any(axis=2).sum(axis=1), present.any(axis=1).sum(axis=1)
    enough = (n_wordings >= min(FEWEST, present.shape[1])) & (n_groups >= min(FEWEST, present.shape[2]))
    return played.of(np.flatnonzero(enough))
