"""The inner loops of what a contrast sums, compiled by Numba; they run in the calling thread.

`places` int32 are those of `layout`; `slot_of` int32[n_places] has the slot of each, -1 where its response
takes no part. A slot is a unit and one of what units are compared on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from persona_assets.analysis.placements import Keys
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled

Slots = npt.NDArray[np.uint32]
_Summed = tuple[Floats, Floats, Floats, Floats]  # the arrays of `UnitSums`


@compiled()
def place(
    starts: Ints,
    cell: Int32s,
    value: Singles,
    tokens: Int32s,
    first: int,
    at: Ints,
    places: Int32s,
    values: Singles,
    active: Int32s,
) -> None:
    """Write a role's entries behind those of the roles before, feature by feature, and move `at` on."""
    for one in range(len(at)):
        place = at[one]
        for entry in range(starts[one], starts[one + 1]):
            places[place], values[place], active[place] = first + cell[entry], value[entry], tokens[entry]
            place += 1
        at[one] = place


@compiled()
def sum_up(
    bounds: Ints,
    places: Int32s,
    values: Singles,
    tokens: Int32s,
    slot_of: Int32s,
    weight: Floats,
    of_active: Floats,
    side_at: Ints,
    block_of: Ints,
    in_block: Ints,
    of_values: _Summed,
    of_tokens: _Summed,
    single: _Summed,
) -> bool:
    """Fill the sums (see `Sums`); return whether all active tokens of responses that take part are known."""
    slots, all_known = np.empty(np.diff(bounds).max(), np.uint32), True
    means = np.zeros(len(weight)), np.zeros(len(weight))
    n_blocks, n_units = in_block.size if len(in_block) > 1 else 0, in_block.ravel()
    blocks = np.zeros(n_blocks), np.zeros(n_blocks)
    for one in range(len(bounds) - 1):
        own = slice(bounds[one], bounds[one + 1])
        n, known = _sum_responses(
            one,
            places[own],
            values[own],
            tokens[own],
            slot_of,
            weight,
            of_active,
            side_at,
            single,
            means,
            slots,
        )
        all_known = all_known and known
        _sum_slots(one, slots[:n], means, side_at, in_block.shape[1], of_values, of_tokens, block_of, blocks)
        if n_blocks:
            _sum_blocks(one, slots[:n], blocks, block_of, n_units, of_values[3], of_tokens[3])
    return all_known


@compiled()
def _sum_responses(
    one: int,
    places: Int32s,
    values: Singles,
    tokens: Int32s,
    slot_of: Int32s,
    weight: Floats,
    of_active: Floats,
    side_at: Ints,
    single: _Summed,
    means: tuple[Floats, Floats],
    slots: Slots,
) -> tuple[int, bool]:
    """Add a feature's responses to `single` and to the `means` of their slots, which `slots` are to hold.

    Return how many take part, and whether the active tokens of all these are known.
    """
    fired, sums, squares, products = single
    n_slots, n_unknown = 0, 0
    for at in range(len(places)):
        slot = slot_of[np.uint32(places[at])]
        if slot < 0:
            continue
        where, value, n = np.uint32(slot), np.float64(values[at]), np.float64(tokens[at])
        side = np.uint32(side_at[where])
        n_unknown += 1 if n < 0 else 0
        means[0][where] += value * weight[where]
        means[1][where] += n * of_active[where, 0]
        fired[one, side] += 1
        sums[one, side] += value
        squares[one, side] += value * value
        products[one, side] += n * of_active[where, 1]
        products[one, 2] += n * of_active[where, 2]
        slots[n_slots] = where
        n_slots += 1
    return n_slots, n_unknown == 0


@compiled()
def _sum_slots(
    one: int,
    slots: Slots,
    means: tuple[Floats, Floats],
    side_at: Ints,
    n_crossed: int,
    of_values: _Summed,
    of_tokens: _Summed,
    block_of: Ints,
    blocks: tuple[Floats, Floats],
) -> None:
    """Add the means of a feature's slots, once each, to its units, and to `blocks`; zero the means.

    One block is all there is: of it nothing is kept.
    """
    for where in slots:
        x, y = means[0][where], means[1][where]
        if x == 0 and y == 0:  # added before, by an earlier response of the slot
            continue
        means[0][where] = means[1][where] = 0
        unit, column = where // np.uint32(n_crossed), where % np.uint32(n_crossed)
        side = side_at[where]
        _add(of_values, one, unit, side, column, x)
        _add(of_tokens, one, unit, side, column, y)
        if len(blocks[0]):
            blocks[0][block_of[where]] += x
            blocks[1][block_of[where]] += y


@compiled()
def _sum_blocks(
    one: int,
    slots: Slots,
    blocks: tuple[Floats, Floats],
    block_of: Ints,
    n_units: Ints,
    of_values: Floats,
    of_tokens: Floats,
) -> None:
    """Add the squares of a feature's sums by block, over the block's units; zero the sums."""
    for where in slots:
        block = block_of[where]
        x, y = blocks[0][block], blocks[1][block]
        blocks[0][block] = blocks[1][block] = 0
        of_values[one] += x * x / n_units[block]
        of_tokens[one] += y * y / n_units[block]


@compiled()
def _add(
    into: tuple[Floats, Floats, Floats, Floats], one: int, unit: int, side: int, column: int, x: float
) -> None:
    """Add a slot's mean `x` to the sums of a feature."""
    into[0][one, unit] += x
    into[1][one, side, column] += x
    into[2][one, side] += x * x


@compiled()
def choose(keys: Keys, bounds: Ints, place_of: Int32s, chosen: Keys, chosen_bounds: Ints) -> None:
    """Copy the keys of responses that take part, with what `place_of` has for their places."""
    low, n_chosen = np.uint64(0xFFFFFFFF), 0
    for one in range(len(bounds) - 1):
        for at in range(bounds[one], bounds[one + 1]):
            place = place_of[keys[at] & low]
            if place >= 0:
                chosen[n_chosen] = (keys[at] & ~low) | np.uint64(place)
                n_chosen += 1
        chosen_bounds[one + 1] = n_chosen
