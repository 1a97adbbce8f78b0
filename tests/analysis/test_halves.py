from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from persona_assets.analysis.statistics import analyse
from tests.analysis.conftest import SPLIT_SEED, Case
from tests.analysis.dense import D_SAE, DenseRole, make_roles, write


def half_rows(roles: list[DenseRole], seed: int = SPLIT_SEED) -> list[tuple[np.ndarray, np.ndarray]]:
    """Which rows make each role's halves: one generator, drawn from role after role."""
    random = np.random.RandomState(seed)
    orders = [random.permutation(len(role.ids)) for role in roles]
    return [(order[: len(order) // 2], order[len(order) // 2 :]) for order in orders]


def cosines(values: list[np.ndarray], rows: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """float64[d_sae]: over roles, of the means of each role's halves; 0 where one of them is zero."""
    means = [
        [of_role[half].astype(np.float64).mean(axis=0) for half in halves]
        for of_role, halves in zip(values, rows, strict=True)
    ]
    first, second = np.swapaxes(means, 0, 1)
    norms = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return np.divide((first * second).sum(axis=0), norms, out=np.zeros_like(norms), where=norms > 0)


def cross_role_means(roles: list[DenseRole]) -> dict[int, np.ndarray]:
    """Of each (variant, question) the mean over the roles that have it."""
    rows: dict[int, list[np.ndarray]] = {}
    for role in roles:
        for response, values in zip(role.ids.tolist(), role.values.astype(np.float64), strict=True):
            rows.setdefault(response, []).append(values)
    return {response: np.mean(values, axis=0) for response, values in rows.items()}


def centred_rows(roles: list[DenseRole]) -> list[np.ndarray]:
    means = cross_role_means(roles)
    return [role.values - np.stack([means[response] for response in role.ids.tolist()]) for role in roles]


def test_halves_are_drawn_role_after_role_over_their_responses_by_variant_and_question(case: Case) -> None:
    values = [role.values for role in case.roles]
    np.testing.assert_allclose(case.statistics.raw.cosines, cosines(values, half_rows(case.roles)), rtol=1e-6)


def test_centred_means_are_less_the_cross_role_mean_of_the_same_variant_and_question(case: Case) -> None:
    assert case.statistics.centred is not None
    for row, values in enumerate(centred_rows(case.roles)):
        np.testing.assert_allclose(case.statistics.centred.whole[row], values.mean(axis=0), atol=1e-12)


def test_centred_halves_are_less_the_cross_role_mean_of_the_same_responses(case: Case) -> None:
    assert case.statistics.centred is not None
    expected = cosines(centred_rows(case.roles), half_rows(case.roles))
    np.testing.assert_allclose(case.statistics.centred.cosines, expected, rtol=1e-5, atol=1e-6)


def test_with_nothing_missing_centring_takes_off_the_mean_over_roles(tmp_path: Path) -> None:
    sources = write(tmp_path, make_roles(np.random.default_rng(11)))
    statistics = analyse(sources, D_SAE, aligned=True, split_seed=0)
    assert statistics.centred is not None
    means = statistics.raw.whole
    np.testing.assert_allclose(statistics.centred.whole, means - means.mean(axis=0), atol=1e-12)


def test_a_response_that_a_role_lacks_does_not_shift_the_others(tmp_path: Path) -> None:
    """All roles answer alike, question by question: whatever one of them lacks, nobody stands out."""
    roles = make_roles(np.random.default_rng(12))
    alike = [DenseRole(role.name, role.ids, roles[0].values, roles[0].maxima, role.lengths) for role in roles]
    alike[1] = alike[1].only(np.arange(len(alike[1].ids)) != 1)
    alike[3] = alike[3].only(alike[3].question != 7)
    statistics = analyse(write(tmp_path, alike), D_SAE, aligned=True, split_seed=0)
    assert statistics.centred is not None
    assert np.ptp(statistics.raw.whole, axis=0).max() > 0.01
    np.testing.assert_allclose(statistics.centred.whole, 0, atol=1e-12)


def test_a_missing_response_shifts_no_paired_effect_where_a_question_s_answers_are_alike(
    tmp_path: Path,
) -> None:
    """The same under every variant, so that a question's mean does not depend on which answers are there."""
    roles = []
    for role in make_roles(np.random.default_rng(13)):
        values = np.stack([np.full(D_SAE, 1 + question % 5, np.float32) for question in role.question])
        roles.append(DenseRole(role.name, role.ids, values, values, role.lengths))
    roles[2] = roles[2].only((np.arange(len(roles[2].ids)) != 4) & (roles[2].question != 99_999))
    table = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0).role_contrasts
    np.testing.assert_allclose(table["effect"], 0, atol=1e-12)


def test_the_order_of_the_files_does_not_matter(case: Case, tmp_path: Path) -> None:
    sources = write(tmp_path, case.roles)
    again = analyse(sources[::-1], D_SAE, aligned=True, split_seed=SPLIT_SEED)
    assert again.roles == [role.name for role in case.roles]
    assert again.role_contrasts == case.statistics.role_contrasts
    np.testing.assert_array_equal(again.raw.cosines, case.statistics.raw.cosines)


def test_with_strategy_max_a_half_is_the_mean_of_its_responses_maxima(case: Case, tmp_path: Path) -> None:
    sources = write(tmp_path, case.roles)
    statistics = analyse(sources, D_SAE, aligned=True, split_seed=SPLIT_SEED, strategy="max")
    assert statistics.centred is None
    assert statistics.role_contrasts == case.statistics.role_contrasts
    maxima = [role.maxima for role in case.roles]
    np.testing.assert_array_equal(statistics.raw.whole, [values.max(axis=0) for values in maxima])
    np.testing.assert_allclose(statistics.raw.cosines, cosines(maxima, half_rows(case.roles)), rtol=1e-6)


@pytest.mark.parametrize("strategy", ["mean", "max"])
def test_a_role_that_lacks_a_half_does_not_count(tmp_path: Path, strategy: str) -> None:
    roles = make_roles(np.random.default_rng(14), n_roles=3)
    roles[1] = roles[1].only(np.arange(len(roles[1].ids)) == 3)
    statistics = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0, strategy=strategy)
    values = [role.values if strategy == "mean" else role.maxima for role in roles]
    whole, halves = [0, 2], half_rows(roles, seed=0)
    expected = cosines([values[row] for row in whole], [halves[row] for row in whole])
    np.testing.assert_allclose(statistics.raw.cosines, expected, rtol=1e-6)
    assert np.isfinite(statistics.raw.whole).all()
