"""How a contrast's two groups divide the responses: into units, and into what the units are compared on.

A place is a role's cell: role number x n_cells + cell of the `Design`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.base.arrays import Flags, Floats, Int32s, Ints
from persona_assets.lake.schema import VARIANT_STRIDE
from persona_assets.study.contrasts import Groups


class Unit(NamedTuple):
    """What is a random sample within a group: a role, a wording of a role, or a question."""

    side: int  # 0: the group, 1: what it is compared with
    role: str | None = None
    variant: int | None = None
    question_id: int | None = None


@dataclass(frozen=True)
class Layout:
    """The units of a contrast, the group's first, and where each response belongs.

    `unit_of` int32[n_places], -1 for a response that takes no part, and `crossed_of` int32[n_places] say
    which unit, and which question (role, wording) that units are compared on, which `crossed` names: None
    where they share none. `block_of` int64[n_units]: units of one block, a role's wordings, are compared
    with each other.
    """

    units: list[Unit]
    unit: str
    crossed: str | None
    unit_of: Int32s
    crossed_of: Int32s
    block_of: Ints

    @cached_property
    def side_of(self) -> Ints:
        """int64[n_units]: 0 for a unit of the group, 1 for one of the other."""
        return np.array([unit.side for unit in self.units], np.int64)

    @cached_property
    def asked(self) -> Ints:
        """int64[n_units, n_crossed]: how many responses a unit has on each."""
        member = self.unit_of >= 0
        counts = np.zeros((len(self.units), int(self.crossed_of.max(initial=0)) + 1), np.int64)
        np.add.at(counts, (self.unit_of[member], self.crossed_of[member]), 1)
        return counts

    @cached_property
    def n_units(self) -> Ints:
        """int64[2]: units of either group."""
        return np.bincount(self.side_of, minlength=2)

    @cached_property
    def n_responses(self) -> Ints:
        """int64[2]: responses of either group."""
        return np.array([self.asked[self.side_of == side].sum() for side in (0, 1)])

    @cached_property
    def weights(self) -> Floats:
        """float64[n_units]: the effect is the sum of the units' levels times these.

        Within each block the mean of the one group less that of the other; then the mean over blocks.
        """
        n_blocks = len(np.unique(self.block_of))
        own = self.block_of * 2 + self.side_of
        return (1 - 2 * self.side_of) / np.bincount(own)[own] / max(n_blocks, 1)

    @cached_property
    def place_of(self) -> Ints:
        """int64[n_units]: side x units of the larger group + number within the side, for AUROC's sweep."""
        number = np.arange(len(self.units)) - np.where(self.side_of == 1, self.n_units[0], 0)
        return self.side_of * self.n_units.max() + number

    @cached_property
    def by_place(self) -> Ints:
        """int64[2, units of the larger group]: the responses of each."""
        counts = np.zeros((2, self.n_units.max()), np.int64)
        counts.flat[self.place_of] = self.asked.sum(axis=1)
        return counts


def layout(groups: Groups, design: Design, *, aligned: bool) -> Layout:
    """Return how `groups` divide the design's responses; roles and numbers that it lacks are left out.

    Of one role against one role the units are their wordings: nothing tells how roles differ.
    """
    rows = {role: row for row, role in enumerate(design.roles)}
    within = [role for role in groups.within if role in rows]
    sides = [[one for one in side if one in rows or groups.kind != "roles"] for side in _sides(groups)]
    if groups.kind == "questions":
        crossed = "role" if len(within) > 1 else "wording"
        return _made("question", crossed, design, _questions(sides, within, rows, design))
    crossed_by = "question" if aligned else None
    if groups.kind == "roles" and max(map(len, sides)) > 1:
        found = [(Unit(side, role), 0, _of(design, rows[role])) for side, role in _each(sides)]
        return _made("role", crossed_by, design, found)
    if groups.kind == "roles":
        found = [
            (Unit(side, role, variant), 0, _of(design, rows[role], variant=variant))
            for side, role in _each(sides)
            for variant in _variants(design, rows[role])
        ]
    else:
        found = [
            (Unit(side, role, variant), rows[role], _of(design, rows[role], variant=variant))
            for side, variant in _each(sides)
            for role in within
        ]
    return _made("wording", crossed_by, design, found)


def _sides(groups: Groups) -> tuple[list[str | int], list[str | int]]:
    return groups.group, groups.against


def _each(sides: Iterable[list]) -> list[tuple]:
    return [(side, one) for side, members in enumerate(sides) for one in members]


def _variants(design: Design, row: int) -> list[int]:
    return np.unique(design.response_ids[design.present[row]] // VARIANT_STRIDE).tolist()


def _of(design: Design, row: int, *, variant: int | None = None) -> Ints:
    """Return the places of a role's responses, or of those under one variant."""
    chosen = design.present[row]
    if variant is not None:
        chosen = chosen & (design.response_ids // VARIANT_STRIDE == variant)
    return row * len(design.response_ids) + np.flatnonzero(chosen)


def _questions(sides: list, within: list[str], rows: dict[str, int], design: Design) -> list:
    ids, n_cells = design.response_ids % VARIANT_STRIDE, len(design.response_ids)
    found = []
    for side, question in _each(sides):
        cells = ids == question
        places = [
            rows[role] * n_cells + np.flatnonzero(cells & design.present[rows[role]]) for role in within
        ]
        found.append((Unit(side, question_id=question), 0, np.concatenate(places)))
    return found


def _made(unit: str, crossed: str | None, design: Design, found: list[tuple[Unit, int, Ints]]) -> Layout:
    """Return the layout of units with their blocks and places; those without a response are left out.

    So is a block that has units of one side alone.
    """
    found = [one for one in found if len(one[2])]
    sides_of: dict[int, set[int]] = {}
    for one, block, _ in found:
        sides_of.setdefault(block, set()).add(one.side)
    if any(len(sides) == 2 for sides in sides_of.values()):
        found = [one for one in found if len(sides_of[one[1]]) == 2]
    n_cells = len(design.response_ids)
    unit_of = np.full(len(design.roles) * n_cells, -1, np.int32)
    for number, (_, _, places) in enumerate(found):
        unit_of[places] = number
    blocks = np.unique([block for _, block, _ in found], return_inverse=True)[1]
    by = {"question": design.question_of, "wording": design.variant_of, None: np.zeros(n_cells, np.int64)}
    crossed_of = (
        np.repeat(np.arange(len(design.roles)), n_cells)
        if crossed == "role"
        else np.tile(by[crossed], len(design.roles))
    )
    return Layout(
        [one for one, _, _ in found],
        unit,
        crossed,
        unit_of,
        _close(crossed_of, unit_of),
        blocks.astype(np.int64),
    )


def _close(crossed_of: Ints, unit_of: Int32s) -> Int32s:
    """Return the numbers of what takes part, from 0 without a gap."""
    member: Flags = unit_of >= 0
    found = np.zeros(len(crossed_of), np.int32)
    found[member] = np.unique(crossed_of[member], return_inverse=True)[1]
    return found
