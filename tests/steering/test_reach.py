"""How often the intervals of a quantile, and of the share below it, hold what they are of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from persona_assets.base.arrays import Floats
from persona_assets.steering.reach import Reach, share_below

N_WORDINGS = 3


def answers(random: np.random.Generator, of_questions: Floats, level: float = 0.0) -> Reach:
    """Answers in three wordings, of which half of the variance is the question's."""
    questions = np.repeat(np.arange(len(of_questions)), N_WORDINGS)
    return Reach(level + of_questions[questions] + random.standard_normal(len(questions)), questions)


@pytest.mark.parametrize(
    ("n_questions", "share"), [(10, 0.25), (10, 0.5), (24, 0.25), (24, 0.85), (100, 0.05), (300, 0.01)]
)
def test_a_quantiles_interval_holds_it_in_95_percent_at_least(n_questions: int, share: float) -> None:
    random, told, held = np.random.default_rng(0), 0, 0
    truth = stats.norm.ppf(share) * np.sqrt(2)
    for _ in range(400):
        low, high = answers(random, random.standard_normal(n_questions)).interval(share)
        told += not np.isnan(low)
        held += low <= truth <= high
    assert told >= 360 and held / told >= 0.94


@pytest.mark.parametrize(("n_questions", "share"), [(9, 0.5), (10, 0.05), (24, 0.01), (24, 0.95)])
def test_too_few_questions_beside_a_quantile_give_no_interval(n_questions: int, share: float) -> None:
    random = np.random.default_rng(0)
    assert np.isnan(answers(random, random.standard_normal(n_questions)).interval(share)).all()


@pytest.mark.parametrize(("n_roles", "n_questions"), [(10, 10), (29, 30)])
def test_the_interval_of_a_share_holds_it_for_other_roles_and_questions(
    n_roles: int, n_questions: int
) -> None:
    """Roles lie 2 below the anchor, by a standard deviation of 1; all are asked the same questions."""
    random, held, trials = np.random.default_rng(1), 0, 100
    truth = stats.norm.cdf((stats.norm.ppf(0.25) * np.sqrt(2) + 2) / np.sqrt(3))
    for trial in range(trials):
        asked = random.standard_normal(n_questions)
        others = {str(one): answers(random, asked, random.normal(-2)) for one in range(n_roles)}
        anchor = answers(random, asked)
        found = share_below(anchor, others, 0.25, anchor.quantile(0.25), seed=trial)
        assert found.n == n_roles * n_questions * N_WORDINGS
        held += found.low <= truth <= found.high
    assert held / trials >= 0.9


def test_each_roles_share_is_told_and_few_roles_have_no_interval() -> None:
    anchor = Reach(np.arange(20.0), np.arange(20))
    others = {"near": Reach(np.arange(20.0), np.arange(20)), "far": Reach(np.zeros(10), np.arange(10))}
    found = share_below(anchor, others, 0.25, 5.0)
    assert found.of_roles == {"near": 0.25, "far": 1.0} and (found.n, found.share) == (30, 0.5)
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(share_below(anchor, {}, 0.25, 5.0).share)
