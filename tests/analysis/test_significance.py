from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact, t

from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.significance import fisher, mann_whitney, reach


@pytest.mark.parametrize(("n_role", "n"), [(1, 2), (3, 7), (40, 200), (150, 200), (1200, 28_800)])
def test_fisher_s_p_is_scipy_s_for_every_table(n_role: int, n: int) -> None:
    tables = [
        (fired, fired_in_all)
        for fired_in_all in {0, 1, 2, 5, 60, n // 2, n - 1, n}
        for fired in range(max(0, fired_in_all + n_role - n), min(fired_in_all, n_role, 80) + 1)
        if fired_in_all <= n
    ]
    fired, fired_in_all = np.array(tables).T
    expected = [
        fisher_exact([[one, n_role - one], [all_of_it - one, n - n_role - all_of_it + one]]).pvalue
        for one, all_of_it in tables
    ]
    np.testing.assert_allclose(fisher(fired, n_role, fired_in_all, n), expected, rtol=1e-8, atol=1e-300)


def test_the_reach_of_an_interval_is_scipy_s_as_far_as_float32_tells() -> None:
    df = np.append(np.geomspace(0.3, 1e8, 20_000), np.inf).astype(np.float32)
    np.testing.assert_allclose(reach(df), t.ppf(0.975, df.astype(np.float64)), rtol=2e-8)
    assert np.isnan(reach(np.array([np.nan], np.float32)))


def test_equal_values_everywhere_are_no_evidence() -> None:
    n = 10
    assert mann_whitney(np.array([12.5]), 5, 5, np.array([float(n**3 - n)])) == 1


def test_a_test_that_was_not_made_does_not_count() -> None:
    q = benjamini_hochberg(np.array([[0.01, np.nan], [0.04, 0.03]]))
    np.testing.assert_allclose(q, [[0.03, np.nan], [0.04, 0.04]])


def test_no_tests_have_no_discoveries() -> None:
    assert benjamini_hochberg(np.empty((0, 3))).shape == (0, 3)
