"""How features' decoder directions lie to an axis between roles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.atlas.blocks import Blocks
from persona_assets.atlas.crossed import Crossed, half_width
from persona_assets.base.arrays import Flags, Floats, Singles
from persona_assets.vectors.axes import along

_LEAST = 1e-30  # a direction's length


@dataclass(frozen=True)
class Aligned:
    """The cosine of each feature's direction with an axis, float64[n_features]; NaN is not known.

    `cosine` is over the axis' length free of noise, `half` is half its interval's width, and `in_sample` is
    the plain cosine, which noise in the axis draws to 0.
    """

    cosine: Floats
    half: Floats
    in_sample: Floats


def aligned(
    directions: Singles, weights: Floats, columns: Floats, blocks: Blocks | None, crossed: Crossed | None
) -> Aligned:
    """Return how `directions` float32[n_features, width] lie to the axis that `weights` of the roles make.

    `columns` float64[n_roles, width] are the roles' vectors, and `crossed` the products of their `blocks`.
    Of an axis that is not surely longer than noise makes it, only the plain cosine is known.
    """
    axis, unknown = weights @ columns, np.full(len(directions), np.nan)
    units = directions / np.maximum(np.linalg.norm(directions, axis=1), _LEAST)[:, None]
    in_sample = (units @ axis.astype(np.float32)).astype(np.float64) / np.linalg.norm(axis)
    if blocks is None or crossed is None:
        return Aligned(unknown, unknown, in_sample)
    [squared], [reach] = crossed.interval(lambda products: along(weights[None], products))
    if squared <= 0 or squared <= reach:
        return Aligned(unknown, unknown, in_sample)
    cosine = (units @ _axes(blocks, weights, np.zeros((1, *blocks.present.shape[1:]), bool)).T)[:, 0]
    cosine = cosine / np.sqrt(squared)
    if np.isnan(reach):
        return Aligned(cosine, unknown, in_sample)
    return Aligned(cosine, half_width(*_without_each(units, weights, blocks, crossed)), in_sample)


def _without_each(units: Singles, weights: Floats, blocks: Blocks, crossed: Crossed) -> list[Floats]:
    """Return the cosines [..., n_features] without each wording, each group of questions and each block."""
    n_wordings, n_groups = blocks.present.shape[1:]
    each = np.eye(n_wordings * n_groups, dtype=bool).reshape(n_wordings, n_groups, n_wordings, n_groups)
    left_out = (each.any(axis=1), each.any(axis=0), each)
    lengths = (crossed.without_wording, crossed.without_group, crossed.without_block)
    found = []
    for out, products in zip(left_out, lengths, strict=True):
        axes = _axes(blocks, weights, out.reshape(-1, n_wordings, n_groups))
        squared = along(weights[None], products).reshape(-1, 1)
        with np.errstate(invalid="ignore"):
            cosines = (axes @ units.T) / np.sqrt(np.where(squared > 0, squared, np.nan))
        found.append(cosines.reshape(*products.shape[:-2], -1))
    return found


def _axes(blocks: Blocks, weights: Floats, left_out: Flags) -> Singles:
    """float32[n, width]: the axis without the blocks that are `left_out` bool[n, n_wordings, n_groups]."""
    kept = blocks.present & ~left_out[:, None]  # [n, n_roles, n_wordings, n_groups]
    shares = kept / np.maximum(kept.sum(axis=(2, 3), keepdims=True), 1) * weights[:, None, None]
    width = blocks.means.shape[-1]
    axes: Singles = shares.reshape(len(kept), -1).astype(np.float32) @ blocks.means.reshape(-1, width)
    return axes
