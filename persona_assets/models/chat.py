"""A conversation as the model's chat template renders it, and the proof that it is the one that was given.

A template is a program that somebody else wrote: it may leave a message out, change it, or print the date.
So it renders every conversation twice, once with a placeholder for each message: what stands around the
placeholders must stand around the messages, each as it was given but for white space at its ends. No control
token may come from a message, since it would end a turn or forge one; and no clock, since prompts would then
differ by the day on which they were made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from persona_assets.base.errors import StudyError
from persona_assets.models.chat_frames import ANY_DATE, ChatFrames, ClockError, Messages, TemplateRefusesError
from persona_assets.models.control import control_tokens
from persona_assets.study.template import AS_THE_MODEL_HAS_IT, Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Rendered:
    """A conversation's text, and where in it each message stands as `[start, stop)`."""

    text: str
    places: list[tuple[int, int]]


@dataclass(frozen=True)
class ChatFormat:
    """Renders conversations by the tokenizer's chat template, or by the study's; see `Template`."""

    tokenizer: PreTrainedTokenizerBase
    template: Template = AS_THE_MODEL_HAS_IT

    def prompt_ids(
        self,
        system_prompt: str | None,
        question: str,
        names: tuple[str, str] = ("the system prompt", "the question"),
    ) -> list[int]:
        """Return the token ids up to where the model's answer begins; the template brings the one BOS.

        `names` are what errors call the two texts. Raises StudyError, in one line, where the prompt would
        not be what was asked for: see `render` and `check_text`.
        """
        for text, name in zip((system_prompt, question), names, strict=True):
            if text is not None:
                self.check_text(text, name)
        messages = self.messages(system_prompt, question)
        rendered = self.render(messages, names[-len(messages) :], ", ".join(names), open_end=True)
        return self.token_ids(rendered.text)

    def messages(self, system_prompt: str | None, question: str) -> Messages:
        """Return what is said before the answer, its system prompt put where the template lets it through."""
        if system_prompt is None:
            return [{"role": "user", "content": question}]
        if self._has_system_role:
            system = {"role": "system", "content": system_prompt}
            return [system, {"role": "user", "content": question}]
        return [{"role": "user", "content": f"{system_prompt}\n\n{question}"}]

    def render(self, messages: Messages, names: Sequence[str], where: str, *, open_end: bool) -> Rendered:
        """Return the conversation rendered, with `open_end` up to where the next answer begins.

        Raises StudyError, naming the conversation (`where`) or the message (its name in `names`), where the
        template refuses it, leaves a message out or changes one, or reads the clock without a date.
        """
        between = self._frames.around(tuple(message["role"] for message in messages), open_end, where)
        text = self._frames.rendered(messages, open_end, where)
        places: list[tuple[int, int]] = []
        at = 0
        for index, message in enumerate(messages):
            start = at + len(between[index])
            stop = _end(text, start, message["content"], between[index + 1])
            if stop is None or not text.startswith(between[index], at):
                raise _unlike(names[index])
            places.append((start, stop))
            at = stop
        if len(text) != at + len(between[-1]):
            raise _unlike(names[-1])
        return Rendered(text, places)

    def token_ids(self, text: str) -> list[int]:
        """Return the ids of a rendered text, or of a piece of it."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    def check_text(self, text: str, name: str) -> None:
        """Raise StudyError where a text holds `<end_of_turn>` or another of the model's control tokens."""
        if text in self._sound:
            return
        forged = [token for token in self.token_ids(text) if token in self._control]
        if forged:
            raise StudyError(
                f"{name}: holds the model's control token {self._control[forged[0]]!r}, which would be read "
                "as the template's; take it out"
            )
        self._sound.add(text)

    def holds_control(self, text: str) -> bool:
        """Return whether a text holds a control token of the model; see `check_text`."""
        try:
            self.check_text(text, "the text")
        except StudyError:
            return True
        return False

    @property
    def reads_clock(self) -> bool:
        """Whether the template prints the date, whoever it is that tells it."""
        for roles in (("user",), ("system", "user")):
            try:
                self._on(None).around(roles, True, "a question")
            except ClockError:
                return True
            except TemplateRefusesError:
                continue
        return False

    @property
    def default_system_prompt(self) -> str | None:
        """What the template inserts where no system message is given; None where it inserts nothing."""
        try:
            without, given = (
                self._frames.around(roles, True, "a question") for roles in (("user",), ("system", "user"))
            )
        except (TemplateRefusesError, ClockError):
            return None
        head, before, after = without[0], given[0], given[1]
        if not (head.startswith(before) and head.endswith(after)):
            return None
        return head[len(before) : len(head) - len(after)].strip() or None

    def closing_ids(self) -> list[int]:
        """Return the ids that the template puts after an assistant's message at the end of a conversation.

        Raises StudyError where it does not repeat the message.
        """
        any_day = self._on(self.template.date or ANY_DATE)  # it is not told at the end
        try:
            frame = any_day.around(("user", "assistant"), False, "an answer")
        except TemplateRefusesError as error:
            raise StudyError(
                f"{self.tokenizer.name_or_path}: its chat template does not repeat an assistant's message, "
                "so where a response ends cannot be told; use token_selection: response_only"
            ) from error
        return self.token_ids(frame[-1])

    @cached_property
    def _has_system_role(self) -> bool:
        """Whether a system message reaches the model: some templates refuse it, some drop it silently."""
        try:
            self._frames.around(("system", "user"), True, "a system prompt")
        except TemplateRefusesError:
            return False
        return True

    @cached_property
    def _control(self) -> dict[int, str]:
        """Control tokens, and what else the template writes that is one token by decree."""
        added = {id_: token.content for id_, token in self.tokenizer.added_tokens_decoder.items()}
        try:
            frame = "".join(self._frames.around(("user",), True, "a question"))
        except TemplateRefusesError:
            frame = ""
        written = {id_: added[id_] for id_ in self.token_ids(frame) if added.get(id_, "").strip()}
        return control_tokens(self.tokenizer) | written

    @cached_property
    def _frames(self) -> ChatFrames:
        return self._on(self.template.date)

    def _on(self, date: dt.date | None) -> ChatFrames:
        return ChatFrames(self.tokenizer, replace(self.template, date=date))

    @cached_property
    def _sound(self) -> set[str]:
        return set()  # texts that hold no control token; a role's questions are every other role's, too


