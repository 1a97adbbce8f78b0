"""What `persona demo` lays out and says; tests/test_wheel.py runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.demo import LIVE, OTHERS, _place_answers, run_demo
from persona_assets.drift.source import read_source
from persona_assets.drift.transcript import Transcript
from persona_assets.study.study import load_study
from tests.places import PROJECT, write_project

DATA = PROJECT / "data" / "smollm2"


def test_the_shipped_answers_of_all_roles_but_the_live_one_are_placed_once(homes: Path) -> None:
    study = load_study("smollm2")
    gone = next((DATA / "lake").glob("smollm2/responses/role=alien/*.parquet")).relative_to(DATA / "lake")
    study.lake.storage.mark(str(gone.with_suffix(".gone")))  # deleted on purpose
    for _ in range(2):
        _place_answers(study)
        placed = {file.parent.name: file for file in (homes / "lake").rglob("*.parquet")}
        assert placed.keys() == {f"role={role}" for role in study.role_names} - {f"role={LIVE}", "role=alien"}
    for file in placed.values():
        assert file.read_bytes() == (DATA / "lake" / file.relative_to(homes / "lake")).read_bytes()


def test_the_slice_is_roles_of_the_study_the_anchor_among_them() -> None:
    study = load_study("smollm2")
    assert {LIVE, *OTHERS} < set(study.role_names)
    assert study.settings.analysis.anchor in OTHERS


def test_a_project_without_the_study_says_how_to_come_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError, match="has no study smollm2; .*: persona init --demo DIR$"):
        run_demo()


def test_the_shipped_conversations_are_eight_turns_each() -> None:
    conversations = [read_source(file) for file in sorted((DATA / "conversations").glob("*.json"))]
    assert {talk.name for talk in conversations} >= {"Talked into piracy", "Nothing happens"}
    for talk in conversations:
        assert isinstance(talk, Transcript)
        assert [message.role for message in talk.messages] == ["user", "assistant"] * 8
