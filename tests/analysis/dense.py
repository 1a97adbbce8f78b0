"""Small roles held densely, so that every statistic can be computed again the plain way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from persona_assets.analysis.design import RoleSource
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS, POOLED

ALWAYS_DEAD, CONSTANT, IN_ONE_ROLE, RARE = 0, 1, 2, 3
D_SAE = 12


@dataclass(frozen=True)
class DenseRole:
    """`ids` int[n] ascending, `values` float32[n, d_sae], `maxima` of the same shape, `lengths` int[n].

    `active` int[n, d_sae], on how many tokens, is 1 wherever a feature fires unless it is given.
    """

    name: str
    ids: np.ndarray
    values: np.ndarray
    maxima: np.ndarray
    lengths: np.ndarray
    active: np.ndarray | None = None

    @property
    def variant(self) -> np.ndarray:
        return self.ids // 100_000

    @property
    def question(self) -> np.ndarray:
        return self.ids % 100_000

    def only(self, rows: np.ndarray) -> DenseRole:
        """The role with some of its responses."""
        parts = (getattr(self, name)[rows] for name in ("ids", "values", "maxima", "lengths"))
        return DenseRole(self.name, *parts, None if self.active is None else self.active[rows])


def grid(variants: tuple[int, ...], questions: tuple[int, ...]) -> np.ndarray:
    return np.array([variant * 100_000 + question for variant in variants for question in questions])


def make_roles(
    random: np.random.Generator,
    n_roles: int = 5,
    variants: tuple[int, ...] = (0, 1, 4),
    questions: tuple[int, ...] = (0, 3, 7, 8, 99_999),
) -> list[DenseRole]:
    """Complete roles of 12 features: a dead one, a constant one, one of the last role alone, a rare one; the
    others have effects of role, question and variant, many zeros and, being rounded, many ties.
    """
    ids, roles = grid(variants, questions), []
    shape = len(ids), D_SAE
    by_question = random.normal(size=(len(questions), D_SAE))
    for number in range(n_roles):
        level = random.normal(size=D_SAE) + by_question[np.searchsorted(questions, ids % 100_000)]
        by_variant = random.normal(size=(len(variants), D_SAE))
        level += by_variant[np.searchsorted(variants, ids // 100_000)]
        values = np.maximum(np.round(level + random.normal(size=shape), 1), 0)
        values[:, ALWAYS_DEAD] = 0
        values[:, CONSTANT] = 0.3
        values[:, IN_ONE_ROLE] *= number == n_roles - 1
        values[:, RARE] = np.where(np.arange(len(ids)) == 2 * number, 0.7, 0)
        maxima = values * random.integers(1, 4, shape)
        lengths = random.integers(5, 50, len(ids))
        roles.append(DenseRole(f"role_{number}", ids, *(np.float32(v) for v in (values, maxima)), lengths))
    return roles


def with_holes(random: np.random.Generator, roles: list[DenseRole]) -> list[DenseRole]:
    """Unequal numbers: a first role that is complete; others lack responses, the last a whole question."""
    thinned = [role.only(random.random(len(role.ids)) < 0.8) for role in roles[1:]]
    last = thinned[-1]
    return [roles[0], *thinned[:-1], last.only(last.question != roles[0].question[1])]


def write(folder: Path, roles: list[DenseRole]) -> list[RoleSource]:
    """The roles' files, each with a response that was not pooled; row groups of a few features each."""
    return [_write_role(folder, role) for role in roles]


def _write_role(folder: Path, role: DenseRole) -> RoleSource:
    feature, row = np.nonzero(role.values.T)
    n = np.ones(len(row), np.int32)
    active = n if role.active is None else role.active[row, feature]
    columns = [feature, role.ids[row], role.values[row, feature], role.maxima[row, feature], active, n]
    activations = pa.table(columns, names=ACTIVATIONS.schema.names)
    ids = np.append(role.ids, 900_000)
    lengths = np.append(role.lengths, 0)
    reasons = pa.array([None] * len(role.ids) + ["empty"], pa.string())
    numbers = [ids, ids // 100_000, ids % 100_000, lengths, lengths, lengths]
    pooled = pa.table([*numbers, reasons], POOLED.schema.names)
    source = RoleSource(role.name, *(str(folder / f"{role.name}-{table}.parquet") for table in "ap"))
    write_parquet(replace(ACTIVATIONS, row_group_size=40), activations, Path(source.activations))
    write_parquet(POOLED, pooled, Path(source.pooled))
    return source


def stacked(roles: list[DenseRole]) -> tuple[np.ndarray, np.ndarray]:
    """float64[n_responses, d_sae] of all roles, and which role each row is of."""
    owner = np.repeat(np.arange(len(roles)), [len(role.ids) for role in roles])
    return np.concatenate([role.values for role in roles]).astype(np.float64), owner
