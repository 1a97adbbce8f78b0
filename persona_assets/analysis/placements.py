"""How the answers of each role stand among those of all others: the sweep over sorted values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Floats, Ints
from persona_assets.base.compiled import compiled

Keys = npt.NDArray[np.uint64]

_FEW = 200  # keys, which are sorted sooner by comparing them
_DIGIT = 11  # bits


@dataclass(frozen=True)
class Placements:
    """Sums over answers of how many of the other roles' have less, half of the equal ones added.

    `sums` float64[n_roles * n_variants, n_features], by role, then variant; `squares` float64[n_roles,
    n_features]: squared, by role. `ties` float64[n_features]: over groups of t equal values of all, t³ - t.
    """

    sums: Floats
    squares: Floats
    ties: Floats


def place_answers(keys: Keys, bounds: Ints, by_variant: Ints) -> Placements:
    """Return the placements of some features whose sorted `keys` begin at `bounds` int64[n_features + 1].

    A key is the bits of a float32 and then role x n_variants + variant; answers without a key
    have the value 0. `by_variant` int64[n_roles, n_variants] counts all answers.
    """
    n_features = len(bounds) - 1
    shapes = (by_variant.size, n_features), (len(by_variant), n_features), n_features
    placed = Placements(*(np.zeros(shape) for shape in shapes))
    _sweep(keys, bounds, by_variant, placed.sums, placed.squares, placed.ties)
    return placed


@compiled()
def sort_by_value(keys: Keys, bounds: Ints) -> None:
    """Sort the keys of each feature by their values, digit by digit: in time linear in their number."""
    longest = 0
    for one in range(len(bounds) - 1):
        longest = max(longest, bounds[one + 1] - bounds[one])
    spare, counts = np.empty(longest, np.uint64), np.empty((3, 1 << _DIGIT), np.int64)
    for one in range(len(bounds) - 1):
        own = keys[bounds[one] : bounds[one + 1]]
        if len(own) < _FEW:
            own.sort()
        else:
            _sort_digits(own, spare[: len(own)], counts)


@compiled()
def _sort_digits(keys: Keys, spare: Keys, counts: Ints) -> None:
    last, moves = np.uint64((1 << _DIGIT) - 1), 0
    counts[:] = 0
    for key in keys:
        for digit in range(3):
            counts[digit, (key >> np.uint64(32 + _DIGIT * digit)) & last] += 1
    for digit in range(3):
        shift, count = np.uint64(32 + _DIGIT * digit), counts[digit]
        if count[(keys[0] >> shift) & last] == len(keys):
            continue  # all have the same
        begin = 0
        for one in range(len(count)):
            begin, count[one] = begin + count[one], begin
        for key in keys:
            one = (key >> shift) & last
            spare[count[one]] = key
            count[one] += 1
        keys, spare = spare, keys
        moves += 1
    if moves % 2:
        spare[:] = keys


@compiled()
def _sweep(keys: Keys, bounds: Ints, by_variant: Ints, sums: Floats, squares: Floats, ties: Floats) -> None:
    n_roles, n_variants = by_variant.shape
    role_of = np.arange(by_variant.size) // n_variants
    below, equal = np.empty(n_roles, np.int64), np.zeros(n_roles, np.int64)
    placed = np.empty(by_variant.size), np.empty(n_roles)  # by group, and squared by role
    for one in range(len(bounds) - 1):
        own = keys[bounds[one] : bounds[one + 1]]
        first = _place_zeros(own, by_variant, role_of, below, placed)
        n_below = below.sum()
        tied = float(n_below) ** 3 - n_below
        while first < len(own):
            after = first + 1
            while after < len(own) and own[after] >> np.uint64(32) == own[first] >> np.uint64(32):
                after += 1
            n_equal = after - first
            if n_equal == 1:
                _place_one(own[first], role_of, n_below, below, placed)
            else:
                _place_equal(own[first:after], role_of, n_below, below, equal, placed)
                tied += float(n_equal) ** 3 - n_equal
            n_below += n_equal
            first = after
        sums[:, one], squares[:, one], ties[one] = placed[0], placed[1], tied


@compiled()
def _place_zeros(
    keys: Keys, by_variant: Ints, role_of: Ints, below: Ints, placed: tuple[Floats, Floats]
) -> int:
    """Write to `placed` how a feature's zeros stand, and to `below` how many each role has.

    Return how many of the keys are zeros: values so small tie with the responses in which nothing fired.
    """
    of_group, of_role = placed
    zeros, first = by_variant.copy().ravel(), 0
    while first < len(keys) and keys[first] >> np.uint64(32) == 0:
        first += 1
    for key in keys[first:]:
        zeros[key & np.uint64(0xFFFFFFFF)] -= 1
    below[:] = 0
    for group in range(len(zeros)):
        below[role_of[group]] += zeros[group]
    n_below = below.sum()
    for role in range(len(below)):
        of_role[role] = below[role] * ((n_below - below[role]) / 2) ** 2
    for group in range(len(zeros)):
        of_group[group] = zeros[group] * (n_below - below[role_of[group]]) / 2
    return first


@compiled()
def _place_one(
    key: np.uint64, role_of: Ints, n_below: int, below: Ints, placed: tuple[Floats, Floats]
) -> None:
    """Place an answer that no other equals above the `n_below` before it."""
    group = key & np.uint64(0xFFFFFFFF)
    role = role_of[group]
    placement = float(n_below - below[role])
    placed[0][group] += placement
    placed[1][role] += placement * placement
    below[role] += 1


@compiled()
def _place_equal(
    keys: Keys, role_of: Ints, n_below: int, below: Ints, equal: Ints, placed: tuple[Floats, Floats]
) -> None:
    """Place answers of one value above the `n_below` before them; `equal` is zero before and after."""
    for key in keys:
        equal[role_of[key & np.uint64(0xFFFFFFFF)]] += 1
    for key in keys:
        group = key & np.uint64(0xFFFFFFFF)
        role = role_of[group]
        placement = n_below - below[role] + (len(keys) - equal[role]) / 2
        placed[0][group] += placement
        placed[1][role] += placement * placement
    for key in keys:
        role = role_of[key & np.uint64(0xFFFFFFFF)]
        below[role] += equal[role]
        equal[role] = 0
