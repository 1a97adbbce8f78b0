"""A window of tokens is cut to the sentence in which the strongest lies."""

from __future__ import annotations

import pytest

from persona_assets.base.lit import sentence


@pytest.mark.parametrize(
    ("pieces", "peak", "cut"),
    [
        (["So", ".", " A", " ship", "!", " No"], 3, " A ship!"),
        (["A", " ship"], 0, "A ship"),
        (["One", "\n", "two", " three", '."', " Four"], 2, 'two three."'),
        (["One", ".", "two", "."], 1, "One."),  # the mark itself is the strongest
        (["ship"], 0, "ship"),
        (["海", "。", "船", "。"], 2, "船。"),
    ],
)
def test_a_window_is_cut_to_its_sentence(pieces: list[str], peak: int, cut: str) -> None:
    first, last = sentence(pieces, [float(place == peak) for place in range(len(pieces))])
    assert "".join(pieces[first:last]) == cut
