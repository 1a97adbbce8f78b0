"""How a model is asked something about a study: what judges, and whoever else is asked, have in common."""

from __future__ import annotations

import datetime as dt
from typing import Any

from persona_assets.study.settings.block import Block, Dtype, PositiveInt
from persona_assets.study.settings.generation import GenerationSettings


class AskingSettings(Block):
    """Which model is asked, by what, and how long it may answer."""

    ELSEWHERE = {
        "model": "the identity of its files enters, or its hub id and revision",
        "revision": "is part of the model's identity",
        "dtype": "the type that `auto` came to enters, of a model in this process",
        "engine": "of its options those enter that the backend calls decisive, and `served_model`",
    }
    IGNORED = {"backend": "each asks the same model"}

    backend: str = "transformers"
    """What answers, as `generation.backend`."""
    model: str | None = None
    """The model that is asked: a directory, or a hub id; its tokenizer is read here."""
    revision: str | None = None
    """Revision of a hub id."""
    max_tokens: PositiveInt
    """Longest answer, in tokens; a model that thinks needs more."""
    max_model_len: PositiveInt = 4096
    """Longest prompt and answer together, in tokens."""
    dtype: Dtype = "auto"
    """Type of the weights, as `generation.dtype`."""
    template_date: dt.date | None = None
    """The day that a chat template prints."""
    engine: dict[str, Any] = {}
    """Options of the backend, as `generation.engine`."""

    @property
    def asking(self) -> GenerationSettings:
        """How the model is asked, as a study's answers are: always for its likeliest answer."""
        assert self.model is not None
        twins = self.model_dump(include=set(AskingSettings.model_fields))  # keys that both blocks have
        return GenerationSettings(**twins, temperature=0, top_p=1)
