"""Who says what features are about: which model is asked, and about which features."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from persona_assets.study.settings.asking import AskingSettings
from persona_assets.study.settings.block import PositiveInt


class ExplanationsSettings(AskingSettings):
    """The model that is asked what features are about, and about which of them."""

    ELSEWHERE = {
        **AskingSettings.ELSEWHERE,
        "top": "enters beside what decides an answer, so that one more feature asks nothing again",
        "features": "as `top`",
        "prompt": "its text enters, wherever it lies",
    }

    model: str
    """The model that is asked: a directory, or a hub id; its tokenizer is read here."""
    top: PositiveInt = 10
    """So many features of each role are explained, the first by `top_features`."""
    features: list[Annotated[int, Field(ge=0)]] = []
    """In place of `top`: the ids of the features that are explained, under each SAE."""
    prompt: str | None = None
    """A text file of your own in place of `persona_assets/study/explaining.txt`; it holds `{examples}`, and
    may hold `{contrast}`."""
    max_tokens: PositiveInt = 128
    """Longest answer about a feature, in tokens; a model that thinks needs more."""
