"""The one space in which roles, turns, tokens and null draws are compared.

A pooled vector v over the SAE's features becomes t(v), then t(v) − c, then (t(v) − c) / |t(v) − c|, as far
as the study's settings ask: t is log1p or nothing, c is the mean of the roles' transformed vectors. Since
t(0) = 0 the vectors stay sparse: centre and length are kept beside them and enter where products are formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from scipy.sparse import csr_array

from persona_assets.base.arrays import Floats, Ints


@dataclass(frozen=True)
class Points:
    """Vectors of the space, n rows: `(values - centre) * scale`.

    `values` float64[n, d_sae] is sparse, `centre` float64[d_sae], `scale` float64[n].
    """

    values: csr_array
    centre: Floats
    scale: Floats

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def __getitem__(self, rows: Any) -> Points:
        """Some of the rows: a slice or a list of indices."""
        return Points(self.values[rows], self.centre, self.scale[rows])

    def dense(self, row: int) -> Floats:
        """Return one vector, float64[d_sae]."""
        return (self.values[[row]].toarray()[0] - self.centre) * self.scale[row]

    def along(self, direction: Floats) -> Floats:
        """Inner products with a `direction` float64[d_sae]: float64[n]."""
        return (self.values @ direction - self.centre @ direction) * self.scale

    def products(self, others: Points) -> Floats:
        """Inner products with each of `others`, of the same space: float64[n, n_others]."""
        raw = (self.values @ others.values.T).toarray()
        raw -= (self.values @ self.centre)[:, None] + (others.values @ self.centre)[None, :]
        return (raw + self.centre @ self.centre) * self.scale[:, None] * others.scale[None, :]

    def paired(self, others: Points) -> Floats:
        """Inner product of each with the one of `others` in its row, of the same space: float64[n]."""
        raw = self.values.multiply(others.values).sum(axis=1) + self.centre @ self.centre
        raw -= self.values @ self.centre + others.values @ self.centre
        return raw * self.scale * others.scale

    def combined(self, weights: Floats) -> Floats:
        """Return the sum of the vectors, each times its weight: float64[d_sae]."""
        weights = weights * self.scale
        return self.values.T @ weights - self.centre * weights.sum()

    @cached_property
    def lengths(self) -> Floats:
        """Each vector's length, float64[n]."""
        return self.unscaled_lengths * self.scale

    @cached_property
    def unscaled_lengths(self) -> Floats:
        """Each vector's length before any normalization, float64[n]."""
        return _lengths(self.values, self.centre)

    @property
    def n_active(self) -> Ints:
        """How many features are active in each, int64[n]."""
        return np.diff(self.values.indptr).astype(np.int64)


@dataclass(frozen=True)
class Space:
    """How pooled vectors become points; `centre` is zero where the study does not centre."""

    transform: Literal["log1p", "raw"]
    centre: Floats
    l2_normalize: bool

    @classmethod
    def of(
        cls, roles: csr_array, transform: Literal["log1p", "raw"], centering: bool, l2_normalize: bool
    ) -> Self:
        """Return the space of role vectors float[n_roles, d_sae], pooled but not transformed."""
        centre = _transformed(roles, transform).mean(axis=0) if centering else np.zeros(roles.shape[1])
        return cls(transform, centre, l2_normalize)

    def points(self, pooled: csr_array) -> Points:
        """Pooled vectors float[n, d_sae] as points. Normalized, one at the centre stays zero."""
        values = _transformed(pooled, self.transform)
        scale = np.ones(values.shape[0])
        if self.l2_normalize:
            lengths = _lengths(values, self.centre)
            scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return Points(values, self.centre, scale)


def _transformed(pooled: csr_array, transform: Literal["log1p", "raw"]) -> csr_array:
    values = pooled.astype(np.float64)
    values.eliminate_zeros()
    return values.log1p() if transform == "log1p" else values


def _lengths(values: csr_array, centre: Floats) -> Floats:
    squares = values.multiply(values).sum(axis=1) - 2 * (values @ centre) + centre @ centre
    return np.sqrt(np.maximum(squares, 0))
