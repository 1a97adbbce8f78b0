from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from persona_assets.analysis.statistics import analyse
from tests.analysis.conftest import Case
from tests.analysis.dense import ALWAYS_DEAD, CONSTANT, D_SAE, DenseRole, grid, make_roles, stacked, write

COLUMNS = ["variance_role", "variance_question", "variance_variant", "variance_residual"]


def indicators(labels: np.ndarray) -> np.ndarray:
    """float64[n, number of different labels]: a column each."""
    return (labels[:, None] == np.unique(labels)).astype(float)


def residual_squares(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return ((values - fitted) ** 2).sum(axis=0)


def anova_shares(roles: list[DenseRole]) -> np.ndarray:
    """float64[4, d_sae]: sequential sums of squares by fitting the nested models one after the other."""
    values, owner = stacked(roles)
    question = np.concatenate([role.question for role in roles])
    variant = owner * 1000 + np.concatenate([role.variant for role in roles])
    terms = [np.ones((len(owner), 1)), *map(indicators, (owner, question, variant))]
    left = [residual_squares(np.hstack(terms[: count + 1]), values) for count in range(len(terms))]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([*(left[at] - left[at + 1] for at in range(3)), left[3]]) / left[0]


def check(roles: list[DenseRole], case: Case) -> None:
    expected = anova_shares(roles)
    found = case.features[COLUMNS].to_numpy().T
    steady = [ALWAYS_DEAD, CONSTANT]
    assert np.isnan(found[:, steady]).all()
    varying = np.setdiff1d(np.arange(D_SAE), steady)
    np.testing.assert_allclose(found[:, varying], expected[:, varying], rtol=1e-9, atol=1e-11)


def test_shares_are_those_of_nested_least_squares_fits(case: Case) -> None:
    check(case.roles, case)


def test_shares_are_right_where_no_role_has_all_variants_and_questions(tmp_path: Path) -> None:
    """Role 0 lacks a variant, roles 1 and 2 answer one half of the questions, roles 3 and 4 the other."""
    first, *others = make_roles(np.random.default_rng(5), questions=(0, 1, 2, 3))
    roles = [first.only((first.variant != 4) & (first.question < 2))]
    roles += [role.only(role.question < 2) for role in others[:2]]
    roles += [role.only(role.question >= 2) for role in others[2:]]
    statistics = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0)
    check(roles, Case(roles, statistics))


def test_what_depends_on_one_thing_alone_gives_it_all_the_variance(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    ids = grid((0, 1), (0, 1, 2))
    roles = []
    for number in range(4):
        role = DenseRole(f"role_{number}", ids, *np.zeros((2, len(ids), D_SAE), np.float32), ids % 7 + 5)
        role.values[:, 0] = 1 + number
        role.values[:, 1] = 1 + role.question
        role.values[:, 2] = 10 + np.array([1, -1])[role.variant] * (1 + number)
        role.values[:, 3] = random.random(len(ids))
        roles.append(role)
    statistics = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0)
    found = Case(roles, statistics).features[COLUMNS].to_numpy()
    np.testing.assert_allclose(found[:3], np.eye(4)[:3], atol=1e-12)


def test_roles_asked_different_questions_have_no_share_of_the_question(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(7))
    features = analyse(write(tmp_path, roles), D_SAE, aligned=False, split_seed=0).features
    assert features["variance_question"].null_count == D_SAE
    expected = anova_shares(roles)  # nothing is missing: role and variant are orthogonal to the question
    found = features.to_pandas()[COLUMNS].to_numpy()
    np.testing.assert_allclose(found[2:, 0], expected[0, 2:], rtol=1e-9)
    np.testing.assert_allclose(found[2:, 2], expected[2, 2:], rtol=1e-9)
    np.testing.assert_allclose(found[2:, 3], (expected[1] + expected[3])[2:], rtol=1e-9)


@pytest.mark.parametrize("level", [0.3, 1e6])
def test_a_constant_is_told_from_a_little_variance(tmp_path: Path, level: float) -> None:
    roles = make_roles(np.random.default_rng(8))
    for role in roles:
        role.values[:, 4] = level
        role.values[:, 5] = level * (1 + 1e-3 * np.arange(len(role.ids)))
    features = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0).features.to_pandas()
    assert features.loc[4, COLUMNS].isna().all()
    np.testing.assert_allclose(features.loc[5, COLUMNS].to_numpy(float), anova_shares(roles)[:, 5], atol=1e-6)
