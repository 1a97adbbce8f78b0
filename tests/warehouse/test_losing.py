"""A publication says beforehand what it takes from a snapshot, and takes not all of it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.planned import print_plan
from persona_assets.cli.run import run_study
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, losing, publish
from tests.conftest import StudyMaker
from tests.stages.test_table import land_fresh

SEEDED = {"generation.seed": 1}


def roles_of(study: Study) -> list[str]:
    with connect(study) as warehouse:
        held = "select role from lake_files where table_name = 'role_features' order by role"
        rows = warehouse.execute(held).fetchall()
    return [role for (role,) in rows]


def test_a_snapshot_is_not_replaced_by_an_empty_one(make_study: StudyMaker) -> None:
    study = make_study()
    land_fresh(study)
    assert losing(study) is None  # nothing is published
    publish(study)
    assert losing(study) is None and publish(study).lost is None
    changed = make_study(changes=SEEDED)
    for publishes in (publish, lambda one: run_study(one, None, ["warehouse"], overwrite=False)):
        with pytest.raises(StudyError, match=r"has the features of 3 roles, .*would have none") as refused:
            publishes(changed)
    assert "`persona run small`" in str(refused.value) and "\n" not in str(refused.value)
    with pytest.raises(StudyError, match="would have none"):
        print_plan(changed, None, ["warehouse"], overwrite=False)
    assert len(roles_of(study)) == 3
    publish(make_study())  # the settings of before


def test_what_is_lost_is_told_before_it_is_published(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study()
    run_study(study, None, ["responses", "activations", "role_features", "warehouse"], overwrite=False)
    assert "not in the new snapshot" not in capsys.readouterr().err
    changed = make_study(changes=SEEDED)
    assets = ["responses", "activations", "role_features", "warehouse"]
    print_plan(changed, ["pirate"], assets, overwrite=False)
    planned = capsys.readouterr().out
    run_study(changed, ["pirate"], assets, overwrite=False)
    [line] = [one for one in capsys.readouterr().err.splitlines() if "not in the new snapshot" in one]
    assert line in planned.splitlines()
    for lost in ("responses of 2 roles", "activations of 2 roles", "role_features of 2 roles"):
        assert lost in line
    assert "`persona status small --why`" in line and "`persona run small` makes them again" in line
    assert roles_of(changed) == ["pirate"]
    assert losing(study) is None and publish(study).lost is None  # all of it comes back
    assert roles_of(study) == ["default", "ghost", "pirate"]
    print_plan(changed, None, ["warehouse"], overwrite=False)
    assert capsys.readouterr().out.startswith(line)
    assert publish(changed).lost == line


def test_what_the_study_does_not_ask_for_any_more_is_not_lost(make_study: StudyMaker) -> None:
    study = make_study()
    land_fresh(study)
    publish(study)
    fewer = make_study(changes={"roles.include": ["default", "pirate"]})
    told = losing(fewer)
    assert told is not None and " role" not in told.partition(";")[0]  # what compares all roles is stale


def test_what_an_sae_of_two_or_a_drift_run_loses_is_told(make_study: StudyMaker) -> None:
    sae = {"path": "tests/toy/data/sae"}
    study = make_study(changes={"extraction.saes": {"demo": sae, "two": sae}})
    land_fresh(study)
    publish(study)
    assert losing(study) is None
    for file in Path(study.lake.root).rglob("*.parquet"):
        if "role_features/" in str(file) and "sae=two" in str(file):
            file.unlink()
    line = losing(study)
    assert line is not None and "role_features of 3 roles" in line and "persona drift" not in line
    publish(study)
    for file in Path(study.lake.root).rglob("drift_runs/**/*.parquet"):
        file.unlink()
    line = losing(study)
    assert line is not None and "before: drift of 1 conversation, not" in line
    assert "`persona drift small` measures conversations again" in line and "persona run" not in line


def test_a_file_that_nobody_can_ask_is_replaced(make_study: StudyMaker) -> None:
    study = make_study()
    land_fresh(study)
    path = publish(study).path
    path.unlink()
    with duckdb.connect(path) as other:
        other.execute("create table of_another_tool (x integer)")
    assert losing(study) is None
    publish(study)
    assert len(roles_of(study)) == 3
