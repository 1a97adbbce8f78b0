"""What was planted is found, and where nothing was planted nothing is: the promise that q makes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.stats import binom, false_discovery_control

from persona_assets.analysis.statistics import analyse
from persona_assets.base.queries import query
from tests.analysis.dense import DenseRole, grid, write

LEVEL = 0.05
N_ROLES, D_SAE = 10, 150
IDS = grid((0, 1, 2), tuple(range(20)))
USUAL = {20: 3, 21: 0, 22: 9}  # feature: the role that fires it more
SELDOM = {30: 4, 31: 7, 32: 2}  # features that only one role fires, in 7 of its 60 responses
N_SHUFFLES = 20


def planted() -> list[DenseRole]:
    """Roles alike but for the planted features; features fire from seldom to often, by question."""
    random = np.random.default_rng(20)
    density = np.geomspace(0.004, 0.9, D_SAE)
    questions = np.exp(random.normal(size=(20, D_SAE)) * 0.7)[IDS % 100_000]
    roles = []
    for number in range(N_ROLES):
        fired = random.random((len(IDS), D_SAE)) < density * np.minimum(questions, 1)
        values = np.where(fired, random.gamma(2.0, 1.0, fired.shape) * questions, 0).astype(np.float32)
        for feature, role in USUAL.items():
            often = 0.8 if number == role else 0.25
            values[:, feature] = random.gamma(2.0, 1.0, len(IDS)) * (random.random(len(IDS)) < often)
        for feature, role in SELDOM.items():
            values[:, feature] = 0
            if number == role:
                values[random.choice(len(IDS), 7, replace=False), feature] = random.gamma(2.0, 1.0, 7)
        roles.append(DenseRole(f"role_{number}", IDS, values, values, np.full(len(IDS), 9)))
    return roles


def shuffled(roles: list[DenseRole], random: np.random.Generator) -> list[DenseRole]:
    """The same responses, but whose each wording is was drawn anew, whole."""
    values, wording = np.stack([role.values for role in roles]), IDS // 100_000
    order = random.permuted(np.tile(np.arange(len(roles))[:, None], wording.max() + 1), axis=0)
    mixed = values[order[:, wording], np.arange(len(IDS))]
    return [DenseRole(role.name, IDS, own, own, role.lengths) for role, own in zip(roles, mixed, strict=True)]


def discoveries(folder: Path, roles: list[DenseRole]) -> pd.DataFrame:
    """What is found in roles that are chosen first, as the view role_findings chooses them."""
    table = analyse(write(folder, roles), D_SAE, aligned=True, split_seed=0).role_contrasts
    with duckdb.connect() as connection:
        connection.execute("create table role_contrasts as select 'sae' as sae, * from \"table\"")
        chosen = connection.execute(f"from {query('views/role_findings')}").df().set_index("role")
    found = table.to_pandas()
    expected = false_discovery_control(found.groupby("role").q.min())
    np.testing.assert_allclose(chosen.simes_q.sort_index(), expected, rtol=1e-12)
    found = found[found.q <= found.role.astype(str).map(chosen.level)]
    assert len(found) == (chosen.n_more + chosen.n_less).sum()
    return found


def test_planted_features_are_found_and_preferred_by_their_roles(tmp_path: Path) -> None:
    found = discoveries(tmp_path, planted())
    positive = found[found.effect > 0]
    for feature, role in (USUAL | SELDOM).items():
        assert positive[positive.feature_id == feature].role.tolist() == [f"role_{role}"]
    for row in positive[positive.feature_id.isin(list(USUAL | SELDOM))].itertuples():
        assert row.auroc > 0.5
        assert row.feature_id in SELDOM or row.effect_high > row.effect > row.effect_low


def test_hardly_anything_else_is_found(tmp_path: Path) -> None:
    found = discoveries(tmp_path, planted())
    false = ~found.feature_id.isin(list(USUAL | SELDOM))
    assert false.sum() <= binom.isf(0.001, len(found), LEVEL)


def test_with_whole_wordings_shuffled_among_roles_discoveries_keep_to_the_level(
    tmp_path: Path,
) -> None:
    """With no true effect any discovery is false, so at most a share LEVEL of shuffles may have one."""
    random, roles = np.random.default_rng(21), planted()
    with_some = [len(discoveries(tmp_path, shuffled(roles, random))) > 0 for _ in range(N_SHUFFLES)]
    assert sum(with_some) <= binom.isf(0.001, N_SHUFFLES, LEVEL)
