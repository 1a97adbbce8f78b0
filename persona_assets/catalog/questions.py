"""Question files: JSON lines of `{"id": 0, "question": "…"}`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from persona_assets.errors import StudyError
from persona_assets.schema import VARIANT_STRIDE


@dataclass(frozen=True)
class Question:
    """A question and its id, at most 99,999."""

    id: int
    text: str


def read_questions(file: Path) -> list[Question]:
    """The file's questions, in its order. Raises StudyError, naming file and line, where one is wrong."""
    if not file.is_file():
        raise StudyError(
            f"{file}: no such question file; check `questions.file`, or `persona roles import SOURCE`"
        )
    questions: dict[int, Question] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            question = _question(line, f"{file}:{number}")
            if question.id in questions:
                raise StudyError(f"{file}:{number}: question id {question.id} is used twice; make ids unique")
            questions[question.id] = question
    if not questions:
        raise StudyError(f"{file}: holds no questions")
    return list(questions.values())


def _question(line: str, where: str) -> Question:
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        raise StudyError(f"{where}: not valid JSON ({error.msg}); mend the line") from error
    if not isinstance(content, dict):
        raise StudyError(f'{where}: a line must be {{"id": 0, "question": "…"}}')
    number, text = content.get("id"), content.get("question")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < VARIANT_STRIDE:
        raise StudyError(f"{where}: id must be a whole number from 0 to {VARIANT_STRIDE - 1}, not {number!r}")
    if not isinstance(text, str) or not text.strip():
        raise StudyError(f"{where}: question must be a text that is not empty")
    return Question(number, text)
