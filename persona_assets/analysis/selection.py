"""Which features tell roles apart, beyond what their wordings and questions do.

The classic definitions beside it are those of the field's pipeline, so that results can be compared number
for number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from persona_assets.analysis.statistics import Statistics
from persona_assets.base.arrays import Flags, Floats, Ints
from persona_assets.base.errors import StudyError
from persona_assets.study.settings import AtlasSettings

RoleMatrixMode = Literal["question_centered_mean", "log1p_role_mean"]
Criterion = Literal["role_test", "classic"]

Q = 0.05  # of the test, below which a feature is selected

# What is left of a centred column that is zero but for rounding, as a part of the column before centring.
_ROUNDING = 1e-12

_BLOCK = 4096  # features at a time


@dataclass(frozen=True)
class Selection:
    """What is known of each of the SAE's features, and the role matrix of those that were selected.

    `mode` says how the role matrix M float64[n_roles, d_sae] was made; `mu` and `sd` float64[d_sae] are its
    mean and population sd over roles. `alive` bool[d_sae] is mu > 0 (centred: the column is not zero, but for
    rounding). `f` and `q` float64[d_sae] are `RoleTest`'s, NaN without one. `stability` float64[d_sae] is the
    correlation over roles of the columns of the two halves of wordings.

    By the criterion `role_test`, `passed` bool[d_sae] is alive with q below 0.05, and `score` float64[d_sae]
    the role's share of the variance, -1 for those that did not pass. By `classic` they are as
    `classic_passed`, alive with an sd not below the median of the alive, and `classic_score`,
    `classic_stability` x sd or -1. `classic_stability` is the cosine of the columns of two halves of
    responses, over the roles that have both; 0 where a half of the column is zero, NaN without any such role.

    `selected` int64[n_selected] are ids, the best first, and `columns` and `raw` float64[n_roles, n_selected]
    their columns of M and of the roles' means or maxima.
    """

    roles: list[str]
    mode: RoleMatrixMode
    criterion: Criterion
    mu: Floats
    sd: Floats
    alive: Flags
    f: Floats
    q: Floats
    passed: Flags
    stability: Floats
    score: Floats
    classic_passed: Flags
    classic_stability: Floats
    classic_score: Floats
    selected: Ints
    columns: Floats
    raw: Floats

    @property
    def centred(self) -> bool:
        """Whether M holds role means less what all roles do on the same responses."""
        return self.mode == "question_centered_mean"

    @property
    def threshold(self) -> float:
        """The least sd to pass with, classically; NaN where no feature is alive."""
        return float(np.median(self.sd[self.alive])) if self.alive.any() else np.nan

    def first(self, top_k: int) -> Selection:
        """With at most `top_k` selected."""
        return replace(
            self,
            selected=self.selected[:top_k],
            columns=self.columns[:, :top_k],
            raw=self.raw[:, :top_k],
        )


def select(statistics: Statistics, settings: AtlasSettings) -> Selection:
    """Select all features that pass; `statistics` were made with `settings.strategy`.

    Where roles share no questions there is no test of them, and the classic criterion decides.

    Raises StudyError where `settings` ask for question centring that `statistics` do not have.
    """
    mode = role_matrix_mode(settings, aligned=statistics.centred is not None)
    source = statistics.raw if mode == "log1p_role_mean" else statistics.centred
    assert source is not None
    matrix = np.log1p(source.whole) if mode == "log1p_role_mean" else source.whole
    mu, sd = _without_dust(matrix.mean(axis=0), matrix), matrix.std(axis=0)
    alive = mu > 0 if mode == "log1p_role_mean" else _varies(matrix, statistics.raw.whole)
    classic_passed = alive & (sd >= (np.median(sd[alive]) if alive.any() else np.nan))
    classic_score = np.where(classic_passed, source.cosines * sd, -1)
    test, criterion = statistics.test, criterion_of(settings, aligned=statistics.test is not None)
    f = q = np.full(len(mu), np.nan)
    if test is not None:
        f, q = test.f, test.q
    passed, score = classic_passed, classic_score
    if criterion == "role_test" and test is not None:
        passed = alive & (q < Q)
        score = np.where(passed, test.share, -1)
    selected = ranked(score, passed)
    return Selection(
        roles=statistics.roles,
        mode=mode,
        criterion=criterion,
        mu=mu,
        sd=sd,
        alive=alive,
        f=f,
        q=q,
        passed=passed,
        stability=source.agreement,
        score=score,
        classic_passed=classic_passed,
        classic_stability=source.cosines,
        classic_score=classic_score,
        selected=selected,
        columns=matrix[:, selected],
        raw=statistics.raw.whole[:, selected],
    )


def criterion_of(settings: AtlasSettings, *, aligned: bool) -> Criterion:
    """Return what selects; `aligned` says whether all roles are asked the same."""
    return settings.selection if aligned else "classic"


def role_matrix_mode(settings: AtlasSettings, *, aligned: bool) -> RoleMatrixMode:
    """How M is made; `aligned` says whether all roles are asked the same. Unless told, means are centred
    wherever they are; maxima never.
    """
    wanted = settings.question_centering
    if wanted and settings.strategy == "max":
        raise StudyError("atlas.question_centering: true centres means; with atlas.strategy max leave it out")
    if wanted and not aligned:
        raise StudyError(
            "atlas.question_centering: true needs questions that all roles share; set it to false"
        )
    plain = wanted is False or settings.strategy == "max" or not aligned
    return "log1p_role_mean" if plain else "question_centered_mean"


def ranked(score: Floats, passed: Flags) -> Ints:
    """int64[n]: the ids of those that passed, the highest score first, ties by id; none without a score."""
    ids = np.flatnonzero(passed & ~np.isnan(score))
    return ids[np.argsort(-score[ids], kind="stable")]


def _without_dust(mu: Floats, matrix: Floats) -> Floats:
    """Return `mu` with 0 for what is but the rounding of a sum that cancels, as centred means do."""
    return np.where(np.abs(mu) > _ROUNDING * np.abs(matrix).max(axis=0), mu, 0.0)


def _varies(centred: Floats, raw: Floats) -> Flags:
    return np.linalg.norm(centred, axis=0) > _ROUNDING * np.linalg.norm(raw, axis=0)
