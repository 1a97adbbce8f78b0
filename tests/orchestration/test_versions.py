"""What Dagster hears of the lake: versions that are the files' names, checks on record, lakes adopted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from persona_assets.base.errors import StudyError
from persona_assets.cli.adopt import adopt_study
from persona_assets.cli.instance import dagster_instance
from persona_assets.cli.run import run_study
from persona_assets.extract.stage import ExtractionStage
from persona_assets.orchestration import loaded
from persona_assets.orchestration.adopt import adopt
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study, load_study
from tests.conftest import write_study
from tests.places import PROJECT

ROLES = ["default", "ghost", "pirate"]
PER_ROLE = ["responses", "activations", "role_features"]
TOGETHER = ["catalog", "statistics", "atlas", "feature_labels", "directions", "warehouse"]
SMALL = {
    "questions.limit": 2,
    "generation.prompt_indices": [0],
    "generation.max_tokens": 8,
    "checks.max_truncated": 1.0,
    "drift.directory": "data/nowhere",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A small study that `persona run` has made; tests go on from one another's history."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.setenv("DAGSTER_HOME", str(new_home(folder / "first")))
        study = load_study(write_study(folder / "small", SMALL))
        run_study(study, None, None, overwrite=False)
        yield study
        loaded.release()


def new_home(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(PROJECT / "dagster.yaml", folder)
    return folder


def launch(study: Study, instance: dg.DagsterInstance, asset: str, **tags: str) -> dg.ExecuteInProcessResult:
    """One run over all roles, as a backfill launches it."""
    if asset in PER_ROLE:
        tags |= {
            "dagster/asset_partition_range_start": ROLES[0],
            "dagster/asset_partition_range_end": ROLES[-1],
        }
    job = study_definitions(study).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[key(study, asset)], instance=instance, tags=tags, raise_on_error=False
    )


def statuses(study: Study, instance: dg.DagsterInstance) -> dict[str, StaleStatus]:
    graph = study_definitions(study).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, loading_context=LoadingContextForTest(instance))
    of_roles = {f"{asset}/{role}": (asset, role) for asset in PER_ROLE for role in ROLES}
    asked = of_roles | {asset: (asset, None) for asset in TOGETHER}
    return {name: resolver.get_status(key(study, asset), part) for name, (asset, part) in asked.items()}


def events(study: Study, instance: dg.DagsterInstance, asset: str, role: str) -> list[dg.EventLogRecord]:
    wanted = dg.AssetRecordsFilter(asset_key=key(study, asset), asset_partitions=[role])
    return list(instance.fetch_materializations(wanted, limit=10).records)


def versions(records: list[dg.EventLogRecord]) -> list[str]:
    told = [record.asset_materialization for record in records]
    return [one.tags["dagster/data_version"] for one in told if one is not None and one.tags is not None]


def test_dagster_hears_of_a_role_once_and_its_version_is_the_name_of_its_file(made: Study) -> None:
    with dagster_instance() as instance:
        for role in ROLES:
            files = RoleFiles(made, role)
            expected = [files.responses, files.activations("demo"), files.role_features("demo")]
            for asset, file in zip(PER_ROLE, expected, strict=True):
                assert file is not None
                assert versions(events(made, instance, asset, role)) == [file.stem]
        assert set(statuses(made, instance).values()) == {StaleStatus.FRESH}


def test_what_is_fresh_and_made_again_is_nothing_new_and_is_not_checked_again(
    made: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr(ExtractionStage, "fit", fit)
    with dagster_instance() as instance:
        for asset in ["catalog", *PER_ROLE]:
            result = launch(made, instance, asset)
            assert result.success
            for check in result.get_asset_check_evaluations():
                assert check.passed
                if check.partition is not None:
                    assert (check.description or "").endswith("(on record: the same files passed before)")
        assert {len(events(made, instance, asset, "pirate")) for asset in PER_ROLE} == {2}
        assert set(statuses(made, instance).values()) == {StaleStatus.FRESH}


def test_limits_that_are_new_are_checked_anew_and_can_stop_the_run(made: Study) -> None:
    strict = {"checks.stop_on": ["every_prompt_answered"], "checks.max_truncated": 0.0}
    study = load_study(write_study(made.file.parent, SMALL | strict))
    with dagster_instance() as instance:
        n_before = len(events(study, instance, "activations", "pirate"))
        job = study_definitions(study).resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            asset_selection=[key(study, "responses"), key(study, "activations")],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": ROLES[0],
                "dagster/asset_partition_range_end": ROLES[-1],
            },
            raise_on_error=False,
        )
        [failure] = result.get_step_failure_events()
        said = failure.step_failure_data.user_failure_data
        assert said is not None
        assert "check responses/every_prompt_answered failed: default: " in (said.description or "")
        assert "responses truncated" in (said.description or "")
        checked = dg.AssetCheckKey(key(study, "responses"), "every_prompt_answered")
        [record] = instance.event_log_storage.get_asset_check_execution_history(checked, limit=1)
        assert record.status.value == "FAILED"
        assert len(events(study, instance, "activations", "pirate")) == n_before
    assert RoleFiles(study, "pirate").responses == RoleFiles(made, "pirate").responses  # no new identity
    for _ in range(2):  # what is stopped stays so however often it is asked for
        with pytest.raises(StudyError, match="every_prompt_answered failed: pirate: "):
            run_study(study, ["pirate"], None, overwrite=False)
    write_study(made.file.parent, SMALL)


def test_a_new_history_adopts_the_lake_and_nothing_is_made_again(
    made: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(new_home(tmp_path / "second")))
    with dagster_instance() as instance:
        assert set(statuses(made, instance).values()) == {StaleStatus.MISSING}
        told = adopt(made, instance)
        assert told == dict.fromkeys(TOGETHER, 1) | dict.fromkeys(PER_ROLE, 3) | {"drift": 0}
        assert set(statuses(made, instance).values()) == {StaleStatus.FRESH}
        [event] = events(made, instance, "activations", "ghost")
        assert event.asset_materialization is not None
        assert {"dagster/row_count", "bytes", "file"} <= event.asset_materialization.metadata.keys()
        assert set(adopt(made, instance).values()) == {0}
    capsys.readouterr()
    adopt_study(made)
    assert capsys.readouterr().out == "Dagster knows of everything that the lake holds\n"
    run_study(made, None, PER_ROLE, overwrite=False)
    assert "nothing was made" in capsys.readouterr().err


def test_a_role_that_is_made_anew_makes_stale_what_was_made_from_it(made: Study) -> None:
    with dagster_instance() as instance:
        run_study(made, ["pirate"], ["responses"], overwrite=True)
        stale = {name for name, status in statuses(made, instance).items() if status == StaleStatus.STALE}
        assert stale == {"activations/pirate"}
        run_study(made, ["pirate"], ["activations"], overwrite=False)
        stale = {name for name, status in statuses(made, instance).items() if status == StaleStatus.STALE}
        assert stale == {"role_features/pirate", "statistics"}


def test_conversations_that_are_measured_are_adopted_too(
    made: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations = tmp_path / "conversations"
    shutil.copytree(PROJECT / "tests/toy/data/conversations", conversations)
    changes = SMALL | {"drift.directory": str(conversations), "drift.null_draws": 5}
    study = load_study(write_study(tmp_path / "small", changes))
    from persona_assets.cli.drift import follow

    run_study(study, None, None, overwrite=False)
    follow(study, [], False, None, "csv")
    [files] = DriftFiles.of(study).fresh_runs()
    monkeypatch.setenv("DAGSTER_HOME", str(new_home(tmp_path / "third")))
    with dagster_instance() as instance:
        assert adopt(study, instance)["drift"] == 1
        [script] = instance.get_dynamic_partitions("small_conversations")
        assert versions(events(study, instance, "drift", script)) == [files["drift_runs"].stem]
    assert os.environ["DAGSTER_HOME"].endswith("third")
