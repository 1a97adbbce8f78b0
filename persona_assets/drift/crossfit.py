"""The anchor's own answers, scored on an axis that their question had no part in.

The axis leads to the mean of the anchor's answers, so each of them lies a little further along it than a new
answer would: by E|noise|² / (n |axis|), little where the axis is long and much where it is not. A null band
made so would call plain answers drift. Here the anchor's vector is made again for each question, without the
answers to it, and an answer is scored with the vector that it did not help to make (cross-fitting).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
from scipy.sparse import csr_array, vstack

from persona_assets.base.arrays import Floats, Ints
from persona_assets.drift.codes import SpanCodes, pool_ranges
from persona_assets.drift.reference import Reference
from persona_assets.drift.space import Points
from persona_assets.lake.schema.of_runs import DriftScore
from persona_assets.lake.schema.table import VARIANT_STRIDE


@dataclass(frozen=True)
class CrossFit:
    """The anchor's vector without each question: row i of `anchors` lacks the answers to `questions[i]`."""

    reference: Reference
    way: Literal["difference", "pca"]
    questions: Ints
    anchors: Points

    @classmethod
    def of(
        cls,
        codes: SpanCodes,
        reference: Reference,
        way: Literal["difference", "pca"],
        pooling: Literal["mean", "max"],
    ) -> Self | None:
        """Return it for the anchor's answers `codes`, by response_id; None where all answer one question."""
        asked = codes.spans % VARIANT_STRIDE
        questions = np.unique(asked)
        if len(questions) < 2:
            return None
        pooled = pool_ranges(codes.values, [[bounds] for bounds in codes.ranges], pooling)
        without = [_role_vector(pooled[asked != question], pooling) for question in questions]
        anchors = reference.space.points(csr_array(vstack(without, format="csr")))
        return cls(reference, way, questions, anchors)

    def scores(self, points: Points, questions: Ints) -> dict[DriftScore, Floats]:
        """Return the scores of answers to `questions`, int[n], each on the axis without its question.

        With `axis: pca` the axis is the roles' component, in which the anchor is one of many: it stays.
        """
        row = np.searchsorted(self.questions, questions)
        along_anchor = points.paired(self.anchors[row])
        with np.errstate(divide="ignore", invalid="ignore"):
            cosine_anchor = along_anchor / (points.lengths * self.anchors.lengths[row])
            if self.way == "pca":
                projection = points.along(self.reference.target.axis)
            else:
                projection = (along_anchor - points.along(self._others)) / self._axis_lengths[row]
            cosine_axis = projection / points.lengths
        return {"projection": projection, "cosine_axis": cosine_axis, "cosine_anchor": cosine_anchor}

    def optimism(self, points: Points, scored: dict[DriftScore, Floats]) -> float:
        """Return how much higher answers project on the axis that they helped to make, on average.

        `scored` is what `scores` gave for them.
        """
        plain = points.along(self.reference.target.axis)
        return float(np.mean(plain - scored["projection"]))

    @cached_property
    def _others(self) -> Floats:
        """The mean of the roles that the anchor is compared with, float64[d_sae]."""
        others = self.reference.compared_with
        weights = np.isin(self.reference.roles, others) / len(others)
        return self.reference.target.roles.combined(weights)

    @cached_property
    def _axis_lengths(self) -> Floats:
        """The length of each anchor less the mean of the others, float64[n_questions]."""
        squares = self.anchors.lengths**2 - 2 * self.anchors.along(self._others) + self._others @ self._others
        return np.sqrt(np.maximum(squares, 0))


def _role_vector(pooled: csr_array, pooling: Literal["mean", "max"]) -> csr_array:
    """Return the vector of a role with these responses, float64[1, d_sae], as aggregation makes it."""
    if pooling == "max":
        return csr_array(pooled.max(axis=0))
    return csr_array(np.full((1, pooled.shape[0]), 1 / pooled.shape[0])) @ pooled
