"""What a contrast sums over each feature's activations, range of features by range, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.group_loops import choose, place, sum_up
from persona_assets.analysis.layout import Layout
from persona_assets.analysis.placements import Keys, Placements, place_answers, sort_by_value
from persona_assets.analysis.reading import Block, read_blocks
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles

MAX_ENTRIES = 12_000_000  # brought together at once, of about 35 bytes each; two ranges are in memory


@dataclass(frozen=True)
class Range:
    """The activations of features `start` to before `stop`, of all roles.

    A feature's begin at `bounds` int64[n + 1]: its `values`, role by role as their files have them, each with
    its place (`layout`), int32. `keys` are the same in rising order of the value: its bits, then the place.
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

    @classmethod
    def zeros(cls, n_features: int, n_units: int, n_crossed: int) -> UnitSums:
        """Return sums of nothing yet."""
        squares, crossed = np.zeros((n_features, 2)), np.zeros((n_features, 2, n_crossed))
        return cls(np.zeros((n_features, n_units)), crossed, squares, np.zeros(n_features))


@dataclass(frozen=True)
class Sums(UnitSums):
    """Besides, of single responses, by group, float64[n_features, 2] each.

    `fired`, and the sums of their `values` and `value_squares`. `active` are the sums of active tokens over
    the unit's mean tokens, and `products` float64[n_features, 3] those of active tokens with
    `Tokens.weights`; None where tokens are not known.
    """

    fired: Floats
    values: Floats
    value_squares: Floats
    placed: Placements
    active: UnitSums | None
    products: Floats


@dataclass(frozen=True)
class Tokens:
    """A contrast's tokens by unit and what units are compared on.

    `mean` float64[n_units]: a unit's mean over what it is compared on. `sums` are those of the tokens over
    that, as of one feature; `weights` float64[n_units, n_crossed, 2] are such that active tokens times these
    add up to the products of the two, in the unit's group and in blocks.
    """

    mean: Floats
    sums: UnitSums
    weights: Floats


def read_ranges(sources: Sequence[RoleSource], design: Design, d_sae: int) -> Iterator[Range]:
    """Read every role once, range of features by range. Raises StudyError where a file is damaged."""
    for block in read_blocks(sources, design, d_sae, also=["n_active"], max_entries=MAX_ENTRIES):
        yield _range(block, len(design.response_ids))


class Summing:
    """What a contrast's sums take of its layout and `tokens`: the same for every range.

    A slot is a unit and one of what units are compared on: unit x n_crossed + that.
    """

    def __init__(self, layout: Layout, tokens: Tokens | None) -> None:
        self.layout, self.tokens = layout, tokens
        n_units, n_crossed = shape = layout.asked.shape
        self._slot_of = np.where(
            layout.unit_of >= 0, layout.unit_of * n_crossed + layout.crossed_of, -1
        ).astype(np.int32)
        self._in_block = units_in_blocks(layout)
        self._side_at = np.repeat(layout.side_of, n_crossed)
        self._block_of = (layout.block_of[:, None] * n_crossed + np.arange(n_crossed)).ravel()
        with np.errstate(divide="ignore"):
            self._weight = np.where(layout.asked > 0, 1 / layout.asked, 0).ravel()
        self._of_active = np.zeros((n_units * n_crossed, 3))
        if tokens is not None:
            self._of_active[:, 0] = ((layout.asked > 0) / tokens.mean[:, None]).ravel()
            self._of_active[:, 1:] = tokens.weights.reshape(-1, 2)
        self._shape = shape
        self._place_of = np.where(layout.unit_of >= 0, layout.place_of[layout.unit_of], -1).astype(np.int32)

    def of(self, part: Range) -> Sums:
        """Return what the contrast sums over a range's activations."""
        n = part.stop - part.start
        found, active = UnitSums.zeros(n, *self._shape), UnitSums.zeros(n, *self._shape)
        fired, values, value_squares = np.zeros((3, n, 2))
        products = np.zeros((n, 3))
        known = sum_up(
            part.bounds,
            part.places,
            part.values,
            part.active,
            self._slot_of,
            self._weight,
            self._of_active,
            self._side_at,
            self._block_of,
            self._in_block,
            (found.units, found.crossed, found.squares, found.blocks),
            (active.units, active.crossed, active.squares, active.blocks),
            (fired, values, value_squares, products),
        )
        return Sums(
            **vars(found),
            fired=fired,
            values=values,
            value_squares=value_squares,
            placed=self._placed(part),
            active=active if known and self.tokens is not None else None,
            products=products,
        )

    def _placed(self, part: Range) -> Placements:
        """Return how the answers of either group stand among the other's."""
        keys, bounds = np.empty_like(part.keys), np.zeros_like(part.bounds)
        choose(part.keys, part.bounds, self._place_of, keys, bounds)
        return place_answers(keys[: bounds[-1]], bounds, self.layout.by_place)


def units_in_blocks(layout: Layout) -> Ints:
    """int64[n_blocks, n_crossed]: how many of a block's units have a response on each."""
    counts = np.zeros((int(layout.block_of.max()) + 1, layout.asked.shape[1]), np.int64)
    np.add.at(counts, layout.block_of, (layout.asked > 0).astype(np.int64))
    return counts


def _range(block: Block, n_cells: int) -> Range:
    counts = np.sum([np.diff(entries.starts) for entries in block.roles], axis=0)
    bounds = np.append(0, np.cumsum(counts)).astype(np.int64)
    places, active = np.empty((2, bounds[-1]), np.int32)
    values, at = np.empty(bounds[-1], np.float32), bounds[:-1].copy()
    for row, entries in enumerate(block.roles):
        known = np.full(len(entries.cell), -1, np.int32) if entries.active is None else entries.active
        first = row * n_cells
        place(entries.starts, entries.cell, entries.value, known, first, at, places, values, active)
    keys = values.view(np.uint32).astype(np.uint64) << np.uint64(32) | places.view(np.uint32)
    sort_by_value(keys, bounds)
    return Range(block.start, block.stop, bounds, places, values, keys, active)
