"""A study whose model thinks: its answers are what is pooled, and where they are lies in a table."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.cli.app import app
from persona_assets.cli.run import run_study
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate import stage as stage_module
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.generate.stage import GenerationStage
from persona_assets.health.checks import responses_complete
from persona_assets.lake.schema import ACTIVATIONS, EVIDENCE, POOLED, RESPONSE_SPANS, RESPONSES
from persona_assets.models.loading import load_tokenizer
from persona_assets.models.thinking import Thinking
from persona_assets.stages.dtypes import extraction_spans, with_decided
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.table import stage_of
from persona_assets.study import study as study_module
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.generate.models import that_thinks

ANSWER = "Ahoy, the sea is wide."
# By question; the first variant says these, the second says its answer alone.
THOUGHT = "<think>The wind and the sea.</think>"
SAID = [f"{THOUGHT}\n\n{ANSWER}", "<think>The wind and", f"<think>\n\n</think>{ANSWER}"]


class _Thinker:
    """Answers as it is told, with the model's own tokens."""

    def __init__(self, generation: GenerationSettings) -> None:
        self.tokenizer = load_tokenizer(generation.model, generation.revision)

    def complete(self, prompts: Sequence[Prompt], done: Collection[int] = ()) -> Iterator[Completion]:
        for prompt in prompts:
            said = ANSWER if prompt.variant else SAID[prompt.question_id % len(SAID)]
            ids = self.tokenizer(said, add_special_tokens=False)["input_ids"]
            text = self.tokenizer.decode(ids, skip_special_tokens=True)
            yield Completion(prompt.response_id, ids, text, "stop" if ANSWER in said else "length")

    def close(self) -> None:
        pass


@pytest.fixture
def thinking(homes: Path, make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch) -> StudyMaker:
    """Make studies of a model that thinks; their lake is one."""
    model = that_thinks(homes / "thinker")
    monkeypatch.setattr(stage_module, "open_backend", _Thinker)

    def make(name: str = "small", changes: dict[str, Any] | None = None) -> Study:
        of_model = {"generation.model": model, "extraction.model": model}
        return make_study(name, of_model | (changes or {}))

    return make


def land(study: Study, role: str = "pirate") -> dict[int, dict[str, Any]]:
    """Generate and extract a role; return its rows of `pooled` by response_id."""
    GenerationStage(study).land(role)
    ExtractionStage(study).land(role)
    file = RoleFiles(study, role).pooled("demo")
    assert file is not None
    return {row["response_id"]: row for row in study.lake.read(POOLED, file).to_pylist()}


def n_tokens(study: Study, text: str) -> int:
    tokenizer = load_tokenizer(study.settings.extraction.model, None)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_the_answer_alone_is_pooled_unless_the_study_says_otherwise(thinking: StudyMaker) -> None:
    study = thinking()
    pooled = land(study)
    answer = n_tokens(study, ANSWER)
    assert [pooled[id_]["n_tokens"] for id_ in (0, 1, 2, 100_000)] == [answer, 0, answer, answer]
    assert pooled[1]["excluded_reason"] == "ends within its thinking"
    evidence = study.lake.read(EVIDENCE, study.lake.files(EVIDENCE)[0])
    windows = {"".join(pieces) for pieces in evidence["pieces"].to_pylist()}
    assert windows and all(window in ANSWER for window in windows)

    only = land(thinking("only", {"extraction.spans": "thinking"}))
    assert only[0]["n_tokens"] == n_tokens(study, THOUGHT)
    assert only[100_000]["excluded_reason"] == "does not think"
    everything = land(thinking("everything", {"extraction.spans": "all"}))
    assert everything[0]["n_tokens"] == n_tokens(study, SAID[0])


