"""The type of weights that a study leaves open is decided once, where its first file lands."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import RESPONSES
from persona_assets.models import dtypes
from persona_assets.stages.dtypes import extraction_dtype, generation_dtype, with_decided
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from tests.conftest import StudyMaker

OPEN = {"generation.dtype": "auto", "extraction.dtype": "auto"}


@pytest.fixture
def left_open(make_study: StudyMaker) -> Study:
    return make_study(changes=OPEN)


def multiplying(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    """Have this machine be one that holds the model best in `dtype`."""
    monkeypatch.setattr(dtypes, "best_dtype", lambda *_: dtype)


def again(study: Study) -> Study:
    """The study as another process, or machine, opens it."""
    return Study(study.name, study.settings, study.file)


def land(study: Study, made_from: str | None = None) -> None:
    made_from = made_from or RoleFiles(study, "ghost").responses_fingerprint
    study.lake.write(RESPONSES, RESPONSES.schema.empty_table(), made_from, role="ghost")


def test_what_is_said_is_taken(make_study: StudyMaker) -> None:
    study = make_study(changes={"generation.dtype": "float16"})
    assert (generation_dtype(study), extraction_dtype(study)) == ("float16", "float32")


def test_other_machines_take_the_type_under_which_the_first_file_landed(
    left_open: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    multiplying(monkeypatch, "bfloat16")
    assert generation_dtype(left_open) == "bfloat16"
    multiplying(monkeypatch, "float32")
    assert generation_dtype(again(left_open)) == "float32"  # nothing has landed yet
    land(left_open)
    assert generation_dtype(again(left_open)) == "bfloat16"
    assert RoleFiles(again(left_open), "ghost").responses is not None
    assert extraction_dtype(again(left_open)) == "float32"  # nobody asked for it when that file landed
    told = with_decided(again(left_open))
    assert told.generation is not None
    assert (told.generation.dtype, told.extraction.dtype) == ("bfloat16", "auto")


def test_a_lake_from_before_it_could_be_left_open_stays_fresh(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    multiplying(monkeypatch, "float32")
    before = make_study(changes=OPEN | {"generation.dtype": "bfloat16"})
    land(before, str(RoleFiles(before, "ghost").responses_fingerprint))  # without a note of its settings
    study = make_study(changes=OPEN)
    assert generation_dtype(study) == "bfloat16"
    assert RoleFiles(study, "ghost").responses is not None


def test_a_type_that_was_said_stays_where_it_is_said_no_more(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    multiplying(monkeypatch, "bfloat16")
    land(make_study(changes={"generation.dtype": "float32"}))
    assert generation_dtype(make_study(changes=OPEN)) == "float32"


def test_who_finds_no_file_need_not_know_the_type(left_open: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(*_: object) -> str:
        raise AssertionError("measured for nothing")

    monkeypatch.setattr(dtypes, "best_dtype", measured)
    assert RoleFiles(left_open, "ghost").state(RESPONSES) == "missing"


def test_a_note_that_is_no_type_is_told_in_a_line(left_open: Study) -> None:
    note = Path(left_open.lake.root) / left_open.name / "settled" / "generation.dtype"
    note.parent.mkdir(parents=True)
    note.write_text("int3")
    with pytest.raises(StudyError, match=r"settled/generation\.dtype: is none of float32, .* write the type"):
        generation_dtype(left_open)
