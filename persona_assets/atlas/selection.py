"""Which features tell roles apart and do so in either half of the responses.

The definitions are those of the field's pipeline, so that results can be compared number for number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from persona_assets.analysis.design import Flags, Floats, Ints
from persona_assets.analysis.halves import Matrices
from persona_assets.analysis.statistics import Statistics
from persona_assets.errors import StudyError
from persona_assets.settings import AtlasSettings

RoleMatrixMode = Literal["question_centered_mean", "log1p_role_mean"]

# What is left of a centred column that is zero but for rounding, as a part of the column before centring.
_ROUNDING = 1e-12

_BLOCK = 4096  # features at a time


@dataclass(frozen=True)
class Selection:
    """What the atlas knows of each of the SAE's features before it maps the best.

    `matrix` float64[n_roles, d_sae] is the role matrix M and `mode` how it was made; `mu` and `sd`
    float64[d_sae] are its mean and population sd over roles. `alive` bool[d_sae] is mu > 0 (centred: the
    column is not zero, but for rounding), `threshold` the median sd of the alive, NaN where none is, and
    `passed` bool[d_sae] alive with an sd not below it.
    `stability` float64[d_sae] is the cosine of the two halves' columns, over the roles that have both halves:
    all but `unsplit`; 0 where a half of the column is zero, NaN without any such role. `score` float64[d_sae]
    is stability x sd, -1 for those that did not pass. `selected` int64[n_selected] are ids, the best first.
    """

    roles: list[str]
    unsplit: list[str]
    mode: RoleMatrixMode
    matrix: Floats
    mu: Floats
    sd: Floats
    alive: Flags
    passed: Flags
    threshold: float
    stability: Floats
    score: Floats
    selected: Ints

    @property
    def centred(self) -> bool:
        """Whether M holds role means less what all roles do on the same responses."""
        return self.mode == "question_centered_mean"

    @property
    def columns(self) -> Floats:
        """float64[n_roles, n_selected]: M's selected columns, the best first."""
        return self.matrix[:, self.selected]


def select(statistics: Statistics, settings: AtlasSettings) -> Selection:
    """Select at most `settings.top_k` features; `statistics` were made with `settings.strategy`.

    Raises StudyError where `settings` ask for question centring that `statistics` do not have.
    """
    mode, source = role_matrix_mode(statistics, settings)
    matrix = source.whole if mode == "question_centered_mean" else np.log1p(source.whole)
    mu, sd = matrix.mean(axis=0), matrix.std(axis=0)
    alive = mu > 0 if mode == "log1p_role_mean" else _varies(matrix, statistics.raw.whole)
    threshold = float(np.median(sd[alive])) if alive.any() else np.nan
    passed = alive & (sd >= threshold)
    split: Flags = ~np.isnan(source.halves).any(axis=(0, 2), keepdims=True).ravel()
    stability = half_cosines(source, split)
    score = np.where(passed, stability * sd, -1)
    unsplit = [role for role, both in zip(statistics.roles, split, strict=True) if not both]
    selected = best(score, passed, settings.top_k)
    return Selection(
        statistics.roles, unsplit, mode, matrix, mu, sd, alive, passed, threshold, stability, score, selected
    )


def role_matrix_mode(statistics: Statistics, settings: AtlasSettings) -> tuple[RoleMatrixMode, Matrices]:
    """How M is made, and of what. Unless told, means are centred wherever roles are asked the same."""
    wanted = settings.question_centering
    if wanted and settings.strategy == "max":
        raise StudyError("atlas.question_centering: true centres means; with atlas.strategy max leave it out")
    if wanted and statistics.centred is None:
        raise StudyError(
            "atlas.question_centering: true needs questions that all roles share; set it to false"
        )
    if wanted is False or statistics.centred is None:
        return "log1p_role_mean", statistics.raw
    return "question_centered_mean", statistics.centred


def half_cosines(source: Matrices, split: Flags) -> Floats:
    """float64[d_sae]: the cosine of each feature's two halves, as they are (no logarithm), over the roles of
    `split` bool[n_roles]; 0 where a half is zero in all of them, NaN if there is none.
    """
    result = np.full(source.whole.shape[1], np.nan)
    if split.any():
        for start in range(0, len(result), _BLOCK):
            block = np.s_[start : start + _BLOCK]
            first, second = source.halves[:, split, block].astype(np.float64)
            norms = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
            products = (first * second).sum(axis=0)
            result[block] = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)
    return result


def best(score: Floats, passed: Flags, top_k: int) -> Ints:
    """int64[at most top_k]: the ids of the highest scores among those that passed, ties by id.

    One without a score is none of them.
    """
    ids = np.flatnonzero(passed & ~np.isnan(score))
    return ids[np.argsort(-score[ids], kind="stable")[:top_k]]


def _varies(centred: Floats, raw: Floats) -> Flags:
    return np.linalg.norm(centred, axis=0) > _ROUNDING * np.linalg.norm(raw, axis=0)
