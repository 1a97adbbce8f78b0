"""What is said of each selected feature: which roles it belongs to, and how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.selection import Selection
from persona_assets.base.arrays import Floats, Ints

N_TOP_ROLES = 3

_LEAST = 1e-8  # the smallest that is divided by


@dataclass(frozen=True)
class Metrics:
    """Of each selected feature, float64[n_selected] unless it says otherwise; NaN is: there is none.

    `preferred` int64[n_selected] is the role with the largest M, the first of equals. With V the column of M
    (centred: its positive part), `top_roles` int64[k, n_selected] are the roles with the highest V, k the
    lesser of three and n_roles, ties in the order of roles; `top_values` and `top_shares`
    float64[k, n_selected] their V and V over its sum. `pref_ratio` is the highest V over the second (at least
    1e-8), `bridge_entropy` the entropy of the shares over log(n_roles); both are NaN with one role. Shares
    and entropy are NaN where V is zero. `active_frac` is the part of roles with M > 0; `cv` sd / |mu|, NaN
    where M is centred: mu is then about 0. `mean_activation` and `max_activation` are over the raw values of
    roles.
    """

    preferred: Ints
    top_roles: Ints
    top_values: Floats
    top_shares: Floats
    pref_ratio: Floats
    bridge_entropy: Floats
    active_frac: Floats
    cv: Floats
    mean_activation: Floats
    max_activation: Floats


def feature_metrics(selection: Selection) -> Metrics:
    """Return the metrics of `selection.selected`."""
    columns = selection.columns
    weights = np.maximum(columns, 0) if selection.centred else columns
    top = np.argsort(-weights, axis=0, kind="stable")[:N_TOP_ROLES]
    top_values = np.take_along_axis(weights, top, axis=0)
    sums = weights.sum(axis=0)
    shares = np.divide(weights, sums, out=np.full_like(weights, np.nan), where=sums > 0)
    return Metrics(
        preferred=columns.argmax(axis=0),
        top_roles=top,
        top_values=top_values,
        top_shares=np.take_along_axis(shares, top, axis=0),
        pref_ratio=_ratio(top_values),
        bridge_entropy=_entropy(shares),
        active_frac=(columns > 0).mean(axis=0),
        cv=_variation(selection),
        mean_activation=selection.raw.mean(axis=0),
        max_activation=selection.raw.max(axis=0),
    )


def _ratio(top_values: Floats) -> Floats:
    if len(top_values) < 2:
        return np.full(top_values.shape[1], np.nan)
    return top_values[0] / np.maximum(top_values[1], _LEAST)


def _entropy(shares: Floats) -> Floats:
    if len(shares) < 2:
        return np.full(shares.shape[1], np.nan)
    information = (shares * np.log(np.where(shares == 0, 1, shares))).sum(axis=0)
    return 0.0 - information / np.log(len(shares))  # not `-information`, which of 0 is -0.0


def _variation(selection: Selection) -> Floats:
    sd, mu = selection.sd[selection.selected], selection.mu[selection.selected]
    return np.full(len(sd), np.nan) if selection.centred else sd / np.maximum(np.abs(mu), _LEAST)
