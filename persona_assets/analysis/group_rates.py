"""How often a feature is active per token in either group of a contrast, and how surely that differs.

A unit's rate is its active tokens over its tokens, and a group's the mean of its units'. What a unit has on
one of what units are compared on is (active - rate x tokens) over the unit's mean tokens there, with the mean
of both groups' rates: its mean over these is how far the unit's rate is above that. So `group_errors` says of
it what it says of activations, and answers that are only longer differ in nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.group_errors import group_effects, groups_parts
from persona_assets.analysis.group_sums import Range, UnitSums, unit_sums, units_in_blocks
from persona_assets.analysis.layout import Layout
from persona_assets.analysis.significance import fieller, reach, student
from persona_assets.base.arrays import Flags, Floats, Int32s, Ints
from persona_assets.base.compiled import compiled

_RATES = ("token_rate_group", "token_rate_against")
COLUMNS = (*_RATES, "rate_ratio", "rate_ratio_low", "rate_ratio_high", "rate_p")


@dataclass(frozen=True)
class Tokens:
    """A contrast's tokens by unit and what units are compared on.

    `mean` float64[n_units]: a unit's mean over what it is compared on. `sums` are those of the tokens over
    that, as of one feature; `weights` float64[n_places, 3] are such that active tokens times these add up to
    the products of the two, by group and in blocks.
    """

    mean: Floats
    sums: UnitSums
    weights: Floats


def tokens_of(layout: Layout, design: Design) -> Tokens | None:
    """Return the tokens of a contrast; None where those of a response that takes part are not known."""
    member, lengths = layout.unit_of >= 0, design.lengths.ravel()
    if not np.isfinite(lengths[member]).all():
        return None
    unit, column = layout.unit_of[member], layout.crossed_of[member]
    total = np.zeros(layout.asked.shape)
    np.add.at(total, (unit, column), lengths[member])
    mean = total.sum(axis=1) / (layout.asked > 0).sum(axis=1)
    share = total / mean[:, None]
    of_side = layout.side_of[:, None] == [0, 1]
    in_block = np.maximum(units_in_blocks(layout), 1)
    of_block = np.zeros(in_block.shape)
    np.add.at(of_block, layout.block_of, share)
    blocks = (of_block**2 / in_block).sum() if len(in_block) > 1 else 0.0
    weights = np.zeros((len(lengths), 3))
    weights[member, layout.side_of[unit]] = share[unit, column] / mean[unit]
    if len(in_block) > 1:
        block = layout.block_of[unit]
        weights[member, 2] = of_block[block, column] / in_block[block, column] / mean[unit]
    sums = UnitSums(
        share.sum(axis=1)[None],
        (of_side.T @ share)[None],
        ((share**2).sum(axis=1) @ of_side)[None],
        np.array([blocks]),
    )
    return Tokens(mean, sums, weights)


def group_rates(layout: Layout, part: Range, tokens: Tokens | None, seldom: Flags) -> dict[str, Floats]:
    """Return the columns `COLUMNS` of a range's features, float64[n_features] each.

    NaN where tokens are not known; features that are `seldom` expected have rates and their ratio alone.
    """
    n = part.stop - part.start
    if tokens is None or not _known(part.active, part.places, layout.unit_of):
        return {name: np.full(n, np.nan) for name in COLUMNS}
    with np.errstate(invalid="ignore"):
        active, _ = unit_sums(layout, part, part.active, (layout.asked > 0) / tokens.mean[:, None])
    products = np.zeros((n, 3))
    _products(part.bounds, part.places, part.active, tokens.weights, products)
    of_unit = (active.units / (layout.asked > 0).sum(axis=1)).T
    rates = [np.abs(layout.weights[own]) @ of_unit[own] for own in (layout.side_of == 0, layout.side_of == 1)]
    above = _above(active, tokens.sums, products, (rates[0] + rates[1]) / 2)
    known = group_effects(layout, above)
    error, df = known.error.astype(np.float32), known.df.astype(np.float32)
    group, against = np.maximum(rates[1] + known.effect, 0), rates[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(known.error > 0, student(known.effect, error, df), np.nan)
        ratio = np.where(against > 0, group / against, np.nan)
        variances = _by_group(layout, known.levels, ratio) * known.error[:, None] ** 2
        low, high = fieller(group, variances[:, 0], against, variances[:, 1], reach(np.maximum(df, 1)))
    p = np.where(seldom, np.nan, p)
    low, high = (np.where(np.isnan(p), np.nan, end) for end in (low, high))
    return dict(zip(COLUMNS, (*rates, ratio, low, high, p), strict=True))


def _above(active: UnitSums, tokens: UnitSums, products: Floats, rate: Floats) -> UnitSums:
    """Return the sums of active tokens less `rate` float64[n_features] times the tokens."""
    of_side, of_unit = rate[:, None], rate[:, None, None]
    return UnitSums(
        active.units - of_side * tokens.units,
        active.crossed - of_unit * tokens.crossed,
        active.squares - 2 * of_side * products[:, :2] + of_side**2 * tokens.squares,
        active.blocks - 2 * rate * products[:, 2] + rate**2 * tokens.blocks,
    )


def _by_group(layout: Layout, levels: Floats, ratio: Floats) -> Floats:
    """float64[n_features, 2]: either group's part of the variance of the difference.

    The variance of a group that has the other's grows with its rate.
    """
    parts, _, own = groups_parts(layout, levels)
    total = parts.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, parts / total, 0.5)
    grown = np.stack([ratio, 1 / ratio], axis=1)
    return shares * np.where(own, 1, np.fmax(grown, 1))


@compiled()
def _known(active: Int32s, places: Int32s, unit_of: Int32s) -> bool:
    """Return whether all active tokens of responses that take part are known."""
    unknown = 0
    for at in range(len(active)):
        unknown += active[at] < 0 and unit_of[places[at]] >= 0
    return unknown == 0


@compiled()
def _products(bounds: Ints, places: Int32s, active: Int32s, weights: Floats, into: Floats) -> None:
    """Add each feature's active tokens times their places' weights to `into` float64[n_features, 3]."""
    for one in range(len(bounds) - 1):
        for at in range(bounds[one], bounds[one + 1]):
            for column in range(weights.shape[1]):
                into[one, column] += active[at] * weights[places[at], column]
