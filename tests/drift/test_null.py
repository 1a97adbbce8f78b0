from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from persona_assets.drift.codes import pool_ranges
from persona_assets.drift.null import MIN_RESPONSES, Null, answer_spans, draw_spans, least_of, lowest_p
from tests.drift.made import random_codes

CODES = random_codes([*[10] * (MIN_RESPONSES - 1), 12, 30])


def test_a_draw_lies_within_one_response_where_enough_are_as_long() -> None:
    draws = draw_spans(CODES, 10, 200, seed=0)
    assert len(draws) == 200
    for [(start, stop)] in draws:
        assert stop - start == 10
        assert np.searchsorted(CODES.bounds, start, side="right") == np.searchsorted(CODES.bounds, stop)
    starts = {start for [(start, _)] in draws}
    assert len({np.searchsorted(CODES.bounds, start, side="right") for start in starts}) == MIN_RESPONSES + 1
    within_the_longest = [start for start in starts if start >= CODES.bounds[-2]]
    assert len(within_the_longest) > 1


def test_longer_draws_are_responses_one_after_another_cut_to_the_length() -> None:
    starts = set(CODES.bounds[:-1].tolist())
    for n_tokens in (11, 35, 1000):
        for ranges in draw_spans(CODES, n_tokens, 20, seed=0):
            assert sum(stop - start for start, stop in ranges) == n_tokens
            assert {start for start, _ in ranges} <= starts
            assert all(stop in CODES.bounds for _, stop in ranges[:-1])


def test_draws_depend_on_seed_and_length_alone() -> None:
    assert draw_spans(CODES, 7, 50, seed=3) == draw_spans(CODES, 7, 50, seed=3)
    assert draw_spans(CODES, 7, 50, seed=3) != draw_spans(CODES, 7, 50, seed=4)


def test_each_distinct_answer_that_is_long_enough_gives_one_span() -> None:
    token_ids = CODES.token_ids.copy()
    token_ids[10:20] = token_ids[:10]  # the second answer is the first once more
    codes = dataclasses.replace(CODES, token_ids=token_ids)
    places = [
        np.searchsorted(codes.bounds, start, side="right") - 1 for [(start, _)] in answer_spans(codes, 10, 0)
    ]
    assert places == [0, *range(2, MIN_RESPONSES + 1)]
    assert [len(answer_spans(codes, n_tokens, 0)) for n_tokens in (11, 12, 13, 31)] == [2, 2, 1, 0]


def test_a_band_is_the_central_95_percent_of_the_draws() -> None:
    null = Null.of(np.arange(201.0), np.arange(30.0))
    assert (null.low, null.high) == pytest.approx((5, 195))


@pytest.mark.parametrize("n_tokens", [5, 10])
def test_the_band_covers_about_95_percent_of_new_answers_of_the_same_kind(n_tokens: int) -> None:
    direction = np.random.default_rng(7).normal(size=12)
    anchor = random_codes([10] * 400, seed=1)
    fresh = random_codes([n_tokens] * 1000, seed=2)
    draws = pool_ranges(anchor.values, draw_spans(anchor, n_tokens, 200, seed=0), "mean") @ direction
    null = Null.of(draws, draws)
    scored = pool_ranges(fresh.values, [[bounds] for bounds in fresh.ranges], "mean") @ direction
    assert 0.90 <= np.mean((scored >= null.low) & (scored <= null.high)) <= 0.98


def test_p_counts_the_answers_that_score_as_low_and_the_turn_itself() -> None:
    null = Null.of(np.zeros(3), np.array([*range(20), np.nan]))
    assert [null.p(score) for score in (-1, 0, 0.5, 30)] == pytest.approx([1 / 21, 2 / 21, 2 / 21, 1])
    assert null.run_p(-1, 1) == pytest.approx(null.p(-1))
    assert null.p(np.nan) is None


def test_too_few_answers_give_no_p_and_no_bound() -> None:
    null = Null.of(np.zeros(3), np.arange(MIN_RESPONSES - 1.0))
    assert null.p(-1) is null.run_p(-1, 6) is null.run_low(6) is None
    assert Null.of(np.zeros(3), np.arange(25.0)).run_low(6) is None  # the lowest of 31 is a turn's in 19%


def test_a_run_is_below_its_bound_where_its_p_is_at_most_5_percent() -> None:
    null = Null.of(np.zeros(3), np.arange(200.0))
    bound = null.run_low(4)
    assert bound is not None
    for score in np.arange(-0.5, 10):
        p = null.run_p(score, 4)
        assert p is not None
        assert (score < bound) == (p <= 0.05)


@pytest.mark.parametrize(("n_answers", "n_turns"), [(30, 3), (90, 6), (240, 12)])
@pytest.mark.parametrize("kind", ["normal", "skewed", "heavy"])
def test_p_values_of_plain_turns_and_runs_are_what_they_say(n_answers: int, n_turns: int, kind: str) -> None:
    """Simulated: turns and answers of one kind. The shares at or below a level do not pass it."""
    rng = np.random.default_rng([n_answers, n_turns])
    draw = {
        "normal": rng.standard_normal,
        "skewed": lambda size: -rng.gamma(2, size=size),
        "heavy": lambda size: rng.standard_t(3, size=size),
    }[kind]
    of_turns, of_runs = [], []
    for _ in range(1500):
        null, turns = Null.of(np.zeros(1), draw(n_answers)), draw(n_turns)
        of_turns.append(null.p(turns[0]))
        of_runs.append(min(null.run_p(turn, n_turns) or 1 for turn in turns))
    for level in (0.05, 0.1, 0.3):
        spread = 3 * np.sqrt(level * (1 - level) / 1500)
        assert np.mean(np.array(of_turns) <= level) <= level + spread
        assert np.mean(np.array(of_runs) <= level) <= level + spread
    reachable = np.array(of_runs) <= 0.3
    assert reachable.mean() > 0.2  # and they are not too careful either


def test_a_turn_far_below_plain_answers_is_found() -> None:
    rng = np.random.default_rng(3)
    found = [
        Null.of(np.zeros(1), rng.standard_normal(240)).run_p(rng.standard_normal() - 5, 6) for _ in range(200)
    ]
    assert np.mean([p is not None and p <= 0.05 for p in found]) > 0.9


def test_the_smallest_p_that_a_run_can_have_is_told_from_others() -> None:
    draws = np.random.default_rng(0).normal(size=200)
    few, many = (Null.of(draws, np.arange(n, dtype=np.float64)) for n in (30, 40))
    for lowest, least in ((-1.0, 30), (0.0, None), (0.5, None), (25.0, None)):
        p = lowest_p([(few, lowest), (many, 35.0), (many, 36.0)])
        assert least_of(p, [30, 40, 40], 3) == least
        assert p is not None and (least is None) == (p > 3 / 33 + 1e-9)
    assert least_of(None, [], 3) is None
