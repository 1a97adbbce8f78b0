from __future__ import annotations

import numpy as np
import pytest

from persona_assets.drift.codes import pool_ranges
from persona_assets.drift.null import MIN_RESPONSES, bands, draw_spans
from persona_assets.lake.schema import SCORES
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


def test_turns_of_one_length_have_one_band_the_central_95_percent() -> None:
    asked = []

    def drawn(n_tokens: int) -> dict:
        asked.append(n_tokens)
        return {score: np.arange(201.0) * n_tokens for score in SCORES}

    found = bands(drawn, np.array([4, 9, 4]))
    assert asked == [4, 9]
    assert found[0] is found[2]
    assert (found[1]["projection"].low, found[1]["projection"].high) == pytest.approx((5 * 9, 195 * 9))


@pytest.mark.parametrize("n_tokens", [5, 10])
def test_the_band_covers_about_95_percent_of_new_answers_of_the_same_kind(n_tokens: int) -> None:
    direction = np.random.default_rng(7).normal(size=12)
    anchor = random_codes([10] * 400, seed=1)
    fresh = random_codes([n_tokens] * 1000, seed=2)

    def drawn(length: int) -> dict:
        pooled = pool_ranges(anchor.values, draw_spans(anchor, length, 200, seed=0), "mean")
        return {"projection": pooled @ direction}

    [band] = bands(drawn, np.array([n_tokens]))
    scored = pool_ranges(fresh.values, [[bounds] for bounds in fresh.ranges], "mean") @ direction
    inside = np.mean((scored >= band["projection"].low) & (scored <= band["projection"].high))
    assert 0.90 <= inside <= 0.98
