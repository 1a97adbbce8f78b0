"""Whether roles differ in a feature at all: F of the role over its wordings and role x question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from persona_assets.analysis.components import Components, pooled
from persona_assets.analysis.errors import MeanSquares
from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.paired import Paired
from persona_assets.analysis.totals import Totals
from persona_assets.base.arrays import Floats


@dataclass(frozen=True)
class RoleTest:
    """Of each feature, float64[d_sae]: F, its q over all features, and the role's share of the variance.

    F is the mean square of roles over the error of their means, max(W + I - E, W, I) with the mean squares
    pooled over roles (`errors.MeanSquares`). NaN where nothing varies within roles or nothing is repeated in
    them; `share` is `Components.role`, and without components that of the variance over roles.
    """

    f: Floats
    q: Floats
    share: Floats


def role_test(totals: Totals, paired: Paired, squares: MeanSquares, parts: Components) -> RoleTest:
    """Return the test of every feature; Satterthwaite's degrees of freedom for the error."""
    n = totals.design.n_responses
    about = paired.levels - n @ paired.levels / n.sum()
    between = n @ about**2 / max(len(n) - 1, 1)
    error, df = _error(squares, len(n))
    f = np.divide(between, error, out=np.full(len(error), np.nan), where=(error > 0) & (len(n) > 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = fdtrc(len(n) - 1, df, f)
        plain = (between - error) / n.mean() / (totals.deviations / n.sum())
    return RoleTest(f, benjamini_hochberg(p), np.where(np.isnan(parts.role), plain, parts.role))


def _error(squares: MeanSquares, n_roles: int) -> tuple[Floats, Floats]:
    """Return the error's mean square, 0 where it is not known, and its degrees of freedom."""
    wording = pooled(squares.wording, squares.wording_df)
    interaction = pooled(np.nan_to_num(squares.interaction), squares.interaction_df)
    residual, wording_df = squares.residual, squares.wording_df.sum()
    interaction_df = squares.interaction_df.sum() * (1 - 1 / n_roles)
    error = np.maximum(wording + interaction - residual, np.maximum(wording, interaction))
    parts = wording**2 / max(wording_df, 1) + interaction**2 / max(interaction_df, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return error, error**2 / (parts + residual**2 / max(squares.residual_df, 1))
