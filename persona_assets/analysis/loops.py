"""The inner loops of the passes, compiled by Numba; they run in the calling thread and change their outputs.

`feature` int32[n], `cell` int32[n] and `value` float32[n] are a role's entries, sorted by feature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Floats, Int32s, Ints
from persona_assets.base.compiled import compiled

Feature = npt.NDArray[np.int32]
Cell = npt.NDArray[np.int32]
Value = npt.NDArray[np.float32]


@compiled()
def locate(response: Cell, cell_of: Cell, cell: Cell) -> bool:
    """Write each response's cell to `cell`; False where one has none.

    `cell_of`: int32[highest response_id + 1], -1 for ids that are not a response's.
    """
    for at in range(len(response)):
        if not 0 <= response[at] < len(cell_of) or cell_of[response[at]] < 0:
            return False
        cell[at] = cell_of[response[at]]
    return True


@compiled()
def tally(
    feature: Feature,
    cell: Cell,
    value: Value,
    group_of: Ints,
    length_of: Floats,
    sums: Floats,
    squares: Floats,
    products: Floats,
    counts: Int32s,
) -> None:
    """Add each entry to its feature's `counts`, sum of `squares`, `products` with the response's length and,
    within its cell's group, `sums` float64[d_sae, n_groups].
    """
    for at in range(len(feature)):
        one, where, x = feature[at], cell[at], np.float64(value[at])
        sums[one, group_of[where]] += x
        squares[one] += x * x
        products[one] += x * length_of[where]
        counts[one] += 1


@compiled()
def spread(feature: Feature, cell: Cell, value: Value, column_of: Ints, weight: Floats, sums: Floats) -> None:
    """Add each entry, times its cell's weight, to `sums` float64[d_sae, n_columns] in its cell's column."""
    for at in range(len(feature)):
        where = cell[at]
        sums[feature[at], column_of[where]] += value[at] * weight[where]


@compiled()
def add_gaps(means: Floats, variant: Ints, question: Ints, gaps: Floats) -> None:
    """Add a role's mean under a variant, float64[d_sae, n_variants], to each question it lacks there."""
    for one in range(len(means)):
        for at in range(len(variant)):
            gaps[one, question[at]] += means[one, variant[at]]


@compiled()
def paired_moments(
    starts: Ints,
    cell: Cell,
    value: Value,
    question_of: Ints,
    weight: Floats,
    asked: Ints,
    baseline: Floats,
    mean: Floats,
    squares: Floats,
) -> None:
    """Of each feature the mean of d over the `asked` questions, and the sum of squares about it.

    d is the role's mean on the question less the `baseline` float64[d_sae, n_questions]; `starts`
    int64[d_sae + 1] says where a feature's entries begin, `weight` one over how often the role answered.
    """
    difference = np.empty(baseline.shape[1])
    for one in range(len(baseline)):
        difference[:] = -baseline[one]
        for at in range(starts[one], starts[one + 1]):
            where = cell[at]
            difference[question_of[where]] += value[at] * weight[where]
        total = 0.0
        for question in asked:
            total += difference[question]
        mean[one] = total / len(asked)
        about = 0.0
        for question in asked:
            about += (difference[question] - mean[one]) ** 2
        squares[one] = about


@compiled()
def maxima(feature: Feature, value: Value, highest: Value) -> None:
    """Raise `highest` float32[d_sae] to each entry of the feature."""
    for at in range(len(feature)):
        highest[feature[at]] = max(highest[feature[at]], value[at])
