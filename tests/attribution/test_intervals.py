"""Intervals of means over answers, and of Spearman's correlation, in simulations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import spearmanr

from persona_assets.attribution.ablation import Trial, drawn_features, shares
from persona_assets.attribution.intervals import Cells, agreement, means
from persona_assets.attribution.tables import attribution_table, checks_table
from persona_assets.lake.schema import response_id

IDS = [response_id(variant, question) for variant in range(5) for question in range(6)]


def drawn(seed: int, n: int, wording: float, question: float) -> np.ndarray:
    """float64[30, n]: columns of mean 0, in which wordings and questions have effects of these sizes."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(5, 6, n))
    values += wording * random.normal(size=(5, 1, n)) + question * random.normal(size=(1, 6, n))
    return values.reshape(30, n)


@pytest.mark.parametrize(("wording", "question"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_intervals_hold_the_mean_where_wordings_and_questions_are_drawn_anew(
    wording: float, question: float
) -> None:
    mean, half = means(sparse.csr_matrix(drawn(0, 5000, wording, question)), Cells.of(IDS))
    assert 0.93 < np.mean(np.abs(mean) <= half) < 0.99


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_of_a_feature_that_is_seldom_active_the_lower_end_is_hardly_ever_too_high(share: float) -> None:
    random = np.random.default_rng(3)
    values = random.exponential(size=(30, 4000)) * (random.random((30, 4000)) < share)
    mean, half = means(sparse.csr_matrix(values), Cells.of(IDS))
    assert (mean - half > share).mean() < 0.01


def test_a_planted_feature_is_surely_above_0_and_comes_first() -> None:
    values = drawn(1, 200, 0.3, 0.3)
    values[:, 7] += 3
    table = attribution_table(IDS, sparse.csr_matrix(values), sparse.csr_matrix(values.shape)).to_pandas()
    assert table.sort_values("low").feature_id.iloc[-1] == 7 and table.low[7] > 1
    assert (table.low > 0).sum() <= 15  # one, and of 199 others five expected
    assert (table.n == 30).all() and (table.n_active == 30).all()


def test_a_mean_is_over_all_answers_and_features_of_either_prompt_are_told() -> None:
    own, beside = np.zeros((30, 9)), np.zeros((30, 9))
    own[3, 2], beside[5, 2], beside[[6, 7, 8], 4] = 6, 3, 1
    table = attribution_table(IDS, sparse.csr_matrix(own), sparse.csr_matrix(beside)).to_pylist()
    assert [(row["feature_id"], row["attribution"], row["n_active"]) for row in table] == [
        (2, pytest.approx(0.1), 2),
        (4, pytest.approx(-0.1), 3),
    ]


def test_with_two_wordings_nothing_can_be_left_out() -> None:
    values = drawn(0, 4, 0, 0)[:12]
    table = attribution_table(IDS[:12], sparse.csr_matrix(values), sparse.csr_matrix(values.shape))
    assert table["low"].null_count == table["high"].null_count == table.num_rows == 4
    trials = [Trial(one, 0, *pair) for one, pair in zip(IDS[:12], values[:, :2].tolist(), strict=True)]
    [row] = checks_table(trials).to_pylist()
    assert row["spearman"] == pytest.approx(spearmanr(values[:, 0], values[:, 1]).statistic)
    assert (row["low"], row["high"], row["n"], row["n_answers"]) == (None, None, 12, 12)


def test_of_equal_or_few_trials_nothing_is_told() -> None:
    assert checks_table([Trial(one, 0, 1.0, 2.0) for one in IDS]).to_pylist()[0]["spearman"] is None
    assert checks_table([]).to_pylist()[0]["n"] == 0


@pytest.mark.parametrize("strength", [0.0, 1.0, 3.0])
def test_the_interval_of_the_correlation_holds_the_one_of_many_answers(strength: float) -> None:
    random = np.random.default_rng(int(10 * strength))

    def trials(ids: list[int]) -> list[Trial]:
        estimate = random.normal(size=2 * len(ids)) ** 3  # few are large
        of = dict.fromkeys(ids, 0.0) | {one: random.normal() for one in ids}
        exact = strength * estimate + [0.5 * of[one] + random.normal() for one in ids for _ in range(2)]
        rows = [one for one in ids for _ in range(2)]
        return [Trial(*row) for row in zip(rows, range(len(rows)), exact, estimate, strict=True)]

    many = trials([response_id(variant, question) for variant in range(50) for question in range(100)])
    truth = spearmanr([one.exact for one in many], [one.estimate for one in many]).statistic
    held = [low <= truth <= high for _, low, high in (agreement(trials(IDS)) for _ in range(200))]
    assert 0.9 <= np.mean(held) <= 1


def test_trials_are_spread_over_answers_and_drawn_of_the_features_that_are_active() -> None:
    assert sorted(shares(IDS, 64).values()) == [2] * 26 + [3] * 4
    assert shares(IDS, 64) == shares(IDS[::-1], 64)
    assert sum(shares(IDS, 7).values()) == 7
    active = np.array([3, 5, 8, 9])
    assert set(drawn_features(active, 3, 1)) < set(active) and len(drawn_features(active, 9, 1)) == 4
    assert len({tuple(drawn_features(np.arange(99), 3, one)) for one in IDS}) > 20
