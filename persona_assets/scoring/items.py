"""Excerpts as a scorer shows them: plain for detection, with marked tokens for fuzzing; in seeded batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

import numpy as np

from persona_assets.base.errors import StudyError

BATCH_SIZE = 5
LEAST_MARKED = 0.3  # of the excerpt's strongest activation: what fires less is not marked
OPEN, CLOSE = "<<", ">>"
_NEWLINE = "↵"
_UNMARKED = {OPEN: "< <", CLOSE: "> >", "\r\n": _NEWLINE, "\n": _NEWLINE, "\r": _NEWLINE}


class Excerpt(Protocol):
    """A stretch of an answer: its tokens as text, and the feature's activation on each of them."""

    @property
    def pieces(self) -> Sequence[str]:
        """Its tokens' texts, in order."""

    @property
    def values(self) -> Sequence[float]:
        """The feature's activation on each of them."""


@dataclass(frozen=True)
class Item:
    """One thing to say yes or no to, on one line; `truth` is the right answer."""

    text: str
    truth: bool


def detection_items(firing: Iterable[Excerpt], silent: Iterable[Excerpt]) -> list[Item]:
    """Return excerpts without marks; those where the feature fires are to be found."""
    shown = [Item(_shown(one.pieces, set()), True) for one in firing]
    return shown + [Item(_shown(one.pieces, set()), False) for one in silent]


def fuzzing_items(firing: Sequence[Excerpt], silent: Iterable[Excerpt]) -> list[Item]:
    """Return excerpts with marked tokens: those that fire, and in silent excerpts ones that do not.

    A silent excerpt is marked where a firing one is, each of these in turn, so that neither the number of
    the marks nor their places tell which are right.
    """
    marks = [_strong(one.values) for one in firing]
    right = [
        Item(_shown(one.pieces, places), True) for one, places in zip(firing, marks, strict=True) if places
    ]
    lent = cycle(places for places in marks if places)
    wrong = [(one, _moved(places, one.pieces)) for one, places in zip(silent, lent, strict=False)]
    return right + [Item(_shown(one.pieces, places), False) for one, places in wrong if places]


ITEMS: dict[str, Callable[[Sequence[Excerpt], Sequence[Excerpt]], list[Item]]] = {
    "detection": detection_items,
    "fuzzing": fuzzing_items,
}


def batches(
    scorer: str,
    firing: Sequence[Excerpt],
    silent: Sequence[Excerpt],
    seed: int | Sequence[int],
    size: int = BATCH_SIZE,
) -> list[list[Item]]:
    """Return a scorer's items in random order, `size` in a batch and the rest in the last one.

    Raises StudyError for a scorer that does not exist.
    """
    if scorer not in ITEMS:
        raise StudyError(f"there is no scorer {scorer!r}; there are: {', '.join(ITEMS)}")
    items = ITEMS[scorer](firing, silent)
    order = np.random.default_rng(seed).permutation(len(items))
    mixed = [items[place] for place in order]
    return [mixed[start : start + size] for start in range(0, len(mixed), size)]


def _strong(values: Sequence[float]) -> set[int]:
    """Return the places that are marked: where the feature fires, and not much less than at its peak."""
    least = LEAST_MARKED * max(values, default=0.0)
    return {place for place, value in enumerate(values) if value > 0 and value >= least}


def _moved(places: set[int], pieces: Sequence[str]) -> set[int]:
    """Return as many places of another excerpt: the same, or the nearest free ones that hold text."""
    free = [place for place, piece in enumerate(pieces) if piece.strip()]
    moved: set[int] = set()
    for place in sorted(places):
        nearest = min(free, key=lambda one: abs(one - place), default=None)
        if nearest is None:
            break
        free.remove(nearest)
        moved.add(nearest)
    return moved


def _shown(pieces: Sequence[str], marked: set[int]) -> str:
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
    for found, instead in _UNMARKED.items():
        text = text.replace(found, instead)
    return text
