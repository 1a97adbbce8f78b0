"""Slips that a newcomer makes, typed as they were: one line that says what to write instead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import write_records
from persona_assets.lake.schema import TABLES
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.typed import typed

Patch = pytest.MonkeyPatch


def line(*words: object) -> str:
    """The only line that a command which must fail prints."""
    said = typed(*words)
    assert said.status == 2
    assert said.err.startswith("persona: ") and said.err.count("\n") == 1
    return said.err.removeprefix("persona: ").rstrip("\n")


def test_slips_in_a_query_are_answered_with_what_to_write(study: Study) -> None:
    publish(study)
    assert "write 'pirate'" not in typed("sql", study.file, "from top_features(parrot)").err
    said = typed("sql", study.file, "from top_features(pirate)")
    assert said.status == 2 and said.err.endswith("\na role's name is a text: write 'pirate'\n")
    assert "half of a surrogate pair" in line("sql", study.file, "select '\ud800'")
    assert "no SAE layer9 in this study; its SAEs: demo" in line(
        "which-roles", study.file, 7, "--sae", "layer9"
    )


def test_words_that_no_label_has_are_said_to_be_in_none(study: Study) -> None:
    publish(study)
    said = typed("labels", "search", study.file, "sea,pirate")
    assert (said.status, said.out.splitlines()[-1]) == (0, "no label has all of these words: sea,pirate")
    assert typed("labels", "search", study.file, "sea", "--format", "json").out == "[]\n"


def test_an_export_into_a_file_is_told_that_it_is_one(study: Study, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert line("export", study.file, tmp_path / "README.md").endswith("README.md: is a file; name a folder")
    with pytest.raises(StudyError, match=r"README\.md: is a file; name a folder$"):
        write_records(tmp_path / "README.md" / "below" / "x.jsonl", [])


def test_an_export_of_nothing_says_so_before_any_hub_is_asked(study: Study, monkeypatch: Patch) -> None:
    def ask(*_: object) -> int:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr("persona_assets.interchange.features.sae_width", ask)
    assert line("export", study.file, "out").endswith(
        "no role has fresh responses; run `persona run small --select responses` first"
    )


def test_a_picture_for_a_folder_that_is_not_there_is_refused(study: Study, tmp_path: Path) -> None:
    message = line("plot", study.file, "atlas", "--to", tmp_path / "nowhere" / "x.png")
    assert message == f"{tmp_path}/nowhere: no such folder; make it, or name another with --to"
    assert not (tmp_path / "nowhere").exists()


def test_drift_is_not_selected_but_run_by_conversation(study: Study) -> None:
    assert line("run", study.file, "--select", "drift") == (
        "drift is made by conversation, not by role: `persona drift small`"
    )


def test_a_place_where_no_warehouse_can_lie_is_told_before_anything_is_made(
    study: Study, monkeypatch: Patch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "[x]*?"))
    assert "no warehouse can lie in a folder with '?' in its name" in line("run", study.file)
    assert not [table for table in TABLES.values() if study.lake.files(table)]


def test_a_conversation_that_is_not_there_is_told_before_torch_is_loaded(
    study: Study, monkeypatch: Patch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "persona_assets.drift.stage", None)  # an import would fail
    assert "none.json: cannot be read" in line("drift", study.file, tmp_path / "none.json")
    (tmp_path / "empty").mkdir()
    assert "holds no conversations (*.json)" in line("drift", study.file, tmp_path / "empty")
