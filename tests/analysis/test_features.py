from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy.stats import entropy, pearsonr

from persona_assets.analysis.statistics import analyse
from persona_assets.lake.schema import FEATURES
from tests.analysis.conftest import Case
from tests.analysis.dense import ALWAYS_DEAD, CONSTANT, D_SAE, IN_ONE_ROLE, make_roles, stacked, write


def role_means(case: Case) -> np.ndarray:
    return np.stack([role.values.astype(np.float64).mean(axis=0) for role in case.roles])


def test_there_is_a_row_for_every_feature_of_the_sae(case: Case) -> None:
    assert case.features.index.tolist() == list(range(D_SAE))
    names = case.statistics.features.schema.names
    assert names == FEATURES.schema.names[: len(names)] and names[-1] == "component_rest"


def test_mean_and_sd_are_over_roles(case: Case) -> None:
    np.testing.assert_allclose(case.features["mean"], role_means(case).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(case.features["sd"], role_means(case).std(axis=0), rtol=1e-9, atol=1e-15)


def test_only_features_that_fire_are_alive_and_have_a_preferred_role(case: Case) -> None:
    assert case.features.index[~case.features["alive"]].tolist() == [ALWAYS_DEAD]
    names = np.array([role.name for role in case.roles])
    means = role_means(case)
    for feature in range(D_SAE):
        preferred = case.statistics.features["preferred_role"][feature].as_py()
        if feature == ALWAYS_DEAD:
            assert preferred is None
        else:
            assert means[names == preferred, feature] == pytest.approx(means[:, feature].max(), rel=1e-12)


def test_entropy_is_over_the_log_of_the_number_of_roles(case: Case) -> None:
    means = role_means(case)[:, 1:]
    expected = entropy(means / means.sum(axis=0)) / np.log(len(case.roles))
    np.testing.assert_allclose(case.features.entropy[1:], expected, rtol=1e-10, atol=1e-12)
    assert case.features.entropy[CONSTANT] == pytest.approx(1)
    assert case.features.entropy[IN_ONE_ROLE] == 0
    assert np.isnan(case.features.entropy[ALWAYS_DEAD])


def test_firing_rate_is_over_all_responses_of_all_roles(case: Case) -> None:
    values, _ = stacked(case.roles)
    np.testing.assert_allclose(case.features.firing_rate, (values > 0).mean(axis=0), rtol=1e-14)


def test_length_correlation_is_pearson_s(case: Case) -> None:
    values, _ = stacked(case.roles)
    lengths = np.concatenate([role.lengths for role in case.roles])
    for feature in range(D_SAE):
        found = case.features.length_correlation[feature]
        if feature in (ALWAYS_DEAD, CONSTANT):
            assert np.isnan(found)
        else:
            expected = pearsonr(values[:, feature], lengths).statistic
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_lengths_that_do_not_vary_correlate_with_nothing(tmp_path: Path) -> None:
    roles = [
        replace(role, lengths=np.full(len(role.ids), 9)) for role in make_roles(np.random.default_rng(9))
    ]
    table = analyse(write(tmp_path, roles), D_SAE, aligned=True, split_seed=0).features
    assert table["length_correlation"].null_count == D_SAE


def test_an_unknown_length_leaves_the_correlation_null_and_all_else_as_it_is(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(10))
    sources = write(tmp_path, roles)
    known = analyse(sources, D_SAE, aligned=True, split_seed=0).features
    pooled = pq.read_table(sources[2].pooled)
    unknown = pc.if_else(pc.equal(pooled["response_id"], 3), None, pooled["n_tokens"])
    place = pooled.schema.get_field_index("n_tokens")
    pq.write_table(pooled.set_column(place, "n_tokens", unknown), sources[2].pooled)
    found = analyse(sources, D_SAE, aligned=True, split_seed=0).features
    assert found["length_correlation"].null_count == D_SAE
    assert found.drop(["length_correlation"]) == known.drop(["length_correlation"])
