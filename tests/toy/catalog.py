"""What the demo corpus takes from the repository's catalog: instructions and questions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from tests.toy.answers import Ask
from tests.toy.lexicon import PHRASES, VOICES
from tests.toy.topics import topics_of

MODEL_NAME = "Toy"
THEMES = tuple(PHRASES["themes"])


@dataclass(frozen=True)
class Question:
    """A question with what can be answered to it; `key` is unique among general and role questions."""

    key: str
    text: str
    ask: Ask


@dataclass(frozen=True)
class Catalog:
    """Instructions by role ("" = none), general questions, and each role's own questions."""

    instructions: dict[str, list[str]]
    general: list[Question]
    own: dict[str, list[Question]]


def load_catalog(data: Path) -> Catalog:
    """Read ``roles/instructions/*.json`` and ``extraction_questions.jsonl`` under `data`.

    Raises StudyError if a role of the lexicon has no file or the question file is missing.
    """
    roles = {role: _read(data / "roles" / "instructions" / f"{role}.json") for role in VOICES}
    lines = _text(data / "extraction_questions.jsonl").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return Catalog(
        instructions={
            role: [_named(item["pos"]) for item in spec["instruction"]] for role, spec in roles.items()
        },
        general=[_question(f"general-{row['id']}", row["question"], THEMES[row["id"] % 6]) for row in rows],
        own={role: _own_questions(role, spec.get("questions", [])) for role, spec in roles.items()},
    )


def _own_questions(role: str, texts: list[str]) -> list[Question]:
    return [_question(f"{role}-{index}", text, None) for index, text in enumerate(texts)]


def _question(key: str, text: str, theme: str | None) -> Question:
    return Question(key, text, Ask(tuple(topics_of(text)), theme))


def _named(instruction: str) -> str:
    return instruction.replace("{model_name}", MODEL_NAME)


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(_text(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StudyError(f"{path} is missing: the demo corpus needs it; restore data/ from git") from error
