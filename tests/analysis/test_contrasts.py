from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control, fisher_exact, mannwhitneyu, t
from sklearn.metrics import roc_auc_score

from persona_assets.analysis import contrasts, errors
from persona_assets.analysis.statistics import analyse
from persona_assets.lake.schema import ROLE_CONTRASTS
from tests.analysis.conftest import Case
from tests.analysis.dense import (
    ALWAYS_DEAD,
    CONSTANT,
    D_SAE,
    IN_ONE_ROLE,
    RARE,
    DenseRole,
    make_roles,
    stacked,
    write,
)
from tests.analysis.test_variance import anova_shares


def sides(case: Case, role: int, feature: int) -> tuple[np.ndarray, np.ndarray]:
    """The role's values of the feature, and all others'."""
    values, owner = stacked(case.roles)
    return values[owner == role, feature], values[owner != role, feature]


def pairs(case: Case) -> list[tuple[int, int]]:
    return [(role, feature) for role in range(len(case.roles)) for feature in range(D_SAE)]


def paired_effects(roles: list[DenseRole], feature: int) -> tuple[np.ndarray, list[list[int]]]:
    """Each role's level less that of the others' middle half, and which roles these are."""
    levels = np.array([paired_differences(roles, role, feature).mean() for role in range(len(roles))])
    kept = []
    for role in range(len(roles)):
        others = sorted(set(range(len(roles))) - {role}, key=lambda one: levels[one])
        cut = max(len(others) // 4, 1)
        kept.append(others[cut : len(others) - cut])
    return levels - [levels[others].mean() for others in kept], kept


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
    monkeypatch.setattr(contrasts, "_TILES", 2)  # so that there are several parts
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


def mean_squares(roles: list[DenseRole], feature: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Each role's mean square of wordings and of role x question, and what is left, the plain way."""
    wording, interaction, left = [], [], anova_shares(roles)[3] * total_squares(roles)
    left, df = left[feature], sum(len(role.ids) for role in roles) - len(roles)
    df -= len(np.unique(np.concatenate([role.question for role in roles]))) - 1
    part = 1 - 1 / len(roles)
    for number, role in enumerate(roles):
        values = role.values[:, feature].astype(np.float64)
        variants, questions = np.unique(role.variant), np.unique(role.question)
        about = [
            ((values[role.variant == one].mean() - values.mean()) ** 2, (role.variant == one).sum())
            for one in variants
        ]
        wording.append(sum(square * n for square, n in about) / (len(variants) - 1))
        per_question = 1 / np.mean([1 / (role.question == one).sum() for one in questions])
        squares = per_question * (paired_differences(roles, number, feature).var() * len(questions))
        interaction.append(squares / ((len(questions) - 1) * part))
        left -= squares
        df -= len(variants) - 1 + part * (len(questions) - 1)
    return np.array(wording), np.array(interaction), max(left, 0) / df


def total_squares(roles: list[DenseRole]) -> np.ndarray:
    values, _ = stacked(roles)
    return ((values - values.mean(axis=0)) ** 2).sum(axis=0)


def test_an_effect_s_interval_takes_wordings_and_questions_for_drawn_anew(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "prior_degrees", lambda squares, df, fired: np.full(D_SAE, 3.0))
    with tempfile.TemporaryDirectory() as folder:
        roles = case.roles
        statistics = analyse(write(Path(folder), roles), D_SAE, aligned=True, split_seed=0)
    found = Case(roles, statistics).contrasts
    n, sizes = len(roles), np.array([len(role.ids) for role in roles])
    wording_df = np.array([len(np.unique(role.variant)) - 1 for role in roles])
    question_df = np.array([len(np.unique(role.question)) - 1 for role in roles])
    all_df = sizes.sum() - n - 4 - wording_df.sum() - (1 - 1 / n) * question_df.sum()
    for feature in sorted(set(range(D_SAE)) - {ALWAYS_DEAD, CONSTANT, RARE, IN_ONE_ROLE}):
        wording, interaction, left = mean_squares(roles, feature)
        w = (3 * np.average(wording, weights=wording_df) + wording_df * wording) / (3 + wording_df)
        i = (3 * np.average(interaction, weights=question_df) + question_df * interaction) / (3 + question_df)
        error = np.max([w + i - left, w, i], axis=0)
        effects, kept = paired_effects(roles, feature)
        of_mean = error / sizes
        variance = [of_mean[role] + of_mean[kept[role]].sum() / len(kept[role]) ** 2 for role in range(n)]
        dfs = np.minimum(3 + wording_df, wording_df.sum()), np.minimum(3 + question_df, question_df.sum())
        df = error**2 / (w**2 / dfs[0] + i**2 / dfs[1] + left**2 / all_df)
        for number, role in enumerate(roles):
            row = found.loc[role.name, feature]
            if np.isnan(row.effect_low):  # too few firings are expected
                continue
            effect = effects[number]
            assert row.effect == pytest.approx(effect, rel=1e-10, abs=1e-12)
            assert row.p == pytest.approx(
                2 * t.sf(abs(effect) / variance[number] ** 0.5, df[number]), rel=1e-4
            )
            reach = t.ppf(0.975, df[number]) * variance[number] ** 0.5
            assert row.effect_low == pytest.approx(effect - reach, rel=1e-4, abs=1e-6)
            assert row.effect_high == pytest.approx(effect + reach, rel=1e-4, abs=1e-6)
    constant = found.xs(CONSTANT, level="feature_id")
    np.testing.assert_allclose(constant.effect_low, constant.effect_high, atol=1e-12)
    assert (constant.p == 1).all()
    assert found.xs(RARE, level="feature_id").effect_low.isna().all()


def test_the_least_auroc_of_a_wording_and_how_many_agree_are_scikit_learn_s(case: Case) -> None:
    for role, feature in pairs(case):
        if feature == ALWAYS_DEAD:
            continue
        (own, others), one = sides(case, role, feature), case.roles[role]
        of_wordings = [
            roc_auc_score(np.append(np.ones(mine.sum()), np.zeros(len(others))), np.append(own[mine], others))
            for mine in (one.variant == variant for variant in np.unique(one.variant))
        ]
        row = case.contrasts.loc[one.name, feature]
        assert row.min_wording_auroc == pytest.approx(min(of_wordings), abs=1e-6)
        same = [(value - 0.5) * (row.auroc - 0.5) > 0 for value in of_wordings]
        assert row.n_wordings_agree == sum(same)
        assert np.isnan(row.auroc_low) or row.auroc_low < row.auroc < row.auroc_high


def test_auroc_is_scikit_learn_s(case: Case) -> None:
    for role, feature in pairs(case):
        if feature == ALWAYS_DEAD:
            continue
        own, others = sides(case, role, feature)
        labels = np.append(np.ones(len(own)), np.zeros(len(others)))
        expected = roc_auc_score(labels, np.append(own, others))
        assert case.contrasts.loc[case.roles[role].name, feature].auroc == pytest.approx(expected, rel=1e-13)


def test_p_is_mann_whitney_s_or_fisher_s_where_nothing_is_inflated(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where roles share no questions; what wordings add is put to 1 here."""
    monkeypatch.setattr(contrasts, "inflated", lambda p, inflation: p)
    apart = analyse(write(tmp_path, case.roles), D_SAE, aligned=False, split_seed=0)
    table, methods = Case(case.roles, apart).contrasts, set()
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
        assert table.loc[case.roles[role].name, feature].p == pytest.approx(expected, rel=1e-10), (
            role,
            feature,
        )
    assert methods == {"fisher", "mann-whitney"}


def test_q_is_benjamini_and_hochberg_s_within_a_role_and_q_pooled_over_all_pairs(case: Case) -> None:
    for _, own in case.contrasts.groupby("role"):
        np.testing.assert_allclose(own.q, false_discovery_control(own.p, method="bh"), rtol=1e-12)
        relevant = own[own.p_relevant.notna()]
        expected = false_discovery_control(relevant.p_relevant, method="bh")
        np.testing.assert_allclose(relevant.q_relevant, expected, rtol=1e-5)
    expected = false_discovery_control(case.contrasts.p, method="bh")
    np.testing.assert_allclose(case.contrasts.q_pooled, expected, rtol=1e-6)


def test_a_role_s_rank_is_its_place_by_the_mean(case: Case) -> None:
    means = np.stack([role.values.astype(np.float64).mean(axis=0) for role in case.roles])
    for (name, feature), row in case.contrasts.iterrows():
        role = [one.name for one in case.roles].index(name)
        assert row.role_rank == 1 + (means[:, feature] > means[role, feature]).sum()


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
    for column in ("role", "feature_id", "share", "auroc", "min_wording_auroc", "n_wordings_agree"):
        assert apart.role_contrasts[column] == shared.role_contrasts[column]
    assert apart.centred is None
    np.testing.assert_array_equal(apart.raw.cosines, shared.raw.cosines)


def test_a_single_role_has_nobody_to_be_compared_with(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(4), n_roles=1)
    table = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0).role_contrasts
    for column in ("effect", "auroc", "p", "q", "q_pooled", "p_relevant"):
        assert table[column].null_count == table.num_rows
    np.testing.assert_array_equal(table["share"], 1)
