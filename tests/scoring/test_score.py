"""Scores: exact where all answers are enumerated, and simulated scorers that know all, half or nothing."""

import numpy as np
import pytest
from scipy.stats import binom

from persona_assets.scoring.asking import answers_in
from persona_assets.scoring.items import batches
from persona_assets.scoring.score import Score, adjusted, score_of
from tests.scoring.test_items import excerpt

N = 10  # of either truth


def counted(n_true_right, n_false_right, n_true=N, n_false=N):
    told = [(True, place < n_true_right) for place in range(n_true)]
    return told + [(False, place >= n_false_right) for place in range(n_false)]


def every_score(n_true=N, n_false=N):
    return [[score_of(counted(a, b, n_true, n_false)) for b in range(n_false + 1)] for a in range(n_true + 1)]


def chances(share_true, share_false, n_true=N, n_false=N):
    """float64[n_true + 1, n_false + 1]: how likely so many right answers of either truth are."""
    of_true = binom.pmf(np.arange(n_true + 1), n_true, share_true)
    return of_true[:, None] * binom.pmf(np.arange(n_false + 1), n_false, share_false)


def test_the_score_is_balanced_accuracy():
    score = score_of(counted(4, 6, n_true=5, n_false=20))
    assert score.score == pytest.approx((4 / 5 + 6 / 20) / 2)
    assert (score.n, score.n_unparsed) == (25, 0)
    assert 0 <= score.low < score.score < score.high <= 1


def test_the_interval_is_newcombes_of_wilsons():
    # Wilson's for 8 of 10: 0.4902 to 0.9433; for 6 of 10: 0.3127 to 0.8318
    score = score_of(counted(8, 6))
    assert score.low == pytest.approx(0.7 - np.hypot(0.8 - 0.4902, 0.6 - 0.3127) / 2, abs=1e-4)
    assert score.high == pytest.approx(0.7 + np.hypot(0.9433 - 0.8, 0.8318 - 0.6) / 2, abs=1e-4)


def test_an_answer_that_cannot_be_read_is_wrong_and_counted():
    answers = counted(N, N)
    score = score_of([*answers[:5], *((truth, None) for truth, _ in answers[5:])])
    assert score.score == pytest.approx((5 / 10 + 0) / 2)
    assert (score.n, score.n_unparsed) == (20, 15)
    assert score.p == 1


def test_there_is_no_score_without_both_truths():
    assert score_of([]) is None
    assert score_of([(True, True)]) is None
    assert score_of([(False, None)]) is None


@pytest.mark.parametrize(("n_true", "n_false", "covered"), [(10, 10, 0.95), (10, 5, 0.95), (20, 20, 0.95)])
def test_the_interval_covers_over_all_shares(n_true, n_false, covered):
    scores = every_score(n_true, n_false)
    low, high = (np.array([[getattr(one, end) for one in row] for row in scores]) for end in ("low", "high"))
    shares = np.linspace(0.02, 0.98, 25)
    held = np.array(
        [
            [
                (chances(a, b, n_true, n_false) * ((low <= (a + b) / 2) & ((a + b) / 2 <= high))).sum()
                for b in shares
            ]
            for a in shares
        ]
    )
    assert held.mean() >= covered
    assert held.min() > 0.87


def test_chance_is_rarely_taken_for_knowledge_however_often_a_scorer_says_yes():
    p = np.array([[one.p for one in row] for row in every_score()])
    for share in np.linspace(0, 1, 41):
        assert (chances(share, 1 - share) * (p <= 0.05)).sum() <= 0.05


def test_a_scorer_that_is_right_in_three_of_four_is_found():
    p = np.array([[one.p for one in row] for row in every_score(20, 20)])
    assert (chances(0.75, 0.75, 20, 20) * (p <= 0.05)).sum() > 0.85


def answered(scorer, label, seed):
    """Ask one who takes an excerpt for active where the label stands in it."""
    firing = [excerpt(f"sea|{number}", 1.0, 0.0) for number in range(N)]
    silent = [excerpt(f"law|{number}") for number in range(N)]
    found = []
    for batch in batches(scorer, firing, silent, seed):
        said = answers_in(str([int(label in item.text) for item in batch]), len(batch))
        found += [(item.truth, answer) for item, answer in zip(batch, said, strict=True)]
    return found


@pytest.mark.parametrize(("scorer", "label"), [("detection", "sea"), ("fuzzing", "<<sea>>")])
def test_an_oracle_has_1(scorer, label):
    score = score_of(answered(scorer, label, seed=0))
    assert (score.score, score.high, score.n) == (1, 1, 2 * N)
    assert score.low > 0.75 and score.p < 1e-4


def test_permuted_truths_give_a_half_within_the_interval():
    random, n_studies = np.random.default_rng(0), 1000
    held = n_found = 0
    total = 0.0
    for _ in range(n_studies):
        answers = answered("detection", "sea", 0)
        truths = random.permutation([truth for truth, _ in answers])
        score = score_of([(bool(truth), said) for truth, (_, said) in zip(truths, answers, strict=True)])
        held += score.low <= 0.5 <= score.high
        n_found += score.p <= 0.05
        total += score.score
    assert total / n_studies == pytest.approx(0.5, abs=0.01)
    assert held / n_studies >= 0.94
    assert n_found / n_studies <= 0.05


def test_of_many_labels_those_that_half_know_are_found_and_few_others():
    random, scores = np.random.default_rng(1), []
    knows = np.arange(300) < 100
    for known in knows:
        truths = np.arange(40) < 20
        said = np.where(random.random(40) < (0.6 if known else 0), truths, random.random(40) < 0.5)
        scores.append(score_of(zip(truths.tolist(), said.tolist(), strict=True)))
    found = adjusted([*scores, None])[:-1] <= 0.05
    assert found[knows].mean() > 0.75
    assert found[~knows].sum() <= 0.1 * found.sum()
    assert np.isnan(adjusted([None, Score(1, 1, 1, 0.01, 2, 0)])[0])
