"""Excerpts as a scorer shows them: plain for detection, with marked tokens for fuzzing; in seeded batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from persona_assets.base.errors import StudyError
from persona_assets.generate.excerpts import Excerpt, on_one_line, strongest

BATCH_SIZE = 5


@dataclass(frozen=True)
class Item:
    """One thing to say yes or no to, on one line; `truth` is the right answer."""

    text: str
    truth: bool


def detection_items(firing: Iterable[Excerpt], silent: Iterable[Excerpt]) -> list[Item]:
    """Return excerpts without marks; those where the feature fires are to be found."""
    shown = [Item(on_one_line(one.pieces), True) for one in firing]
    return shown + [Item(on_one_line(one.pieces), False) for one in silent]


def fuzzing_items(firing: Sequence[Excerpt], silent: Iterable[Excerpt]) -> list[Item]:
    """Return excerpts with marked tokens: those that fire, and in silent excerpts ones that do not.

    A silent excerpt is marked where a firing one is, each of these in turn, so that neither the number of
    the marks nor their places tell which are right.
    """
    marks = [strongest(one.values) for one in firing]
    right = [
        Item(on_one_line(one.pieces, places), True)
        for one, places in zip(firing, marks, strict=True)
        if places
    ]
    lent = cycle(places for places in marks if places)
    wrong = [(one, _moved(places, one.pieces)) for one, places in zip(silent, lent, strict=False)]
    return right + [Item(on_one_line(one.pieces, places), False) for one, places in wrong if places]


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
    may_show: Callable[[str], bool] = lambda _: True,
) -> list[list[Item]]:
    """Return a scorer's items in random order, `size` in a batch and the rest in the last one.

    Without those whose text, marks and all, it may not show. Raises StudyError for a scorer that does not
    exist.
    """
    if scorer not in ITEMS:
        raise StudyError(f"there is no scorer {scorer!r}; there are: {', '.join(ITEMS)}")
    items = [item for item in ITEMS[scorer](firing, silent) if may_show(item.text)]
    order = np.random.default_rng(seed).permutation(len(items))
    mixed = [items[place] for place in order]
    return [mixed[start : start + size] for start in range(0, len(mixed), size)]


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
