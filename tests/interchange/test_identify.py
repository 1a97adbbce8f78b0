from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import Record
from persona_assets.generate.prompts import Key
from persona_assets.interchange.identify import RoleKeys
from persona_assets.study.study import Study

from .conftest import StudyMaker

INSTRUCTIONS = ["", "You are {model_name}.", "You are a mask.", "You are a mask.", "You are Toy."]


@pytest.fixture
def study_of(make_study: StudyMaker, tmp_path: Path) -> Any:
    def make(*variants: int) -> Study:
        (tmp_path / "roles").mkdir()
        role = {"instruction": [{"pos": instruction} for instruction in INSTRUCTIONS]}
        (tmp_path / "roles" / "mask.json").write_text(json.dumps(role))
        (tmp_path / "questions.jsonl").write_text('{"id": 12, "question": "Who?"}\n')
        return make_study(
            "keys",
            {
                "roles": {"directory": str(tmp_path / "roles")},
                "questions": {"file": str(tmp_path / "questions.jsonl")},
                "generation.prompt_indices": list(variants),
            },
        )

    return make


def record(system_prompt: object, question_id: object = 12, question: object = "Who?") -> Record:
    content = {"system_prompt": system_prompt, "question_id": question_id, "question": question}
    return Record("file:1", content)


def refusal(keys: RoleKeys, wrong: Record) -> str:
    with pytest.raises(StudyError) as caught:
        keys.find(wrong)
    assert str(caught.value).startswith("file:1: ")
    return str(caught.value)


def test_the_empty_system_prompt_is_the_empty_instruction(study_of: Any) -> None:
    keys = RoleKeys(study_of(0, 1), "mask")
    assert keys.find(record("")) == Key(0, 12, None, "Who?")


def test_an_instruction_is_known_raw_and_filled_and_is_sent_filled(study_of: Any) -> None:
    keys = RoleKeys(study_of(0, 1), "mask")
    expected = Key(1, 12, "You are Toy.", "Who?")
    assert keys.find(record("You are {model_name}.")) == keys.find(record("You are Toy.")) == expected
    assert expected.response_id == 100_012


@pytest.mark.parametrize("variants", [(2, 3), (1, 4)])
def test_a_system_prompt_of_two_variants_is_refused(study_of: Any, variants: tuple[int, int]) -> None:
    keys = RoleKeys(study_of(*variants), "mask")
    text = "You are a mask." if variants == (2, 3) else "You are Toy."
    assert f"is instruction {variants[0]} and {variants[1]} of role mask" in refusal(keys, record(text))


def test_a_variant_that_the_study_does_not_use_makes_nothing_ambiguous(study_of: Any) -> None:
    assert RoleKeys(study_of(0, 2), "mask").find(record("You are a mask.")).variant == 2


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (record("You are Gemma."), "'You are Gemma.' is no instruction of role mask"),
        (record("You are a mask."), "is no instruction of role mask that the study uses"),
        (record(None), "`system_prompt` must be a text"),
        (record("", 13), "question_id 13 is not among the study's questions"),
        (record("", 12, "What?"), "question 12 reads 'What?', but in the study 'Who?'"),
    ],
)
def test_a_row_of_no_response_of_the_study_is_refused(study_of: Any, wrong: Record, complaint: str) -> None:
    assert complaint in refusal(RoleKeys(study_of(0, 1), "mask"), wrong)
