"""A conversation as the model's chat template renders it, cut at the edges of the assistant's messages.

The template renders the whole conversation, and once more with a placeholder for every message: what stands
around the placeholders must stand around the messages. So a message that happens to occur in the template's
own text, or in another message, is never taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from persona_assets.drift.transcript import Transcript
from persona_assets.errors import StudyError
from persona_assets.generate.prompts import ChatFormat

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_Messages = list[dict[str, str]]  # as the template is given them


@dataclass(frozen=True)
class Piece:
    """A piece of the rendered text; `message` is the answer that it is, None for what stands between."""

    text: str
    message: int | None


@dataclass(frozen=True)
class Rendering:
    """`transcript` rendered by the tokenizer's template, `open_end`: up to where the next answer begins."""

    transcript: Transcript
    tokenizer: PreTrainedTokenizerBase
    open_end: bool = False

    def pieces(self) -> Iterator[Piece]:
        """The text up to the end of the last answer, or whole with an open end.

        Raises StudyError, naming turn and message, where the template does not repeat a message as it is.
        """
        at = 0
        for index, (start, stop) in enumerate(self._places()):
            if self._messages[index]["role"] == "assistant":
                yield Piece(self._text[at:start], None)
                yield Piece(self._text[start:stop], self._first + index)
                at = stop
        if self.open_end:
            yield Piece(self._text[at:], None)

    def _places(self) -> Iterator[tuple[int, int]]:
        """Where each message stands in the text, trimmed where the template trims it."""
        between, at = self._between(), 0
        for index, message in enumerate(self._messages):
            stop = self._end(at + len(between[index]), message["content"], between[index + 1])
            if stop is None or not self._text.startswith(between[index], at):
                raise StudyError(
                    f"{called(self.transcript, self._first + index)}: the model's chat template does not "
                    "repeat it as it is, so its tokens cannot be told; change the message"
                )
            yield at + len(between[index]), stop
            at = stop

    def _end(self, start: int, content: str, after: str) -> int | None:
        """Where `content` ends that begins at `start`; None where it does not stand there."""
        for said in dict.fromkeys((content, content.strip(), content.lstrip(), content.rstrip())):
            if self._text.startswith(said + after, start):
                return start + len(said)
        return None

    def _between(self) -> list[str]:
        """What the template puts before the first message, between them, and after the last."""
        marks = [f"Sentinel7391n{index}e" for index in range(len(self._messages))]
        placeholders = [
            {**message, "content": mark} for message, mark in zip(self._messages, marks, strict=True)
        ]
        rest, between = self._render(placeholders), []
        for mark in marks:
            before, found, rest = rest.partition(mark)
            if not found:
                raise StudyError(f"{self.transcript.name}: the model's chat template leaves messages out")
            between.append(before)
        return [*between, rest]

    @cached_property
    def _messages(self) -> _Messages:
        """The messages, a system prompt put where the template lets it through."""
        messages = self.transcript.plain
        if [message["role"] for message in messages[:2]] != ["system", "user"]:
            return messages
        opening = ChatFormat(self.tokenizer).messages(messages[0]["content"], messages[1]["content"])
        return [*opening, *messages[2:]]

    @property
    def _first(self) -> int:
        """Which message of the transcript comes first: 1 where the system's became part of the user's."""
        return len(self.transcript.messages) - len(self._messages)

    @cached_property
    def _text(self) -> str:
        return self._render(self._messages)

    def _render(self, messages: _Messages) -> str:
        from jinja2.exceptions import TemplateError

        try:
            rendered: Any = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=self.open_end
            )
        except TemplateError as error:
            reason = " ".join(str(error).split())[:200]
            name = self.transcript.name
            raise StudyError(
                f"{name}: the model's chat template refuses the conversation: {reason}"
            ) from error
        return str(rendered)


def called(transcript: Transcript, index: int) -> str:
    """How an error names a message: by its conversation, and an answer by its turn as well."""
    turns = transcript.turns
    message = f"turn {turns.index(index)} (message {index})" if index in turns else f"message {index}"
    return f"{transcript.name}: {message}"
