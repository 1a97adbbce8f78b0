"""Conversations as they come: untrusted JSON files, read and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json, shown
from persona_assets.base.jsonl import checked_text

ROLES = ("system", "user", "assistant")
SEE = "see docs/drift.md for its form"  # how a message about a file of drift ends
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True)
class Message:
    """One message; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Transcript:
    """A conversation, what people call it, and whether they want it marked before it is shown."""

    messages: tuple[Message, ...]
    name: str
    sensitive: bool = False

    @cached_property
    def run(self) -> str:
        """The conversation's identity, 10 hex digits: sha1 of its messages as JSON with sorted keys."""
        return hashlib.sha1(json.dumps(self.plain, sort_keys=True).encode()).hexdigest()[:10]

    @property
    def plain(self) -> list[dict[str, str]]:
        """The messages as JSON holds them."""
        return [{"role": message.role, "content": message.content} for message in self.messages]

    @property
    def turns(self) -> list[int]:
        """Where the assistant speaks: of each of its turns the message's index."""
        return [index for index, message in enumerate(self.messages) if message.role == "assistant"]


def read_transcript(file: Path) -> Transcript:
    """Return the conversation in `file`: `{"conversation": [{role, content}…]}`, or the list alone.

    Beside `conversation` may stand `name` (by default the file's) and `sensitive`; what else is there is not
    looked at. Raises StudyError, naming file and message, where it is not a conversation that can be scored.
    """
    fields, messages = _conversation(read_json(file, SEE), file, spoken_text)
    _check_order(messages, file)
    if all(message.role != "assistant" for message in messages):
        raise StudyError(f"{file}: has no assistant message, so there is no turn to score")
    name, sensitive = metadata(fields, file)
    return Transcript(tuple(messages), name, sensitive)


def tried_transcript(content: Any, file: Path) -> Transcript:
    """Return the conversation that JSON of `file` is: one with answers, or one that ends with the user.

    Raises StudyError as `read_transcript`.
    """
    _, messages = _conversation(content, file, spoken_text)
    _check_order(messages, file)
    if not any(message.role != "system" for message in messages):
        raise StudyError(f"{file}: has no message of a user or an assistant, so there is nothing to read")
    return Transcript(tuple(messages), file.name)


def read_shown(file: Path) -> Transcript:
    """Return the conversation in `file` as it is only shown: messages may be empty, and come in any order.

    Raises StudyError, naming file and message, where one is no message.
    """
    fields, messages = _conversation(read_json(file, SEE), file, checked_text)
    return Transcript(tuple(messages), file.stem, fields.get("sensitive") is True)


def _conversation(
    content: Any, file: Path, check: Callable[[Any, str], str]
) -> tuple[Mapping[str, Any], list[Message]]:
    fields = content if isinstance(content, dict) else {"conversation": content}
    entries = fields.get("conversation")
    if not isinstance(entries, list):
        raise StudyError(
            f'{file}: holds no conversation; give {{"conversation": [{{role, content}}…]}}, '
            'or, for a script, {"user": […]}'
        )
    return fields, [_message(entry, f"{file}: message {index}", check) for index, entry in enumerate(entries)]


def metadata(fields: Mapping[str, Any], file: Path) -> tuple[str, bool]:
    """The `name` (by default the file's) and `sensitive` (by default not) that stand beside a conversation.

    Raises StudyError where they are not a line of text, and true or false.
    """
    sensitive = fields.get("sensitive", False)
    if not isinstance(sensitive, bool):
        raise StudyError(f"{file}: sensitive must be true or false, not {shown(sensitive)}")
    return _name(fields.get("name"), file), sensitive


def spoken_text(text: Any, what: str) -> str:
    """Return `text`, if it says something. Raises StudyError, calling it `what`, otherwise."""
    written = checked_text(text, what)
    if not written.strip():
        raise StudyError(f"{what} is empty; leave it out or fill it in")
    return written


def _message(entry: Any, where: str, check: Callable[[Any, str], str]) -> Message:
    if not isinstance(entry, dict):
        raise StudyError(f'{where}: must be {{"role": …, "content": …}}')
    role = entry.get("role")
    if role not in ROLES:
        raise StudyError(f"{where}: unknown role {shown(role)}; known are {', '.join(ROLES)}")
    return Message(role, check(entry.get("content"), f"{where}: content"))


def _check_order(messages: Sequence[Message], file: Path) -> None:
    for index, message in enumerate(messages):
        if message.role == "system" and index > 0:
            raise StudyError(f"{file}: message {index}: a system message can only be the first")


def _name(value: Any, file: Path) -> str:
    if value is None:
        return "".join(mark if mark.isprintable() else "?" for mark in file.stem)[:_LONGEST_NAME]
    plain = isinstance(value, str) and value.isprintable() and value.strip()
    if not plain or len(value) > _LONGEST_NAME:
        raise StudyError(f"{file}: name must be one line of text of at most {_LONGEST_NAME} characters")
    return str(value)
