"""The inner loops over entries, compiled by Numba; they run in the calling thread and change their outputs.

`cell` int32[n] and `value` float32[n] are a role's `Entries`, sorted by feature; those of each begin at its
place in `starts` int64[n_features + 1]. Places are unsigned: nothing counts from the end.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Flags, Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled

Cell = npt.NDArray[np.int32]
Value = npt.NDArray[np.float32]


@compiled()
def locate(response: Cell, cell_of: Cell, present: Flags, cell: Cell) -> bool:
    """Write each response's cell to `cell`; False where one has none that is `present` bool[n_cells].

    `cell_of`: int32[highest response_id + 1], -1 for ids that are not a response's.
    """
    for at in range(len(response)):
        if not 0 <= response[at] < len(cell_of):
            return False
        where = cell_of[response[at]]
        if where < 0 or not present[where]:
            return False
        cell[at] = where
    return True


@compiled()
def choose(response: Cell, cell_of: Cell, present: Flags, cell: Cell, place: Ints) -> int:
    """Write the cells that `locate` would to `cell`, and where they stood to `place`; return how many."""
    n_chosen = 0
    for at in range(len(response)):
        where = cell_of[response[at]] if 0 <= response[at] < len(cell_of) else -1
        if where >= 0 and present[where]:
            cell[n_chosen], place[n_chosen] = where, at
            n_chosen += 1
    return n_chosen


@compiled()
def tally(
    starts: Ints,
    cell: Cell,
    value: Value,
    group_of: Ints,
    length_of: Floats,
    sums: Floats,
    squares: Floats,
    products: Floats,
    counts: Int32s,
) -> None:
    """Write each feature's `counts` and, by its cells' groups, `sums` float64[d_sae, n_groups]; add to its
    sum of `squares`, and to `products` with the responses' lengths.
    """
    of_group = np.zeros(sums.shape[1])
    for one in range(len(counts)):
        of_squares, of_lengths = squares[one], products[one]
        for at in range(starts[one], starts[one + 1]):
            where, x = np.uint32(cell[at]), np.float64(value[at])
            of_group[np.uint32(group_of[where])] += x
            of_squares += x * x
            of_lengths += x * length_of[where]
        sums[one] = of_group
        of_group[:] = 0
        squares[one], products[one] = of_squares, of_lengths
        counts[one] = starts[one + 1] - starts[one]


@compiled()
def gather(
    starts: Ints,
    cell: Cell,
    value: Value,
    question_of: Ints,
    weight: Floats,
    cell_sums: Floats,
    question_sums: Floats,
) -> None:
    """Add each entry to `cell_sums` float64[d_sae, n_cells] and, times its cell's weight, to `question_sums`
    float64[d_sae, n_questions].
    """
    for one in range(len(cell_sums)):
        of_cell, of_question = cell_sums[one], question_sums[one]
        for at in range(starts[one], starts[one + 1]):
            where = np.uint32(cell[at])
            of_cell[where] += value[at]
            of_question[np.uint32(question_of[where])] += value[at] * weight[where]


@compiled()
def spread(starts: Ints, cell: Cell, value: Value, column_of: Ints, sums: Floats) -> None:
    """Add each entry to `sums` float64[d_sae, n_columns] in its cell's column."""
    for one in range(len(sums)):
        of_column = sums[one]
        for at in range(starts[one], starts[one + 1]):
            of_column[np.uint32(column_of[np.uint32(cell[at])])] += value[at]


@compiled()
def fold(cell_sums: Floats, question_of: Ints, sums: Floats) -> None:
    """Add each feature's sums by cell, float64[d_sae, n_cells], to those by question."""
    for one in range(len(sums)):
        for cell in range(cell_sums.shape[1]):
            sums[one, np.uint32(question_of[cell])] += cell_sums[one, cell]


@compiled()
def add_gaps(means: Floats, variant: Ints, question: Ints, gaps: Floats) -> None:
    """Add a role's mean under a variant, float64[d_sae, n_variants], to each question it lacks there."""
    for one in range(len(means)):
        for at in range(len(variant)):
            gaps[one, question[at]] += means[one, variant[at]]


