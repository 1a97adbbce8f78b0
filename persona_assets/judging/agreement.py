"""Agreement between judges: Cohen's kappa of pairs, Krippendorff's alpha of all, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import duckdb
import numpy as np

from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.base.arrays import Floats, Ints
from persona_assets.base.queries import query

N_DRAWS = 2000
_UNRATED = -1

_Statistic = Callable[[Floats], Floats]  # of float64[..., n_scores, n_scores]


@dataclass(frozen=True)
class Agreement:
    """One measure of how far `judges` agree, over the `n_responses` that at least two of them scored.

    `value` and its 95% interval are NaN where they are not defined, as where all answers got one score.
    """

    judges: str
    measure: str
    n_responses: int
    value: float
    low: float
    high: float


def kappa(tables: Floats) -> Floats:
    """Return Cohen's kappa of counts, float64[..., n_scores, n_scores]: one judge's scores by the other's."""
    return _kappa(tables, 1 - np.eye(tables.shape[-1]))


def weighted_kappa(tables: Floats) -> Floats:
    """Return Cohen's kappa with quadratic weights, as `kappa`."""
    scores = np.arange(tables.shape[-1], dtype=np.float64)
    return _kappa(tables, np.square(scores[:, None] - scores))


def ordinal_alpha(coincidences: Floats) -> Floats:
    """Return Krippendorff's alpha for ordered scores, of coincidences float64[..., n_scores, n_scores].

    K. Krippendorff, Content Analysis (4th ed. 2019), ch. 12.
    """
    n_of = coincidences.sum(axis=-1)
    up_to = np.cumsum(n_of, axis=-1)
    middle = up_to - n_of / 2  # the distance of two scores is the rank between their middles
    distance = (middle[..., :, None] - middle[..., None, :]) ** 2
    n = n_of.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = (n_of[..., :, None] * n_of[..., None, :] * distance).sum(axis=(-2, -1))
        return 1 - (n - 1) * (coincidences * distance).sum(axis=(-2, -1)) / expected


def agreements(scores: Mapping[str, Ints], questions: Ints, n_draws: int = N_DRAWS) -> list[Agreement]:
    """Return kappa and weighted kappa of every pair of judges, and alpha of all of them.

    `scores` int64[n_responses] are places on one scale, -1 where the judge gave none; `questions`
    int64[n_responses] say which question each response answers. Intervals are percentiles over questions
    drawn again with replacement (`n_draws` times) with all their responses,
    and NaN of fewer than two questions.
    """
    at = np.unique(questions, return_inverse=True)[1]
    given = np.stack(list(scores.values()))
    width, random = max(int(given.max(initial=0)) + 1, 2), np.random.default_rng(0)
    drawing = _Drawing(random, n_draws)
    found = []
    for (a, of_a), (b, of_b) in combinations(scores.items(), 2):
        tables = _crossed(of_a, of_b, at, width)
        for name, statistic in (("kappa", kappa), ("kappa, quadratic weights", weighted_kappa)):
            found.append(_measured(f"{a}, {b}", name, int(tables.sum()), tables, statistic, drawing))
    n_judges = (given != _UNRATED).sum(axis=0)
    weight = np.where(n_judges > 1, 1 / np.maximum(n_judges - 1, 1), 0)
    coincidences = np.zeros((at.max(initial=-1) + 1, width, width))
    for of_a, of_b in combinations(given, 2):
        one = _crossed(of_a, of_b, at, width, weight)
        coincidences += one + one.transpose(0, 2, 1)
    n_units = int((n_judges > 1).sum())
    alpha = _measured("all", "alpha, ordinal", n_units, coincidences, ordinal_alpha, drawing)
    return [*found, alpha]


def read_agreements(connection: duckdb.DuckDBPyConnection) -> list[Agreement]:
    """Return the agreement of a snapshot's judges, those of each scale among themselves."""
    scales: dict[str, list[str]] = {}
    for judge, scale in connection.execute(query("judging/scales")).fetchall():
        scales.setdefault(scale, []).append(judge)
    found: list[Agreement] = []
    for judges in scales.values():
        if len(judges) > 1:
            rows = connection.execute(query("judging/scores"), {"judges": judges}).to_arrow_table()
            found += agreements(*_by_judge(rows.to_pydict(), judges))
    return found


def _by_judge(rows: dict[str, list[Any]], judges: list[str]) -> tuple[dict[str, Ints], Ints]:
    numbers = np.array(rows["number"], np.int64)
    questions = np.zeros(numbers.max(initial=-1) + 1, np.int64)
    questions[numbers] = rows["question_id"]
    scores = {judge: np.full(len(questions), _UNRATED) for judge in judges}
    for number, judge, place in zip(numbers, rows["judge"], rows["place"], strict=True):
        scores[judge][number] = place
    return scores, questions


def _kappa(tables: Floats, disagreement: Floats) -> Floats:
    n = tables.sum(axis=(-2, -1))
    by_chance = tables.sum(axis=-1)[..., :, None] * tables.sum(axis=-2)[..., None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = (tables * disagreement).sum(axis=(-2, -1)) / n
        return 1 - seen / ((by_chance * disagreement).sum(axis=(-2, -1)) / n**2)


def _crossed(a: Ints, b: Ints, at: Ints, width: int, weight: Floats | None = None) -> Floats:
    """float64[n_questions, width, width]: what both scored, by question."""
    both = (a != _UNRATED) & (b != _UNRATED)
    place = (at[both] * width + a[both]) * width + b[both]
    n_questions = int(at.max(initial=-1)) + 1
    weights = None if weight is None else weight[both]
    counts = np.bincount(place, weights, minlength=n_questions * width**2)
    return counts.reshape(n_questions, width, width).astype(np.float64)


@dataclass(frozen=True)
class _Drawing:
    """Draws questions with replacement, so many times."""

    random: np.random.Generator
    n_draws: int

    def of(self, n: int) -> Floats:
        """float64[n_draws, n]: how often each of `n` questions was drawn."""
        counts = self.random.multinomial(n, np.full(n, 1 / n), self.n_draws)
        return counts.astype(np.float64)


def _measured(
    judges: str, measure: str, n: int, tables: Floats, statistic: _Statistic, drawing: _Drawing
) -> Agreement:
    value = float(statistic(tables.sum(axis=0)))
    known = tables[tables.sum(axis=(1, 2)) > 0]
    low = high = np.nan
    if len(known) > 1:
        drawn = drawing.of(len(known))
        values = statistic(np.tensordot(drawn, known, 1))
        if np.isfinite(values).any():
            tail = 50 * (1 - CONFIDENCE)
            low, high = (float(bound) for bound in np.nanpercentile(values, [tail, 100 - tail]))
    return Agreement(judges, measure, n, value, low, high)
