"""Who judges whether a role's answers play the role: models that are asked, or a person's file of scores."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from persona_assets.study.settings.block import Block, Dtype, PositiveInt
from persona_assets.study.settings.generation import GenerationSettings

PLACES = ("{question}", "{answer}")  # that a judge's prompt must hold


class JudgeSettings(Block):
    """A judge: a model that is asked about each answer, or a file of a person's scores."""

    ELSEWHERE = {
        "model": "the identity of its files enters, or its hub id and revision",
        "revision": "is part of the model's identity",
        "dtype": "the type that `auto` came to enters, of a model in this process",
        "engine": "of its options those enter that the backend calls decisive, and `served_model`",
        "prompt": "the prompt that a role is judged by enters",
        "file": "the role's scores enter, wherever they lie",
    }
    IGNORED = {"backend": "each asks the same model"}

    backend: str = "transformers"
    """What answers, as `generation.backend`."""
    model: str | None = None
    """The model that is asked: a directory, or a hub id; its tokenizer is read here."""
    revision: str | None = None
    """Revision of a hub id."""
    file: str | None = None
    """In place of `model`: JSON lines of `{"role", "response_id", "score"}`, such as a person's, or a folder
    of assistant-axis's score files, `<role>.json`."""
    prompt: str | None = None
    """What the judge is asked: a text that holds `{question}` and `{answer}`, and may hold `{role}`; by
    default the `eval_prompt` of the role's file. A role without one is not judged."""
    scale: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2)] = [0, 1, 2, 3]
    """The scores that may be given, rising; the last is that of an answer that fully plays the role."""
    max_tokens: PositiveInt = 8
    """Longest answer of the judge, in tokens; a model that thinks needs more."""
    max_model_len: PositiveInt = 4096
    """Longest prompt and answer together, in tokens."""
    dtype: Dtype = "auto"
    """Type of the weights, as `generation.dtype`."""
    template_date: dt.date | None = None
    """The day that a chat template prints."""
    engine: dict[str, Any] = {}
    """Options of the backend, as `generation.engine`."""

    @model_validator(mode="after")
    def _asks_or_reads(self) -> Self:
        if (self.model is None) == (self.file is None):
            raise ValueError("a judge has either `model` or `file`")
        if self.file is not None and self.prompt is not None:
            raise ValueError("a judge's `file` holds its scores: leave `prompt` out")
        if self.prompt is not None and not all(place in self.prompt for place in PLACES):
            raise ValueError("prompt must hold {question} and {answer}")
        if self.scale != sorted(set(self.scale)):
            raise ValueError("scale must rise, each score named once")
        return self

    @property
    def asking(self) -> GenerationSettings:
        """How the model is asked, as a study's answers are: always for its likeliest answer."""
        assert self.model is not None
        twins = self.model_dump(exclude={"file", "prompt", "scale"})  # keys that both blocks have
        return GenerationSettings(**twins, temperature=0, top_p=1)
