"""A chat template as the program that it is: run on placeholders, to learn what it writes around messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, TemplateError
from jinja2.meta import find_undeclared_variables

from persona_assets.base.errors import StudyError
from persona_assets.base.time_limit import done_within
from persona_assets.study.template import Template

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
ANY_DATE = dt.date(2001, 2, 3)


class TemplateRefusesError(StudyError):
    """The template raised, or leaves a message out."""


class ClockError(StudyError):
    """The template prints the date or the time."""


@dataclass(frozen=True)
class ChatFrames:
    """What a template writes around messages of given roles, whatever these say."""

    tokenizer: PreTrainedTokenizerBase
    template: Template

    def around(self, roles: tuple[str, ...], open_end: bool, where: str) -> list[str]:
        """Return what the template puts before the first message, between them, and after the last.

        With `open_end` up to where the next answer begins. Raises TemplateRefusesError, ClockError or another
        StudyError, which name the conversation (`where`).
        """
        if (roles, open_end) not in self._known:
            self._check_arguments()
            marks = [f"Sentinel7391n{index}e" for index in range(len(roles))]
            placeholders = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
            rest = self._timeless(placeholders, open_end, where)
            self._known[roles, open_end] = _split(rest, marks, where)
        return self._known[roles, open_end]

    def rendered(self, messages: Messages, open_end: bool, where: str) -> str:
        """Return the conversation as the template writes it on its date. Raises TemplateRefusesError."""
        day = self.template.date or ANY_DATE
        return self._rendered(messages, open_end, where, _stopped(dt.datetime.combine(day, dt.time())))

    @cached_property
    def _known(self) -> dict[tuple[tuple[str, ...], bool], list[str]]:
        return {}

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

        def rendered() -> list[str]:
            return [self._rendered(messages, open_end, where, _stopped(moment)) for moment in times]

        try:
            texts = done_within(_PATIENCE, rendered)
        except TimeoutError as error:
            raise StudyError(f"{where}: the model's chat template is {error}; mend it") from None
        if len(set(texts)) > 1:
            raise ClockError(
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
            raise TemplateRefusesError(
                f"{where}: the model's chat template refuses the conversation: {reason}"
            ) from error
        return str(rendered)


def _split(text: str, marks: Sequence[str], where: str) -> list[str]:
    between = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found:
            raise TemplateRefusesError(
                f"{where}: the model's chat template leaves messages out, or changes them; use a template "
                "that takes each message's text and repeats it as it is"
            )
        between.append(before)
    return [*between, text]


def _stopped(moment: dt.datetime) -> Clock:
    return moment.strftime
