"""All roles' activations, read once: block by block of features, all roles of a block together.

The files are sorted by feature, and what is said of a feature takes all roles, but no other feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.entries import Column, Entries, FeatureRanges
from persona_assets.analysis.shelf import Shelf
from persona_assets.base.arrays import Ints

MAX_ENTRIES = 16_000_000  # brought together at once, of 12 to 30 bytes each; two blocks are in memory
MAX_FEATURES = 4096  # of a block: what is summed by cell and question


@dataclass(frozen=True)
class Block:
    """The activations of the features `start` to before `stop`, which count from 0, role by role."""

    start: int
    stop: int
    roles: list[Entries]

    @property
    def features(self) -> slice:
        """The place of the block's features among all."""
        return slice(self.start, self.stop)


def read_blocks(
    sources: Sequence[RoleSource],
    design: Design,
    d_sae: int,
    *,
    also: Sequence[Column] = (),
    max_entries: int = MAX_ENTRIES,
) -> Iterator[Block]:
    """Read every role once; what is to be read `also` stands beside the means.

    Raises StudyError, naming the file, where it is damaged, not sorted, speaks of a feature the SAE does not
    have or of a response that was not pooled.
    """
    files = [FeatureRanges(source, also) for source in sources]
    expected = np.sum([file.expected(d_sae) for file in files], axis=0).astype(np.int64)
    beyond = Shelf(2**20)  # of a few roles a piece: it goes as they are read on
    for first, last in ranges(expected, max_entries):
        for start in range(first, last, MAX_FEATURES):
            of = range(start, min(start + MAX_FEATURES, last))
            shelf = Shelf()
            yield Block(of.start, of.stop, [file.entries(of, design, shelf, beyond) for file in files])
    pa.default_memory_pool().release_unused()


def ranges(fired: Ints, max_entries: int) -> Iterator[tuple[int, int]]:
    """Ranges of features that together fired at most `max_entries` times, or of one that did more often."""
    ends, start = np.cumsum(fired), 0
    while start < len(fired):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + max_entries, "right")))
        yield start, stop
        start = stop
