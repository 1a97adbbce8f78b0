"""What a backend is: something that answers prompts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from persona_assets.generate.prompts import Prompt
from persona_assets.study.backends import generation_backend
from persona_assets.study.settings import GenerationSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Completion:
    """A model's answer to one prompt.

    `token_ids` are the sampled ones without the token that ended the answer; `finish_reason` is "stop" or
    "length"; `token_source` says whether the ids were generated or made from text, and `answered_by` what a
    server calls the model that answered. `likeliest`: probabilities of the likeliest first tokens, by their
    text, where they were asked for and are known.
    """

    response_id: int
    token_ids: list[int]
    text: str
    finish_reason: str
    token_source: str = "generated"
    answered_by: str | None = None
    likeliest: dict[str, float] | None = None


class Backend(Protocol):
    """Answers prompts, in whatever order suits it. Made by `open_backend`; loads its model once."""

    tokenizer: PreTrainedTokenizerBase

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        """Answer a role's prompts once each, but for those whose response ids are `done` already."""

    def close(self) -> None:
        """Give back the model's memory."""


@runtime_checkable
class Batching(Backend, Protocol):
    """Answers `batch_size` prompts at once: small roles are answered together."""

    batch_size: int

    def complete_together(self, roles: Sequence[Sequence[Prompt]]) -> Iterator[tuple[int, Completion]]:
        """Answer the prompts of several roles, a batch in all; yield each answer with its role's place."""


def open_backend(generation: GenerationSettings, likeliest: int = 0) -> Backend:
    """Load the backend that the study names.

    One with an attribute `n_likeliest` tells with each answer the probabilities of so many first tokens.
    """
    backend: Backend = generation_backend(generation.backend).opens(generation)
    if likeliest and hasattr(backend, "n_likeliest"):
        backend.n_likeliest = likeliest
    return backend


def by_text(logprobs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return probabilities by text, of tokens that may share one."""
    found: dict[str, float] = {}
    for text, logprob in logprobs:
        found[text] = found.get(text, 0.0) + exp(logprob)
    return found
