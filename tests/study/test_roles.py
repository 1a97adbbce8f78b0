from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.study.roles import check_name, read_role, role_files


def written(tmp_path: Path, content: object, name: str = "pirate") -> Path:
    file = tmp_path / f"{name}.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def complaint_about(tmp_path: Path, content: object) -> str:
    file = written(tmp_path, content)
    with pytest.raises(StudyError) as caught:
        read_role(file)
    message = str(caught.value)
    assert str(file) in message
    assert "\n" not in message
    return message


def test_a_role_keeps_its_variants_in_order_with_questions_and_judge_prompt(dataset: Path) -> None:
    role = read_role(dataset / "roles" / "instructions" / "pirate.json")
    assert role.name == "pirate"
    assert role.instructions == ("You are a pirate.", "Speak like a pirate.")
    assert role.questions == ("Where is the treasure?",)
    assert role.eval_prompt == "Rate {answer} to {question}."


def test_questions_and_judge_prompt_may_be_absent_and_an_instruction_empty(dataset: Path) -> None:
    role = read_role(dataset / "roles" / "instructions" / "default.json")
    assert role.instructions == ("", "You are {model_name}.")
    assert role.questions == ()
    assert role.eval_prompt is None


def test_role_files_are_found_by_name_and_sorted_and_a_number_stays_text(dataset: Path) -> None:
    files = role_files(dataset / "roles" / "instructions")
    assert list(files) == ["1984", "default", "pirate"]
    assert files["1984"].name == "1984.json"


@pytest.mark.parametrize("above", ["roles", "."])
def test_a_folder_above_the_role_files_is_told_which_to_name(dataset: Path, above: str) -> None:
    (dataset / "import.json").write_text('{"files": {}}')
    with pytest.raises(StudyError) as caught:
        role_files(dataset / above)
    assert str(caught.value).endswith(f"name the folder that does: {dataset / 'roles/instructions'}")


@pytest.mark.parametrize("content", [{}, {"instruction": []}, {"instruction": None}])
def test_a_role_without_instruction_is_refused_by_name(tmp_path: Path, content: object) -> None:
    assert "no instruction" in complaint_about(tmp_path, content)


@pytest.mark.parametrize("entry", ["You are a pirate.", {"neg": "x"}, {"pos": 7}, None])
def test_an_instruction_that_is_not_a_pos_text_is_refused(tmp_path: Path, entry: object) -> None:
    assert "every entry of `instruction`" in complaint_about(tmp_path, {"instruction": [entry]})


def test_a_trait_of_two_opposite_instructions_is_refused(tmp_path: Path) -> None:
    entries = [{"pos": "Be kind."}, {"pos": "Be kind.", "neg": "Be cruel."}]
    assert "instruction 1 has a `neg`" in complaint_about(tmp_path, {"instruction": entries})


@pytest.mark.parametrize("content", ['{"instruction": [', "", "\ufeffx"])
def test_invalid_json_is_refused(tmp_path: Path, content: str) -> None:
    assert "not valid JSON" in complaint_about(tmp_path, content)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pirate.json"
    file.write_bytes(b'{"instruction": [{"pos": "caf\xe9"}]}')
    with pytest.raises(StudyError, match=r"pirate\.json: is not UTF-8"):
        read_role(file)


def test_a_role_nested_without_end_or_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    assert "not valid JSON" in complaint_about(tmp_path, '{"instruction": ' + "[" * 100_000)
    twice = '{"instruction": [{"pos": "a"}], "instruction": [{"pos": "b"}]}'
    assert "the key 'instruction' stands twice in one object" in complaint_about(tmp_path, twice)


def test_a_role_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    content = json.dumps({"instruction": [{"pos": "You are a pirate."}]})
    assert read_role(written(tmp_path, "\ufeff" + content)).instructions == ("You are a pirate.",)


@pytest.mark.parametrize(
    "place", [lambda file: file.mkdir(), lambda file: file.symlink_to(file), lambda file: os.mkfifo(file)]
)
def test_a_role_that_is_no_plain_file_is_refused(tmp_path: Path, place: Callable[[Path], object]) -> None:
    place(tmp_path / "pirate.json")
    with pytest.raises(StudyError, match=r"pirate\.json: (is not a plain file|cannot be read)"):
        read_role(tmp_path / "pirate.json")


def test_json_that_is_not_an_object_is_refused(tmp_path: Path) -> None:
    assert "must be a JSON object" in complaint_about(tmp_path, ["You are a pirate."])


@pytest.mark.parametrize("questions", ["Why?", [1], {"a": "b"}])
def test_questions_that_are_not_texts_are_refused(tmp_path: Path, questions: object) -> None:
    content = {"instruction": [{"pos": "x"}], "questions": questions}
    assert re.search(
        "questions(: entry 0)? must be a (list of texts|text)", complaint_about(tmp_path, content)
    )


def test_a_judge_prompt_that_is_not_a_text_is_refused(tmp_path: Path) -> None:
    content = {"instruction": [{"pos": "x"}], "eval_prompt": ["Rate it."]}
    assert "eval_prompt must be a text" in complaint_about(tmp_path, content)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "Pirate", "ship captain", "", "père", "pirate\n", "a.b", "a" * 121]
)
def test_a_name_that_could_leave_its_folder_or_confuse_a_query_is_refused(name: str) -> None:
    with pytest.raises(StudyError, match="is not allowed"):
        check_name(name, "somewhere")


def test_a_badly_named_file_among_good_ones_is_refused(dataset: Path) -> None:
    folder = dataset / "roles" / "instructions"
    (folder / "Ship Captain.json").write_text("{}")
    with pytest.raises(StudyError, match=r"Ship Captain\.json: role name 'Ship Captain' is not allowed"):
        role_files(folder)


def test_a_missing_and_an_empty_directory_say_how_to_get_roles(tmp_path: Path) -> None:
    for directory in (tmp_path / "none", tmp_path):
        with pytest.raises(StudyError, match="persona roles import SOURCE"):
            role_files(directory)
