"""The error of a role's mean: wordings and role x question are random samples.

Mean squares of the nested and crossed design (Clark 1973; Westfall, Kenny and Judd 2014), for each feature:
wordings W within a role, and role x question I, each moderated over roles, and what is left, E. Where nothing
is missing, W + I - E expects n times the variance of the mean of a role's n responses; where E exceeds W or I
by chance, or all wordings answer alike, the larger of the two stands in. Unequal numbers of responses enter
by their harmonic mean per question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.moderated import combined, moderated, prior_degrees
from persona_assets.analysis.paired import Paired
from persona_assets.analysis.reference import middle_half
from persona_assets.analysis.totals import Totals, Within
from persona_assets.analysis.variance import VarianceShares
from persona_assets.base.arrays import Floats, Ints, Singles

_BLOCK = 2048  # features at a time


@dataclass(frozen=True)
class MeanSquares:
    """W and I of every role, float32[n_roles, d_sae], and E, float64[d_sae], with their degrees of freedom.

    `interaction_df` counts questions less one, of which 1 - 1 / n_roles is the roles' own.
    """

    wording: Singles
    wording_df: Ints
    interaction: Singles
    interaction_df: Ints
    residual: Floats
    residual_df: float


@dataclass(frozen=True)
class Effects:
    """How far each role is from the middle half of the others on the same questions.

    `effect` is float64[n_roles, d_sae]; its standard `error`, the role's own `mean_error`, and `df` are
    float32[n_roles, d_sae]. `df` are Satterthwaite's degrees of freedom of `mean_error`; `error` takes them,
    too. The errors are NaN for a role with one question, 0 for what does not vary.
    """

    effect: Floats
    error: Singles
    mean_error: Singles
    df: Singles


def mean_squares(totals: Totals, within: Within, paired: Paired, variance: VarianceShares) -> MeanSquares:
    """Return the mean squares of what the reading gave."""
    design, n_roles = totals.design, len(totals.design.roles)
    wording_df = (design.by_variant > 0).sum(axis=1) - 1
    interaction_df = (design.by_question > 0).sum(axis=1) - 1
    part = 1 - 1 / n_roles
    per_question = _harmonic(design)
    squares = paired.squares * per_question[:, None]
    n_questions = (design.by_question.sum(axis=0) > 0).sum()
    explained = (n_roles - 1) + (n_questions - 1) + wording_df.sum() + part * interaction_df.sum()
    residual_df = float(design.n_responses.sum() - 1 - explained)
    left = np.nan_to_num(variance.residual * totals.deviations) - squares.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        interaction = squares / (interaction_df * part)[:, None]
    return MeanSquares(
        within.wording_squares / np.maximum(wording_df, 1)[:, None].astype(np.float32),
        wording_df,
        interaction.astype(np.float32),
        interaction_df,
        np.maximum(left, 0) / residual_df if residual_df >= 1 else np.zeros(len(left)),
        residual_df,
    )


def effects(totals: Totals, paired: Paired, squares: MeanSquares) -> Effects:
    """Return the effects with their errors; they need roles that are compared: two or more."""
    shape = squares.wording.shape
    found = Effects(np.empty(shape), *(np.full(shape, np.nan, np.float32) for _ in range(3)))
    prior = (
        prior_degrees(squares.wording, squares.wording_df, totals.fired),
        prior_degrees(squares.interaction, squares.interaction_df, totals.fired),
    )
    steady = np.isnan(totals.deviations)
    for start in range(0, shape[1], _BLOCK):
        block = np.s_[start : start + _BLOCK]
        of_mean = _of_means(found, block, totals.design, squares, prior)
        reference, of_reference = middle_half(paired.levels[:, block], of_mean)
        found.effect[:, block] = paired.levels[:, block] - reference
        has_error = squares.interaction_df[:, None] > 0
        found.error[:, block] = np.where(has_error, np.sqrt(of_mean + of_reference), np.nan)
        found.mean_error[:, block] = np.where(has_error, np.sqrt(of_mean), np.nan)
    for error in (found.error, found.mean_error):
        error[:, steady] = np.where(squares.interaction_df > 0, 0, np.nan)[:, None]
    return found


def _of_means(
    found: Effects, block: slice, design: Design, squares: MeanSquares, prior: tuple[Floats, Floats]
) -> Floats:
    """Return the variances of the roles' means, and write their degrees of freedom into `found`."""
    residual = squares.residual[block]
    of_wording, of_question = squares.wording[:, block], np.nan_to_num(squares.interaction[:, block])
    wording, wording_df = moderated(of_wording.astype(np.float64), squares.wording_df, prior[0][block])
    interaction, interaction_df = moderated(
        of_question.astype(np.float64), squares.interaction_df, prior[1][block]
    )
    error, found.df[:, block] = combined(
        wording, wording_df, interaction, interaction_df, residual, squares.residual_df
    )
    return error / design.n_responses[:, None]


def _harmonic(design: Design) -> Floats:
    """float64[n_roles]: the harmonic mean, over a role's questions, of how often it answered one."""
    with np.errstate(divide="ignore"):
        inverse = np.where(design.by_question > 0, 1 / design.by_question, 0)
    return (design.by_question > 0).sum(axis=1) / inverse.sum(axis=1)
