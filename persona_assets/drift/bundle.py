"""The form of an exported run's files: what is read of them; other keys are passed over."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, FiniteFloat, ValidationError, model_validator

from persona_assets.lake.schema.of_runs import DriftScore

# What the field's notebook calls the scores.
_SCORES = {"cos_axis": "cosine_axis", "cos_assistant": "cosine_anchor"}
_VERDICTS = ("LOW", "MODERATE", "HIGH")


def _score(value: Any) -> Any:
    return _SCORES.get(value, value) if isinstance(value, str) else value


def _nan_as(replacement: float | None) -> BeforeValidator:
    """Take NaN, which Python writes where nothing could be divided, for `replacement`."""

    def replaced(value: Any) -> Any:
        return replacement if isinstance(value, float) and math.isnan(value) else value

    return BeforeValidator(replaced)


def _one_of(*values: str) -> BeforeValidator:
    """Take whatever is none of `values` for None: it is shown as not known."""
    return BeforeValidator(lambda value: value if value in values else None)


def _fitting(parse: Callable[[Any], Any]) -> BeforeValidator:
    """Leave out the entries of a list that `parse` refuses."""

    def fitting(value: Any) -> list[Any]:
        found = []
        for entry in value if isinstance(value, list) else []:
            try:
                found.append(parse(entry))
            except ValidationError:
                continue
        return found

    return BeforeValidator(fitting)


Count = Annotated[int, Field(ge=0)]
Score = Annotated[DriftScore, BeforeValidator(_score)]
Maybe = Annotated[FiniteFloat | None, _nan_as(None)]
Share = Annotated[FiniteFloat, _nan_as(0.0)]
Scaled = Annotated[FiniteFloat, _nan_as(0.5)]
Verdict = Annotated[Literal["LOW", "MODERATE", "HIGH"] | None, _one_of(*_VERDICTS)]


class Meta(BaseModel):
    """What was measured with what."""

    model_name: str
    sae_id: str
    assistant_role: str
    score_method: Score


class TurnScore(BaseModel):
    """A turn; turns count from 0."""

    assistant_turn: Count
    score: Maybe


class Item(BaseModel):
    """A feature that moved a transition's score."""

    feature_idx: Count
    delta_x: FiniteFloat
    axis_weight: FiniteFloat
    contrib: FiniteFloat
    share_of_change: Share
    share_of_away: Share
    role_profile: str = ""


class Change(BaseModel):
    """A transition with its features."""

    prev_turn: Count
    turn: Count
    delta_score: Maybe
    away_mass: FiniteFloat
    toward_mass: FiniteFloat
    activated: list[Item]
    deactivated: list[Item]


class Tokens(BaseModel):
    """A turn's tokens on the axis."""

    assistant_turn: Count
    tokens: list[str]
    u_k: list[FiniteFloat]
    u_k_norm: list[Scaled]

    @model_validator(mode="after")
    def _columns_are_as_long(self) -> Self:
        if not len(self.tokens) == len(self.u_k) == len(self.u_k_norm):
            raise ValueError("tokens, u_k and u_k_norm must be of one length")
        return self


class Scores(BaseModel):
    """How far is each turn?"""

    turn_scores: list[TurnScore]


class Changes(BaseModel):
    """What carries each change?"""

    transitions: list[Change]


class Localization(BaseModel):
    """In which tokens?"""

    token_localization: list[Tokens]


class UiBundle(BaseModel):
    """`ui_bundle.json`."""

    run_meta: Meta
    q1: Scores
    q2: Changes
    q3: Localization


class Config(BaseModel):
    """How a run was measured; None is not known."""

    sae_release: str | None = None
    pooling: Annotated[Literal["mean", "max"] | None, _one_of("mean", "max")] = None
    transform: Annotated[Literal["log1p", "raw"] | None, _one_of("log1p", "raw")] = None
    use_centering: bool | None = None
    use_l2_normalize: bool | None = None
    axis_method: str | None = None


class Correlation(BaseModel):
    """A score's correlation over turns with something else, as the field's notebook writes it."""

    metric: Literal["turn_l2_space", "turn_nonzero_raw", "turn_l2_raw", "turn_nonzero_space"]
    score_method: Score
    r: Maybe = Field(alias="corr(score, metric)")


class Diagnostics(BaseModel):
    """What else goes with the score."""

    confound_verdict: Verdict = None
    max_abs_corr_selected_score: Maybe = None
    score_mass_diag: Annotated[list[Correlation], _fitting(Correlation.model_validate)] = []


class Band(BaseModel):
    """A score with its null band."""

    value: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    p: FiniteFloat | None = None
    run_low: FiniteFloat | None = None


class Near(BaseModel):
    """A role that a turn is near to."""

    role: str
    cosine: FiniteFloat


class Played(BaseModel):
    """The axis over played answers."""

    n_roles: Count
    axis_cosine: FiniteFloat
    p: FiniteFloat | None


class MeasuredTurn(BaseModel):
    """A turn's values that only this project's bundles hold."""

    turn: Count
    message: Count | None
    n_tokens: Count
    n_active_features: Count | None
    norm: FiniteFloat | None
    n_answers: Count | None = None
    scores: dict[DriftScore, Band | None]
    played: Band | None = None
    nearest: list[Near]


class MeasuredSpace(BaseModel):
    """How a space was made, as far as `Config` has no place for it."""

    axis_cosine: FiniteFloat | None
    n_roles: Count | None
    compared_with: list[str]
    n_draws: Count | None


class Confound(BaseModel):
    """A score's correlation with something else."""

    score: DriftScore
    confound: Literal["norm", "n_active_features", "n_tokens"]
    r: FiniteFloat | None


class Measured(BaseModel):
    """What only this project's summaries hold."""

    n_tokens: Count | None
    n_below_band: Count | None
    p: FiniteFloat | None = None
    least_of: Count | None = None
    space: MeasuredSpace
    played: Played | None = None
    confounds: list[Confound]
    turns: list[MeasuredTurn]


class Summary(BaseModel):
    """`summary.json`."""

    config: Config = Config()
    diagnostics: Diagnostics = Diagnostics()
    measured: Measured | None = None
