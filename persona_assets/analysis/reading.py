"""All roles' activations, read once: block by block of features, all roles of a block together.

The files are sorted by feature, and what is said of a feature takes all roles, but no other feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.entries import Column, Entries, FeatureRanges
from persona_assets.analysis.shelf import Shelf
from persona_assets.base.arrays import Ints

MAX_ENTRIES = 16_000_000  # brought together at once, of 12 to 30 bytes each; two blocks are in memory
MAX_FEATURES = 4096  # of a block: what is summed by cell and question
N_READERS = 4  # threads, each of which reads a part of the roles: while one waits for the disk, others work


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
    shares = np.array_split(np.arange(len(sources)), min(N_READERS, len(sources)))
    readers = [_Reader([FeatureRanges(sources[row], also) for row in share]) for share in shares]
    files = [file for reader in readers for file in reader.files]
    expected = np.sum([file.expected(d_sae) for file in files], axis=0).astype(np.int64)
    with ThreadPoolExecutor(len(readers)) as threads:
        for first, last in ranges(expected, max_entries):
            for start in range(first, last, MAX_FEATURES):
                of = range(start, min(start + MAX_FEATURES, last))
                shared = threads.map(lambda reader, of=of: reader.entries(of, design), readers)
                yield Block(of.start, of.stop, [entries for roles in shared for entries in roles])
    pa.default_memory_pool().release_unused()


class _Reader:
    """Reads the files of some roles, in one thread at a time."""

    def __init__(self, files: list[FeatureRanges]) -> None:
        self.files = files
        self._beyond = Shelf(2**20)  # small pieces, each free once the few roles in it are read again

    def entries(self, features: range, design: Design) -> list[Entries]:
        shelf = Shelf()
        return [file.entries(features, design, shelf, self._beyond) for file in self.files]


def ranges(fired: Ints, max_entries: int) -> Iterator[tuple[int, int]]:
    """Ranges of features that together fired at most `max_entries` times, or of one that did more often."""
    ends, start = np.cumsum(fired), 0
    while start < len(fired):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + max_entries, "right")))
        yield start, stop
        start = stop
