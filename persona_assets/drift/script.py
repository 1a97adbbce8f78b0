"""Conversations made: a script of what the user says, answered turn by turn by the study's own generation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json
from persona_assets.base.progress import Progress
from persona_assets.drift.layout import prompt_ids
from persona_assets.drift.transcript import SEE, Message, Transcript, metadata, spoken_text
from persona_assets.generate.backend import Backend
from persona_assets.generate.prompts import Prompt, response_seed
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.models.chat import ChatFormat
from persona_assets.study.backends import generation_backend
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.template import Template

_KEYS = dict.fromkeys(("user", "system", "name", "sensitive")).keys()  # in the order they are told


@dataclass(frozen=True)
class Script:
    """What the user says, turn by turn, and the system prompt before it, if any."""

    user: tuple[str, ...]
    name: str
    system: str | None = None
    sensitive: bool = False

    @cached_property
    def key(self) -> str:
        """What the script is known by, whatever it is called: 10 hex digits."""
        return fingerprint({"system": self.system, "user": self.user})[:10]

    def opening(self) -> Transcript:
        """Return the conversation before anything is said."""
        opening = () if self.system is None else (Message("system", self.system),)
        return Transcript(opening, self.name, self.sensitive)


def read_script(file: Path) -> Script:
    """The script in `file`: `{"user": ["…", …]}`, or the list alone; beside it `system`, `name`, `sensitive`.

    Raises StudyError, naming file and turn, where it is none.
    """
    content = read_json(file, SEE)
    fields = content if isinstance(content, dict) else {"user": content}
    said, system = fields.get("user"), fields.get("system")
    if not isinstance(said, list) or not said:
        raise StudyError(f'{file}: holds no script; give {{"user": ["what is said first", …]}}')
    user = tuple(spoken_text(text, f"{file}: turn {turn}") for turn, text in enumerate(said))
    unknown = fields.keys() - _KEYS
    if unknown:  # a misspelt `system` would be left out of the conversation
        raise StudyError(f"{file}: unknown key {min(unknown)!r}; known are {', '.join(_KEYS)}")
    name, sensitive = metadata(fields, file)
    return Script(user, name, None if system is None else spoken_text(system, f"{file}: system"), sensitive)


def converse(
    script: Script, backend: Backend, generation: GenerationSettings, progress: Progress | None = None
) -> Transcript:
    """Return the script with an answer to each of its turns, sampled as the study samples its responses.

    The same script under the same settings gives the same conversation. Raises StudyError, naming the turn,
    where no room is left for an answer, or there is none.
    """
    generation_backend(generation.backend).check_conversation(generation.engine)
    conversation = script.opening()
    for turn, text in enumerate(script.user):
        conversation = replace(conversation, messages=(*conversation.messages, Message("user", text)))
        answer = _answer(conversation, turn, script, backend, generation)
        conversation = replace(conversation, messages=(*conversation.messages, Message("assistant", answer)))
        if progress is not None:
            progress(turn + 1, len(script.user))
    return conversation


def _answer(
    conversation: Transcript, turn: int, script: Script, backend: Backend, generation: GenerationSettings
) -> str:
    token_ids = prompt_ids(conversation, ChatFormat(backend.tokenizer, Template.of(generation)))
    if len(token_ids) >= generation.max_model_len:
        raise StudyError(
            f"{script.name}: turn {turn}: the conversation has {len(token_ids)} tokens, which leaves no room "
            f"below generation.max_model_len = {generation.max_model_len}; raise it, or shorten the script"
        )
    prompt = Prompt(
        variant=0,
        question_id=turn,
        system_prompt=script.system,
        question=script.user[turn],
        token_ids=token_ids,
        seed=response_seed(generation.seed, script.key, 0, turn),
    )
    [completion] = backend.complete([prompt])
    if not completion.text.strip():
        raise StudyError(f"{script.name}: turn {turn}: the model answered nothing; change the script")
    return completion.text
