"""The answers of Neuronpedia, kept as they come: whoever is stopped goes on where the last answer landed.

A file of JSON lines that is only ever appended to; later lines stand above earlier ones:

    {"feature_id": 7, "explanations": [{"description": "…", "model": "…"}]}
    {"feature_id": 8, "explanations": null}    no such feature
    {"ask_again": [7, 8]}                      a refresh has begun
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from persona_assets.base.errors import StudyError, writing
from persona_assets.labels.neuronpedia import Explanation

Explanations = list[Explanation] | None  # None: there is no such feature


@dataclass
class Remembered:
    """Answers by feature, and the features to be asked for again although there is one."""

    answers: dict[int, Explanations] = field(default_factory=dict)
    due: set[int] = field(default_factory=set)

    def is_settled(self, feature_id: int) -> bool:
        """Return whether the feature need not be asked for."""
        return feature_id in self.answers and feature_id not in self.due

    def take(self, record: dict[str, Any]) -> None:
        """Take in a line's content. Raises ValueError, KeyError or TypeError if it is none of ours."""
        if "ask_again" in record:
            self.due.update(int(feature_id) for feature_id in record["ask_again"])
            return
        feature_id, explanations = int(record["feature_id"]), record["explanations"]
        self.answers[feature_id] = (
            None if explanations is None else [Explanation(**explanation) for explanation in explanations]
        )
        self.due.discard(feature_id)


class Notebook:
    """A `Remembered` that is being written to `file`."""

    def __init__(self, file: Path, lines: BinaryIO, remembered: Remembered) -> None:
        self.file = file
        self.remembered = remembered
        self._lines = lines

    def remember(self, feature_id: int, answer: Explanations) -> None:
        """Keep an answer. Raises StudyError where the disk refuses it."""
        explanations = None if answer is None else [asdict(explanation) for explanation in answer]
        self._append({"feature_id": feature_id, "explanations": explanations})

    def ask_again(self, features: Sequence[int]) -> None:
        """Keep that `features` are to be asked for again; what is known of them stays until then."""
        self._append({"ask_again": [int(feature_id) for feature_id in features]})

    def _append(self, record: dict[str, Any]) -> None:
        with writing(self.file):
            self._lines.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            self._lines.flush()
        self.remembered.take(record)


def recall(file: Path) -> Remembered:
    """What `file` holds; nothing if there is none. Raises StudyError, naming the line, if it is damaged."""
    if not file.exists():
        return Remembered()
    with file.open("rb") as lines:
        return _read(file, lines)[0]


@contextmanager
def notebook(file: Path) -> Iterator[Notebook]:
    """`file`, opened to go on with. Raises StudyError where another process has it open, or it is damaged."""
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.open("a+b")
    with lines:
        try:
            fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StudyError(
                f"{file}: another process is fetching these labels; wait for it, or stop it"
            ) from error
        lines.seek(0)
        remembered, whole = _read(file, lines)
        with writing(file):
            lines.truncate(whole)  # the line that a killed process was writing
        yield Notebook(file, lines, remembered)
        with writing(file):
            os.fsync(lines.fileno())


def _read(file: Path, lines: BinaryIO) -> tuple[Remembered, int]:
    """Return what the whole lines say, and how many bytes they are."""
    remembered, whole = Remembered(), 0
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            break
        try:
            remembered.take(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StudyError(f"{file}:{number}: damaged ({error}); remove the line, and run again") from error
        whole += len(line)
    return remembered, whole
