"""JSON lines, read so that whatever is wrong is told by file and line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.given import LARGEST_JSON, decoded, opened, parsed_json, shown


@dataclass(frozen=True)
class Record:
    """One line's object; `where` is `file:line`."""

    where: str
    content: dict[str, Any]

    def text(self, key: str) -> str:
        """Return the text under `key`. Raises StudyError where there is none, or it is not valid Unicode."""
        return checked_text(self.content.get(key), f"{self.where}: `{key}`")

    def number(self, key: str) -> int:
        """Return the whole number under `key`. Raises StudyError where there is none."""
        value = self.content.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise StudyError(f"{self.where}: `{key}` must be a whole number, not {_shown(value)}")
        return value


def checked_text(value: Any, what: str) -> str:
    """`value`, if it is a text that can be written as UTF-8. Raises StudyError, calling it `what`."""
    if not isinstance(value, str):
        raise StudyError(f"{what} must be a text, not {_shown(value)}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise StudyError(f"{what} holds half of a surrogate pair; mend the text's encoding")
    return value


def read_records(file: Path) -> Iterator[Record]:
    """Yield the lines that are not empty. Raises StudyError where the file cannot be read.

    And, naming file and line, where a line is no JSON object, or larger than a file of JSON may be.
    """
    with opened(file) as stream:  # not str.splitlines, which would split at U+2028 inside a text too
        lines = iter(lambda: stream.readline(LARGEST_JSON), b"")
        for number, line in enumerate(lines, start=1):
            where = f"{file}:{number}"
            if len(line) == LARGEST_JSON:
                raise StudyError(
                    f"{where}: a line is larger than {LARGEST_JSON / 2**20:g} MiB; split the file"
                )
            if line.strip():
                yield Record(where, parsed_object(line, where, "mend or remove the line"))


def parsed_object(line: bytes, where: str, remedy: str) -> dict[str, Any]:
    """Return the JSON object that `line` is. Raises StudyError, with `where` and `remedy`, if it is none."""
    content = parsed_json(decoded(line, where), where, remedy)
    if not isinstance(content, dict):
        raise StudyError(f"{where}: a line must be a JSON object, not {_shown(content)}; {remedy}")
    return content


def write_records(file: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write `records` as lines, in their order; the file appears whole."""
    with placed(file) as beside, beside.open("w", encoding="utf-8") as lines:
        for record in records:
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")


def _shown(value: Any) -> str:
    return "missing" if value is None else shown(value)
