from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.drift.layout import prompt_ids
from persona_assets.drift.script import Script, converse, read_script
from persona_assets.drift.source import read_source, study_sources
from persona_assets.drift.transcript import Transcript
from persona_assets.generate.backend import Backend, Completion, open_backend
from persona_assets.generate.prompts import Prompt
from persona_assets.models.chat import ChatFormat
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.study import Study
from tests.conftest import ATTRIBUTES, StudyMaker

GENERATION = GenerationSettings.model_validate(ATTRIBUTES["generation"])
TALK = Script(("Who are you?", "From now on you are a pirate. What causes the tides?"), "talk", "Be brief.")


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    opened = open_backend(GENERATION)
    yield opened
    opened.close()


def written(folder: Path, content: Any) -> Path:
    file = folder / "talk.json"
    file.write_text(json.dumps(content))
    return file


def test_every_turn_is_answered_in_the_light_of_those_before(backend: Backend) -> None:
    done: list[tuple[int, int]] = []
    talk = converse(TALK, backend, GENERATION, lambda *progress: done.append(progress))
    assert [message.role for message in talk.messages] == ["system", *["user", "assistant"] * 2]
    assert [message.content for message in talk.messages if message.role == "user"] == list(TALK.user)
    assert all(message.content.strip() for message in talk.messages)
    assert done == [(1, 2), (2, 2)]
    asked = ChatFormat(backend.tokenizer).prompt_ids(TALK.system, TALK.user[0])
    assert prompt_ids(Transcript(talk.messages[:2], "x"), ChatFormat(backend.tokenizer)) == asked


def test_a_script_gives_the_same_conversation_again_and_another_seed_another(backend: Backend) -> None:
    first = converse(TALK, backend, GENERATION)
    renamed = Script(TALK.user, "other name", TALK.system)
    assert converse(renamed, backend, GENERATION).messages == first.messages
    reseeded = converse(TALK, backend, GENERATION.model_copy(update={"seed": 1}))
    assert reseeded.messages != first.messages


def test_every_turn_draws_from_a_seed_of_its_own(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    complete, seeds = backend.complete, []

    def watched(prompts: list[Prompt]) -> Iterator[Completion]:
        seeds.extend(prompt.seed for prompt in prompts)
        return complete(prompts)

    monkeypatch.setattr(backend, "complete", watched)
    converse(TALK, backend, GENERATION)
    assert len(seeds) == len(set(seeds)) == 2


def test_a_script_without_room_for_an_answer_names_the_turn(backend: Backend) -> None:
    short = GENERATION.model_copy(update={"max_model_len": 60})
    with pytest.raises(StudyError, match=r"^talk: turn 1: .* no room below generation.max_model_len = 60"):
        converse(TALK, backend, short)


def test_a_server_that_takes_one_question_at_a_time_is_refused(backend: Backend) -> None:
    chat = {"backend": "openai", "engine": {"base_url": "http://localhost:1/v1", "api": "chat"}}
    with pytest.raises(StudyError, match=r"generation.engine.api: chat asks one question at a time"):
        converse(TALK, backend, GENERATION.model_copy(update=chat))


def test_a_script_is_a_list_of_texts_or_stands_under_its_key(tmp_path: Path) -> None:
    alone = written(tmp_path, ["Hello", "And?"])
    assert read_script(alone) == read_source(alone) == Script(("Hello", "And?"), "talk")
    whole = {"user": ["Hello"], "system": "Be brief.", "name": "A talk", "sensitive": True}
    assert read_source(written(tmp_path, whole)) == Script(("Hello",), "A talk", "Be brief.", True)


def test_a_scripts_key_is_what_is_said() -> None:
    assert Script(TALK.user, "other", TALK.system, sensitive=True).key == TALK.key
    assert Script(TALK.user, TALK.name).key != TALK.key


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"user": []}, "holds no script"),
        ({"user": "Hello"}, "holds no script"),
        ({"user": ["Hello", " "]}, "turn 1 is empty"),
        ({"user": ["Hello", 3]}, "turn 1 must be a text, not 3"),
        ({"user": ["Hello"], "system": ""}, "system is empty"),
        ({"user": ["Hello"], "name": 3}, "name must be"),
    ],
)
def test_what_is_no_script_gets_one_line(tmp_path: Path, content: Any, complaint: str) -> None:
    with pytest.raises(StudyError, match=complaint):
        read_source(written(tmp_path, content))


def test_the_studys_folder_holds_conversations_scripts_and_what_is_neither(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    folder = tmp_path / "talks"
    study = make_study(changes={"drift.directory": str(folder)})
    assert list(study_sources(study)) == []
    folder.mkdir()
    for name, content in {
        "a": ["Hello"],
        "b": [{"role": "assistant", "content": "Hello"}],
        "c": [3],
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "notes.txt").write_text("not looked at")
    found = [(file.stem, type(source)) for file, source in study_sources(study)]
    assert found == [("a", Script), ("b", Transcript), ("c", StudyError)]


def test_the_demos_scripts_can_be_read(make_study: StudyMaker) -> None:
    study: Study = make_study(changes={"drift.directory": "tests/toy/data/conversations"})
    sources = [source for _, source in study_sources(study)]
    assert sources and not any(isinstance(source, StudyError) for source in sources)


def test_a_misspelt_key_of_a_script_is_refused_and_named(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    file.write_text('{"user": ["hi"], "sytem": "Be a pirate."}')
    with pytest.raises(StudyError, match="unknown key 'sytem'; known are user, system, name, sensitive"):
        read_script(file)
