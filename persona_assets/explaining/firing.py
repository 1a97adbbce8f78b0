"""Excerpts in which features fire: a role's strongest, and some drawn by lot from all that it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from persona_assets.base.queries import query
from persona_assets.lake.kept import N_DRAWN
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import DRAWN_EVIDENCE, EVIDENCE, VARIANT_STRIDE
from persona_assets.lake.wholeness import damaged
from persona_assets.stages.across_roles import AcrossRoles

N_SHOWN, N_HELD_OUT = 8, 20  # of each kind and feature, at most
_N_STRONGEST = 4  # of those that are shown


@dataclass(frozen=True)
class Example:
    """An excerpt of a response: token texts, and the feature's activation on each, 0 where it is silent."""

    role: str
    response_id: int
    pieces: tuple[str, ...]
    values: tuple[float, ...]

    @property
    def question_id(self) -> int:
        """The question that the response answers."""
        return self.response_id % VARIANT_STRIDE


@dataclass(frozen=True)
class Firing:
    """A role's excerpts in which a feature fires: the `strongest`, and those `drawn` that are not among them.

    `drawn` is None of a role that was extracted before any were drawn.
    """

    strongest: list[Example]
    drawn: list[Example] | None

    def by_lot(self, random: np.random.Generator) -> list[Example]:
        """Return up to N_DRAWN excerpts, each response in which the feature fires as likely to be among them.

        The lot fell also on strongest ones, as many as `drawn` lacks; which of them is drawn once more, for
        any are as likely. Where none were drawn the strongest have to do.
        """
        if self.drawn is None:
            return self.strongest
        n_lacking = min(N_DRAWN, len(self.strongest) + len(self.drawn)) - len(self.drawn)
        return self.drawn + _some(self.strongest, n_lacking, random)


def read_firing(across: AcrossRoles, sae: str, features: Iterable[int]) -> dict[int, list[Firing]]:
    """Return what the lake holds of each of `features`, of one compared role after another.

    Raises StudyError where a file is damaged.
    """
    features = list(features)
    found: dict[int, list[Firing]] = {feature: [] for feature in features}
    chosen = pa.table({"feature_id": pa.array(features, pa.int32())})
    for role in across.compared(sae):
        files = [across.roles[role].file(table, sae) for table in (EVIDENCE, DRAWN_EVIDENCE)]
        strongest, drawn = (_excerpts(across.study.lake, role, file, chosen) for file in files)
        for feature in strongest.keys() | drawn.keys():
            of_drawn = None if files[1] is None else drawn[feature]
            found[feature].append(Firing(strongest[feature], of_drawn))
    return found


def halves_of(firing: Sequence[Firing], random: np.random.Generator) -> tuple[list[Example], list[Example]]:
    """Return what is shown of a feature and what is held out, which answers other questions.

    Shown are the strongest and some by lot, held out are lots alone; each the strongest first.
    """
    lots = [one for of_role in firing for one in of_role.by_lot(random)]
    strongest = [one for of_role in firing for one in of_role.strongest]
    questions = random.permutation(sorted({one.question_id for one in lots + strongest}))
    of_shown = set(questions[: -(-len(questions) // 2)].tolist())
    ordered = sorted((one for one in strongest if one.question_id in of_shown), key=_place)
    first, others = ordered[:_N_STRONGEST], ordered[_N_STRONGEST:]
    drawn = [one for one in lots if one.question_id in of_shown and one not in first]
    shown = first + _some(drawn, N_SHOWN - len(first), random)
    shown += [one for one in others if one not in shown][: N_SHOWN - len(shown)]
    held_out = _some([one for one in lots if one.question_id not in of_shown], N_HELD_OUT, random)
    return sorted(shown, key=_place), sorted(held_out, key=_place)


def rows_of(lake: Lake, name: str, file: LakeFile, chosen: pa.Table, **more: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a file that a query of `sql/explaining` finds of what is `chosen`.

    Raises StudyError where the file is damaged.
    """
    with lake.readable([file]) as [path], lake.connection() as connection:
        connection.register("chosen", chosen)
        try:
            return connection.execute(query(f"explaining/{name}"), {"file": path} | more).fetchall()
        except duckdb.Error as error:
            raise damaged(lake.uri(file.path), error) from error


def _excerpts(lake: Lake, role: str, file: LakeFile | None, chosen: pa.Table) -> dict[int, list[Example]]:
    """Return a file's excerpts by feature, in the order of their responses."""
    found: dict[int, list[Example]] = defaultdict(list)
    for feature, response, pieces, values in [] if file is None else rows_of(lake, "evidence", file, chosen):
        found[feature].append(Example(role, response, tuple(pieces), tuple(values)))
    return found


def _some(examples: Sequence[Example], n: int, random: np.random.Generator) -> list[Example]:
    return [examples[place] for place in sorted(random.permutation(len(examples))[:n].tolist())]


def _place(one: Example) -> tuple[float, str, int]:
    return -max(one.values), one.role, one.response_id
