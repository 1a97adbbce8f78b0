from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pytest

from persona_assets.base.errors import DiskError, StudyError
from persona_assets.generate import stage as stage_module
from persona_assets.generate.backend import Completion, open_backend
from persona_assets.generate.in_flight import InFlight
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.generate.stage import GenerationStage, responses_table
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.health.checks import responses_complete
from persona_assets.lake.lake import Lake
from persona_assets.lake.schema import RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
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


class Counted(TransformersBackend):
    """Remembers how many prompts each batch held."""

    def __init__(self, study: Study) -> None:
        super().__init__(study.settings.generation)
        self.batches: list[int] = []

    def _complete_batch(self, batch: Sequence[tuple[int, Prompt]]) -> Iterator[Completion]:
        self.batches.append(len(batch))
        return super()._complete_batch(batch)


def counted_stage(study: Study) -> tuple[GenerationStage, Counted]:
    stage = GenerationStage(study)
    stage._backend = counted = Counted(study)
    return stage, counted


@pytest.mark.parametrize("overwrite", [False, True])
def test_small_roles_that_are_asked_for_share_a_batch_and_say_what_they_say_alone(
    make_study: StudyMaker, overwrite: bool
) -> None:
    study, others = make_study("together"), make_study("alone")
    asked = ["default", "pirate"]
    alone = {name: others.lake.read(RESPONSES, GenerationStage(others).land(name)) for name in asked}
    if overwrite:
        study = others
    stage, counted = counted_stage(study)
    for name in asked:
        file = stage.land(name, asked=asked, overwrite=overwrite)
        assert study.lake.read(RESPONSES, file).equals(alone[name])
    assert counted.batches == [12]
    assert stage.shared == set(asked)


@pytest.mark.parametrize(
    "change",
    [
        {"generation.engine": {"batch_size": 11}},
        {"generation.max_model_len": 60, "generation.max_tokens": 50},
    ],
    ids=["a batch", "the model's window"],
)
def test_a_role_goes_beside_another_only_where_all_of_it_has_room(
    make_study: StudyMaker, change: dict[str, Any]
) -> None:
    study = make_study(changes=change)
    stage, counted = counted_stage(study)
    for name in study.role_names:
        stage.land(name, asked=study.role_names)
    assert counted.batches == [6] * len(study.role_names)
    assert not stage.shared


def test_progress_counts_up_to_all_responses_of_the_role(study: Study) -> None:
    heard: list[tuple[int, int]] = []
    GenerationStage(study).land("ghost", progress=lambda done, total: heard.append((done, total)))
    assert heard == [(number, 6) for number in range(1, 7)]


def test_a_study_that_borrows_responses_generates_none(make_study: StudyMaker) -> None:
    borrower = make_study(changes={"generation": None, "responses_from": "smollm2"})
    with pytest.raises(StudyError, match="takes its responses from smollm2; generate them there"):
        GenerationStage(borrower)


def test_answers_are_matched_by_id_not_by_order() -> None:
    answers = {number: Completion(number, [number], f"answer {number}", "stop") for number in (2, 0, 1)}
    table = responses_table([prompt(0), prompt(1), prompt(2)], answers, origin="x")
    assert table["response"].to_pylist() == ["answer 0", "answer 1", "answer 2"]


def test_a_missing_answer_is_an_error() -> None:
    with pytest.raises(StudyError, match="1 prompts were not answered, response 1"):
        responses_table([prompt(0), prompt(1)], {0: Completion(0, [1], "text", "stop")}, origin="x")


def test_the_fingerprint_of_what_landed_is_the_one_looked_for(study: Study) -> None:
    file = GenerationStage(study).land("ghost")
    assert file == RoleFiles(study, "ghost").responses


class Scripted:
    """A backend that breaks off after `n_answers`, and remembers what it was asked for."""

    def __init__(self, study: Study, n_answers: int | None) -> None:
        self.whole = open_backend(study.settings.generation)
        self.tokenizer = self.whole.tokenizer
        self.n_answers = n_answers
        self.answered: list[int] = []

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        for completion in self.whole.complete(prompts, done):
            if len(self.answered) == self.n_answers:
                raise StudyError("the server went away")
            self.answered.append(completion.response_id)
            yield completion

    def close(self) -> None:
        self.whole.close()


