from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.health import collect_garbage, verify_study
from persona_assets.cli.instance import dagster_instance
from persona_assets.cli.run import run_study
from persona_assets.health.inventory import everything
from persona_assets.study.study import Study

STAGES = ["responses", "activations", "role_features", "warehouse"]


@pytest.fixture
def made_twice(study: Study) -> Study:
    for overwrite in (False, True):
        run_study(study, ["pirate"], STAGES, overwrite)
    return study


def start_run(path: list[str], named: bool = True) -> None:
    """Have Dagster believe that a run of the asset is under way, `named` or not by what it says."""

    @dg.asset(key=path)
    def made() -> None: ...

    definitions = dg.Definitions(jobs=[dg.define_asset_job("job")], assets=[made])
    with dagster_instance() as instance:
        instance.create_run_for_job(
            definitions.resolve_job_def("job"),
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset([made.key]) if named else None,
        )


def test_a_run_is_whole_and_what_it_made_again_can_be_deleted(
    made_twice: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    collect_garbage(made_twice, delete=False, grace_hours=0)
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith("8 files, ")
    assert last.endswith(" unused; run again with --delete to remove them")
    assert len(everything(made_twice)) == 16
    collect_garbage(made_twice, delete=True, grace_hours=0)
    assert "deleted 8 files, " in capsys.readouterr().out
    assert len(everything(made_twice)) == 8
    verify_study(made_twice)
    assert capsys.readouterr().out.splitlines()[-1] == "all are whole and agree"


def test_what_waits_is_told_with_the_moment_when_it_may_go(
    made_twice: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    collect_garbage(made_twice, delete=False, grace_hours=24)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "nothing to delete"
    assert second.startswith("8 files, ")
    assert "more wait until 20" in second


@pytest.mark.parametrize("named", [True, False])
def test_nothing_is_deleted_beside_a_run_that_may_be_of_the_study(made_twice: Study, named: bool) -> None:
    start_run(["small", "responses"], named)
    with pytest.raises(StudyError, match=r"small: run \S+ is under way"):
        collect_garbage(made_twice, delete=True, grace_hours=0)
    assert len(everything(made_twice)) == 16


def test_a_run_of_another_study_is_not_waited_for(made_twice: Study) -> None:
    start_run(["other", "responses"])
    collect_garbage(made_twice, delete=True, grace_hours=0)
    assert len(everything(made_twice)) == 8


def test_damaged_files_are_listed_and_the_command_fails(
    made_twice: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(made_twice.lake.uri(everything(made_twice)[-1].file.path))
    newest = max(file.parent.glob("*.parquet"), key=lambda path: path.stat().st_mtime)
    newest.write_bytes(b"nothing of the kind")
    capsys.readouterr()
    with pytest.raises(StudyError, match=r"small: 1 of 8 files are damaged or do not agree"):
        verify_study(made_twice)
    assert str(newest) in capsys.readouterr().out