def test_the_spans_of_what_thinks_are_a_table(thinking: StudyMaker) -> None:
    study = thinking()
    GenerationStage(study).land("pirate")
    [file] = study.lake.files(RESPONSE_SPANS)
    publish(study)
    with connect(study) as warehouse:
        rows = warehouse.execute(
            "select variant, question_id, span, kind, text from response_spans order by response_id, span"
        ).fetchall()
        counted = warehouse.execute("from role_answers").fetchall()
        taken = warehouse.execute(
            "select list_slice(response_token_ids, s.start + 1, s.stop) from responses "
            "join response_spans as s using (role, response_id) where kind = 'answer' and response_id = 0"
        ).fetchall()
    assert rows == [
        (0, 0, 0, "thinking", THOUGHT),
        (0, 0, 1, "answer", ANSWER),
        (0, 1, 0, "thinking", "<think>The wind and"),
        (0, 2, 0, "thinking", "<think>\n\n</think>"),
        (0, 2, 1, "answer", ANSWER),
    ]
    assert counted == [("pirate", 6, 1, 1 / 6, 3, 1, 6, 1, 6)]
    tokenizer = load_tokenizer(study.settings.extraction.model, None)
    assert taken == [(tokenizer(ANSWER, add_special_tokens=False)["input_ids"],)]

    assert file in [held.file for held in StudyFiles.of(study).fresh()]
    assert RoleFiles(study, "pirate").has(stage_of(RESPONSES), None, selected=True)


def test_answers_that_are_lacking_are_counted_and_told(thinking: StudyMaker) -> None:
    study = thinking()
    GenerationStage(study).land("pirate")
    found = responses_complete(study, "pirate")
    assert (found.passed, found.metadata["n_thinking"], found.metadata["n_without_answer"]) == (False, 3, 1)
    assert found.description == "1 of 6 responses end within their thinking"
    assert responses_complete(thinking("small", {"checks.max_empty": 0.2}), "pirate").passed


def test_a_pilot_and_a_run_tell_of_answers_that_are_lacking(
    thinking: StudyMaker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = thinking("small", {"generation.prompt_indices": [0]})
    said = CliRunner().invoke(app, ["estimate", str(study.file), "--pilot", "1", "--answers", "3"]).output
    assert "without an answer: 1 of 3 responses end within their thinking" in said
    run_study(study, ["pirate"], ["responses"], overwrite=False)
    told = "pirate: 1 of 3 responses end within their thinking; raise generation.max_tokens (24)"
    assert told in " ".join(capsys.readouterr().err.split())


def test_what_is_pooled_is_settled_with_the_first_activations(
    thinking: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = thinking()
    land(study)
    again = thinking()
    monkeypatch.setattr(Thinking, "of", lambda _: None)  # what is settled is found out no more
    assert with_decided(again).extraction.spans == "answer"
    assert RoleFiles(again, "pirate").activations("demo") is not None
    assert (RoleFiles(again, "pirate").inputs(ACTIVATIONS, "demo") or {})["spans"] == "answer"
    note = Path(study.lake.root) / study.name / "settled" / "extraction.spans"
    assert note.read_text() == "answer"
    note.write_text("answers")
    with pytest.raises(StudyError, match=r"settled/extraction\.spans: is none of answer, all; write there"):
        extraction_spans(thinking())


def test_a_lake_from_before_thinking_was_told_apart_stays_fresh(
    thinking: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(thinking("small", {"extraction.spans": "all"}))  # as earlier versions did, whose key this is not
    settled = Path(thinking().lake.root) / "small" / "settled" / "extraction.spans"
    assert not settled.exists()
    study = thinking()
    assert RoleFiles(study, "pirate").activations("demo") is not None
    everything = land(study, "ghost")  # and a role that is made now is made as the others were
    assert everything[0]["n_tokens"] == n_tokens(study, SAID[0])
    assert not settled.exists()


def test_responses_from_before_there_was_a_table_get_it_with_their_extraction(
    make_study: StudyMaker, thinking: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = thinking()
    GenerationStage(study).land("pirate")
    shutil.rmtree(Path(study.lake.root) / study.name / RESPONSE_SPANS.name)
    model = {"extraction.model": study.settings.extraction.model}
    borrower = make_study("borrower", {**model, "generation": None, "responses_from": "small"})
    monkeypatch.setattr(study_module, "load_study", lambda _: study)
    ExtractionStage(borrower).land("pirate")
    [file] = study.lake.files(RESPONSE_SPANS)
    assert RoleFiles(borrower, "pirate").file(RESPONSE_SPANS) == file
    assert not borrower.lake.files(RESPONSE_SPANS)


def test_a_model_that_does_not_think_has_no_such_file(study: Study) -> None:
    GenerationStage(study).land("pirate")
    ExtractionStage(study).land("pirate")
    assert not study.lake.files(RESPONSE_SPANS)
    assert not (Path(study.lake.root) / study.name / "settled").exists()
    assert "spans" not in (RoleFiles(study, "pirate").inputs(ACTIVATIONS, "demo") or {})
