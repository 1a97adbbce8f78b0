"""Who takes part, what is asked, and how it is answered."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from persona_assets.study.backends import generation_backend
from persona_assets.study.settings.block import Block, Dtype, Name, PositiveInt


class RolesSettings(Block):
    """Which roles take part: all of a directory of role files, or those named."""

    ELSEWHERE = {
        "directory": "the roles' instructions and questions enter, wherever they lie",
        "include": "the roles that take part enter what compares them",
    }

    directory: str
    """Folder of role files, `<role>.json`: `{"instruction": [{"pos": "…"}], "questions": ["…"],
    "eval_prompt": "…"}`."""
    include: Literal["all"] | list[Name] = "all"
    """All roles of the folder, or a list of names; quote a name of digits alone, so that it stays text."""


class QuestionsSettings(Block):
    """What is asked: one file of general questions, or every role's own (`role_specific`)."""

    ELSEWHERE = {
        "mode": "the questions enter; what compares roles also takes whether they share them",
        "file": "the questions enter, wherever they lie",
        "limit": "the questions that are asked enter",
    }

    mode: Literal["general", "role_specific"] = "general"
    """`general`: all roles answer the questions of `questions.file`; `role_specific`: each role
    answers its own."""
    file: str | None = None
    """JSON lines of `{"id", "question"}`, ids below 100,000; needed by `general`."""
    limit: PositiveInt | None = None
    """Ask only the first so many questions; by default all."""

    @model_validator(mode="after")
    def _file_fits_mode(self) -> Self:
        if self.mode == "general" and self.file is None:
            raise ValueError("mode general needs `file`, a JSONL file of questions")
        if self.mode == "role_specific" and self.file is not None:
            raise ValueError("mode role_specific takes each role's own questions: leave `file` out")
        return self


# What rendering itself says to a chat template; a study does not.
_OWN_ARGUMENTS = frozenset(
    {
        "add_generation_prompt",
        "chat_template",
        "continue_final_message",
        "conversation",
        "messages",
        "padding",
    }
    | {"max_length", "return_assistant_tokens_mask", "return_dict", "return_tensors", "strftime_now"}
    | {"tokenize", "tokenizer_kwargs", "truncation"}
)


class ChatTemplateSettings(Block):
    """How conversations are rendered where the model leaves a choice."""

    ELSEWHERE = {"file": "the template's text enters, wherever it lies"}

    arguments: dict[str, Any] = {}
    """What the template is told, such as `{enable_thinking: false}`; a name that it does not read is
    refused."""
    file: str | None = None
    """A Jinja template of your own, in place of the model's."""

    @model_validator(mode="after")
    def _arguments_are_the_templates(self) -> Self:
        taken = sorted(_OWN_ARGUMENTS & self.arguments.keys())
        if taken:
            raise ValueError(f"arguments: {taken[0]!r} is not a study's to set; leave it out")
        return self


class GenerationSettings(Block):
    """How responses are sampled, and by what."""

    FIRST = frozenset({"temperature", "top_p", "max_tokens", "max_model_len", "seed"})
    ELSEWHERE = {
        "model": "the identity of its files enters, or its hub id and revision",
        "revision": "is part of the model's identity",
        "model_name": "enters as it is spoken in instructions",
        "prompt_indices": "the instructions that are used enter",
        "dtype": "the type that `auto` came to enters",
        "engine": "of its options those enter that the backend calls decisive",
        "chat_template": "enters with the text of a template of one's own",
    }
    IGNORED = {"backend": "each answers with the same model; `origin` in the responses says which it was"}

    backend: str = "transformers"
    """What answers: `transformers`, `vllm` (its engine in this process), `openai` (a server), or one of your
    own, `package.module:NAME` (see extending.md)."""
    model: str
    """A directory, or a hub id."""
    revision: str | None = None
    """Revision of a hub id; pin one, for `main` moves."""
    model_name: str | None = None
    """What `{model_name}` in an instruction becomes; by default the last part of the model's id."""
    prompt_indices: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [0, 1, 2, 3, 4]
    """Which instruction variants are asked, counted from 0."""
    temperature: Annotated[float, Field(ge=0)] = 0.7
    """Sampling temperature; 0 takes the likeliest token."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Sample from the likeliest tokens that together have this probability."""
    max_tokens: PositiveInt = 512
    """Longest answer, in tokens."""
    max_model_len: PositiveInt = 2048
    """Longest prompt and answer together, in tokens."""
    seed: int = 0
    """Any whole number: with role, variant and question it seeds each response."""
    dtype: Dtype = "auto"
    """Type of the weights while they answer; `auto`: see below."""
    template_date: dt.date | None = None
    """The day that a chat template prints, such as `2025-01-31`; without it a template that prints the date
    is refused."""
    chat_template: ChatTemplateSettings = ChatTemplateSettings()
    """How conversations are rendered where the model leaves a choice."""
    engine: dict[str, Any] = {}
    """Options of the backend, see below."""

    @model_validator(mode="after")
    def _variants_are_distinct(self) -> Self:
        if len(set(self.prompt_indices)) != len(self.prompt_indices):
            raise ValueError("prompt_indices names a variant twice")
        return self

    @property
    def spoken_name(self) -> str:
        """What `{model_name}` in an instruction becomes."""
        return self.model_name or self.model.rstrip("/").rsplit("/", 1)[-1]

    @property
    def decisive_engine(self) -> dict[str, Any]:
        """The options of the backend that change the numbers."""
        decisive = generation_backend(self.backend).decisive
        return {key: self.engine[key] for key in decisive if key in self.engine}
