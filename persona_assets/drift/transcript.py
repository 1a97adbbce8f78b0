"""Conversations as they come: untrusted JSON files, read and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from persona_assets.errors import StudyError

ROLES = ("system", "user", "assistant")
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
    """The conversation in `file`: `{"conversation": [{role, content}…]}`, or the list alone.

    Beside `conversation` may stand `name` (by default the file's) and `sensitive`; what else is there is not
    looked at. Raises StudyError, naming file and message, where it is not a conversation that can be scored.
    """
    content = read_json(file)
    fields = content if isinstance(content, dict) else {"conversation": content}
    return _transcript(fields, str(file), file.stem)


def read_json(file: Path) -> Any:
    """What a JSON file holds. Raises StudyError where it cannot be read or is not JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise StudyError(f"{file}: is not JSON ({reason}); see docs/drift.md for its form") from error


def _transcript(fields: Mapping[str, Any], where: str, default_name: str) -> Transcript:
    entries = fields.get("conversation")
    if not isinstance(entries, list):
        raise StudyError(f'{where}: holds no conversation; give {{"conversation": [{{role, content}}…]}}')
    transcript = Transcript(
        messages=tuple(_message(entry, f"{where}: message {index}") for index, entry in enumerate(entries)),
        name=_name(fields.get("name"), default_name, where),
        sensitive=_sensitive(fields.get("sensitive", False), where),
    )
    for index, message in enumerate(transcript.messages):
        if message.role == "system" and index > 0:
            raise StudyError(f"{where}: message {index}: a system message can only be the first")
    if not transcript.turns:
        raise StudyError(f"{where}: has no assistant message, so there is no turn to score")
    return transcript


def _message(entry: Any, where: str) -> Message:
    if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
        raise StudyError(f'{where}: must be {{"role": …, "content": …}} with text as content')
    role, content = entry.get("role"), entry["content"]
    if role not in ROLES:
        raise StudyError(f"{where}: unknown role {_shown(role)}; known are {', '.join(ROLES)}")
    if not content.strip():
        raise StudyError(f"{where}: is empty; leave it out or fill it in")
    _check_unicode(content, where)
    return Message(role, content)


def _name(value: Any, default: str, where: str) -> str:
    if value is None:
        return "".join(mark if mark.isprintable() else "?" for mark in default)[:_LONGEST_NAME]
    if (
        not isinstance(value, str)
        or not value.strip()
        or not value.isprintable()
        or len(value) > _LONGEST_NAME
    ):
        raise StudyError(f"{where}: name must be one line of text of at most {_LONGEST_NAME} characters")
    return value


def _sensitive(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise StudyError(f"{where}: sensitive must be true or false, not {_shown(value)}")
    return value


def _check_unicode(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise StudyError(f"{where}: holds half a surrogate pair at character {error.start}") from error


def _shown(value: Any) -> str:
    """A value of an untrusted file, short and in one line."""
    return ascii(value)[:60]
