"""Is it real? What the anchor's own responses score, cut to spans of a turn's length.

Long texts score more evenly than short ones, so each turn is held against spans of as many tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from persona_assets.base.arrays import Floats, Ints
from persona_assets.drift.codes import Ranges, SpanCodes
from persona_assets.lake.schema.of_runs import DriftScore

COVERAGE = 0.95

# From fewer responses than these, draws would be the same few spans over and over, and the band too narrow.
MIN_RESPONSES = 20


@dataclass(frozen=True)
class Band:
    """The central 95% of the draws."""

    low: float
    high: float


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


def bands(drawn: Callable[[int], dict[DriftScore, Floats]], lengths: Ints) -> list[dict[DriftScore, Band]]:
    """The band of each score for turns of these `lengths`; `drawn` scores the draws of a token count."""
    found = {n_tokens: _central(drawn(n_tokens)) for n_tokens in np.unique(lengths).tolist()}
    return [found[n_tokens] for n_tokens in lengths.tolist()]


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


def _central(scored: dict[DriftScore, Floats]) -> dict[DriftScore, Band]:
    edges = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
    return {name: Band(*map(float, np.quantile(values, edges))) for name, values in scored.items()}
