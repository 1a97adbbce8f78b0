"""How far a role's answers lie towards the anchor's declining ones: a heuristic, for a study without a judge.

It tells what sounds like the anchor as it declines. That may be an answer that declines, one that merely
steps out of the role, or one about what the anchor declines to speak of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from persona_assets.analysis.answers import Answers
from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.base.arrays import Flags, Floats

LEAST = 5  # declining answers of the anchor, below which nothing is placed
_LEAST_LEFT = 3  # of them that must answer other questions than the answer that is placed


@dataclass(frozen=True)
class Placed:
    """Scores of a role's answers, of the anchor's declining ones and of its other ones: float64[n] each.

    0 is the role's mean and 1 that of the declining answers. All are NaN where there is a `reason`; and an
    answer is where too few of the declining ones answer other questions.
    """

    scores: Floats
    declining: Floats
    others: Floats
    reason: str | None = None


def place(answers: Answers, anchors: Answers, declines: Flags) -> Placed:
    """Place a role's `answers` between their mean and the mean of those of `anchors` that decline.

    An answer is placed on the direction from the one mean to the other, both over answers to other questions
    than its own: it does not place itself, and what answers to one question have in common places none. The
    role's answers then have mean 0 and the declining ones 1. Nothing is placed where these, placed by each
    other, do not lie apart from the anchor's other answers: the line would tell who sounds like the anchor.
    """
    declining, others = anchors.of(np.flatnonzero(declines)), anchors.of(np.flatnonzero(~declines))
    sets = (answers, declining, others)
    scores = [np.full(len(one.question), np.nan) for one in sets]
    n_declining = len(declining.question)
    if n_declining < LEAST:
        return _placed(
            scores, reason=f"only {n_declining} of the anchor's answers decline; {LEAST} are needed"
        )
    for question in np.unique(np.concatenate([one.question for one in sets])):
        towards = _mean_of_other_questions(declining, question, _LEAST_LEFT)
        role = _mean_of_other_questions(answers, question, 1)
        if towards is not None and role is not None:
            direction = towards - role
            for one, score in zip(sets, scores, strict=True):
                rows = np.flatnonzero(one.question == question)
                score[rows] = one.features[rows] @ direction - role @ direction
    own, held_out, rest = (score[~np.isnan(score)] for score in scores)
    if len(held_out) < LEAST:
        return _placed(scores, reason="too few of the anchor's declining answers answer different questions")
    if len(rest) < LEAST:
        return _placed(
            scores, reason=f"only {len(rest)} of the anchor's answers do not decline; {LEAST} are needed"
        )
    for others, whose in ((own, "the role's"), (rest, "its other ones")):
        if not _apart(held_out, others):
            return _placed(scores, reason=f"the anchor's declining answers do not lie apart from {whose}")
    return _placed(scores, own.mean(), held_out.mean() - own.mean())


def _placed(scores: list[Floats], zero: float = 0, unit: float = np.nan, reason: str | None = None) -> Placed:
    own, declining, others = ((score - zero) / unit for score in scores)
    return Placed(own, declining, others, reason)


def _mean_of_other_questions(answers: Answers, question: int, least: int) -> Floats | None:
    """Return the mean, float64[d_sae], of the answers to all but one question; None of fewer than `least`."""
    rows = np.flatnonzero(answers.question != question)
    if len(rows) < least:
        return None
    return np.ones(len(rows)) @ answers.features[rows] / len(rows)


def _apart(declining: Floats, others: Floats) -> bool:
    """Return whether the mean of `declining` is the larger by Student's t, at 2.5% in this tail."""
    error = np.sqrt(declining.var(ddof=1) / len(declining) + others.var(ddof=1) / len(others))
    reach = stdtrit(min(len(declining), len(others)) - 1, (1 + CONFIDENCE) / 2)
    return bool(declining.mean() - others.mean() > reach * error)
