from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from persona_assets.base.errors import StudyError
from persona_assets.study.study import COMPONENT, load_study, study_names
from tests.conftest import StudyMaker, write_study
from tests.places import PROJECT


@pytest.mark.parametrize("name", ["gemma_3_27b", "smollm2"])
def test_the_studies_of_the_repository_load(name: str) -> None:
    assert name in study_names()
    assert load_study(name).name == name


def test_a_study_is_found_by_the_path_of_its_folder_or_file(make_study: StudyMaker) -> None:
    study = make_study("mine")
    assert load_study(str(study.file.parent)) == load_study(str(study.file)) == study


def test_an_unknown_study_is_answered_with_those_there_are() -> None:
    with pytest.raises(StudyError, match=r"no study 'smollm': .* did you mean smollm2\?"):
        load_study("smollm")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"generation.temprature": 0.7}, r"generation.temprature: unknown key; did you mean temperature\?"),
        ({"atlas.split_seed": -1}, r"atlas.split_seed: .* greater than or equal to 0, not -1$"),
        ({"atlas.random_seed": 2**32}, r"atlas.random_seed: .* less than 2147483648, not 4294967296$"),
        ({"atlas.umap_random_state": -1}, r"atlas.umap_random_state: .* equal to 0, not -1$"),
        ({"generation.zzz": 0.7}, r"generation.zzz: unknown key; remove it$"),
        (
            {"extraction.saes": {"demo": {"path": "x", "neuronpediaid": "m/s"}}},
            r"extraction.saes.demo.neuronpediaid: unknown key; did you mean neuronpedia_id\?",
        ),
        ({"generation.max_tokens": "many"}, r"generation.max_tokens: .*valid integer.*'many'"),
        ({"generation.top_p": 1.5}, r"generation.top_p: .*less than or equal to 1, not 1.5"),
        ({"generation.model": None}, r"generation.model: is missing"),
        ({"roles.include": [1984]}, r"roles.include.*valid string, not 1984"),
        ({"roles.include": ["../x"]}, r"'../x' is not a name"),
        ({"extraction.saes": {}}, r"extraction.saes: .*at least 1"),
        ({"extraction.saes": {"a/b": {"path": "x"}}}, r"'a/b' is not a name"),
        ({"extraction.saes": {"a": {"release": "r"}}}, r"an SAE is either `release` and `id`, or `path`"),
        ({"extraction.token_selection": "some"}, r"token_selection: .*'response_only'"),
        ({"generation": None}, r"either `generation` or `responses_from`"),
        ({"generation.prompt_indices": [0, 0]}, r"names a variant twice"),
        ({"questions.file": None}, r"mode general needs `file`"),
        (
            {"questions": {"mode": "role_specific"}, "atlas.question_centering": True},
            r"atlas.question_centering: true needs questions that all roles share",
        ),
    ],
)
def test_a_wrong_key_is_one_line_that_names_file_and_key(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    file = write_study(tmp_path / "wrong", changes)
    with pytest.raises(StudyError) as caught:
        load_study(file)
    assert str(caught.value).startswith(str(file))
    assert re.search(complaint, str(caught.value))
    assert "\n" not in str(caught.value)


def test_several_wrong_keys_are_all_named(tmp_path: Path) -> None:
    file = write_study(tmp_path / "wrong", {"generation.a": 1, "extraction.b": 2})
    with pytest.raises(StudyError, match=r"generation.a: unknown key.*; extraction.b: unknown key"):
        load_study(file)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [1", "not valid YAML"),
        ("type: other.Component", f"must say `type: {COMPONENT}`"),
        (yaml.safe_dump({"type": COMPONENT}), "valid dictionary"),
        (yaml.safe_dump({"type": COMPONENT, "attributes": [1]}), "valid dictionary"),
    ],
)
def test_yaml_that_is_no_study_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "odd" / "defs.yaml"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(StudyError) as caught:
        load_study(file)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        b"type: \xff",
        "type: x".encode("utf-16"),
        b"type: 2024-13-45",
        b"type: " + b"1" * 6_000,
        b"a: 0x_",
        b"a: " + b"[" * 5_000,
    ],
)
def test_yaml_that_breaks_its_reader_is_one_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "defs.yaml").write_bytes(text)
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "odd")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


