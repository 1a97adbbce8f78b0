"""Prompts that are counted as they are made, and few of them held: an estimate is about very many."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest

from persona_assets.generate.prompts import Prompt


@dataclass
class PromptLengths:
    """How many prompts there are, and how long, in tokens: all together, and the longest."""

    n: int = 0
    total: int = 0
    longest: int = 0

    @property
    def mean(self) -> float:
        """The mean of one prompt or more."""
        return self.total / self.n

    def add(self, prompt: Prompt) -> None:
        """Count one more."""
        length = len(prompt.token_ids)
        self.n, self.total, self.longest = self.n + 1, self.total + length, max(self.longest, length)

    def counted(self, prompts: Iterable[Prompt]) -> Iterator[Prompt]:
        """Yield the prompts, each counted as it is taken."""
        for prompt in prompts:
            self.add(prompt)
            yield prompt


def drawn(prompts: Iterable[Prompt], n: int) -> list[Prompt]:
    """Return `n` of the prompts, drawn by lot from all, in their order; no more are held at once.

    All are taken, also where `n` is 0.
    """
    lots = random.Random(0)
    numbered = ((lots.random(), place, one) for place, one in enumerate(prompts))
    kept = nsmallest(max(n, 1), numbered)[:n]  # of none it would take no prompt, and nothing would be counted
    return [one for _, _, one in sorted(kept, key=lambda drawn: drawn[1])]
