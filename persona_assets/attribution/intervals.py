"""How sure a mean over answers is, and how well the estimate orders what ablation does.

By the jackknives of `atlas.crossed`: wordings and questions are random samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

from persona_assets.atlas.blocks import MOST_GROUPS
from persona_assets.atlas.crossed import FEWEST, half_width
from persona_assets.attribution.ablation import Trial
from persona_assets.base.arrays import Flags, Floats, Ints
from persona_assets.lake.schema import VARIANT_STRIDE

_AT_ONCE = 4096  # features whose blocks are written out


@dataclass(frozen=True)
class Cells:
    """The wording and the group of questions of each answer, int64[n_answers], counted from 0."""

    wording: Ints
    group: Ints

    @classmethod
    def of(cls, response_ids: Sequence[int]) -> Cells:
        """Return the cells of answers of these ids; questions are dealt to at most ten groups in turn."""
        ids = np.asarray(response_ids, dtype=np.int64)
        wording = np.unique(ids // VARIANT_STRIDE, return_inverse=True)[1]
        question = np.unique(ids % VARIANT_STRIDE, return_inverse=True)[1]
        return cls(wording, question % MOST_GROUPS)

    @property
    def shape(self) -> tuple[int, int]:
        """How many wordings and groups there are."""
        n = len(self.wording)
        return (int(self.wording.max()) + 1, int(self.group.max()) + 1) if n else (0, 0)

    @property
    def enough(self) -> bool:
        """Whether one wording and one group can be left out."""
        return min(self.shape) >= FEWEST

    def left_out(self) -> tuple[list[Flags], list[Flags], list[list[Flags]]]:
        """Return which answers are in each wording, in each group, and in each block of both."""
        wordings = [self.wording == one for one in range(self.shape[0])]
        groups = [self.group == one for one in range(self.shape[1])]
        return wordings, groups, [[one & other for other in groups] for one in wordings]

    def half(self, without: Callable[[Flags], Floats]) -> Floats:
        """Return half the width of the 95 % interval of what is computed `without` some answers."""
        wordings, groups, blocks = self.left_out()
        return half_width(
            np.stack([without(one) for one in wordings]),
            np.stack([without(one) for one in groups]),
            np.stack([np.stack([without(one) for one in row]) for row in blocks]),
        )


def means(values: sparse.csr_matrix, cells: Cells) -> tuple[Floats, Floats]:
    """Return the means of `values` float64[n_answers, n_features] and half their intervals' widths.

    NaN for the latter with fewer than three wordings, or groups of questions.
    """
    parts = list(_means(values.tocsc(), cells))
    mean, half = (np.concatenate(of) for of in zip(*parts, strict=True)) if parts else (np.empty(0),) * 2
    return mean, half


def _means(values: sparse.csc_matrix, cells: Cells) -> Iterator[tuple[Floats, Floats]]:
    n = values.shape[0]
    for start in range(0, values.shape[1], _AT_ONCE):
        dense = values[:, start : start + _AT_ONCE].toarray()
        total = dense.sum(axis=0)

        def without(out: Flags, dense: Floats = dense, total: Floats = total) -> Floats:
            rest: Floats = (total - dense[out].sum(axis=0)) / max(n - int(out.sum()), 1)
            return rest

        half = cells.half(without) if cells.enough else np.full(len(total), np.nan)
        yield total / n, half


def agreement(trials: Sequence[Trial]) -> tuple[float, float, float]:
    """Return Spearman's correlation of estimate and truth, and the ends of its interval.

    NaN where it is not known: of fewer than three trials, or of equal ones.
    """
    exact, estimate = (np.array([getattr(one, name) for one in trials]) for name in ("exact", "estimate"))
    found = _spearman(exact, estimate)
    cells = Cells.of([one.response_id for one in trials])
    if not cells.enough:
        return found, np.nan, np.nan
    half = float(cells.half(lambda out: np.asarray(_spearman(exact[~out], estimate[~out]))))
    return found, float(np.clip(found - half, -1, 1)), float(np.clip(found + half, -1, 1))


def _spearman(one: Floats, other: Floats) -> float:
    if len(one) < 3:
        return np.nan
    ranks = np.stack([rankdata(one), rankdata(other)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(ranks, axis=1)
    return float(ranks[0] @ ranks[1] / lengths.prod()) if lengths.all() else np.nan