def stage_of(study: Study, n_answers: int | None) -> tuple[GenerationStage, Scripted]:
    stage = GenerationStage(study)
    stage._backend = scripted = Scripted(study, n_answers)
    return stage, scripted


def parts(study: Study) -> list[Path]:
    return sorted(Path(study.lake.root).glob("small/in_flight/**/*.parquet"))


def test_what_a_broken_run_has_generated_is_not_generated_again(make_study: StudyMaker) -> None:
    study, spared = make_study(), make_study("spared")
    broken, first = stage_of(study, 4)
    with pytest.raises(StudyError, match="went away"):
        broken.land("ghost")
    assert len(parts(study)) == 1
    whole, second = stage_of(study, None)
    heard: list[tuple[int, int]] = []
    file = whole.land("ghost", progress=lambda done, total: heard.append((done, total)))
    assert heard == [(5, 6), (6, 6)]
    assert sorted(first.answered + second.answered) == [0, 1, 2, 100_000, 100_001, 100_002]
    assert parts(study) == []
    expected = spared.lake.read(RESPONSES, GenerationStage(spared).land("ghost"))
    assert study.lake.read(RESPONSES, file).equals(expected)


def test_a_damaged_part_is_generated_again(study: Study) -> None:
    with pytest.raises(StudyError, match="went away"):
        stage_of(study, 4)[0].land("ghost")
    [part] = parts(study)
    part.write_bytes(part.read_bytes()[:100])
    stage, scripted = stage_of(study, None)
    stage.land("ghost")
    assert len(scripted.answered) == 6
    assert parts(study) == []


@pytest.mark.parametrize("change", [{"generation.seed": 1}, {"generation.backend": "vllm"}])
def test_parts_of_other_settings_are_not_taken_over(make_study: StudyMaker, change: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match="went away"):
        stage_of(make_study(), 4)[0].land("ghost")
    other = make_study(changes=change)
    in_flight = InFlight(RoleFiles(other, "ghost"), other.settings.generation.backend)
    assert in_flight.kept(prompts_of(other)) == {}


def prompts_of(study: Study) -> list[Prompt]:
    role = study.role("ghost")
    return build_prompts(
        role,
        study.questions(role),
        study.settings.generation,
        ChatFormat(load_tokenizer("tests/toy/data/model")),
    )


def test_an_answer_to_a_prompt_that_is_another_today_is_asked_for_again(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StudyError, match="went away"):
        stage_of(study, 4)[0].land("ghost")
    today = [replace(p, token_ids=[*p.token_ids, 5]) if p.question_id == 1 else p for p in prompts_of(study)]
    monkeypatch.setattr(stage_module, "build_prompts", lambda *_: today)
    stage, scripted = stage_of(study, None)
    rows = study.lake.read(RESPONSES, stage.land("ghost")).to_pylist()
    assert {1, 100_001} <= set(scripted.answered) and len(scripted.answered) < 6
    assert [row["prompt_token_ids"] for row in rows] == [p.token_ids for p in today]


def test_an_answer_with_a_control_token_in_it_fails_the_check(study: Study) -> None:
    file = GenerationStage(study).land("ghost")
    assert responses_complete(study, "ghost").metadata["n_with_control_tokens"] == 0
    rows = study.lake.read(RESPONSES, file).to_pylist()
    rows[0]["response_token_ids"] = [38, 5, 38]
    spoilt = pa.Table.from_pylist(rows, schema=RESPONSES.schema)
    study.lake.write(RESPONSES, spoilt, file.made_from, role="ghost")
    assert "1 with control tokens" in responses_complete(study, "ghost").description


