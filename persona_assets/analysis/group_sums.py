"""What a contrast sums over each feature's activations, range of features by range, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.entries import FeatureRanges
from persona_assets.analysis.layout import Layout
from persona_assets.analysis.placements import Placements, place_answers
from persona_assets.analysis.ranks import ranges
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled
from persona_assets.base.errors import StudyError

Keys = npt.NDArray[np.uint64]

MAX_ENTRIES = 12_000_000  # brought together at once, of about 35 bytes each; two ranges are in memory
MAX_FEATURES = 4096  # of a range: what is summed by unit and by what units are compared on


@dataclass(frozen=True)
class Range:
    """The activations of features `start` to before `stop`, of all roles.

    A feature's begin at `bounds` int64[n + 1]: its `values`, role by role as their files have them, each with
    its place (`layout`), int32. `keys` are the same in rising order: the bits of the value, then the place.
    `active` int32: on how many tokens; -1 where that is not known.
    """

    start: int
    stop: int
    bounds: Ints
    places: Int32s
    values: Singles
    keys: Keys
    active: Int32s


@dataclass(frozen=True)
class UnitSums:
    """Of a contrast and some features; x is a unit's mean on one of what units are compared on.

    `units` float64[n_features, n_units]: sum of x. `crossed` float64[n_features, 2, n_crossed]: sum of x over
    either group's units. `squares` float64[n_features, 2]: of x², by group; `blocks` float64[n_features]:
    over blocks of units and what they are compared on, (sum of x)² over the number of units; 0 where there
    is one block.
    """

    units: Floats
    crossed: Floats
    squares: Floats
    blocks: Floats


@dataclass(frozen=True)
class Sums(UnitSums):
    """Besides, of single responses, by group, float64[n_features, 2] each.

    `fired`, and the sums of their `values` and `value_squares`.
    """

    fired: Floats
    values: Floats
    value_squares: Floats
    placed: Placements


def read_ranges(sources: Sequence[RoleSource], design: Design, d_sae: int) -> Iterator[Range]:
    """Read every role once, range of features by range. Raises StudyError where a file is damaged."""
    files = [FeatureRanges(source, with_active=True) for source in sources]
    expected = np.sum([file.expected(d_sae) for file in files], axis=0).astype(np.int64)
    for first, last in ranges(expected, MAX_ENTRIES):
        for start in range(first, last, MAX_FEATURES):
            yield _read(files, design, start, min(start + MAX_FEATURES, last))


def sums(layout: Layout, part: Range) -> Sums:
    """Return what a contrast sums over a range's activations."""
    with np.errstate(divide="ignore"):
        weight = np.where(layout.asked > 0, 1 / layout.asked, 0)
    found, (fired, values, value_squares) = unit_sums(layout, part, part.values, weight)
    return Sums(
        **vars(found), fired=fired, values=values, value_squares=value_squares, placed=_placed(layout, part)
    )


def unit_sums(
    layout: Layout, part: Range, values: Singles | Int32s, weight: Floats
) -> tuple[UnitSums, tuple[Floats, Floats, Floats]]:
    """Return sums of a range's `values`, and of single responses those that `Sums` begins with.

    x is the sum of a unit's values times its weight, of `weight` float64[n_units, n_crossed].
    """
    n, shape = part.stop - part.start, layout.asked.shape
    of_units, crossed, blocks = np.zeros((n, shape[0])), np.zeros((n, 2, shape[1])), np.zeros(n)
    squares, fired, value_sums, value_squares = np.zeros((4, n, 2))
    _sum(
        part.bounds,
        part.places,
        values,
        layout.unit_of,
        layout.crossed_of,
        weight,
        layout.side_of,
        layout.block_of,
        units_in_blocks(layout),
        (of_units, crossed, squares, blocks, fired, value_sums, value_squares),
    )
    return UnitSums(of_units, crossed, squares, blocks), (fired, value_sums, value_squares)


def _placed(layout: Layout, part: Range) -> Placements:
    """Return how the answers of either group stand among the other's."""
    keys, bounds = np.empty_like(part.keys), np.zeros_like(part.bounds)
    place_of = np.where(layout.unit_of >= 0, layout.place_of[layout.unit_of], -1).astype(np.int32)
    _choose(part.keys, part.bounds, place_of, keys, bounds)
    return place_answers(keys[: bounds[-1]], bounds, layout.by_place)