def stop_token(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Return the token with which the template ends an answer; None where it ends answers without one."""
    try:
        closing = ChatFormat(tokenizer).closing_ids()
    except StudyError:
        return None
    added = tokenizer.added_tokens_decoder
    return next((token for token in closing if token in added and added[token].content.strip()), None)


def stop_ids(eos: int | Sequence[int] | None, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Return the tokens at which an answer ends: the model's own (`eos`), and the template's.

    A model may lack the second, and would then end its turn again and again. Raises StudyError where there
    is neither.
    """
    named = tokenizer.eos_token_id if eos is None else eos
    found = {*(named if isinstance(named, Sequence) else [named]), stop_token(tokenizer)} - {None}
    if not found:
        raise StudyError(
            f"{tokenizer.name_or_path}: neither model, tokenizer nor template names a token that ends an "
            "answer; set eos_token_id in its generation_config.json"
        )
    return {int(token) for token in found if token is not None}


def _end(text: str, start: int, content: str, after: str) -> int | None:
    """Return where `content` ends that begins at `start`; None where it does not stand there."""
    for said in dict.fromkeys((content, content.strip(), content.lstrip(), content.rstrip())):
        if text.startswith(said + after, start):
            return start + len(said)
    return None


def _unlike(name: str) -> StudyError:
    return StudyError(
        f"{name}: the model's chat template does not repeat it as it is, so its tokens cannot be told; "
        "change the message"
    )
