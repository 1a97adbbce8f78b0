"""A conversation as the model's chat template renders it, and the proof that it is the one that was given.

A template is a program that somebody else wrote: it may leave a message out, change it, or print the date.
So it renders every conversation twice, once with a placeholder for each message: what stands around the
placeholders must stand around the messages, each as it was given but for white space at its ends. No control
token may come from a message, since it would end a turn or forge one; and no clock, since prompts would then
differ by the day on which they were made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, TemplateError
from jinja2.meta import find_undeclared_variables

from persona_assets.base.errors import StudyError
from persona_assets.base.time_limit import time_limit
from persona_assets.models.control import control_tokens
from persona_assets.study.template import AS_THE_MODEL_HAS_IT, Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Messages = list[dict[str, str]]  # as the template is given them: {"role": …, "content": …}
Clock = Callable[[str], str]

_PATIENCE = 10.0  # seconds for a template to render placeholders; a sound one takes a millisecond
_LARGEST = 2**24  # characters of rendered placeholders

# No part of a date or time is the same in both.
_TWO_TIMES = (dt.datetime(2001, 2, 3, 4, 5, 6), dt.datetime(2032, 11, 21, 17, 48, 59))
# What every template is told.
_ALWAYS_READ = {"add_generation_prompt", "messages", "raise_exception", "strftime_now"}
_ANY_DATE = dt.date(2001, 2, 3)


class _TemplateRefusesError(StudyError):
    """The template raised, or leaves a message out."""


class _ClockError(StudyError):
    """The template prints the date or the time."""


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
        between = self._frame(tuple(message["role"] for message in messages), open_end, where)
        text = self._rendered(messages, open_end, where, self._clock)
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
                ChatFormat(self.tokenizer, replace(self.template, date=None))._frame(
                    roles, True, "a question"
                )
            except _ClockError:
                return True
            except _TemplateRefusesError:
                continue
        return False

    @property
    def default_system_prompt(self) -> str | None:
        """What the template inserts where no system message is given; None where it inserts nothing."""
        try:
            without, given = (
                self._frame(roles, True, "a question") for roles in (("user",), ("system", "user"))
            )
        except (_TemplateRefusesError, _ClockError):
            return None
        head, before, after = without[0], given[0], given[1]
        if not (head.startswith(before) and head.endswith(after)):
            return None
        return head[len(before) : len(head) - len(after)].strip() or None

    def closing_ids(self) -> list[int]:
        """Return the ids that the template puts after an assistant's message at the end of a conversation.

        Raises StudyError where it does not repeat the message.
        """
        any_day = replace(self.template, date=self.template.date or _ANY_DATE)  # it is not told at the end
        dated = ChatFormat(self.tokenizer, any_day)
        try:
            frame = dated._frame(("user", "assistant"), False, "an answer")
        except _TemplateRefusesError as error:
            raise StudyError(
                f"{self.tokenizer.name_or_path}: its chat template does not repeat an assistant's message, "
                "so where a response ends cannot be told; use token_selection: response_only"
            ) from error
        return self.token_ids(frame[-1])

    @cached_property
    def _has_system_role(self) -> bool:
        """Whether a system message reaches the model: some templates refuse it, some drop it silently."""
        try:
            self._frame(("system", "user"), True, "a system prompt")
        except _TemplateRefusesError:
            return False
        return True

    @cached_property
    def _control(self) -> dict[int, str]:
        """Control tokens, and what else the template writes that is one token by decree."""
        added = {id_: token.content for id_, token in self.tokenizer.added_tokens_decoder.items()}
        try:
            frame = "".join(self._frame(("user",), True, "a question"))
        except _TemplateRefusesError:
            frame = ""
        written = {id_: added[id_] for id_ in self.token_ids(frame) if added.get(id_, "").strip()}
        return control_tokens(self.tokenizer) | written

    @cached_property
    def _sound(self) -> set[str]:
        return set()  # texts that hold no control token; a role's questions are every other role's, too

    @property
    def _clock(self) -> Clock:
        return _stopped(dt.datetime.combine(self.template.date or _ANY_DATE, dt.time()))

    @cached_property
    def _frames(self) -> dict[tuple[tuple[str, ...], bool], list[str]]:
        return {}

    def _frame(self, roles: tuple[str, ...], open_end: bool, where: str) -> list[str]:
        """Return what the template puts before the first message, between them, and after the last."""
        if (roles, open_end) not in self._frames:
            self._check_arguments()
            marks = [f"Sentinel7391n{index}e" for index in range(len(roles))]
            placeholders = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
            rest = self._timeless(placeholders, open_end, where)
            self._frames[roles, open_end] = _split(rest, marks, where)
        return self._frames[roles, open_end]

    def _check_arguments(self) -> None:
        """Raise StudyError for an argument that the template does not read: it would change nothing."""
        if not self.template.arguments:
            return
        try:
            text = self.tokenizer.get_chat_template(self.template.text)
            read = find_undeclared_variables(Environment().parse(text))
        except (TemplateError, ValueError):  # rendering says what is wrong with it
            return
        for name in self.template.arguments:
            if name not in read:
                known = (
                    ", ".join(sorted(read - _ALWAYS_READ - self.tokenizer.special_tokens_map.keys()))
                    or "nothing"
                )
                raise StudyError(
                    f"generation.chat_template.arguments: the template does not read {name!r}; "
                    f"it reads: {known}"
                )

    def _timeless(self, messages: Messages, open_end: bool, where: str) -> str:
        """Return the placeholders rendered. Raises StudyError where they depend on when that is."""
        date = self.template.date
        times = _TWO_TIMES if date is None else (dt.datetime.combine(date, dt.time()),)
        try:
            with time_limit(_PATIENCE):
                texts = [self._rendered(messages, open_end, where, _stopped(moment)) for moment in times]
        except TimeoutError as error:
            raise StudyError(f"{where}: the model's chat template is {error}; mend it") from None
        if len(set(texts)) > 1:
            raise _ClockError(
                "the model's chat template prints the date or the time, so prompts would differ by the day "
                "they are made on; set generation.template_date to the day that it shall print, such as "
                "2025-01-31"
            )
        if len(texts[0]) > _LARGEST:
            raise StudyError(
                f"{where}: the model's chat template writes {len(texts[0]):,} characters; mend it"
            )
        return texts[0]

    def _rendered(self, messages: Messages, open_end: bool, where: str, clock: Clock) -> str:
        try:
            rendered: Any = self.tokenizer.apply_chat_template(
                messages,
                chat_template=self.template.text,
                tokenize=False,
                add_generation_prompt=open_end,
                strftime_now=clock,
                **self.template.arguments,
            )
        except Exception as error:  # a template can fail in any of Python's ways
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise _TemplateRefusesError(
                f"{where}: the model's chat template refuses the conversation: {reason}"
            ) from error
        return str(rendered)


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


def _split(text: str, marks: Sequence[str], where: str) -> list[str]:
    between = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found:
            raise _TemplateRefusesError(
                f"{where}: the model's chat template leaves messages out, or changes them; use a template "
                "that takes each message's text and repeats it as it is"
            )
        between.append(before)
    return [*between, text]


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


def _stopped(moment: dt.datetime) -> Clock:
    return moment.strftime
