"""Who judges whether a role's answers play the role: models that are asked, or a person's file of scores."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from persona_assets.study.settings.asking import AskingSettings
from persona_assets.study.settings.block import PositiveInt

PLACES = ("{question}", "{answer}")  # that a judge's prompt must hold


class JudgeSettings(AskingSettings):
    """A judge: a model that is asked about each answer, or a file of a person's scores."""

    ELSEWHERE = {
        **AskingSettings.ELSEWHERE,
        "prompt": "the prompt that a role is judged by enters",
        "file": "the role's scores enter, wherever they lie",
    }

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
