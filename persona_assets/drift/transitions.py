"""Which features carry a change from one turn to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from persona_assets.base.arrays import Floats, Ints


@dataclass(frozen=True)
class Transition:
    """What changed, feature by feature; arrays float64[n_features], only features whose value changed.

    `contribution` is `delta` × `weight`: over all features they sum to the change of the projection.
    `share_of_change` is |delta| over the sum of all |delta|; `share_of_away` the part of `away_mass` that a
    feature leading away from the assistant has, 0 for others. Ranks count from 1, by |contribution| and by
    |delta|, ties by feature_id.
    """

    feature_id: Ints
    delta: Floats
    weight: Floats
    contribution: Floats
    share_of_change: Floats
    share_of_away: Floats
    rank_by_contribution: Ints
    rank_by_change: Ints
    toward_mass: float
    away_mass: float


def transition(before: Floats, after: Floats, axis: Floats) -> Transition:
    """The change from one turn's vector to the next one's, float64[d_sae] each, along the unit `axis`."""
    change = after - before
    feature_id = np.flatnonzero(change)
    delta, weight = change[feature_id], axis[feature_id]
    contribution = delta * weight
    away = np.maximum(-contribution, 0)
    return Transition(
        feature_id=feature_id,
        delta=delta,
        weight=weight,
        contribution=contribution,
        share_of_change=_shares(np.abs(delta)),
        share_of_away=_shares(away),
        rank_by_contribution=_ranks(np.abs(contribution)),
        rank_by_change=_ranks(np.abs(delta)),
        toward_mass=float(np.maximum(contribution, 0).sum()),
        away_mass=float(away.sum()),
    )


def whole(before: Floats, after: Floats, axis: Floats) -> Transition:
    """As `transition`, where dimensions are no features: the change as a whole, and none of them."""
    change, nothing = float((after - before) @ axis), transition(axis, axis, axis)
    return replace(nothing, toward_mass=max(change, 0.0), away_mass=max(-change, 0.0))


def _shares(values: Floats) -> Floats:
    total = values.sum()
    return values / total if total > 0 else np.zeros_like(values)


def _ranks(values: Floats) -> Ints:
    """Ranks from 1, the largest first; of equals the earlier."""
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(-values, kind="stable")] = 1 + np.arange(len(values))
    return ranks
