from __future__ import annotations

import numpy as np

from persona_assets.drift.localize import scaled


def test_tokens_are_scaled_between_the_5th_and_95th_percentile() -> None:
    tokens = np.arange(101.0)
    found = scaled(tokens)
    assert found[5] == 0 and found[95] == 1 and found[50] == 0.5
    assert found.min() == 0 and found.max() == 1 and (np.diff(found) >= 0).all()


def test_tokens_that_are_all_alike_lie_in_the_middle() -> None:
    assert scaled(np.array([2.5])).tolist() == [0.5]
    assert scaled(np.zeros(4)).tolist() == [0.5] * 4
