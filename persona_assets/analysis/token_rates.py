"""How often a feature is active per token, by role, with wordings and questions as random samples.

A role's rate is its active tokens over its tokens. How far each response is above it, (active - rate x
tokens) over the role's mean tokens, is 0 on average within the role; of that the mean squares are taken that
`errors` takes of activations: W of wordings, I of role x question, E of what is left. All is summed in one
reading: I is a role's own mean square of questions, times the share of it, over all roles, that they do not
have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design
from persona_assets.analysis.entries import Entries
from persona_assets.analysis.moderated import combined, moderated, prior_degrees
from persona_assets.base.arrays import Flags, Floats, Ints, Singles

_BLOCK = 2048  # features at a time


@dataclass(frozen=True)
class TokenRates:
    """Active tokens over tokens, the variance of it and its degrees of freedom, float32[n_roles, d_sae]."""

    rate: Singles
    variance: Singles
    df: Singles


@dataclass(frozen=True)
class RateSums:
    """What the reading gives, float32[n_roles, d_sae]: the `rate`, and the mean squares of `wording` and, but
    for the share that all roles have in common, of `question`; and what is `left`, float64[d_sae].

    `known` bool[d_sae]: whether all active tokens and tokens are.
    """

    rate: Singles
    wording: Singles
    question: Singles
    left: Floats
    known: Flags


class RateReadings:
    """`RateSums` in the making."""

    def __init__(self, design: Design, n_features: int, *, aligned: bool) -> None:
        shape, n_questions = (len(design.roles), n_features), design.by_question.shape[1]
        self._design = design
        self._known = bool(np.isfinite(design.lengths[design.present]).all())
        self._rate, self._wording, self._question = np.zeros((3, *shape), np.float32)
        self._base = np.zeros((n_features if aligned else 0, n_questions), np.float32)
        self._tokens = np.zeros((len(design.roles), n_questions))
        self._left, self._of_questions = np.zeros((2, n_features))

    def add(self, row: int, entries: Entries) -> Floats:
        """Take in role number `row`; return float64[d_sae]: activations times length less the role's mean."""
        design, n, active = self._design, self._design.n_responses[row], entries.active
        self._known &= active is not None
        tokens = np.where(design.present[row], design.lengths[row], 0)
        mean = tokens.sum() / n
        weight = design.question_weights(row) / mean
        on_question = np.bincount(design.question_of, tokens * weight)
        sums, moments = (
            np.zeros((len(self._left), design.by_variant.shape[1])),
            np.zeros((5, len(self._left))),
        )
        loops.tally_active(
            entries.starts,
            entries.cell,
            entries.value,
            np.ones_like(entries.cell) if active is None else active,
            design.variant_of,
            design.question_of,
            tokens,
            np.where(design.present[row], tokens - mean, 0),
            weight,
            on_question,
            sums,
            moments,
            self._base,
        )
        rate = sums.sum(axis=1) / tokens.sum()
        self._rate[row], self._tokens[row] = rate, on_question
        squares, products, of_length, of_sums, of_tokens = moments
        within = (squares - 2 * rate * products + rate**2 * (tokens**2).sum()) / mean**2
        above = sums - np.outer(rate, np.bincount(design.variant_of, tokens))
        between = (above / mean) ** 2 @ (1 / np.maximum(design.by_variant[row], 1))
        asked = design.by_question[row][design.by_question[row] > 0]
        of_question = of_sums - 2 * rate * of_tokens + rate**2 * (on_question**2).sum()
        of_question = np.maximum(of_question, 0) * len(asked) / (1 / asked).sum()
        self._wording[row] = between / max((design.by_variant[row] > 0).sum() - 1, 1)
        self._question[row] = of_question / max(len(asked) - 1, 1)
        self._left += within - between - of_question
        self._of_questions += of_question
        return of_length

    def sums(self) -> RateSums:
        """Return the sums once all roles are in; what was summed is used up."""
        self._question *= self._own_part().astype(np.float32)
        known = np.full(len(self._left), self._known)
        return RateSums(self._rate, self._wording, self._question, self._left, known)

    def _own_part(self) -> Floats:
        """float64[d_sae]: of the mean squares of questions, the share that is not common to all roles."""
        if not len(self._base):
            return np.ones(len(self._left))
        by_question, own = self._design.by_question, self._of_questions
        df = (by_question > 0).sum(axis=1) - 1
        shared = self._base - self._rate.T @ self._tokens.astype(np.float32)
        shared /= np.maximum((by_question > 0).sum(axis=0), 1)
        of_shared = shared**2 @ by_question.sum(axis=0).astype(np.float32)
        own_df = df.sum() - (by_question.sum(axis=0) > 0).sum() + 1
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (own - of_shared) / own * df.sum() / max(own_df, 1)
        return np.clip(np.nan_to_num(part, nan=1), 0, 1)


def token_rates(design: Design, sums: RateSums, fired: Ints) -> TokenRates | None:
    """Return the rates with their errors, in the place of `sums`; `fired` is `Totals.fired`.

    None where a role's active tokens, or a response's tokens, are not known, or a role has one question.
    """
    wording_df = (design.by_variant > 0).sum(axis=1) - 1
    question_df = (design.by_question > 0).sum(axis=1) - 1
    if not sums.known.all() or not (question_df > 0).all():
        return None
    explained = len(design.roles) + wording_df.sum() + question_df.sum()
    residual_df = max(float(design.n_responses.sum() - explained), 1.0)
    residual = np.maximum(sums.left, 0) / residual_df
    parts = (sums.wording, wording_df), (sums.question, question_df)
    prior = [prior_degrees(squares, df, fired) for squares, df in parts]
    for start in range(0, len(fired), _BLOCK):
        block = np.s_[start : start + _BLOCK]
        (w, w_df), (i, i_df) = (
            moderated(squares[:, block].astype(float), df, of_prior[block])
            for (squares, df), of_prior in zip(parts, prior, strict=True)
        )
        error, sums.question[:, block] = combined(w, w_df, i, i_df, residual[block], residual_df)
        sums.wording[:, block] = error / design.n_responses[:, None]
    return TokenRates(sums.rate, sums.wording, sums.question)  # in place: each is as large as the table
