"""Each role's own variance drawn towards the one pooled over roles (Smyth 2004)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma

from persona_assets.base.arrays import Flags, Floats, Ints, Singles

_MOST = 1e6  # prior degrees of freedom: as good as the same variance in every role
_SAMPLE = 4096  # features from which the prior's are estimated, at most
_ENOUGH = 10  # features, at least


def moderated(squares: Floats, df: Ints, prior_df: Floats) -> tuple[Floats, Floats]:
    """Return mean squares float64[n_roles, n] with `df` int64[n_roles], drawn to their pooled mean.

    The pooled one counts `prior_df` float64[n]; also returns the degrees of freedom, float64[n_roles, n]. A
    role without any has the pooled one.
    """
    own, total = df[:, None].astype(float), max(float(df.sum()), 1.0)
    squares = np.where(own > 0, squares, 0)
    pooled = (squares * own).sum(axis=0) / total
    drawn = (prior_df * pooled + own * squares) / (prior_df + own)
    return drawn, np.minimum(prior_df + own, total)


def combined(
    wording: Floats,
    wording_df: Floats,
    interaction: Floats,
    interaction_df: Floats,
    residual: Floats,
    residual_df: float,
) -> tuple[Floats, Floats]:
    """Return n times the variance of a mean of n responses, and Satterthwaite's degrees of freedom.

    Of moderated mean squares of wordings and of role x question, float64[n_roles, n], and what is left,
    float64[n]. The larger of the two stands in where their sum would be too small.
    """
    error = np.maximum(wording + interaction - residual, np.maximum(wording, interaction))
    parts = wording**2 / wording_df + interaction**2 / interaction_df
    parts += residual**2 / max(residual_df, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return error, error**2 / parts


def prior_degrees(squares: Singles, df: Ints, fired: Ints) -> Floats:
    """float64[d_sae]: for how many degrees of freedom the pooled mean square of each feature counts.

    Roles whose mean squares float32[n_roles, d_sae] differ no more than `df` int64[n_roles] explain share one
    variance. It is estimated of features that fire about equally often, within a factor of 2 of `fired`
    int64[d_sae]; of all where these are few.
    """
    tested = df > 0
    own = float(df[tested].mean()) if tested.any() else 1.0
    varies = (squares[tested] > 0).sum(axis=0) > max(tested.sum() / 2, 2)
    prior = np.full(squares.shape[1], _of_spread(squares, tested, np.flatnonzero(varies), own))
    octave = np.floor(np.log2(np.maximum(fired, 1) / max(fired.max(), 1)))
    for one in np.unique(octave):
        alike = np.flatnonzero(varies & (octave == one))
        if len(alike) >= _ENOUGH:
            prior[octave == one] = _of_spread(squares, tested, alike, own)
    return prior


def _of_spread(squares: Singles, tested: Flags, features: Ints, df: float) -> float:
    """Return the degrees of freedom by the median spread of the logarithms; `df` without any feature."""
    if not len(features):
        return df
    features = features[:: -(-len(features) // _SAMPLE)]
    with np.errstate(divide="ignore"):
        logs = np.log(squares[np.ix_(tested, features)].astype(np.float64))
    spread = np.nanvar(np.where(np.isfinite(logs), logs, np.nan), axis=0, ddof=1)
    excess = float(np.median(spread)) - float(polygamma(1, df / 2))
    if excess <= polygamma(1, _MOST / 2):
        return _MOST
    return 2 * float(brentq(lambda half: polygamma(1, half) - excess, 1e-3, _MOST / 2))
