from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from persona_assets.cli.run import run_study
from persona_assets.cli.status import print_reasons, print_status
from persona_assets.lake.schema import RESPONSES
from persona_assets.stages.files import StudyFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.stages.test_table import MART, land_fresh, write_mart


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


def test_one_line_says_what_made_files_stale_and_the_least_that_helps(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(study: Study) -> list[str]:
        print_status(study, "table")
        said = capsys.readouterr().out.splitlines()
        return [line for line in said[: said.index("")] if "stale" in line][1:]

    study = make_study()
    land_fresh(study)
    assert lines(study) == []
    publish(study)
    assert lines(study) == []
    assert lines(make_study(changes={"generation.max_tokens": 25, "extraction.dtype": "bfloat16"})) == [
        "stale, but kept: responses (max_tokens 24 → 25); put that back, or `persona run small` makes it "
        "again (--why says more)"
    ]
    two = {"extraction.evidence": {"top": 5}, "atlas.top_k": 7}
    [line] = lines(make_study(changes=two))
    assert "kept: activations (top 3 → 5), atlas (map.top_k 2000 → 7); put" in line
    write_mart(study, "select 1 as one")
    [line] = lines(study)
    assert line.startswith("stale, but kept: marts (")
    (study.file.parent / "marts" / f"{MART}.sql").unlink()
    assert lines(study) == [
        "the snapshot is stale: `persona run small --select warehouse` publishes a new one"
    ]
    files = StudyFiles.of(study).roles["ghost"]
    again = study.lake.write(
        RESPONSES, RESPONSES.schema.empty_table(), files.responses_fingerprint, role="ghost"
    )
    [line] = lines(make_study(changes={"extraction.evidence": {"top": 5}}))
    assert "kept: activations (top 3 → 5), activations (other responses), and 1 more; put" in line
    Path(study.lake.uri(again.path)).write_bytes(b"damaged")
    print_status(make_study(changes={"generation.seed": 1}), "table")
    [line] = [line for line in capsys.readouterr().out.splitlines() if again.path in line]
    assert "persona verify" in line
