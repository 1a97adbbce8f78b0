from __future__ import annotations

import pytest

from persona_assets.cli.units import ago, size


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (57_400_000, "57.4 MB"),
        (999_400_000, "999 MB"),
        (19e9, "19.0 GB"),
        (3e15, "3000 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_fits(n_bytes: float, text: str) -> None:
    assert size(n_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "now"), (59, "now"), (60, "1 min"), (7_199, "1 h"), (200_000, "2 d")]
)
def test_an_age_is_told_in_the_largest_unit_that_has_passed(seconds: float, text: str) -> None:
    assert ago(1_000_000, 1_000_000 + seconds) == text
