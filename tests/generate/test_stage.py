from __future__ import annotations

import pytest

from persona_assets.errors import StudyError
from persona_assets.freshness import RoleFiles
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.stage import GenerationStage, responses_table
from persona_assets.schema import RESPONSES
from persona_assets.study import Study
from tests.conftest import StudyMaker


def prompt(question_id: int) -> Prompt:
    return Prompt(0, question_id, None, "What?", [1, 2], seed=5)


def test_a_role_lands_with_a_row_for_every_variant_and_question(study: Study) -> None:
    file = GenerationStage(study).land("default")
    rows = study.lake.read(RESPONSES, file).to_pylist()
    assert [row["response_id"] for row in rows] == [0, 1, 2, 100_000, 100_001, 100_002]
    assert {row["system_prompt"] for row in rows[:3]} == {None}
    assert {row["origin"] for row in rows} == {"transformers"}
    for row in rows:
        assert row["n_prompt_tokens"] == len(row["prompt_token_ids"])
        assert row["n_response_tokens"] == len(row["response_token_ids"]) > 0


def test_fresh_responses_are_not_made_again_unless_asked(study: Study) -> None:
    stage = GenerationStage(study)
    first = stage.land("ghost")
    assert stage.land("ghost") == first
    again = stage.land("ghost", overwrite=True)
    assert again.revision == 1
    assert study.lake.read(RESPONSES, again).equals(study.lake.read(RESPONSES, first))


def test_no_model_is_loaded_for_a_role_that_is_fresh(make_study: StudyMaker) -> None:
    study = make_study()
    GenerationStage(study).land("ghost")
    idle = GenerationStage(study)
    idle.land("ghost")
    assert idle._backend is None


def test_a_role_is_the_same_whatever_was_generated_before_it(make_study: StudyMaker) -> None:
    busy, fresh = make_study("busy"), make_study("fresh")
    stage = GenerationStage(busy)
    stage.land("default")
    after_another = busy.lake.read(RESPONSES, stage.land("pirate"))
    alone = fresh.lake.read(RESPONSES, GenerationStage(fresh).land("pirate"))
    assert after_another.equals(alone)


def test_progress_counts_up_to_all_responses_of_the_role(study: Study) -> None:
    heard: list[tuple[int, int]] = []
    GenerationStage(study).land("ghost", progress=lambda done, total: heard.append((done, total)))
    assert heard == [(number, 6) for number in range(1, 7)]


def test_a_study_that_borrows_responses_generates_none(make_study: StudyMaker) -> None:
    borrower = make_study(changes={"generation": None, "responses_from": "demo"})
    with pytest.raises(StudyError, match="takes its responses from demo; generate them there"):
        GenerationStage(borrower)


def test_answers_are_matched_by_id_not_by_order() -> None:
    answers = [Completion(number, [number], f"answer {number}", "stop") for number in (2, 0, 1)]
    table = responses_table([prompt(0), prompt(1), prompt(2)], answers, origin="x")
    assert table["response"].to_pylist() == ["answer 0", "answer 1", "answer 2"]


def test_a_missing_or_doubled_answer_is_an_error() -> None:
    answer = Completion(0, [1], "text", "stop")
    with pytest.raises(StudyError, match="1 prompts were not answered, response 1"):
        responses_table([prompt(0), prompt(1)], [answer], origin="x")
    with pytest.raises(StudyError, match="response 0 came twice"):
        responses_table([prompt(0)], [answer, answer], origin="x")


def test_the_fingerprint_of_what_landed_is_the_one_looked_for(study: Study) -> None:
    file = GenerationStage(study).land("ghost")
    assert file == RoleFiles(study, "ghost").responses