@compiled(fastmath={"reassoc"})
def paired_moments(
    starts: Ints,
    cell: Cell,
    value: Value,
    place_of: Ints,
    weight: Floats,
    asked: Ints,
    baseline: Floats,
    mean: Floats,
    squares: Floats,
) -> None:
    """Of each feature the mean of d over the `asked` questions, and the sum of squares about it.

    d is the role's mean on the question less the `baseline` float64[d_sae, n_questions]; `place_of`
    int64[n_cells] says where among those asked a cell's question is, `weight` is one over how often the role
    answered it. Sums are taken in the order that is fastest.
    """
    difference = np.empty(len(asked))
    for one in range(len(baseline)):
        for place in range(len(asked)):
            difference[place] = -baseline[one, np.uint32(asked[place])]
        for at in range(starts[one], starts[one + 1]):
            where = np.uint32(cell[at])
            difference[np.uint32(place_of[where])] += value[at] * weight[where]
        total, about = 0.0, 0.0
        for place in range(len(asked)):
            total += difference[place]
        mean[one] = total / len(asked)
        for place in range(len(asked)):
            about += (difference[place] - mean[one]) ** 2
        squares[one] = about


@compiled()
def maxima(starts: Ints, value: Value, highest: Value) -> None:
    """Raise `highest` float32[d_sae] to each entry of the feature."""
    for one in range(len(highest)):
        for at in range(starts[one], starts[one + 1]):
            highest[one] = max(highest[one], value[at])


@compiled()
def deviations(starts: Ints, value: Value, n_responses: int, sd: Floats) -> None:
    """Write each feature's standard deviation over `n_responses`, of which the others are 0.

    As role_features.sql: of a steady feature, which its squares would leave nothing of, by the deviations.
    """
    for one in range(len(sd)):
        n_fired, total, squares = starts[one + 1] - starts[one], 0.0, 0.0
        for at in range(starts[one], starts[one + 1]):
            x = np.float64(value[at])
            total += x
            squares += x * x
        centre = total / max(n_fired, 1)
        variance = squares / max(n_fired, 1) - centre * centre
        if n_fired > 1 and variance < 1e-10 * centre * centre:
            about = 0.0
            for at in range(starts[one], starts[one + 1]):
                about += (value[at] - centre) ** 2
            variance = about / n_fired
        share = n_fired / n_responses
        sd[one] = np.sqrt(share * variance + share * (1 - share) * centre * centre)


@compiled()
def tally_active(
    starts: Ints,
    cell: Cell,
    value: Value,
    active: Int32s,
    variant_of: Ints,
    question_of: Ints,
    tokens: Floats,
    about: Floats,
    weight: Floats,
    on_question: Floats,
    sums: Floats,
    moments: Floats,
    baseline: Singles,
) -> None:
    """Sum each feature's active tokens by variant, float64[d_sae, n_variants]; write to `moments` float64[5,
    d_sae] their squares, their products with the response's `tokens`, the values' with its length `about`
    the role's mean; and, over questions, the squares of the sum times `weight`, and its products with
    `on_question`. These sums are added to `baseline` float32[d_sae, n_questions], unless that is empty.
    """
    asked, of_variant, aligned = np.zeros(len(on_question)), np.zeros(sums.shape[1]), len(baseline) > 0
    for one in range(len(starts) - 1):
        if starts[one] == starts[one + 1]:
            continue
        squares, products, of_length, of_sums, of_tokens = 0.0, 0.0, 0.0, 0.0, 0.0
        for at in range(starts[one], starts[one + 1]):
            where, n = np.uint32(cell[at]), np.float64(active[at])
            of_variant[np.uint32(variant_of[where])] += n
            asked[np.uint32(question_of[where])] += n * weight[where]
            squares += n * n
            products += n * tokens[where]
            of_length += value[at] * about[where]
        sums[one] = of_variant
        of_variant[:] = 0
        for question in range(len(asked)):
            x = asked[question]
            of_sums += x * x
            of_tokens += x * on_question[question]
            if aligned:
                baseline[one, question] += x
            asked[question] = 0
        moments[0, one], moments[1, one], moments[2, one] = squares, products, of_length
        moments[3, one], moments[4, one] = of_sums, of_tokens
