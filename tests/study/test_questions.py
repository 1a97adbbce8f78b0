from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.study.questions import Question, read_questions


def read(tmp_path: Path, text: str) -> list[Question]:
    file = tmp_path / "questions.jsonl"
    file.write_text(text, encoding="utf-8")
    return read_questions(file)


def test_questions_come_in_the_files_order_with_their_own_ids(tmp_path: Path) -> None:
    text = '{"id": 7, "question": "Why?"}\n\n{"question": "Wie heißt du?", "id": 0}\n'
    assert read(tmp_path, text) == [Question(7, "Why?"), Question(0, "Wie heißt du?")]


def test_the_largest_id_is_the_last_below_the_next_variants_responses(tmp_path: Path) -> None:
    assert read(tmp_path, '{"id": 99999, "question": "Why?"}')[0].id == 99_999


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"id": 1, "question": "Why?"', "not valid JSON"),
        ('["Why?"]', "a line must be"),
        ('{"question": "Why?"}', "`id` must be a whole number, not missing"),
        ('{"id": "1", "question": "Why?"}', "not '1'"),
        ('{"id": true, "question": "Why?"}', "not True"),
        ('{"id": -1, "question": "Why?"}', "not -1"),
        ('{"id": 100000, "question": "Why?"}', "not 100000"),
        ('{"id": 1}', "`question` must be a text, not missing"),
        ('{"id": 1, "question": "\\ud83d"}', "half of a surrogate pair"),
        ('{"id": 1, "question": "  "}', "`question` must not be empty"),
        ('{"id": 0, "question": "Again?"}', "question id 0 is used twice"),
    ],
)
def test_a_wrong_line_is_refused_with_file_and_line(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, '{"id": 0, "question": "First?"}\n' + line)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'questions.jsonl'}:2: ")
    assert complaint in message
    assert "\n" not in message


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="holds no questions"):
        read(tmp_path, "\n")


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="persona roles import SOURCE"):
        read_questions(tmp_path / "none.jsonl")
