"""Who scores labels of features: which model is asked, by which scorers, and about which features."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from persona_assets.study.settings.asking import AskingSettings
from persona_assets.study.settings.block import PositiveInt

Scorer = Literal["detection", "fuzzing"]


class ExplanationScoresSettings(AskingSettings):
    """The model that is asked how well labels foretell, and about which features' labels."""

    ELSEWHERE = {
        **AskingSettings.ELSEWHERE,
        "scorers": "enters beside what decides an answer, so that one more asks nothing again",
        "top": "as `scorers`",
        "features": "as `scorers`",
    }

    model: str
    """The model that is asked: a directory, or a hub id; its tokenizer is read here."""
    scorers: Annotated[list[Scorer], Field(min_length=1)] = ["detection", "fuzzing"]
    """What is asked: `detection`, in which excerpts the feature fires; `fuzzing`, whether the marked tokens
    are those on which it fires. A label stands with the score of the first."""
    top: PositiveInt = 10
    """Labels of so many features of each role are scored, the first by `top_features`."""
    features: list[Annotated[int, Field(ge=0)]] = []
    """In place of `top`: the ids of the features whose labels are scored."""
    max_tokens: PositiveInt = 64
    """Longest answer about five excerpts, in tokens; a model that thinks needs more."""

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.scorers)) < len(self.scorers):
            raise ValueError("scorers names one twice")
        return self
