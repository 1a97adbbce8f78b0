"""A model that is asked one text at a time: a judge, or one that explains features or scores explanations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.generate.backend import Backend, Completion, open_backend
from persona_assets.generate.in_flight import Parts
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.schema import VARIANT_STRIDE
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.dtypes import asked_dtype
from persona_assets.study.backends import generation_backend
from persona_assets.study.engines import key_of, speaking_of
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.study import Study
from persona_assets.study.template import Template

Said = TypeVar("Said")
_THOUGHTS_BEGIN = "<think>"
_THOUGHTS_END = "</think>"


class NoRoomError(StudyError):
    """A prompt that is too long for the model that is asked."""


def after_thoughts(text: str) -> str:
    """Return what a model says after its thoughts, if it has some: nothing where they have no end."""
    said = text.rpartition(_THOUGHTS_END)[2]
    return "" if _THOUGHTS_BEGIN in said else said


class AskedModel:
    """A model and its chat format; it is loaded when it is first asked, and kept.

    `block` is where a study names it, such as `judge.one`, and `who` what errors call it. `dtype` tells the
    type of the weights, where the model runs in this process. Of a backend that knows them, answers hold the
    probabilities of the `likeliest` first tokens. Raises StudyError where the backend is not installed, or
    the tokenizer is not at hand.
    """

    def __init__(
        self,
        asking: GenerationSettings,
        *,
        block: str = "",
        who: str = "model",
        dtype: Callable[[], str] | None = None,
        likeliest: int = 0,
    ) -> None:
        self.block, self._who, self._likeliest = block, who, likeliest
        with speaking_of(block):
            described = generation_backend(asking.backend)
            described.check_installed()
            if described.holds_model and dtype is not None:
                asking = asking.model_copy(update={"dtype": dtype()})
            self.asking = asking
            self._chat = ChatFormat(load_tokenizer(asking.model, asking.revision), Template.of(asking))
        self._backend: Backend | None = None

    @classmethod
    def of(
        cls, study: Study, asking: GenerationSettings, *, block: str, who: str, likeliest: int = 0
    ) -> AskedModel:
        """Return a model that a study names, its type of weights settled once for the study."""
        settled = partial(asked_dtype, study, block, asking)
        return cls(asking, block=block, who=who, dtype=settled, likeliest=likeliest)

    @property
    def backend(self) -> Backend:
        """What answers, opened at first use."""
        if self._backend is None:
            with speaking_of(self.block):
                self._backend = open_backend(self.asking, self._likeliest)
        return self._backend

    def may_read(self, text: str) -> bool:
        """Return whether a text holds no control token of the model, which could end or forge a question."""
        return not self._chat.holds_control(text)

    def prompt(self, number: int, text: str, where: str) -> Prompt:
        """Return what is asked as the model reads it; its `response_id` is `number`.

        Errors begin with `where`. Raises NoRoomError where it leaves no room for an answer.
        """
        ids, asking = self._chat.prompt_ids(None, text, (where, where)), self.asking
        if len(ids) + asking.max_tokens > asking.max_model_len:
            raise NoRoomError(
                f"{where}: the {self._who}'s prompt has {len(ids)} tokens, which leaves no room for "
                f"{asking.max_tokens} more below {key_of(self.block, 'max_model_len')} = "
                f"{asking.max_model_len}; raise it"
            )
        return Prompt(*divmod(number, VARIANT_STRIDE), None, text, ids, seed=0, about=where)

    def answers(
        self,
        prompts: Sequence[Prompt],
        parts: Parts[Said],
        read: Callable[[Completion], Said],
        progress: Progress | None = None,
    ) -> dict[int, Said]:
        """Return what the model says to each prompt, by its number, as `read` has it.

        What a killed run has kept in `parts` is not asked for again. Raises StudyError where the model cannot
        be asked.
        """
        found = parts.kept(prompts)
        if len(found) == len(prompts):
            return found
        by_id = {prompt.response_id: prompt for prompt in prompts}
        with speaking_of(self.block), parts.keeping():
            for completion in self.backend.complete(prompts, frozenset(found)):
                number, said = completion.response_id, read(completion)
                parts.add(said, by_id[number])
                found[number] = said
                if progress is not None:
                    progress(len(found), len(prompts))
        return found

    def close(self) -> None:
        """Give back the model's memory."""
        if self._backend is not None:
            self._backend.close()
            self._backend = None
