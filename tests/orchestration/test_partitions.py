from __future__ import annotations

import pytest

from persona_assets.orchestration.partitions import _summary


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        ({"a": "no model", "b": "no model"}, "no model"),
        ({"a": "x", "b": "y", "c": "z"}, "3 roles failed: x; y; z"),
        (dict(zip("abcd", "wxyz", strict=True)), "4 roles failed: w; x; and 2 more, in the run's log"),
    ],
)
def test_what_failed_is_said_in_a_line_however_many_roles_it_is(failed: dict[str, str], said: str) -> None:
    assert _summary(failed) == said
