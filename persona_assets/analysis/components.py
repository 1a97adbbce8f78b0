"""Variance components of a feature: role, question, wording within role, role x question, and the rest."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from persona_assets.analysis.errors import MeanSquares
from persona_assets.analysis.totals import Totals
from persona_assets.analysis.variance import VarianceShares
from persona_assets.base.arrays import Floats


@dataclass(frozen=True)
class Components:
    """Shares of their sum, float64[d_sae] each, below 0 by chance; NaN where a feature does not vary.

    By the expected mean squares of random effects, exact where nothing is missing. All NaN where roles are
    not asked the same, or there are not two roles, wordings and questions.
    """

    role: Floats
    question: Floats
    wording: Floats
    role_question: Floats
    rest: Floats


def components(totals: Totals, variance: VarianceShares, squares: MeanSquares | None) -> Components:
    """Return the components of every feature; `squares` are None where roles are not asked the same."""
    design, n_roles = totals.design, len(totals.design.roles)
    n_questions = int((design.by_question.sum(axis=0) > 0).sum())
    if squares is None or squares.residual_df < 1 or min(n_roles, n_questions) < 2:
        return Components(*(np.full(len(totals.squares), np.nan) for _ in range(5)))
    per_role = float(design.n_responses.mean())
    per_question = per_role / n_questions  # a role's answers to one
    role = variance.role * totals.deviations / (n_roles - 1)
    question = variance.question * totals.deviations / (n_questions - 1)
    wording = pooled(squares.wording, squares.wording_df)
    interaction = pooled(np.nan_to_num(squares.interaction), squares.interaction_df)
    rest = squares.residual
    parts = Components(
        (role - wording - interaction + rest) / per_role,
        (question - interaction) / (n_roles * per_question),
        (wording - rest) * per_question / per_role,
        (interaction - rest) / per_question,
        rest + 0 * role,
    )
    total = sum(astuple(parts))
    with np.errstate(invalid="ignore", divide="ignore"):
        return Components(*(np.where(total > 0, part / total, np.nan) for part in astuple(parts)))


def pooled(squares: np.ndarray, df: np.ndarray) -> Floats:
    """float64[d_sae]: mean over roles of mean squares, weighted by their degrees of freedom."""
    return df @ squares.astype(np.float64) / max(df.sum(), 1)
