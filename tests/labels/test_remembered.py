from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.labels.neuronpedia import Explanation
from persona_assets.labels.remembered import Remembered, notebook, recall

SHIPS = [Explanation("ships — à voile", None), Explanation("boats", "gpt")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels" / "answers.jsonl"


def test_answers_outlive_the_notebook(file: Path) -> None:
    assert recall(file) == Remembered()
    with notebook(file) as kept:
        kept.remember(1, SHIPS)
        kept.remember(2, [])
        kept.remember(3, None)
        assert recall(file) == kept.remembered, "each answer is on the disk at once"
    assert recall(file) == Remembered({1: SHIPS, 2: [], 3: None})


def test_what_is_to_be_asked_again_is_so_until_it_is_answered(file: Path) -> None:
    with notebook(file) as kept:
        kept.remember(1, SHIPS)
        kept.remember(2, None)
        kept.ask_again([1, 2])
        kept.remember(2, [])
    remembered = recall(file)
    assert remembered == Remembered({1: SHIPS, 2: []}, {1})
    assert [remembered.is_settled(feature_id) for feature_id in (1, 2, 3)] == [False, True, False]


def test_at_whatever_byte_the_writing_ended_the_whole_lines_stand(file: Path) -> None:
    with notebook(file) as kept:
        kept.remember(1, SHIPS)
        first = file.stat().st_size
        kept.remember(2, SHIPS)
    whole = file.read_bytes()
    for length in range(first, len(whole)):
        file.write_bytes(whole[:length])
        assert recall(file) == Remembered({1: SHIPS})
        with notebook(file) as kept:
            kept.remember(3, [])
        assert recall(file) == Remembered({1: SHIPS, 3: []})


@pytest.mark.parametrize(
    "line", ["{", "[]", "7", '{"feature_id": 1}', '{"feature_id": 1, "explanations": [{"text": "x"}]}']
)
def test_a_damaged_line_is_named(file: Path, line: str) -> None:
    with notebook(file) as kept:
        kept.remember(1, SHIPS)
    file.write_bytes(file.read_bytes() + line.encode() + b"\n")
    with pytest.raises(StudyError, match=r"answers\.jsonl:2: damaged .* remove the line"):
        recall(file)
    with pytest.raises(StudyError, match=r"answers\.jsonl:2: damaged"), notebook(file):
        pass


def test_two_cannot_write_at_once(file: Path) -> None:
    with notebook(file) as kept:
        kept.remember(1, SHIPS)
        with pytest.raises(StudyError, match="another process is fetching these labels"), notebook(file):
            pass
        kept.remember(2, [])
    with notebook(file) as again:
        assert again.remembered.answers == {1: SHIPS, 2: []}
