"""How often a feature is active per token in either group of a contrast, and how surely that differs.

A unit's rate is its active tokens over its tokens, and a group's the mean of its units'. What a unit has on
one of what units are compared on is (active - rate x tokens) over the unit's mean tokens there, with the mean
of both groups' rates: its mean over these is how far the unit's rate is above that. So `group_errors` says of
it what it says of activations, and answers that are only longer differ in nothing.
"""

from __future__ import annotations

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.group_errors import group_effects, groups_parts
from persona_assets.analysis.group_sums import Sums, Tokens, UnitSums, units_in_blocks
from persona_assets.analysis.layout import Layout
from persona_assets.analysis.significance import fieller, reach, student
from persona_assets.base.arrays import Flags, Floats

_RATES = ("token_rate_group", "token_rate_against")
COLUMNS = (*_RATES, "rate_ratio", "rate_ratio_low", "rate_ratio_high", "rate_p")


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
    weights = np.zeros((*share.shape, 2))
    weights[..., 0] = share / mean[:, None]
    if len(in_block) > 1:
        weights[..., 1] = (of_block / in_block)[layout.block_of] / mean[:, None]
    sums = UnitSums(
        share.sum(axis=1)[None],
        (of_side.T @ share)[None],
        ((share**2).sum(axis=1) @ of_side)[None],
        np.array([blocks]),
    )
    return Tokens(mean, sums, weights)


def group_rates(layout: Layout, summed: Sums, tokens: Tokens | None, seldom: Flags) -> dict[str, Floats]:
    """Return the columns `COLUMNS` of some features, float64[n_features] each.

    NaN where tokens are not known; features that are `seldom` expected have rates and their ratio alone.
    """
    active, products = summed.active, summed.products
    if tokens is None or active is None:
        return {name: np.full(len(seldom), np.nan) for name in COLUMNS}
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
