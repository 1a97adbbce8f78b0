"""The error of a contrast: its units are random, and so is what they are compared on.

V_units, of the units' levels about their group (and block), by group as Welch (1947) has it; V_crossed, of
the difference of the groups over questions (roles, wordings); V_rest, of what is left, is in both. The
variance of the effect is V_units + V_crossed - V_rest, or the larger of the first two where that would be too
small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.group_sums import UnitSums
from persona_assets.analysis.layout import Layout
from persona_assets.analysis.moderated import combined
from persona_assets.base.arrays import Flags, Floats


@dataclass(frozen=True)
class GroupEffects:
    """How the group differs from the other, float64[n_features] each.

    `error` is the standard error, with Satterthwaite's degrees of freedom `df`; NaN where nothing tells how
    much units differ. `levels` float64[n_units, n_features] are the units' means less those of all units on
    the same questions.
    """

    effect: Floats
    error: Floats
    df: Floats
    levels: Floats


def group_effects(layout: Layout, sums: UnitSums) -> GroupEffects:
    """Return the effects of some features with their errors."""
    asked = (layout.asked > 0).astype(np.float64)
    on_each = asked.sum(axis=0)
    all_units = sums.crossed.sum(axis=1) / on_each  # [n_features, n_crossed]
    of_unit = asked.sum(axis=1)
    levels = ((sums.units - all_units @ asked.T) / of_unit).T
    between, between_df = between_units(layout, levels)
    crossed, crossed_df, rest, rest_df = _crossed(layout, sums, levels, all_units)
    variance, df = combined(between, between_df, crossed, np.full(len(crossed), crossed_df), rest, rest_df)
    return GroupEffects(layout.weights @ levels, np.sqrt(variance), df, levels)


def between_units(layout: Layout, levels: Floats) -> tuple[Floats, Floats]:
    """Return the variance of the units' weighted sum by how much they differ, and its degrees of freedom.

    `levels` float64[n_units, n]; NaN where no group has a degree of freedom.
    """
    parts, df, known = groups_parts(layout, levels)
    variance = parts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_sum = variance**2 / np.where(known.sum() == 2, (parts**2 / df).sum(axis=1), variance**2 / df.max())
    return variance, np.where(variance > 0, of_sum, max(float(df.max()), 1.0))


def groups_parts(layout: Layout, levels: Floats) -> tuple[Floats, Floats, Flags]:
    """Return either group's part of the variance, float64[n, 2], and their degrees of freedom float64[2].

    Blocks and groups are taken out first. A group that has none by itself, by the last of these bool[2], has
    the other's variance.
    """
    block, weights, n_blocks = layout.block_of, layout.weights, int(layout.block_of.max()) + 1
    in_block = np.bincount(block)
    side = layout.side_of - (np.bincount(block, layout.side_of) / in_block)[block]
    means = np.zeros((n_blocks, levels.shape[1]))
    np.add.at(means, block, levels)
    about = levels - (means / in_block[:, None])[block]
    spread = (side**2).sum()
    about -= side[:, None] * (side @ about) / spread
    free = 1 - 1 / in_block[block] - side**2 / spread  # of each unit: 1 less its leverage
    of_side = layout.side_of[:, None] == [0, 1]
    df = free @ of_side
    known = df > 1e-9
    squares = (about**2).T @ of_side  # [n, 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.where(known, squares / df, np.nan)
        squares = np.where(known, squares, squares[:, ::-1])
    return squares * (weights**2 @ of_side), np.where(known, df, df[::-1]), known


def _crossed(
    layout: Layout, sums: UnitSums, levels: Floats, all_units: Floats
) -> tuple[Floats, int, Floats, float]:
    """Return V_crossed and V_rest, float64[n_features], with their degrees of freedom."""
    asked = (layout.asked > 0).astype(np.float64)
    sides = [layout.side_of == side for side in (0, 1)]
    on_each = np.stack([asked[side].sum(axis=0) for side in sides])
    shared = (on_each > 0).all(axis=0)
    n, n_features = int(shared.sum()), len(all_units)
    if layout.crossed is None or n < 2:
        return np.zeros(n_features), 1, np.zeros(n_features), 0.0
    # What is left of either group's mean on each question once its units' levels are taken out.
    left = [
        (sums.crossed[:, at, :] - levels[side].T @ asked[side])[:, shared] / on_each[at, shared]
        for at, side in enumerate(sides)
    ]
    squares = ((left[0] - left[1]) ** 2).sum(axis=1)
    of_weights = (layout.weights**2).sum()
    total = sums.squares.sum(axis=1) - (asked.sum(axis=0) * all_units**2).sum(axis=1)
    total -= (asked.sum(axis=1)[:, None] * levels**2).sum(axis=0)
    rest = total - squares / of_weights - _of_blocks(layout, sums, levels, all_units)
    missing = asked.size - asked.sum()
    n_blocks = int(layout.block_of.max()) + 1
    rest_df = float((len(layout.units) - n_blocks - 1) * (asked.shape[1] - 1) - missing)
    rest = np.maximum(rest, 0) / rest_df if rest_df >= 1 else np.zeros(n_features)
    return squares / (n - 1) / n, n - 1, rest * of_weights / n, max(rest_df, 0.0)


def _of_blocks(layout: Layout, sums: UnitSums, levels: Floats, all_units: Floats) -> Floats:
    """float64[n_features]: the sum of squares of what blocks do on single questions; 0 with one block."""
    n_blocks = int(layout.block_of.max()) + 1
    if n_blocks == 1:
        return np.zeros(len(all_units))
    asked = (layout.asked > 0).astype(np.float64)
    of_block = np.zeros((n_blocks, levels.shape[1]))
    weight = asked.sum(axis=1)
    np.add.at(of_block, layout.block_of, levels * weight[:, None])
    in_block = np.bincount(layout.block_of, weight)
    squares = sums.blocks - (asked.sum(axis=0) * all_units**2).sum(axis=1)
    return np.maximum(squares - (of_block**2 / in_block[:, None]).sum(axis=0), 0)