@pytest.mark.parametrize("name", ["x" * 300, f"{'x' * 300}/defs.yaml", "a\0b", "half\ud800", "a\nb\x1b[2J"])
def test_a_name_that_is_no_path_is_answered_in_one_line(name: str) -> None:
    with pytest.raises(StudyError, match="no study ") as caught:
        load_study(name)
    assert str(caught.value).isprintable()


def test_large_values_and_keys_are_shown_short(tmp_path: Path) -> None:
    changes = {f"generation.{'k' * 1_000}{number}": 1 for number in range(50)}
    file = write_study(tmp_path / "wrong", {"roles.directory": [["x" * 1_000] * 10] * 10, **changes})
    with pytest.raises(StudyError) as caught:
        load_study(file)
    assert "and 41 more" in str(caught.value) and len(str(caught.value)) < 2_500


@pytest.mark.parametrize("written", ["x" * 300, "~nobodyhere", "a\0b"])
@pytest.mark.parametrize("key", ["roles.directory", "questions.file"])
def test_a_setting_that_is_no_path_is_answered_in_one_line(
    make_study: StudyMaker, key: str, written: str
) -> None:
    study = make_study(changes={"roles.include": "all", key: written})
    with pytest.raises(StudyError) as caught:
        study.questions(study.role(study.role_names[0]))
    assert str(caught.value).isprintable()


def test_a_role_that_is_not_in_the_directory_is_named(make_study: StudyMaker) -> None:
    with pytest.raises(StudyError, match=r"roles.include: no role 'nobody' in [^;]*$"):
        _ = make_study(changes={"roles.include": ["pirate", "nobody"]}).role_names
    with pytest.raises(StudyError, match=r"no role 'gost' in .*; did you mean ghost\?$"):
        _ = make_study(changes={"roles.include": ["gost"]}).role_names


def test_missing_role_data_say_how_to_bring_them_in(make_study: StudyMaker, tmp_path: Path) -> None:
    study = make_study(changes={"roles": {"directory": str(tmp_path / "none")}})
    with pytest.raises(StudyError, match="no role files here yet; .*`persona roles import SOURCE`"):
        _ = study.role_names


def test_an_instruction_variant_that_a_role_lacks_is_named(make_study: StudyMaker) -> None:
    study = make_study(changes={"generation.prompt_indices": [0, 7]})
    with pytest.raises(
        StudyError, match=r"pirate.json: has 5 instructions.*number 7; set it to \[0, 1, 2, 3, 4\]"
    ):
        study.role("pirate")


def test_general_questions_are_the_same_for_every_role_and_cut_by_limit(make_study: StudyMaker) -> None:
    study = make_study(changes={"questions.limit": 4})
    pirate, ghost = (study.questions(study.role(name)) for name in ("pirate", "ghost"))
    assert pirate == ghost
    assert [question.id for question in pirate] == [0, 1, 2, 3]


def test_role_specific_questions_are_the_roles_own(make_study: StudyMaker) -> None:
    study = make_study(changes={"questions": {"mode": "role_specific"}})
    role = study.role("pirate")
    assert tuple(question.text for question in study.questions(role)) == role.questions


def test_a_role_without_questions_of_its_own_is_named_in_role_specific_mode(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "quiet.json").write_text(json.dumps({"instruction": [{"pos": "Be quiet."}] * 2}))
    study = make_study(
        changes={"roles": {"directory": str(tmp_path / "roles")}, "questions": {"mode": "role_specific"}}
    )
    with pytest.raises(StudyError, match=r"quiet.json: has no questions of its own"):
        study.questions(study.role("quiet"))


def test_a_study_reads_the_responses_of_the_one_it_names(make_study: StudyMaker) -> None:
    study = make_study(changes={"generation": None, "responses_from": "smollm2"})
    assert study.responses_owner.name == "smollm2"


def test_relative_paths_start_at_the_repository(make_study: StudyMaker) -> None:
    assert make_study().path("data/x") == PROJECT / "data" / "x"
