"""The null of drift: what the anchor's own responses score, cut to spans of a turn's length.

Long texts score more evenly than short ones, so each turn is compared with spans of as many tokens: with a
band of many spans, and with one span of each distinct answer. A new answer of the anchor takes any rank
among those as likely as any other, so the second gives exact p values, of a turn and of a whole run
(conformal p values, Vovk et al. 2005; the run's is a permutation test of its lowest turn).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb, isclose
from typing import Self

import numpy as np

from persona_assets.base.arrays import Floats
from persona_assets.drift.codes import Ranges, SpanCodes

COVERAGE = 0.95

# From fewer responses than these, draws would be the same few spans over and over, and the band too narrow.
MIN_RESPONSES = 20


# A run is below the anchor's answers as a whole where its p is at most this.
RUN_LEVEL = 0.05


@dataclass(frozen=True)
class Null:
    """What turns of one length are compared with: the central 95% of draws, and one score per answer.

    `answers` float64[n], in ascending order, are the scores of one span of each distinct answer that is long
    enough; there are none where those are fewer than `MIN_RESPONSES`.
    """

    low: float
    high: float
    answers: Floats

    @classmethod
    def of(cls, draws: Floats, answers: Floats) -> Self:
        """Return the null of these scores; NaN among `answers` do not count."""
        low, high = np.quantile(draws, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2))
        known = np.sort(answers[np.isfinite(answers)])
        return cls(float(low), float(high), known if len(known) >= MIN_RESPONSES else known[:0])

    def p(self, score: float) -> float | None:
        """Return the share of answers, the turn among them, that score as low; None without answers."""
        if not len(self.answers) or not np.isfinite(score):
            return None
        return (1 + self._as_low(score)) / (1 + len(self.answers))

    def run_p(self, score: float, n_turns: int) -> float | None:
        """Return how often `n_turns` answers of the anchor have one that ranks as low as `score`."""
        if not len(self.answers) or not np.isfinite(score):
            return None
        return _any_among_lowest(self._as_low(score) + 1, len(self.answers), n_turns)

    def run_low(self, n_turns: int) -> float | None:
        """Return what at most 5% of runs of `n_turns` have a turn below; None where answers are too few."""
        lowest, n = None, len(self.answers)
        for rank, score in enumerate(self.answers.tolist(), start=1):
            if _any_among_lowest(rank, n, n_turns) > RUN_LEVEL:
                return lowest
            lowest = score
        return lowest

    def _as_low(self, score: float) -> int:
        return int(np.searchsorted(self.answers, score, side="right"))


def draw_spans(codes: SpanCodes, n_tokens: int, n_draws: int, seed: int) -> list[Ranges]:
    """Return rows of `codes` of `n_draws` spans of `n_tokens` each; they depend on the arguments alone.

    A draw takes a response that is long enough, and a place in it, each as likely as the other. Where fewer
    than `MIN_RESPONSES` are long enough, responses drawn with replacement are put one after another and cut.
    """
    rng = np.random.default_rng([seed, n_tokens])
    long_enough = np.flatnonzero(codes.lengths >= n_tokens)
    if len(long_enough) >= MIN_RESPONSES:
        return [[_inside(codes, int(index), n_tokens, rng)] for index in rng.choice(long_enough, n_draws)]
    return [_concatenated(codes, n_tokens, rng) for _ in range(n_draws)]


def answer_spans(codes: SpanCodes, n_tokens: int, seed: int) -> list[Ranges]:
    """Return rows of `codes` of one span of `n_tokens` of each distinct response that is long enough.

    Responses of the same tokens are one answer, given several times.
    """
    rng = np.random.default_rng([seed, n_tokens, 1])
    long_enough = np.flatnonzero(codes.lengths >= n_tokens).tolist()
    texts = {codes.token_ids[slice(*codes.ranges[index])].tobytes(): index for index in reversed(long_enough)}
    return [[_inside(codes, index, n_tokens, rng)] for index in sorted(texts.values())]


def _inside(codes: SpanCodes, index: int, n_tokens: int, rng: np.random.Generator) -> tuple[int, int]:
    start = int(codes.bounds[index]) + int(rng.integers(codes.lengths[index] - n_tokens + 1))
    return start, start + n_tokens


def _concatenated(codes: SpanCodes, n_tokens: int, rng: np.random.Generator) -> Ranges:
    ranges: list[tuple[int, int]] = []
    missing = n_tokens
    while missing > 0:
        index = int(rng.integers(len(codes.spans)))
        start, length = int(codes.bounds[index]), min(missing, int(codes.lengths[index]))
        ranges.append((start, start + length))
        missing -= length
    return ranges


def lowest_p(turns: Iterable[tuple[Null, float]]) -> float | None:
    """Return a run's p of its turns' scores: how often as many answers of the anchor have one as low."""
    turns = list(turns)
    found = [null.run_p(score, len(turns)) for null, score in turns]
    return min((p for p in found if p is not None), default=None)


def least_of(p: float | None, n_answers: Iterable[int], n_turns: int) -> int | None:
    """Return of how many answers a run's p is the smallest that there can be; None where it is not.

    `n_answers` are those that its turns are ranked among: the lowest turn then lies below all of its own.
    """
    if p is None:
        return None
    return next((n for n in n_answers if isclose(p, _any_among_lowest(1, n, n_turns))), None)


def _any_among_lowest(rank: int, n: int, n_turns: int) -> float:
    """Return how often one of `n_turns` among `n + n_turns` shuffled scores is of the `rank` lowest."""
    return 1 - comb(n + n_turns - rank, n_turns) / comb(n + n_turns, n_turns)