def test_making_a_role_again_takes_nothing_from_the_time_before(study: Study) -> None:
    with pytest.raises(StudyError, match="went away"):
        stage_of(study, 4)[0].land("ghost")
    [part] = parts(study)
    content = part.read_bytes()
    stage_of(study, None)[0].land("ghost")
    part.write_bytes(content)  # as if it had been killed before it could tidy up
    stage, scripted = stage_of(study, None)
    stage.land("ghost", overwrite=True)
    assert len(scripted.answered) == 6
    assert parts(study) == []


def test_parts_are_written_while_a_role_is_under_way(study: Study) -> None:
    in_flight = InFlight(RoleFiles(study, "ghost"), "x")
    answers = [Completion(number, [number], "text", "length", "tokenized") for number in range(3)]
    with in_flight.keeping(every=0.01):
        for number, answer in enumerate(answers, start=1):
            in_flight.add(answer, prompt(answer.response_id))
            while len(parts(study)) < number:  # though nothing more comes
                time.sleep(0.01)
    kept = InFlight(RoleFiles(study, "ghost"), "x").kept([prompt(number) for number in range(3)])
    assert kept == {answer.response_id: answer for answer in answers}


def test_an_answer_that_comes_twice_is_an_error(study: Study) -> None:
    stage, scripted = stage_of(study, None)
    once = scripted.complete
    scripted.complete = lambda prompts, done=(): (c for _ in range(2) for c in once(prompts, done))
    with pytest.raises(StudyError, match=r"response \d+ came twice"):
        stage.land("ghost")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"response_id": 999_999}, "response 999999 was not asked for"),
        ({"finish_reason": "ended"}, r"response \d+ ends by 'ended', which is neither stop nor length"),
        (
            {"token_ids": [1] * 999, "token_source": "generated"},
            r"response \d+ has 999 tokens, more than generation\.max_tokens",
        ),
    ],
)
def test_what_is_no_answer_to_what_was_asked_is_an_error(
    study: Study, other: dict[str, Any], said: str
) -> None:
    stage, scripted = stage_of(study, None)
    right = scripted.complete
    scripted.complete = lambda prompts, done=(): (replace(c, **other) for c in right(prompts, done))
    with pytest.raises(StudyError, match=rf"^generation\.backend \w+: {said}$"):
        stage.land("ghost")
    assert RoleFiles(study, "ghost").responses is None


def test_a_part_whose_writing_was_broken_off_is_written_at_the_end(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_flight, whole = InFlight(RoleFiles(study, "ghost"), "x"), Lake.write

    def broken_off(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), in_flight.keeping():
        in_flight.add(Completion(0, [1], "text", "stop"), prompt(0))
        monkeypatch.setattr(Lake, "write", broken_off)
        try:
            in_flight.flush()
        finally:
            monkeypatch.setattr(Lake, "write", whole)
    assert list(InFlight(RoleFiles(study, "ghost"), "x").kept([prompt(0)])) == [0]


def test_a_disk_that_refuses_a_part_is_told_with_the_next_answer(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Event()

    def refuse(*_: Any, **__: Any) -> None:
        refused.set()
        raise DiskError("cannot write: full")

    monkeypatch.setattr(Lake, "write", refuse)
    in_flight = InFlight(RoleFiles(study, "ghost"), "x")
    with pytest.raises(DiskError, match="full"), in_flight.keeping(every=0.01):
        in_flight.add(Completion(0, [1], "text", "stop"), prompt(0))
        refused.wait()
        for number in range(1, 1000):
            time.sleep(0.01)
            in_flight.add(Completion(number, [1], "text", "stop"), prompt(number))
        raise AssertionError("it went on")


def test_a_role_whose_answers_are_all_kept_lands_without_a_model(study: Study) -> None:
    stage, _ = stage_of(study, None)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(StudyError, match="broken off"):
        patch.setattr(stage_module, "responses_table", broken_table)
        stage.land("ghost")
    idle = GenerationStage(study)
    assert study.lake.read(RESPONSES, idle.land("ghost")).num_rows == 6
    assert idle._backend is None


def broken_table(*_: Any, **__: Any) -> None:
    raise StudyError("broken off")
