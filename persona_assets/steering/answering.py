"""A model that answers while the stream that an SAE reads is edited, some rows of a batch in other ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import torch

from persona_assets.extract.backbone import Backbone, place_of
from persona_assets.generate.backend import Completion
from persona_assets.generate.cache import keeps_all_tokens
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.architectures import architecture
from persona_assets.models.hooks import HookPoint
from persona_assets.models.places import Change, changed
from persona_assets.study.settings import GenerationSettings

E = TypeVar("E")  # an edit, with or without what is known of it


def together(
    edits: Sequence[E], prompts: Sequence[Prompt], size: int
) -> Iterator[tuple[Sequence[E], Sequence[Prompt]]]:
    """Yield edits with the prompts that are answered under each of them, at most `size` answers together.

    An edit's answers to the same prompts are in a batch with one another's, so that each has the same room.
    """
    for first in range(0, len(prompts), size):
        some = prompts[first : first + size]
        n_edits = max(1, size // len(some))
        for start in range(0, len(edits), n_edits):
            yield edits[start : start + n_edits], some


class SteeredBackend:
    """transformers' backend with the stream at `point` edited: on all tokens, or on the answer's.

    The prompt's last token is none of the answer's: what it predicts is the first one, which is drawn as if
    nothing were edited. Raises StudyError where that stream cannot be changed.
    """

    def __init__(self, generation: GenerationSettings, point: HookPoint) -> None:
        self._backend = TransformersBackend(generation)
        model = self._backend.model
        layers = model.get_decoder()
        known = architecture(layers.config.model_type)
        self._place = place_of(Backbone(layers, known, torch.device(self._backend.device), 0, model), point)

    def answers(
        self, edits: Sequence[Change], prompts: Sequence[Prompt], *, whole_conversation: bool
    ) -> list[list[Completion]]:
        """Return the answers to all prompts under each edit: one batch, all of the same random numbers."""
        backend = self._backend
        # What prompts begin with is read once for all edits, so only where nothing of it is edited.
        backend.shares = not whole_conversation and keeps_all_tokens(backend.model)
        found: list[list[Completion]] = [[] for _ in edits]
        with self._edited(edits, len(prompts), whole_conversation):
            for place, completion in backend.complete_together([prompts] * len(edits)):
                found[place].append(completion)
        return found

    @contextmanager
    def _edited(self, edits: Sequence[Change], n_prompts: int, whole_conversation: bool) -> Iterator[None]:
        """While open, of each pass of a batch the rows of an edit are edited; of the prompts' if they are."""
        n_passes = 0

        def count(*_: object) -> None:
            nonlocal n_passes
            n_passes += 1  # the first reads what is left of the prompts, each that follows a token of answers

        def each(stream: torch.Tensor) -> torch.Tensor:
            if n_passes < 2 and not whole_conversation:
                return stream
            rows = stream.split(n_prompts)
            return torch.cat([edit(part) for edit, part in zip(edits, rows, strict=True)])

        with ExitStack() as open_:
            open_.callback(self._backend.model.register_forward_pre_hook(count).remove)
            open_.enter_context(changed(self._place, each))
            yield

    def close(self) -> None:
        """Give back the model's memory."""
        self._place = None  # type: ignore[assignment]
        self._backend.close()
