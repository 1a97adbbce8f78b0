from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from persona_assets.cli.run import run_study
from persona_assets.cli.status import print_reasons, print_status
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.stages.test_table import land_fresh


def test_a_program_gets_every_role_and_stage(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    print_status(study, "csv")
    assert capsys.readouterr().out.splitlines() == [
        "role,responses,activations,role_features,bytes,modified",
        "default,missing,missing,missing,0,",
        "ghost,missing,missing,missing,0,",
        "pirate,missing,missing,missing,0,",
    ]


def test_roles_that_are_all_alike_are_no_table_of_their_own(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    print_status(study, "table")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["stage", "fresh", "stale", "missing", "size", "oldest", "newest"]
    assert lines[1] == ["responses", "–", "–", "3", "0", "B", "–", "–"]
    assert ["warehouse", "–", "–", "1", "0", "B", "–", "–"] in lines
    assert lines[-2:] == [[], ["0", "of", "3", "roles", "complete"]]


def test_a_lake_that_is_not_there_or_cannot_be_is_told_in_a_line(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for folder, said in (
        ("none/lake", "no lake yet: there is no folder {}; a run makes it, or PERSONA_LAKE names another"),
        ("file/lake", f"cannot be made in {tmp_path / 'file'}; point PERSONA_LAKE elsewhere"),
        ("file", f"cannot be made in {tmp_path / 'file'}; point PERSONA_LAKE elsewhere"),
    ):
        monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / folder))
        print_status(Study(study.name, study.settings, study.file), "table")
        assert said.format(tmp_path / folder) in capsys.readouterr().out
    (tmp_path / "there").mkdir()
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "there"))
    print_status(Study(study.name, study.settings, study.file), "table")
    assert "no lake" not in capsys.readouterr().out


def test_what_is_fresh_has_a_size_and_an_age_and_the_roles_stand_below(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    run_study(study, ["pirate"], ["responses", "activations", "role_features", "warehouse"], overwrite=False)
    capsys.readouterr()
    print_status(study, "table")
    lines = capsys.readouterr().out.splitlines()
    stage, fresh, stale, missing, size, unit, *_ = lines[1].split()
    assert (stage, fresh, stale, missing) == ("responses", "1", "–", "2")
    assert (float(size) > 0, unit) == (True, "kB")
    assert next(line for line in lines if line.startswith("warehouse")).split()[1] == "1"
    *_, pirate, summary = lines
    assert pirate.split() == ["pirate", "fresh", "fresh", "fresh"]
    assert summary == "1 of 3 roles complete"
    print_status(study, "csv")
    *_, row = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert int(row["bytes"]) > 5_000
    assert row["modified"].startswith("20")


def test_why_says_of_each_stage_what_it_waits_for_and_nothing_of_what_is_fresh(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    print_reasons(study, "csv")
    assert capsys.readouterr().out.splitlines()[:3] == [
        "stage,per,parts,responses,files,why",
        "responses,role,3,18,3,not made yet",
        "activations,role,3,18,18,waits for responses",
    ]
    land_fresh(study)
    print_reasons(study, "csv")
    assert capsys.readouterr().out.splitlines()[1:] == ["warehouse,study,1,,1,not published yet"]
    publish(study)
    print_reasons(study, "table")
    assert capsys.readouterr().out == "everything is fresh\n"


def test_a_snapshot_of_earlier_settings_is_stale(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study()
    land_fresh(study)
    publish(study)
    changed = make_study(changes={"generation.seed": 1})
    for now, states in ((study, ["1", "–"]), (changed, ["–", "1"])):
        print_status(now, "table")
        [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warehouse")]
        assert line.split()[1:3] == states
    print_reasons(changed, "csv")
    assert "warehouse,study,1,,1,stands on other files than are fresh now" in capsys.readouterr().out
