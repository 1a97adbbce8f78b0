"""Question files: JSON lines of `{"id": 0, "question": "…"}`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, shown_path
from persona_assets.base.jsonl import Record, read_records
from persona_assets.lake.schema import VARIANT_STRIDE


@dataclass(frozen=True)
class Question:
    """A question and its id, at most 99,999."""

    id: int
    text: str


def read_questions(file: Path) -> list[Question]:
    """The file's questions, in its order. Raises StudyError, naming file and line, where one is wrong."""
    if not is_file(file):
        raise StudyError(
            f"{shown_path(file)}: no such question file; check `questions.file`, "
            "or `persona roles import SOURCE`"
        )
    questions: dict[int, Question] = {}
    for record in read_records(file):
        question = _question(record)
        if question.id in questions:
            raise StudyError(f"{record.where}: question id {question.id} is used twice; make ids unique")
        questions[question.id] = question
    if not questions:
        raise StudyError(f"{file}: holds no questions")
    return list(questions.values())


def _question(record: Record) -> Question:
    number, text = record.number("id"), record.text("question")
    if not 0 <= number < VARIANT_STRIDE:
        raise StudyError(f"{record.where}: `id` must be from 0 to {VARIANT_STRIDE - 1}, not {number}")
    if not text.strip():
        raise StudyError(f"{record.where}: `question` must not be empty")
    return Question(number, text)
