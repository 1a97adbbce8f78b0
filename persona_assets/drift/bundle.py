"""The form of an exported run's files: what is read of them; other keys are passed over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, FiniteFloat

from persona_assets.settings import DriftScore

RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
Count = Annotated[int, Field(ge=0)]


class ManifestRun(BaseModel):
    """A run as `runs_manifest.json` names it; the urls are paths below the manifest's folder."""

    id: RunId
    conversation_name: str
    ui_bundle_url: str
    conversation_url: str
    summary_url: str
    sensitive: bool = False


class Manifest(BaseModel):
    """`runs_manifest.json`."""

    runs: list[ManifestRun]


class Meta(BaseModel):
    """What was measured with what."""

    model_name: str
    sae_id: str
    assistant_role: str
    score_method: DriftScore


class TurnScore(BaseModel):
    """A turn; turns count from 0."""

    assistant_turn: Count
    score: FiniteFloat | None


class Item(BaseModel):
    """A feature that moved a transition's score."""

    feature_idx: Count
    delta_x: FiniteFloat
    axis_weight: FiniteFloat
    contrib: FiniteFloat
    share_of_change: FiniteFloat
    share_of_away: FiniteFloat
    role_profile: str


class Change(BaseModel):
    """A transition with its features."""

    prev_turn: Count
    turn: Count
    delta_score: FiniteFloat | None
    away_mass: FiniteFloat
    toward_mass: FiniteFloat
    activated: list[Item]
    deactivated: list[Item]


class Tokens(BaseModel):
    """A turn's tokens on the axis."""

    assistant_turn: Count
    tokens: list[str]
    u_k: list[FiniteFloat]
    u_k_norm: list[FiniteFloat]


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
    """How a run was measured."""

    pooling: Literal["mean", "max"]
    transform: Literal["log1p", "raw"]
    use_centering: bool
    use_l2_normalize: bool
    axis_method: str


class Diagnostics(BaseModel):
    """What else goes with the score."""

    confound_verdict: Literal["LOW", "MODERATE", "HIGH"] | None = None


class Band(BaseModel):
    """A score with its null band."""

    value: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None


class Near(BaseModel):
    """A role that a turn is near to."""

    role: str
    cosine: FiniteFloat


class MeasuredTurn(BaseModel):
    """What this project's bundles have no place for."""

    turn: Count
    message: Count | None
    n_tokens: Count
    n_active_features: Count | None
    norm: FiniteFloat | None
    scores: dict[DriftScore, Band | None]
    nearest: list[Near]


class MeasuredSpace(BaseModel):
    """What `Config` has no place for."""

    axis_cosine: FiniteFloat | None
    n_roles: Count | None
    compared_with: list[str]
    n_draws: Count | None


class Confound(BaseModel):
    """A score's correlation with something else."""

    score: DriftScore
    confound: Literal["norm", "n_active_features", "n_tokens"]
    r: FiniteFloat | None
    verdict: Literal["LOW", "MODERATE", "HIGH"] | None


class Measured(BaseModel):
    """What only this project's summaries hold."""

    n_tokens: Count | None
    n_below_band: Count | None
    space: MeasuredSpace
    confounds: list[Confound]
    turns: list[MeasuredTurn]


class Summary(BaseModel):
    """`summary.json`."""

    config: Config
    diagnostics: Diagnostics = Diagnostics()
    measured: Measured | None = None