def units_in_blocks(layout: Layout) -> Ints:
    """int64[n_blocks, n_crossed]: how many of a block's units have a response on each."""
    counts = np.zeros((int(layout.block_of.max()) + 1, layout.asked.shape[1]), np.int64)
    np.add.at(counts, layout.block_of, (layout.asked > 0).astype(np.int64))
    return counts


def _read(files: list[FeatureRanges], design: Design, start: int, stop: int) -> Range:
    read = [file.read(start, stop) for file in files]
    counts = np.sum([np.bincount(feature - start, minlength=stop - start) for feature, *_ in read], axis=0)
    bounds = np.append(0, np.cumsum(counts)).astype(np.int64)
    places, active = np.empty((2, bounds[-1]), np.int32)
    values, at = np.empty(bounds[-1], np.float32), bounds[:-1].copy()
    for row, (file, (feature, response, value, tokens)) in enumerate(zip(files, read, strict=True)):
        cells = design.cell_table(file.source.role)
        first = row * len(design.response_ids)
        known = np.nan_to_num(tokens, nan=-1).astype(np.int32, copy=False)
        if not _place(feature, response, value, known, start, cells, first, at, places, values, active):
            raise StudyError(
                f"{file.source.activations}: speaks of a response that is not among those pooled of role "
                f"{file.source.role}; delete it and run the role again"
            )
    keys = values.view(np.uint32).astype(np.uint64) << np.uint64(32) | places.view(np.uint32)
    for one in range(len(counts)):
        keys[bounds[one] : bounds[one + 1]].sort()
    return Range(start, stop, bounds, places, values, keys, active)


@compiled()
def _place(
    feature: Int32s,
    response: Int32s,
    value: Singles,
    tokens: Int32s,
    start: int,
    cells: Int32s,
    first: int,
    at: Ints,
    places: Int32s,
    values: Singles,
    active: Int32s,
) -> bool:
    for entry in range(len(feature)):
        if not 0 <= response[entry] < len(cells) or cells[response[entry]] < 0:
            return False
        one = feature[entry] - start
        places[at[one]] = first + cells[response[entry]]
        values[at[one]] = value[entry]
        active[at[one]] = tokens[entry]
        at[one] += 1
    return True


@compiled()
def _sum(
    bounds: Ints,
    places: Int32s,
    values: Singles | Int32s,
    unit_of: Int32s,
    crossed_of: Int32s,
    weight: Floats,
    side_of: Ints,
    block_of: Ints,
    in_block: Ints,
    into: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats],
) -> None:
    """Fill `into` (see `Sums`)."""
    units, crossed, squares, blocks, fired, sums, value_squares = into
    means, of_block, in_blocks = np.zeros(weight.shape), np.zeros(in_block.shape), len(in_block) > 1
    for one in range(len(bounds) - 1):
        for at in range(bounds[one], bounds[one + 1]):
            unit, column = unit_of[places[at]], crossed_of[places[at]]
            if unit < 0:
                continue
            value, side = np.float64(values[at]), side_of[unit]
            means[unit, column] += value * weight[unit, column]
            fired[one, side] += 1
            sums[one, side] += value
            value_squares[one, side] += value * value
        for at in range(bounds[one], bounds[one + 1]):
            unit, column = unit_of[places[at]], crossed_of[places[at]]
            if unit < 0 or means[unit, column] == 0:
                continue
            x, side = means[unit, column], side_of[unit]
            means[unit, column] = 0
            units[one, unit] += x
            crossed[one, side, column] += x
            squares[one, side] += x * x
            if in_blocks:
                of_block[block_of[unit], column] += x
        if not in_blocks:
            continue
        for at in range(bounds[one], bounds[one + 1]):
            unit, column = unit_of[places[at]], crossed_of[places[at]]
            if unit >= 0 and of_block[block_of[unit], column] != 0:
                block = block_of[unit]
                blocks[one] += of_block[block, column] ** 2 / in_block[block, column]
                of_block[block, column] = 0


@compiled()
def _choose(keys: Keys, bounds: Ints, place_of: Int32s, chosen: Keys, chosen_bounds: Ints) -> None:
    """Copy the keys of responses that take part, with what `place_of` has for their places."""
    low, n_chosen = np.uint64(0xFFFFFFFF), 0
    for one in range(len(bounds) - 1):
        for at in range(bounds[one], bounds[one + 1]):
            place = place_of[keys[at] & low]
            if place >= 0:
                chosen[n_chosen] = (keys[at] & ~low) | np.uint64(place)
                n_chosen += 1
        chosen_bounds[one + 1] = n_chosen
