from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control, fisher_exact, mannwhitneyu, ttest_1samp
from sklearn.metrics import roc_auc_score

from persona_assets.analysis import contrasts
from persona_assets.analysis.statistics import analyse
from persona_assets.lake.schema import ROLE_CONTRASTS
from tests.analysis.conftest import Case
from tests.analysis.dense import ALWAYS_DEAD, CONSTANT, D_SAE, DenseRole, make_roles, stacked, write


def sides(case: Case, role: int, feature: int) -> tuple[np.ndarray, np.ndarray]:
    """The role's values of the feature, and all others'."""
    values, owner = stacked(case.roles)
    return values[owner == role, feature], values[owner != role, feature]


def pairs(case: Case) -> list[tuple[int, int]]:
    return [(role, feature) for role in range(len(case.roles)) for feature in range(D_SAE)]


def paired_differences(roles: list[DenseRole], role: int, feature: int) -> np.ndarray:
    """The role's mean less the unweighted mean of all roles', question by question it was asked."""
    differences = []
    for question in np.unique(roles[role].question):
        means = [
            one.values[one.question == question, feature].astype(np.float64).mean()
            for one in roles
            if (one.question == question).any()
        ]
        own = roles[role]
        mine = own.values[own.question == question, feature].astype(np.float64).mean()
        differences.append(mine - np.mean(means))
    return np.array(differences)


def test_every_role_has_a_row_for_every_feature_that_fires_in_any(case: Case) -> None:
    expected = [(role.name, feature) for role in case.roles for feature in range(D_SAE) if feature]
    assert case.contrasts.index.tolist() == expected
    assert ALWAYS_DEAD == 0
    assert case.statistics.role_contrasts.schema == ROLE_CONTRASTS.schema


def test_rows_lie_tile_by_tile_and_in_a_tile_role_by_role(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contrasts, "FEATURE_TILE", 3)
    table = analyse(write(tmp_path, case.roles), D_SAE, aligned=True, split_seed=0).role_contrasts
    rows = list(zip(table["role"].to_pylist(), table["feature_id"].to_pylist(), strict=True))
    assert rows == sorted(case.contrasts.index, key=lambda row: (row[1] // 3, row))
    again = table.to_pandas().set_index(["role", "feature_id"]).loc[case.contrasts.index]
    np.testing.assert_array_equal(again, case.contrasts)


def test_share_is_the_role_s_mean_over_the_sum_of_means(case: Case) -> None:
    means = np.stack([role.values.astype(np.float64).mean(axis=0) for role in case.roles])
    for (name, feature), row in case.contrasts.iterrows():
        role = [one.name for one in case.roles].index(name)
        assert row.share == pytest.approx(means[role, feature] / means[:, feature].sum(), rel=1e-12)


def test_effect_and_interval_are_a_t_test_of_the_questions_differences(case: Case) -> None:
    for role, feature in pairs(case):
        if feature == ALWAYS_DEAD:
            continue
        row = case.contrasts.loc[case.roles[role].name, feature]
        differences = paired_differences(case.roles, role, feature)
        assert row.effect == pytest.approx(differences.mean(), rel=1e-10, abs=1e-12)
        interval = ttest_1samp(differences, 0).confidence_interval(0.95)
        if feature != CONSTANT:  # SciPy has no interval of what does not vary
            assert row.effect_low == pytest.approx(interval.low, rel=1e-9, abs=1e-12)
            assert row.effect_high == pytest.approx(interval.high, rel=1e-9, abs=1e-12)
        else:
            assert row.effect_high == pytest.approx(row.effect_low, abs=1e-12)


def test_auroc_is_scikit_learn_s(case: Case) -> None:
    for role, feature in pairs(case):
        if feature == ALWAYS_DEAD:
            continue
        own, others = sides(case, role, feature)
        labels = np.append(np.ones(len(own)), np.zeros(len(others)))
        expected = roc_auc_score(labels, np.append(own, others))
        assert case.contrasts.loc[case.roles[role].name, feature].auroc == pytest.approx(expected, rel=1e-13)


def test_p_is_mann_whitney_s_or_fisher_s_where_the_feature_fires_seldom(case: Case) -> None:
    methods = set()
    for role, feature in pairs(case):
        if feature == ALWAYS_DEAD:
            continue
        own, others = sides(case, role, feature)
        fired = np.array([(own > 0).sum(), (others > 0).sum()])
        if len(own) * fired.sum() / (len(own) + len(others)) < 5:
            methods.add("fisher")
            expected = fisher_exact([fired, [len(own), len(others)] - fired]).pvalue
        else:
            methods.add("mann-whitney")
            expected = mannwhitneyu(own, others, method="asymptotic", use_continuity=True).pvalue
        found = case.contrasts.loc[case.roles[role].name, feature].p
        assert found == pytest.approx(expected, rel=1e-10), (role, feature)
    assert methods == {"fisher", "mann-whitney"}


def test_q_is_benjamini_and_hochberg_s_over_all_pairs(case: Case) -> None:
    expected = false_discovery_control(case.contrasts.p, method="bh")
    np.testing.assert_allclose(case.contrasts.q, expected, rtol=1e-12)


def test_a_single_question_has_an_effect_but_no_interval(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(2), questions=(5,))
    table = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0).role_contrasts
    assert table["effect"].null_count == 0
    assert table["effect_low"].null_count == table["effect_high"].null_count == table.num_rows


def test_questions_that_roles_do_not_share_leave_the_paired_columns_null(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(3))
    sources = write(tmp_path, roles)
    apart = analyse(sources, D_SAE, aligned=False, split_seed=0)
    shared = analyse(sources, D_SAE, aligned=True, split_seed=0)
    for column in ("effect", "effect_low", "effect_high"):
        assert apart.role_contrasts[column].null_count == apart.role_contrasts.num_rows
    for column in ("role", "feature_id", "share", "auroc", "p", "q"):
        assert apart.role_contrasts[column] == shared.role_contrasts[column]
    assert apart.centred is None
    np.testing.assert_array_equal(apart.raw.halves, shared.raw.halves)


def test_a_single_role_has_nobody_to_be_compared_with(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(4), n_roles=1)
    table = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0).role_contrasts
    for column in ("auroc", "p", "q"):
        assert table[column].null_count == table.num_rows
    np.testing.assert_allclose(table["effect"], 0, atol=1e-12)
    np.testing.assert_array_equal(table["share"], 1)
