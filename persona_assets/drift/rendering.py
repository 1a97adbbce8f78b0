"""A conversation as the model's chat template renders it, cut at the edges of the assistant's messages.

Where each message stands is proved by `ChatFormat`: a message that happens to occur in the template's own
text, or in another message, is never taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from persona_assets.drift.transcript import Transcript
from persona_assets.models.chat import ChatFormat, Rendered
from persona_assets.models.chat_frames import Messages


@dataclass(frozen=True)
class Piece:
    """A piece of the rendered text; `message` is the answer that it is, None for what stands between."""

    text: str
    message: int | None


@dataclass(frozen=True)
class Rendering:
    """`transcript` rendered by `chat`, `open_end`: up to where the next answer begins."""

    transcript: Transcript
    chat: ChatFormat
    open_end: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Yield the text up to the end of the last answer, or whole with an open end.

        Raises StudyError, naming turn and message, where one holds a control token, or the template does not
        repeat one as it is.
        """
        messages, first, rendered = self._rendered()
        at = 0
        for index, (start, stop) in enumerate(rendered.places):
            if messages[index]["role"] == "assistant":
                yield Piece(rendered.text[at:start], None)
                yield Piece(rendered.text[start:stop], first + index)
                at = stop
        if self.open_end:
            yield Piece(rendered.text[at:], None)

    def last(self) -> tuple[str, int, int]:
        """Return the whole text, and where its last message stands in it. Raises as `pieces`."""
        _, _, rendered = self._rendered()
        return rendered.text, *rendered.places[-1]

    def _rendered(self) -> tuple[Messages, int, Rendered]:
        """Return the messages as the template is given them, the first one's index, and the text."""
        for index, message in enumerate(self.transcript.messages):
            self.chat.check_text(message.content, called(self.transcript, index))
        messages = self._messages()
        first = len(self.transcript.messages) - len(messages)  # 1 where the system's became the user's
        names = [called(self.transcript, first + index) for index in range(len(messages))]
        return (
            messages,
            first,
            self.chat.render(messages, names, self.transcript.name, open_end=self.open_end),
        )

    def _messages(self) -> Messages:
        """Return the messages, a system prompt put where the template lets it through."""
        messages = self.transcript.plain
        if [message["role"] for message in messages[:2]] != ["system", "user"]:
            return messages
        return [*self.chat.messages(messages[0]["content"], messages[1]["content"]), *messages[2:]]


def called(transcript: Transcript, index: int) -> str:
    """Return how an error names a message: by its conversation, and an answer by its turn as well."""
    turns = transcript.turns
    message = f"turn {turns.index(index)} (message {index})" if index in turns else f"message {index}"
    return f"{transcript.name}: {message}"
