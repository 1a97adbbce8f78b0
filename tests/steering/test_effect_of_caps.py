"""What is told of a cap's effect: of which turns and answers, beside which controls, how often wrongly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from persona_assets.steering.cap_effects import Counted
from persona_assets.steering.caps import Cap, Floor
from persona_assets.steering.controlled import Effect, of_turns
from persona_assets.steering.effects import mean_of, mean_of_positive


def test_an_answer_that_a_reading_does_not_tell_of_counts_in_none() -> None:
    found = Effect.of("loss", [1.0, np.nan, 3.0, 5.0], [[1.0, 9.0, 1.0, np.nan], [0.0, 9.0, 1.0, 9.0]])
    assert (found.effect, found.n, found.left_out) == (2.0, 2, 2)
    assert found.low < 2 < found.high and found.p == 1 / 3
    assert found.control_low == pytest.approx(0.5125) and found.control_high == pytest.approx(0.9875)
    nothing = Effect.of("loss", [np.nan], [[1.0]])
    assert np.isnan([nothing.effect, nothing.p]).all() and (nothing.n, nothing.left_out) == (0, 1)


def test_turns_that_one_reading_has_no_score_of_do_not_make_a_difference() -> None:
    """The worst turn is lost under the cap, and another one under a control."""
    plain = [np.array([1.0, -5.0, 2.0, 3.0])]
    cap, control = np.array([1.0, np.nan, 2.0, 3.0]), np.array([1.0, -5.0, np.nan, 3.0])
    for one in of_turns("read", plain, [[cap], [control]]):
        assert (one.effect, one.n, one.left_out, one.control_high) == (0.0, 1, 2, 0.0)


def test_a_token_that_several_floors_move_is_counted_once() -> None:
    first, second = torch.eye(3)[:2]
    counted = Counted(Cap((Floor(first, 1.0, 2), Floor(second, 1.0, 5)), "toy"))
    rows = torch.tensor([[2.0, 2, 0], [0, 2, 0], [2, 0, 0], [0, 0, 0]])  # held by none, first, second, both
    for stream in (rows, rows[None, :3]):
        for change in counted.changes.values():
            stream = change(stream)
    assert [point.layer for point in counted.changes] == [2, 5]
    assert (counted.n, counted.n_moved, counted.share) == (7, 5, 5 / 7)


@pytest.mark.parametrize("kind", ["change", "divergence", "growth"])
def test_a_cap_like_its_controls_is_among_the_most_in_one_of_twenty(kind: str) -> None:
    """Nineteen controls, none of which is above chance at 0: KL is never, and a floor mostly costs."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        rows = random.gamma(0.5, 1, (20, 1)) * random.gamma(2.0, 1, (20, 12))
        found.append(Effect.of("", rows[0], rows[1:], kind).p)  # type: ignore[arg-type]
    assert 0.035 <= np.mean(np.array(found) <= 0.05) <= 0.065


def test_a_cap_that_costs_less_than_all_controls_is_no_finding_and_a_share_has_no_p() -> None:
    controls = np.full((19, 12), 0.31)
    assert Effect.of("", [0.11] * 12, controls, "growth").p == 1.0
    assert Effect.of("", [0.51] * 12, controls, "growth").p == 1 / 20
    share = Effect.of("", [0.0, 0.02, 0.6], controls[:, :3], "share")
    assert np.isnan(share.p) and share.low == 0.0


@pytest.mark.parametrize(("n", "least"), [(5, 0.9), (12, 0.92)])
def test_the_interval_of_a_divergence_is_above_0_and_holds_more_often_than_students_t(
    n: int, least: float
) -> None:
    random, held, of_t = np.random.default_rng(0), 0, 0
    for _ in range(2000):
        values = random.exponential(1.0, n)
        _, low, high = mean_of_positive(values)
        assert low > 0
        held += low <= 1 <= high
        of_t += mean_of(values).low <= 1 <= mean_of(values).high
    assert held / 2000 >= least and held > of_t
    assert np.isnan(mean_of_positive(np.zeros(3)).low)
