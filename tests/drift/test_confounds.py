from __future__ import annotations

import numpy as np
import pytest

from persona_assets.drift.confounds import confounds, correlation, verdict, worst


def test_each_confound_is_correlated_with_the_score_over_turns() -> None:
    rng = np.random.default_rng(0)
    names = ("projection", "norm", "n_active_features", "n_tokens")
    turns = {name: rng.normal(size=9) for name in names}
    found = confounds(turns, "projection")
    assert list(found) == list(names[1:])
    for name in names[1:]:
        assert found[name] == pytest.approx(np.corrcoef(turns["projection"], turns[name])[0, 1])


def test_there_is_no_correlation_of_two_turns_or_of_what_never_changes() -> None:
    rising = np.array([1.0, 2.0, 3.0])
    assert correlation(rising, -rising) == pytest.approx(-1)
    assert correlation(rising[:2], rising[:2]) is None
    assert correlation(rising, np.ones(3) / 3) is None
    assert correlation(np.array([1.0, np.nan, 3.0]), rising) is None


@pytest.mark.parametrize(
    ("r", "expected"),
    [(0.39, "LOW"), (-0.40, "MODERATE"), (0.69, "MODERATE"), (-0.70, "HIGH"), (None, None)],
)
def test_the_verdict_turns_at_040_and_070(r: float | None, expected: str | None) -> None:
    assert verdict(r) == expected


def test_the_worst_is_the_strongest_whatever_its_sign() -> None:
    assert worst([0.1, -0.8, None, 0.5]) == "HIGH"
    assert worst([None, None]) is None
