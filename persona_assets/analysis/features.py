"""The table features: what each feature does across roles."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from persona_assets.analysis.components import Components
from persona_assets.analysis.totals import Totals
from persona_assets.analysis.variance import VarianceShares
from persona_assets.base.arrays import Floats
from persona_assets.lake.schema import FEATURES


def feature_statistics(totals: Totals, variance: VarianceShares, components: Components) -> pa.Table:
    """Return `FEATURES` without the selection, by feature; what a dead one has no value of is NULL."""
    alive, means = totals.fired > 0, totals.role_means
    roles = np.array(totals.design.roles, dtype=object)
    return FEATURES.part(
        {
            "feature_id": np.arange(len(alive), dtype=np.int32),
            "alive": alive,
            "mean": means.mean(axis=0),
            "sd": means.std(axis=0),
            "preferred_role": np.where(alive, roles[means.argmax(axis=0)], None),
            "entropy": entropy(totals),
            "firing_rate": totals.fired / totals.design.n_responses.sum(),
            "length_correlation": length_correlation(totals),
            "variance_role": variance.role,
            "variance_question": variance.question,
            "variance_variant": variance.variant,
            "variance_residual": variance.residual,
            "component_role": components.role,
            "component_question": components.question,
            "component_wording": components.wording,
            "component_role_question": components.role_question,
            "component_rest": components.rest,
        }
    )


def entropy(totals: Totals) -> Floats:
    """float64[d_sae]: of the role means' shares over log(n_roles): 1 where all roles are alike, 0 where one
    role has all. NaN for dead features, or with a single role.
    """
    result, n_roles = np.zeros(len(totals.fired)), len(totals.design.roles)
    for row in range(n_roles):
        share = totals.shares(row)
        result -= share * np.log(np.where(share == 0, 1, share))
    return result / np.log(n_roles) if n_roles > 1 else np.full(len(result), np.nan)


def length_correlation(totals: Totals) -> Floats:
    """float64[d_sae]: Pearson's, over all responses, of the mean activation with the response's tokens.

    NaN where either does not vary, or a response's tokens are not known.
    """
    design, lengths = totals.design, totals.design.centred_lengths
    scale = np.sqrt(totals.deviations * (lengths[design.present] ** 2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(totals.length_products / scale, -1, 1)
