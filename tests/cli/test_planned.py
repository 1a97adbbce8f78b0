"""`persona run --dry-run`, the end of `persona run`, and `persona list`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.made import questions, said_of
from persona_assets.cli.planned import plan, print_plan
from persona_assets.cli.run import run_study
from persona_assets.cli.studies import print_studies
from persona_assets.health.gpu import measured_on_gpus
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import warehouse_path
from tests.conftest import StudyMaker, write_study
from tests.gpu.figures import as_toml
from tests.health.test_gpu import MODEL, ROWS
from tests.places import PROJECT
from tests.stages.test_table import land_fresh
from tests.warehouse.world import publish_compared, write_catalog

ROLES = ["default", "ghost", "pirate"]


def test_a_dry_run_names_what_is_missing_and_what_follows_and_makes_nothing(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = plan(study, None, None, overwrite=False)
    assert {planned[asset] == ROLES for asset in ("responses", "activations", "role_features")} == {True}
    assert planned["statistics"] == planned["atlas"] == ["demo"]
    print_plan(study, ["pirate", "ghost"], ["responses"], overwrite=False)
    table, *rest = capsys.readouterr().out.split("\nanswers: ")
    assert [line.split() for line in table.splitlines()[1:]] == [["responses", "2", "roles", "12"]]
    assert rest[0].startswith("at most 24 tokens each, 288 in all\n") and "GPU" not in rest[0]
    assert not any(files.responses for files in look_at_roles(study).values())


def test_what_is_fresh_is_not_planned_and_what_is_made_again_takes_along_what_follows(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    land_fresh(study)
    planned = plan(study, None, None, overwrite=False)
    assert {asset for asset, parts in planned.items() if parts} == {"catalog", "warehouse"}
    print_plan(study, None, ["warehouse", "how_many_files", "responses"], overwrite=False)
    fresh, published = capsys.readouterr().out.splitlines()
    assert fresh.startswith("everything chosen is fresh") and published == "the warehouse would be published"
    print_plan(study, None, ["warehouse"], overwrite=False)
    assert capsys.readouterr().out == "the warehouse would be published\n"
    again = plan(study, ["ghost"], ["activations", "role_features", "statistics"], overwrite=True)
    assert again == {"activations": ["ghost"], "role_features": ["ghost"], "statistics": ["demo"]}
    assert plan(study, ["ghost"], ["activations", "how_many_files"], overwrite=True)["how_many_files"]


def test_a_dry_run_tells_of_the_answers_that_it_plans_and_of_every_stage_that_uses_a_model(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(changes={"judge": {"one": {"model": "tests/toy/data/model", "dtype": "float32"}}})
    measured = measured_on_gpus(as_toml(ROWS).replace("google/gemma-3-27b-it", MODEL))
    monkeypatch.setattr("persona_assets.cli.estimate.measured_on_gpus", lambda: measured)
    print_plan(study, ["ghost", "pirate"], None, overwrite=False)
    said = capsys.readouterr().out
    for stage in ("judgements +2 roles", "directions +1 SAE"):
        assert re.search(rf"{stage} +a model; see persona estimate\n", said), said
    assert re.search(r"activations +2 roles +12\n", said)
    assert "for 12 answers of at most 24 tokens" in said


def test_a_dry_run_makes_no_history(study: Study, homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(homes / "history"))
    plan(study, None, None, overwrite=False)
    assert not (homes / "history").exists()


def test_a_run_with_a_fresh_history_says_that_fresh_roles_are_looked_at_again_and_not_that_they_are_made(
    study: Study, capsys: pytest.CaptureFixture[str], homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_fresh(study)
    (homes / "history").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(homes / "history"))
    run_study(study, ["ghost", "pirate"], ["responses"], overwrite=False)
    said = capsys.readouterr().err
    assert "2 of 2 roles are fresh; 2 of these are checked again, not made" in said
    assert "nothing was made" in said and "made: " not in said
    assert "responses: pirate checked (2 of 2)" in said and "landed" not in said
    run_study(study, ["ghost", "pirate"], ["responses"], overwrite=False)
    assert "responses: 2 of 2 roles are fresh\n" in capsys.readouterr().err


def test_a_comparison_that_waits_for_roles_is_not_said_to_be_made(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    run_study(study, ["pirate"], ["statistics"], overwrite=False)
    assert "made: " not in capsys.readouterr().err


def test_a_dry_run_refuses_what_a_run_would(
    study: Study, make_study: StudyMaker, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StudyError, match="no role 'captain'"):
        plan(study, ["captain"], None, overwrite=False)
    with pytest.raises(StudyError, match="no asset 'atlantis'"):
        plan(study, None, ["atlantis"], overwrite=False)
    with pytest.raises(
        StudyError, match="no fresh responses of default, ghost, pirate; run `persona run small "
    ):
        plan(study, None, ["activations"], overwrite=False)
    gone = make_study("gone", {"extraction.saes": {"demo": {"path": "tests/toy/data/nowhere"}}})
    with pytest.raises(StudyError, match="nowhere is no folder"):
        plan(gone, None, None, overwrite=False)
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(homes / "a?b"))
    with pytest.raises(StudyError, match="no warehouse can lie"):
        plan(study, None, ["warehouse"], overwrite=False)


def test_a_comparison_of_one_role_is_planned_to_wait(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    one = plan(study, ["pirate"], ["responses", "activations", "statistics", "atlas"], overwrite=False)
    assert one["statistics"] == one["atlas"] == []
    two = plan(
        study, ["ghost", "pirate"], ["responses", "activations", "statistics", "atlas"], overwrite=False
    )
    assert two["statistics"] == two["atlas"] == ["demo"]
    print_plan(study, None, ["statistics"], overwrite=False)
    assert "nothing: it waits for more roles" in capsys.readouterr().out


def test_the_end_of_a_run_says_what_it_made_and_asks_of_a_role_and_a_feature_that_are_there(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    publish_compared(study)
    first, second = questions(study, study.role_names)
    role = first.split()[3]
    assert role in study.role_names and role != "default"
    assert first == f"persona top-features small {role} --limit 5"
    assert second.startswith('persona sql small "from which_roles(') and "which_roles(0)" not in second
    said = said_of(study, {"responses": [role], "activations": [], "statistics": ["demo"]})
    assert said.startswith("made: responses of 1 role, statistics of 1 SAE; ") and said.endswith("B")
    assert not said.endswith("; 0 B")


def test_studies_are_listed_with_their_models_and_one_that_is_broken_with_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text((PROJECT / "pyproject.toml").read_text())
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))
    monkeypatch.delenv("PERSONA_WAREHOUSE", raising=False)
    defs = tmp_path / "persona_assets" / "defs"
    print_studies("table")
    assert capsys.readouterr().out.endswith("has no studies; begin one: persona new STUDY\n")
    for folder in ("data", "tests"):
        (tmp_path / folder).symlink_to(PROJECT / folder)
    land_fresh(load_study(write_study(defs / "fresh")))
    write_study(defs / "broken", {"generation.seed": "none"})
    print_studies("csv")
    header, broken, fresh = capsys.readouterr().out.splitlines()
    assert header == "study,model,saes,roles,complete,published,problem"
    assert broken.startswith("broken,,,,,,") and "generation.seed" in broken
    assert fresh == "fresh,model,demo,3,3,,"
    warehouse = warehouse_path(load_study(defs / "fresh" / "defs.yaml"))
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    warehouse.touch()
    os.utime(warehouse, (0, 0))
    print_studies("json")
    [_, fresh_one] = json.loads(capsys.readouterr().out)
    assert fresh_one["published"] == "1970-01-01T00:00:00+00:00" and fresh_one["problem"] is None
    print_studies("table")
    assert re.search(r"fresh +model +demo +3 +3 +\d{5} d ", capsys.readouterr().out)
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(tmp_path / "a?b"))
    print_studies("json")
    [_, unplaced] = json.loads(capsys.readouterr().out)
    assert (unplaced["complete"], unplaced["published"]) == (3, None)
    assert "no warehouse can lie" in unplaced["problem"]
