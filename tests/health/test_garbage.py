from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.generate.backend import Completion
from persona_assets.generate.in_flight import InFlight
from persona_assets.generate.prompts import Prompt
from persona_assets.health.garbage import Garbage, find_garbage, remove_garbage
from persona_assets.health.inventory import everything
from persona_assets.health.verify import verify
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, DRIFT_RUNS, IN_FLIGHT, RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import publish, warehouse_path
from tests.conftest import StudyMaker
from tests.places import write_project
from tests.warehouse.world import RESPONSE_IDS, fill, land, responses_of, write_catalog

NONE, DAY = timedelta(0), timedelta(days=1)


def changed(study: Study, before: str, after: str) -> Study:
    """The study after somebody has edited its YAML."""
    text = study.file.read_text()
    assert before in text
    study.file.write_text(text.replace(before, after))
    return load_study(study.file)


def made_again(study: Study) -> tuple[LakeFile, LakeFile]:
    """One role's responses, made again on purpose: the earlier file and the one that takes its place."""
    earlier = RoleFiles(study, "ghost").responses
    assert earlier is not None
    return earlier, land(study, RESPONSES, responses_of("ghost"), "ghost")


def paths(garbage: Garbage) -> set[str]:
    return {held.file.path for held in garbage.files}


def later(time: timedelta = 2 * DAY) -> datetime:
    return datetime.now(UTC) + time


def test_nothing_of_a_fresh_study_is_garbage(study: Study) -> None:
    assert find_garbage(study, NONE, later()) == Garbage([], [], None)


def test_what_a_snapshot_names_stays_until_another_is_published(study: Study) -> None:
    earlier, _ = made_again(study)
    assert find_garbage(study, NONE).files == []
    publish(study)
    garbage = find_garbage(study, NONE)
    assert earlier.path in paths(garbage)
    # What was made from the earlier responses is of no use either.
    assert all("role=ghost" in path for path in paths(garbage))
    assert {held.table.name for held in garbage.files} == {
        "responses", "pooled", "sae_fit", "evidence", "activations", "role_features",
    }  # fmt: skip


def test_what_is_removed_is_gone_and_the_rest_still_answers(study: Study) -> None:
    earlier, current = made_again(study)
    publish(study)
    n_before, n_garbage = len(everything(study)), len(find_garbage(study, NONE).files)
    removed = remove_garbage(study, NONE)
    assert len(removed) == n_garbage
    assert len(everything(study)) == n_before - n_garbage
    assert not Path(study.lake.uri(earlier.path)).exists()
    assert Path(study.lake.uri(current.path)).exists()
    assert verify(study).problems == []
    assert remove_garbage(study, NONE) == []


def test_a_snapshot_younger_than_the_grace_may_have_replaced_one_that_is_read_elsewhere(study: Study) -> None:
    made_again(study)
    publish(study)
    garbage = find_garbage(study, DAY)
    assert garbage.files == []
    assert len(garbage.waiting) > 5
    assert garbage.until is not None
    assert len(find_garbage(study, DAY, garbage.until).files) == len(garbage.waiting)


def test_a_young_file_waits_for_the_run_that_made_it(study: Study) -> None:
    publish(study)
    stray = study.lake.write(RESPONSES, responses_of("ghost"), "0123456789abcdef", role="ghost")
    os.utime(study.lake.uri(stray.path), times=(later().timestamp(),) * 2)
    garbage = find_garbage(study, DAY, later(2.5 * DAY))
    assert (paths(garbage), [held.file.path for held in garbage.waiting]) == (set(), [stray.path])
    assert paths(find_garbage(study, DAY, later(3.5 * DAY))) == {stray.path}


def test_a_reader_of_this_machine_keeps_the_files_of_its_snapshot(study: Study) -> None:
    earlier, _ = made_again(study)
    held = subprocess.Popen(
        [sys.executable, "-c", "import sys; handle = open(sys.argv[1]); print('open', flush=True); input()",
         str(warehouse_path(study))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with held:
        assert held.stdout is not None
        assert held.stdin is not None
        assert held.stdout.readline() == "open\n"
        publish(study)
        assert paths(find_garbage(study, NONE)) == set()
        held.stdin.close()
    assert earlier.path in paths(find_garbage(study, NONE))


def test_a_study_that_reads_this_ones_responses_keeps_them(
    make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))  # where a study is looked up by name
    catalog = write_catalog(tmp_path / "catalog")
    owner = fill(make_study("studies/defs/owner", catalog)).study
    shared = {key: catalog[key] for key in ("roles", "questions", "extraction.model", "extraction.saes")}
    reader = make_study("reader", {**shared, "generation": None, "responses_from": "owner"})
    publish(reader)
    earlier, _ = made_again(owner)
    publish(owner)
    assert earlier.path not in paths(find_garbage(owner, NONE))
    publish(load_study(reader.file))
    assert earlier.path in paths(find_garbage(owner, NONE))


def test_a_snapshot_that_cannot_be_read_keeps_everything(study: Study) -> None:
    made_again(study)
    publish(study)
    other = Path(study.lake.root) / "other" / "warehouse.duckdb"
    other.parent.mkdir()
    other.write_text("damaged")
    with pytest.raises(StudyError, match=r"other/warehouse\.duckdb: cannot tell which files it needs"):
        find_garbage(study, NONE)


def test_a_roles_parts_are_kept_for_the_run_that_goes_on(study: Study) -> None:
    def parts() -> list[LakeFile]:
        return study.lake.files(IN_FLIGHT)

    flight = InFlight(RoleFiles(study, "ghost"), study.settings.generation.backend)
    flight.add(Completion(int(RESPONSE_IDS[0]), [1, 2], "Boo.", "stop"), Prompt(0, 0, None, "?", [1], seed=5))
    flight.flush()
    assert len(parts()) == 1
    assert find_garbage(study, NONE).files == []
    other_sampling = changed(study, "prompt_indices:", "seed: 1\n    prompt_indices:")
    warehouse_path(study).unlink()  # nobody reads the earlier answers any more
    assert {file.path for file in parts()} < paths(find_garbage(other_sampling, NONE))


def test_a_drift_runs_only_record_is_not_thrown_away(study: Study) -> None:
    rows = DRIFT_RUNS.schema.empty_table()
    first = study.lake.write(DRIFT_RUNS, rows, "0123456789abcdef", run="0123456789")
    os.utime(study.lake.uri(first.path), times=(1, 1))
    assert find_garbage(study, NONE, later()).files == []
    study.lake.write(DRIFT_RUNS, rows, "fedcba9876543210", run="0123456789")
    assert paths(find_garbage(study, NONE, later())) == {first.path}


def test_settings_that_come_back_never_meet_a_new_file_under_an_old_name(study: Study) -> None:
    earlier = RoleFiles(study, "ghost").responses
    assert earlier is not None
    other_sampling = changed(study, "prompt_indices:", "seed: 1\n    prompt_indices:")
    warehouse_path(study).unlink()  # nobody reads the earlier answers any more
    assert earlier.path in {held.file.path for held in remove_garbage(other_sampling, NONE)}
    back = changed(other_sampling, "seed: 1\n    prompt_indices:", "prompt_indices:")
    again = land(back, RESPONSES, responses_of("ghost"), "ghost")
    assert again.stem == f"{earlier.stem}-r1"
    assert RoleFiles(back, "ghost").state(ACTIVATIONS, "first") == "missing"
