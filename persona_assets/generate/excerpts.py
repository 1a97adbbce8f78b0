"""Excerpts of answers as a model that is asked about them sees them: on one line, some tokens marked."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Protocol

LEAST_MARKED = 0.3  # of the excerpt's strongest activation: what fires less is not marked
OPEN, CLOSE = "<<", ">>"
_NEWLINE = "↵"
_NEWLINES = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LIKE_MARKS = re.compile(r"(<)(?=<)|(>)(?=>)")


class Excerpt(Protocol):
    """A stretch of an answer: its tokens as text, and the feature's activation on each of them."""

    @property
    def pieces(self) -> Sequence[str]:
        """Its tokens' texts, in order."""

    @property
    def values(self) -> Sequence[float]:
        """The feature's activation on each of them."""


def strongest(values: Sequence[float]) -> set[int]:
    """Return the places that are marked: where the feature fires, and not much less than at its peak."""
    least = LEAST_MARKED * max(values, default=0.0)
    return {place for place, value in enumerate(values) if value > 0 and value >= least}


def on_one_line(pieces: Sequence[str], marked: Collection[int] = ()) -> str:
    """Return the excerpt on one line; neighbors that are marked share their marks."""
    runs: list[tuple[bool, str]] = []
    for place, piece in enumerate(pieces):
        is_marked = place in marked
        if runs and runs[-1][0] == is_marked:
            runs[-1] = (is_marked, runs[-1][1] + piece)
        else:
            runs.append((is_marked, piece))
    plain = ((is_marked, _plain(text)) for is_marked, text in runs)
    return "".join(f"{OPEN}{text}{CLOSE}" if is_marked else text for is_marked, text in plain)


def _plain(text: str) -> str:
    """Return text that can neither end its line nor forge a mark."""
    return _LIKE_MARKS.sub(r"\g<0> ", _NEWLINES.sub(_NEWLINE, text))
