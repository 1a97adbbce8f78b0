"""A model that answers while the stream that an SAE reads is edited, some rows of a batch in other ways."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol

import torch

from persona_assets.extract.backbone import Backbone, place_of
from persona_assets.generate.backend import Completion
from persona_assets.generate.cache import keeps_all_tokens
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.architectures import architecture
from persona_assets.models.hooks import HookPoint
from persona_assets.models.places import Change, changed
from persona_assets.steering.caps import Cap, capped
from persona_assets.steering.edits import Edit
from persona_assets.study.settings import GenerationSettings, SaeSettings


class Steered(Protocol):
    """Answers prompts while a stream is edited. Made by `GenerationBackend.steers`; loads its model once.

    The prompt's last token is none of the answer's: what it predicts is the first one, which is drawn as if
    nothing were edited.
    """

    def answers(
        self,
        edits: Sequence[Edit],
        prompts: Sequence[Prompt],
        *,
        whole_conversation: bool,
        done: Collection[tuple[int, int]] = (),
    ) -> Iterator[list[tuple[int, Completion]]]:
        """Yield the answers to all prompts under each edit, some at a time, each with its edit's place.

        All tokens are edited, or the answer's. Those under an edit, by its place, to a prompt, by its
        response id, that are `done` already are left out.
        """

    def close(self) -> None:
        """Give back the model's memory."""


def together(n_edits: int, n_prompts: int, size: int) -> Iterator[tuple[range, range]]:
    """Yield places of edits and of the prompts that are answered under each, at most `size` answers together.

    An edit's answers to the same prompts are in a batch with one another's, so that each has the same room.
    """
    for first in range(0, n_prompts, size):
        some = range(first, min(first + size, n_prompts))
        n_at_once = max(1, size // len(some))
        for start in range(0, n_edits, n_at_once):
            yield range(start, min(start + n_at_once, n_edits)), some


class SteeredBackend:
    """transformers' backend with the stream at `point` edited; see `Steered`.

    `whole` is the model where it is loaded already. Raises StudyError where that stream cannot be changed.
    """

    def __init__(
        self,
        generation: GenerationSettings,
        point: HookPoint,
        _: SaeSettings | None = None,
        *,
        whole: Backbone | None = None,
    ) -> None:
        self._backend = TransformersBackend(generation, None if whole is None else whole.causal)
        try:
            self._place = place_of(whole or self._own(), point)
        except Exception:
            self._backend.close()  # others, who hold the model, find it as it was
            raise

    def _own(self) -> Backbone:
        model = self._backend.model
        layers = model.get_decoder()
        known = architecture(layers.config.model_type)
        return Backbone(layers, known, torch.device(self._backend.device), 0, model)

    def answers(
        self,
        edits: Sequence[Change],
        prompts: Sequence[Prompt],
        *,
        whole_conversation: bool,
        done: Collection[tuple[int, int]] = (),
        caps: Sequence[Cap] = (),
    ) -> Iterator[list[tuple[int, Completion]]]:
        """Yield the answers of one batch after another (`Steered.answers`).

        A batch that is half done runs whole again, so that each answer has the bits that it would have had.
        Under `caps` all tokens are held, of the prompts too, one cap after another, at what the edits leave.
        """
        for places, rows in together(len(edits), len(prompts), self._backend.batch_size):
            some = [prompts[row] for row in rows]
            wanted = {(place, one.response_id) for place in places for one in some} - set(done)
            if wanted:
                batch = self._batch([edits[place] for place in places], some, whole_conversation, caps)
                numbered = ((places[place], answer) for place, answer in batch)
                yield [(place, one) for place, one in numbered if (place, one.response_id) in wanted]

    def _batch(
        self,
        edits: Sequence[Change],
        prompts: Sequence[Prompt],
        whole_conversation: bool,
        caps: Sequence[Cap],
    ) -> list[tuple[int, Completion]]:
        """Return the answers to all prompts under each edit, all of the same random numbers."""
        backend = self._backend
        # What prompts begin with is read once for all edits, so only where nothing of it is edited.
        backend.shares = not whole_conversation and keeps_all_tokens(backend.model)
        with self._edited(edits, len(prompts), whole_conversation), ExitStack() as held:
            for cap in caps:  # behind the edits: hooks of one layer run in the order in which they are set
                held.enter_context(capped(backend.model, cap))
            return list(backend.complete_together([prompts] * len(edits)))

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
