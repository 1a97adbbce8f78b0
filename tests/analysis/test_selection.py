from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from persona_assets.analysis.selection import Selection, select
from persona_assets.analysis.statistics import Statistics, analyse
from persona_assets.base.errors import StudyError
from persona_assets.study.settings import AtlasSettings
from tests.analysis.dense import D_SAE, DenseRole, make_roles, with_holes, write
from tests.atlas.made import SETTINGS, centre, made, random_means

Plain = dict[str, np.ndarray]

MODES = [
    AtlasSettings(selection="classic", question_centering=True, split_seed=7),
    AtlasSettings(selection="classic", question_centering=False, split_seed=7),
    AtlasSettings(selection="classic", strategy="max", split_seed=7),
]


def plainly(roles: list[DenseRole], settings: AtlasSettings) -> Plain:
    """The definitions, one response and one feature at a time."""
    centring = bool(settings.question_centering)
    pooled = np.max if settings.strategy == "max" else np.mean
    responses = [role.maxima if settings.strategy == "max" else role.values for role in roles]
    rows = [values.astype(np.float64) for values in responses]
    if centring:
        rows = [
            np.stack([row - cross_role_mean(roles, cell) for cell, row in zip(role.ids, values, strict=True)])
            for role, values in zip(roles, rows, strict=True)
        ]
    matrix = np.stack([pooled(values, axis=0) for values in rows])
    if not centring:
        matrix = np.log1p(matrix)
    random = np.random.RandomState(settings.split_seed)
    first, second = [], []
    for values in rows:
        order = random.permutation(len(values))
        first.append(np.mean(values[order[: len(values) // 2]], axis=0))
        second.append(np.mean(values[order[len(values) // 2 :]], axis=0))
    columns = [
        plain_column(matrix[:, f], np.stack(first)[:, f], np.stack(second)[:, f]) for f in range(D_SAE)
    ]
    found = {name: np.array([column[name] for column in columns]) for name in columns[0]}
    found["alive"] = np.linalg.norm(matrix, axis=0) > 1e-9 if centring else found["mu"] > 0
    threshold = np.median(found["sd"][found["alive"]])
    passed = found["alive"] & (found["sd"] >= threshold)
    score = np.where(passed, found["classic_stability"] * found["sd"], -1)
    found |= {"passed": passed, "classic_passed": passed, "score": score, "classic_score": score}
    best = np.argsort(-score, kind="stable")[: passed.sum()]
    return found | {"threshold": threshold, "selected": best, "columns": matrix[:, best]}


def plain_column(column: np.ndarray, first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    norms = np.sqrt((first**2).sum()) * np.sqrt((second**2).sum())
    return {
        "mu": column.sum() / len(column),
        "sd": np.sqrt(((column - column.mean()) ** 2).sum() / len(column)),
        "classic_stability": (first * second).sum() / norms if norms > 0 else 0,
    }


def cross_role_mean(roles: list[DenseRole], cell: int) -> np.ndarray:
    rows = [role.values[role.ids == cell][0] for role in roles if cell in role.ids]
    return np.mean(rows, axis=0, dtype=np.float64)


@pytest.mark.parametrize("settings", MODES, ids=["centred", "log1p", "max"])
@pytest.mark.parametrize("holes", [False, True], ids=["complete", "with holes"])
def test_features_are_scored_as_the_field_defines_it(
    settings: AtlasSettings, holes: bool, tmp_path: Path
) -> None:
    random = np.random.default_rng(4)
    roles = make_roles(random)
    roles = with_holes(random, roles) if holes else roles
    statistics = analyse(
        write(tmp_path, roles),
        D_SAE,
        aligned=True,
        split_seed=settings.split_seed,
        strategy=settings.strategy,
    )
    found, expected = select(statistics, settings), plainly(roles, settings)
    for name, values in expected.items():
        np.testing.assert_allclose(getattr(found, name), values, rtol=1e-5, atol=1e-7, err_msg=name)


def test_no_feature_that_did_not_pass_fills_the_atlas_up() -> None:
    found = select(made(random_means(0, 6, 50)), SETTINGS)
    assert len(found.selected) == found.passed.sum() < found.alive.sum()
    assert found.passed[found.selected].all()


def test_of_those_that_passed_the_best_top_k_are_selected_even_if_all_scores_are_below_those_of_the_failed(
) -> None:  # fmt: skip
    means = random_means(1, 6, 40) * 100
    statistics = made(means, centred=centre(means))
    assert statistics.centred is not None
    statistics.centred.cosines[:] *= -1  # the halves are opposite: scores far below -1
    found = select(statistics, AtlasSettings()).first(5)
    assert (found.score[found.selected] < -1).any() and found.passed[found.selected].all()
    assert sorted(found.score[found.passed])[::-1][:5] == found.score[found.selected].tolist()


def test_equal_scores_are_ranked_by_the_feature_s_id() -> None:
    column = np.array([[0.0], [1.0], [3.0]])
    means = np.hstack([column, column * 0.1, column, column * 2, column])
    assert select(made(means), SETTINGS).selected.tolist() == [3, 0, 2, 4]
    many = np.tile(np.hstack([column * 0.1, column, column * 2]), 200)
    assert select(made(many), SETTINGS).selected.tolist() == [*range(2, 600, 3), *range(1, 600, 3)]


def test_features_as_varied_as_the_median_pass() -> None:
    column = np.array([[0.0], [1.0]])
    found = select(made(np.hstack([column, column, column])), SETTINGS)
    assert found.passed.all()


def test_a_constant_feature_is_alive_but_varies_too_little() -> None:
    means = np.hstack([random_means(2, 4, 9) + 0.1, np.ones((4, 1))])
    found = select(made(means), SETTINGS)
    assert found.alive[9] and not found.passed[9] and found.score[9] == -1


@pytest.mark.parametrize("centring", [False, True])
def test_with_all_features_dead_none_is_selected_and_there_is_no_threshold(centring: bool) -> None:
    nothing = np.zeros((3, 8))
    found = select(made(nothing, centred=nothing), AtlasSettings(question_centering=centring))
    assert not found.alive.any() and not found.passed.any() and len(found.selected) == 0
    assert np.isnan(found.threshold) and (found.classic_stability == 0).all() and (found.score == -1).all()


def test_what_rounding_leaves_of_a_constant_column_is_not_alive_when_centred() -> None:
    means = np.hstack([random_means(3, 4, 6), np.full((4, 1), 0.1)])
    apart = centre(means)
    apart[:, 6] = [1e-17, 0, -1e-17, 0]
    found = select(made(means, centred=apart), AtlasSettings())
    assert found.centred and not found.alive[6]


def test_what_rounding_leaves_of_a_centred_mean_is_zero() -> None:
    means = random_means(3, 7, 40)
    found = select(made(means, centred=centre(means)), AtlasSettings())
    assert centre(means).mean(axis=0).any() and not found.mu.any()
    uneven = select(made(means, centred=centre(means) + 0.25), AtlasSettings())
    np.testing.assert_allclose(uneven.mu, 0.25)


def halves_without_first(means: np.ndarray, roles: list[int]) -> np.ndarray:
    halves = np.stack([means, means + 1])
    halves[0, roles] = np.nan
    return halves


def test_stability_is_over_the_roles_that_have_both_halves() -> None:
    means = random_means(4, 5, 20)
    found = select(made(means, halves_without_first(means, [2])), SETTINGS)
    others = np.delete(means, 2, axis=0)
    expected = select(made(others, np.stack([others, others + 1])), SETTINGS)
    np.testing.assert_allclose(found.classic_stability, expected.classic_stability)


def test_with_no_role_that_has_both_halves_nothing_is_selected() -> None:
    means = random_means(5, 3, 20)
    found = select(made(means, halves_without_first(means, [0, 1, 2])), SETTINGS)
    assert np.isnan(found.classic_stability).all() and found.passed.any() and len(found.selected) == 0


@pytest.mark.parametrize("n_roles", [1, 2])
def test_few_roles_are_scored_too(n_roles: int) -> None:
    found = select(made(random_means(6, n_roles, 30)), SETTINGS)
    assert found.passed[found.selected].all() and len(found.selected)
    assert (found.sd == 0).all() == (n_roles == 1)


def mode(statistics: Statistics, **settings: object) -> Selection:
    return select(statistics, AtlasSettings.model_validate(settings))


def test_unless_told_role_means_are_centred_wherever_they_can_be() -> None:
    means = random_means(7, 3, 10)
    assert mode(made(means, centred=centre(means))).mode == "question_centered_mean"
    assert mode(made(means)).mode == "log1p_role_mean"
    assert mode(made(means, centred=centre(means)), question_centering=False).mode == "log1p_role_mean"
    assert mode(made(means), strategy="max").mode == "log1p_role_mean"


@pytest.mark.parametrize("strategy", ["mean", "max"])
def test_centring_that_cannot_be_is_refused(strategy: str) -> None:
    with pytest.raises(StudyError, match="question_centering"):
        mode(made(random_means(8, 3, 10)), strategy=strategy, question_centering=True)
