from __future__ import annotations

import numpy as np
import pytest

from persona_assets.drift.confounds import (
    CONFOUNDS,
    MIN_TURNS,
    at_least,
    confounds,
    correlation,
    interval,
    told,
    verdict,
    worst,
)


def test_each_confound_is_correlated_with_the_score_over_turns() -> None:
    rng = np.random.default_rng(0)
    names = ("projection", "norm", "n_active_features", "n_tokens")
    turns = {name: rng.normal(size=9) for name in names}
    found = confounds(turns, "projection")
    assert list(found) == list(names[1:])
    for name in names[1:]:
        assert found[name] == pytest.approx(np.corrcoef(turns["projection"], turns[name])[0, 1])


def test_there_is_no_correlation_of_seven_turns_or_of_what_never_changes() -> None:
    rising = np.arange(MIN_TURNS + 0.0)
    assert correlation(rising, -rising) == pytest.approx(-1)
    assert correlation(rising[1:], rising[1:]) is None
    assert correlation(rising, np.full(MIN_TURNS, 1 / 3)) is None
    unknown = rising.copy()
    unknown[2] = np.nan
    assert correlation(unknown, rising) is None


@pytest.mark.parametrize(
    ("r", "n_turns", "expected"),
    [
        (0.99, MIN_TURNS, "HIGH"),
        (-0.85, 9, "LOW"),  # it may well be 0.4
        (-0.9, 20, "HIGH"),
        (0.75, 30, "MODERATE"),
        (0.45, 1000, "LOW"),
        (None, 9, None),
        (0.99, MIN_TURNS - 1, None),
    ],
)
def test_the_verdict_is_of_the_lower_end_of_the_interval(
    r: float | None, n_turns: int, expected: str | None
) -> None:
    assert verdict(r, n_turns) == expected


def test_the_lower_end_is_fishers() -> None:
    assert at_least(0.8, 12) == pytest.approx(np.tanh(np.arctanh(0.8) - 2.394 / 3), abs=1e-4)
    assert at_least(-0.8, 12) == at_least(0.8, 12)
    assert at_least(0.1, 12) == 0


def test_what_is_told_of_a_correlation_has_its_interval_or_no_verdict() -> None:
    low, high = interval(-0.88, 9)
    assert told(-0.88, 9) == {"r": -0.88, "low": low, "high": high, "verdict": "LOW"}
    assert -1 < low < -0.88 < high < 0 and -high == at_least(-0.88, 9)
    assert told(-0.88, MIN_TURNS - 1) == {"r": -0.88, "low": None, "high": None, "verdict": None}
    assert told(None, 9)["verdict"] is None


@pytest.mark.parametrize("rho", [0.0, 0.9])
@pytest.mark.parametrize("n_turns", [8, 20])
def test_all_three_correlations_lie_in_their_intervals_in_about_nineteen_runs_of_twenty(
    n_turns: int, rho: float
) -> None:
    """Simulated, turns independent. Of 100,000 runs it is 94.1% to 95.2%; at 95% each it would be 86%."""
    rng, n_runs = np.random.default_rng(n_turns), 800
    score = rng.normal(size=(n_runs, 1, n_turns))
    others = rho * score + np.sqrt(1 - rho**2) * rng.normal(size=(n_runs, len(CONFOUNDS), n_turns))
    held = []
    for [one], of in zip(score, others, strict=True):
        ends = [interval(correlation(one, other), n_turns) for other in of]
        held.append(all(low <= rho <= high for low, high in ends))
    assert 0.94 - 2.5 * 0.0084 <= np.mean(held) <= 0.95 + 2.5 * 0.0084


def test_the_worst_is_the_strongest_whatever_its_sign() -> None:
    assert worst([0.1, -0.97, None, 0.5], 20) == "HIGH"
    assert worst([None, None], 20) is None


@pytest.mark.parametrize("n_turns", [8, 12, 20])
def test_without_a_confound_one_run_in_twenty_or_fewer_is_called_more_than_low(n_turns: int) -> None:
    """Simulated. By |r| alone it is 68% of runs of eight turns, and 48% of twelve."""
    rng = np.random.default_rng(n_turns)
    names = ("projection", *CONFOUNDS)
    plain = [{name: rng.normal(size=n_turns) for name in names} for _ in range(600)]
    called = [worst(confounds(turns, "projection").values(), n_turns) for turns in plain]
    assert np.mean([one != "LOW" for one in called]) <= 0.05


def test_a_confound_that_makes_the_score_is_called_high() -> None:
    rng = np.random.default_rng(0)
    norm = rng.normal(size=20)
    turns = {name: rng.normal(size=20) for name in CONFOUNDS}
    turns |= {"norm": norm, "projection": norm + rng.normal(0, 0.1, 20)}
    assert worst(confounds(turns, "projection").values(), 20) == "HIGH"
