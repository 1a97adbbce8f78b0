"""The order of a role's features: planted ones come first, however loud others are."""

from __future__ import annotations

import duckdb
import numpy as np
from scipy.special import ndtri
from sklearn.metrics import average_precision_score

from persona_assets.base.queries import query
from tests.analysis.simulated import contrasts, draw

N_FEATURES, PLANTED = 600, 100
# Of 20 features each: density in the other roles, the shift in role 0 in standard deviations, the loudness.
KINDS = ((0.95, 0.3, 8.0), (0.3, 1.0, 1.0), (0.001, 2.2, 1.0), (0.001, 2.2, 0.1), (0.1, 0.75, 0.1))


def planted(random: np.random.Generator) -> np.ndarray:
    """Role 0's own features, then 60 that are loud in all roles, then others, some of another role."""
    density, loudness = np.full(N_FEATURES, 0.95), np.full(N_FEATURES, 8.0)
    values = draw(random, 0.014, 0.033, (12, 5, 40, N_FEATURES))
    for number, (often, shift, loud) in enumerate(KINDS):
        of_kind = slice(20 * number, 20 * number + 20)
        density[of_kind], loudness[of_kind] = often, loud
        values[0, ..., of_kind] += shift
    density[160:] = random.choice([0.002, 0.02, 0.1, 0.3, 0.95], 440)
    loudness[160:] = np.exp(random.normal(size=440))
    for role in range(1, 12):
        values[role, ..., 130 + 30 * role : 160 + 30 * role] += 1.5
    return np.maximum(values + ndtri(density), 0) * loudness


def by_distinctness(activations: np.ndarray) -> list[int]:
    """Role 0's features in the order of the warehouse."""
    with duckdb.connect() as connection:
        connection.register("found", contrasts(activations))
        connection.execute(query("macros/distinctness"))
        found = connection.execute(
            "select feature_id from found where role = 'role_00' "
            "order by distinctness(auroc_low, share) desc nulls last, feature_id"
        )
        return [feature for (feature,) in found.fetchall()]


def test_a_role_s_own_features_come_before_loud_ones_and_loudness_changes_nothing() -> None:
    activations = planted(np.random.default_rng(1))
    order = by_distinctness(activations)
    goodness = -np.arange(len(order))
    assert average_precision_score(np.array(order) < PLANTED, goodness) >= 0.95
    assert all(40 <= feature < 80 for feature in order[:20])  # what no other role has, faint ones too
    activations[..., ::7] *= 100
    assert by_distinctness(activations) == order
