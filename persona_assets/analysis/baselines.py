"""How well plain methods tell a role's answers from the other roles': what findings of features stand beside.

Every answer is judged by a method that learned from answers to other questions under other wordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MaxAbsScaler

from persona_assets.analysis.answers import Answers
from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.base.arrays import Flags, Floats, Ints

_CANDIDATES = 50  # features with the largest F, of which the best single one is sought by AUROC
_TERMS = 10  # n-grams that are told of a role


@dataclass(frozen=True)
class Baseline:
    """How often an answer of the role gets more than one of the others by a method, with its 95% interval.

    `n` answers of the role were judged, against `n_others`. `features` and `terms` are what the method went
    by, in the order of their weight, each fold's after those of the one before.
    """

    method: str
    auroc: float
    low: float
    high: float
    n: int
    n_others: int
    features: list[int]
    terms: list[str]


@dataclass(frozen=True)
class _WentBy:
    features: list[int]
    terms: list[str]


# What a method that learned makes of the answers to be judged, and what it went by.
_Judged = tuple[Floats, _WentBy]
_Method = Callable[[Answers, Flags, Answers], _Judged]


def baselines(answers: Answers, role: int, halves: tuple[Flags, Flags]) -> Iterator[Baseline]:
    """Yield what each of `METHODS` makes of role number `role` against all others of `answers`.

    `halves` bool[n_wordings], bool[n_questions] say which half a wording and a question belong to. With one
    wording all are of the same half, and what is learned is learned under it. Yields nothing where some half
    lacks answers of either side, and nothing of the residual stream where the answers' vectors are not kept.
    """
    own = answers.role == role
    folds = list(_folds(answers, own, halves))
    methods = {name: one for name, one in METHODS.items() if name != RESIDUAL or answers.vectors is not None}
    for name, method in methods.items() if folds else ():
        placed, went_by = np.full(len(own), np.nan), _WentBy([], [])
        for learned, judged in folds:
            score, by = method(answers.of(learned), own[learned], answers.of(judged))
            placed[judged] = _placements(score, own[judged])
            went_by.features.extend(by.features)
            went_by.terms.extend(by.terms)
        yield _baseline(name, answers, own, placed, went_by)


def _folds(answers: Answers, own: Flags, halves: tuple[Flags, Flags]) -> Iterator[tuple[Ints, Ints]]:
    """Yield the rows that are learned from and those that are judged, four times or, with one wording, twice.

    Nothing where a part lacks answers of the role or of the others.
    """
    wording, question = halves[0][answers.wording], halves[1][answers.question]
    of_wording = [wording == half for half in (False, True)]
    if len(np.unique(answers.wording)) == 1:
        of_wording = [np.ones(len(own), bool)]
    parts = [first & (question == half) for first in of_wording for half in (False, True)]
    if all(len(np.unique(own[part])) == 2 for part in parts):
        for judged, learned in zip(parts, reversed(parts), strict=True):  # the other half of either
            yield np.flatnonzero(learned), np.flatnonzero(judged)


def _baseline(name: str, answers: Answers, own: Flags, placed: Floats, went_by: _WentBy) -> Baseline:
    auroc, reach = float(placed[own].mean()), _half_width(placed, own, answers)
    return Baseline(
        name,
        auroc,
        max(auroc - reach, 0.0),
        min(auroc + reach, 1.0),
        int(own.sum()),
        int((~own).sum()),
        list(dict.fromkeys(went_by.features)),
        list(dict.fromkeys(went_by.terms)),
    )


def _placements(score: Floats, own: Flags) -> Floats:
    """Return the share of the other side's answers on their side of each one's score; ties count half."""
    ranks, n = rankdata(score), len(score)
    n_own = int(own.sum())
    placed = np.empty(n)
    placed[own] = (ranks[own] - rankdata(score[own])) / (n - n_own)
    placed[~own] = 1 - (ranks[~own] - rankdata(score[~own])) / n_own
    return placed


def _half_width(placed: Floats, own: Flags, answers: Answers) -> float:
    """Return the half width of AUROC's interval.

    The role's wordings and questions, and the other roles, are treated as random samples; what a method has
    learned is taken as it is.
    """
    parts = [
        _of_means(placed[own], answers.wording[own]),
        _of_means(placed[own], answers.question[own]),
        _of_means(placed[~own], answers.role[~own]),
    ]
    auroc, n = placed[own].mean(), own.sum()
    single = (
        placed[own].var() + (auroc**2 + (1 - auroc) ** 2) / n
    ) / n  # two answers more, lowest and highest
    both = max(parts[0][0] + parts[1][0] - single, parts[0][0], parts[1][0], single)
    variance = both + parts[2][0]
    squares = sum(part**2 / df for part, df in parts if df)
    df = variance**2 / squares if squares else float(n - 1)
    return float(stdtrit(max(df, 1.0), (1 + CONFIDENCE) / 2) * np.sqrt(variance))


def _of_means(placed: Floats, group: Ints) -> tuple[float, int]:
    """Return the variance of the mean of `placed`, groups being a random sample, and its df."""
    _, at = np.unique(group, return_inverse=True)
    n_groups = at.max() + 1
    sums = np.bincount(at, placed - placed.mean())
    return (float((sums**2).sum()) / len(placed) ** 2 * n_groups / max(n_groups - 1, 1), int(n_groups - 1))


def _by_one_feature(learned: Answers, own: Flags, judged: Answers) -> _Judged:
    candidates = _strongest(learned, own, _CANDIDATES)
    columns = learned.features[:, candidates].toarray()
    aurocs = np.array([_placements(column, own)[own].mean() for column in columns.T])
    best = int(np.argmax(np.abs(aurocs - 0.5)))
    sign = np.sign(aurocs[best] - 0.5)
    return sign * judged.features[:, candidates[best]].toarray()[:, 0], _WentBy([int(candidates[best])], [])


def _by_probe(k: int) -> _Method:
    """Return a logistic regression on the `k` features with the largest F."""

    def judge(learned: Answers, own: Flags, judged: Answers) -> _Judged:
        chosen = _strongest(learned, own, k)
        scale = MaxAbsScaler().fit(learned.features[:, chosen])
        model = _logistic().fit(scale.transform(learned.features[:, chosen]), own)
        score = model.decision_function(scale.transform(judged.features[:, chosen]))
        order = np.argsort(-np.abs(model.coef_[0]))
        return score, _WentBy([int(one) for one in chosen[order]], [])

    return judge


def _by_mean_difference(learned: Answers, own: Flags, judged: Answers) -> _Judged:
    difference = learned.features[own].mean(axis=0) - learned.features[~own].mean(axis=0)
    return np.asarray(judged.features @ np.asarray(difference).ravel()), _WentBy([], [])


def _by_residual_difference(learned: Answers, own: Flags, judged: Answers) -> _Judged:
    assert learned.vectors is not None and judged.vectors is not None
    difference = learned.vectors[own].mean(axis=0) - learned.vectors[~own].mean(axis=0)
    return (judged.vectors @ difference).astype(np.float64), _WentBy([], [])


def _by_words(learned: Answers, own: Flags, judged: Answers) -> _Judged:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    try:
        words = vectorizer.fit_transform(learned.texts)
    except ValueError:  # no word stands in two answers
        return np.zeros(len(judged.texts)), _WentBy([], [])
    model = _logistic().fit(words, own)
    terms = vectorizer.get_feature_names_out()[np.argsort(-model.coef_[0])[:_TERMS]]
    return model.decision_function(vectorizer.transform(judged.texts)), _WentBy([], terms.tolist())


def _strongest(learned: Answers, own: Flags, k: int) -> Ints:
    """Return the `k` features with the largest F, at most as many as fire."""
    fired = np.flatnonzero(learned.features.getnnz(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):  # of a feature that does not vary within either side
        f, _ = f_classif(learned.features[:, fired], own)
    return fired[np.argsort(-np.nan_to_num(f, nan=-1, posinf=np.finfo(float).max), kind="stable")[:k]]


def _logistic() -> Any:
    return LogisticRegression(class_weight="balanced", solver="liblinear", random_state=0)


RESIDUAL = "residual_difference"

METHODS: dict[str, _Method] = {
    "feature": _by_one_feature,
    "probe_1": _by_probe(1),
    "probe_5": _by_probe(5),
    "probe_20": _by_probe(20),
    "mean_difference": _by_mean_difference,
    RESIDUAL: _by_residual_difference,
    "words": _by_words,
}
