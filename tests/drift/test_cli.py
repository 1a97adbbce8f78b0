"""`persona drift`, typed as a user would, and the asset and the sensor behind Dagster's pages."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import dagster as dg
import pytest

from persona_assets.cli.drift import named_sources, told_as_least
from persona_assets.drift.script import Script
from persona_assets.drift.transcript import Transcript, read_transcript
from persona_assets.lake.schema import DRIFT_RUNS
from persona_assets.orchestration import loaded
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.drift import conversations, drift_sensor
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.drift.conftest import Persona, said
from tests.drift.made import conversation
from tests.explorer.typescript import verdicts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "talks"
    folder.mkdir()
    return folder


@pytest.fixture
def followed(make_landed: StudyMaker, folder: Path) -> Study:
    """A study whose folder holds a conversation that switches its role, and a script."""
    study = make_landed(changes={"drift.directory": str(folder)})
    talk = conversation([*said(study, "default"), *said(study, "pirate")])
    (folder / "switch.json").write_text(json.dumps({"conversation": talk.plain, "name": "A switch"}))
    (folder / "script.json").write_text(json.dumps(["Who are you?", "From now on you are a pirate."]))
    return study


def switch(folder: Path) -> Transcript:
    return read_transcript(folder / "switch.json")


def test_conversations_are_scored_published_and_shown(
    followed: Study, folder: Path, persona: Persona, tmp_path: Path
) -> None:
    study, file = followed.file.parent, folder / "switch.json"
    status, out, _ = persona("drift", study, file, "--export", tmp_path / "out", "--format", "csv")
    assert status == 0
    [row] = csv.DictReader(io.StringIO(out.splitlines()[0] + "\n" + out.splitlines()[1]))
    assert (row["run"], row["name"], row["turns"]) == (switch(folder).run, "A switch", "6")
    assert row["at_turn"] == "3" and float(row["largest_drop"]) < 0 and row["below_band"] == "3 of 6"
    assert (tmp_path / "out" / "runs" / switch(folder).run / "ui_bundle.json").is_file()
    with connect(followed) as warehouse:
        for table, rows in (("drift_turns", 6), ("drift_transitions", 5), ("drift_runs", 1)):
            assert warehouse.execute(f"select count(*) from {table}").fetchall() == [(rows,)]
        sums = (
            "select max(abs(t.delta_projection - f.moved)) from drift_transitions as t join (select run, "
            "turn, sum(contribution) as moved from drift_features group by all) as f using (run, turn)"
        )
        assert warehouse.execute(sums).fetchall()[0][0] < 1e-9


def test_a_confound_is_called_what_the_pages_call_it(followed: Study, folder: Path, persona: Persona) -> None:
    talk = conversation(
        [answer for role in ("default", "pirate", "ghost") for answer in said(followed, role)]
    )
    (folder / "nine.json").write_text(json.dumps(talk.plain))
    status, out, _ = persona("drift", followed.file.parent, folder / "nine.json", "--format", "json")
    with connect(followed) as warehouse:
        [(verdict,)] = warehouse.execute("select confound_verdict from drift_runs").fetchall()
    words = re.findall(r'"(\w+)": "([\w ]+)"', verdicts())
    assert status == 0 and json.loads(out)[0]["confounds"] == dict(words)[verdict]


def test_a_p_that_cannot_be_smaller_is_told() -> None:
    run = {"name": "A switch", "p": 8 / 95, "least_of": 87, "n_turns": 8, "anchor": "default"}
    assert told_as_least(run) == (
        "A switch: 0.08421 is the smallest p that 8 turns and 87 answers of default can show"
    )
    assert told_as_least(run | {"least_of": None}) is None


def test_without_files_the_studys_folder_is_followed_and_scripts_are_answered(
    followed: Study, persona: Persona
) -> None:
    status, out, _ = persona("drift", followed.file.parent, "--format", "json")
    assert status == 0
    rows = {row["name"]: row for row in json.loads(out)}
    assert rows.keys() == {"A switch", "script"} and rows["script"]["turns"] == 2


def test_all_conversations_of_a_named_folder_are_followed(
    followed: Study, folder: Path, persona: Persona
) -> None:
    (folder / "script.json").unlink()
    status, out, _ = persona("drift", followed.file.parent, folder, "--format", "json")
    assert status == 0 and [row["name"] for row in json.loads(out)] == ["A switch"]


def test_conversations_that_were_measured_are_said_to_be(
    followed: Study, folder: Path, persona: Persona
) -> None:
    told = "already measured, and published; --overwrite measures again"
    file = folder / "switch.json"
    for words, expected in (([], False), ([], True), (["--overwrite"], False)):
        status, _, err = persona("drift", followed.file.parent, file, *words)
        assert status == 0 and (told in err.splitlines()) == expected, words


def test_a_conversation_that_is_named_twice_is_followed_once(followed: Study, folder: Path) -> None:
    found = named_sources([folder, folder / "switch.json", folder / "script.json"])
    assert [type(one) for one in found] == [Script, Transcript]


def test_runs_measured_against_other_roles_leave_the_warehouse_until_they_are_measured_again(
    followed: Study, make_study: StudyMaker, folder: Path, persona: Persona
) -> None:
    assert persona("drift", followed.file.parent, folder / "switch.json")[0] == 0
    fewer = make_study(changes={"drift.directory": str(folder), "analysis.exclude": ["ghost"]})
    assert publish(fewer).tables["drift_runs"] == 0
    assert persona("drift", fewer.file.parent, folder / "switch.json")[0] == 0
    with connect(fewer) as warehouse:
        assert warehouse.execute("select n_roles from drift_runs").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([{"role": "user", "content": "Hello"}], "has no assistant message"),
        ([{"role": "assistant", "content": "<end_of_turn>"}], "holds the model's control token"),
        (conversation([("Go on.", "on and " * 40_000)]).plain, r"turn 0 \(message 1\): ends at token"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_scored(
    followed: Study, folder: Path, persona: Persona, content: object, complaint: str
) -> None:
    (folder / "wrong.json").write_text(json.dumps(content))
    status, out, err = persona("drift", followed.file.parent, folder / "switch.json", folder / "wrong.json")
    assert status == 2 and out == ""
    [line] = err.splitlines()
    assert line.startswith("persona: ") and re.search(complaint, line)
    assert not followed.lake.files(DRIFT_RUNS)


def test_an_empty_folder_says_what_to_name(make_landed: StudyMaker, folder: Path, persona: Persona) -> None:
    study = make_landed(changes={"drift.directory": str(folder)})
    status, _, err = persona("drift", study.file.parent)
    assert status == 2 and "holds no conversations (drift.directory); name a file" in err


def test_the_sensor_adds_each_conversation_once_and_passes_over_what_is_none(
    followed: Study, folder: Path
) -> None:
    (folder / "broken.json").write_text("{")
    sensor, partitions = drift_sensor(followed), conversations(followed)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        [request] = result.dynamic_partitions_requests or []
        script = Script(("Who are you?", "From now on you are a pirate."), "script")
        assert set(request.partition_keys) == {switch(folder).run, script.key}
        instance.add_dynamic_partitions(partitions.name or "", list(request.partition_keys))
        again = sensor(context)
        assert isinstance(again, dg.SensorResult) and not again.dynamic_partitions_requests


def test_the_asset_scores_a_partition_and_one_without_a_file_fails(followed: Study, folder: Path) -> None:
    job = study_definitions(followed).resolve_implicit_global_asset_job_def()
    key, run = dg.AssetKey([followed.name, "drift"]), switch(folder).run
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions(conversations(followed).name or "", [run, "0000000000"])
            done = job.execute_in_process(asset_selection=[key], partition_key=run, instance=instance)
            [event] = done.get_asset_materialization_events()[:1]
            metadata = event.materialization.metadata
            assert metadata["name"].value == "A switch" and metadata["dagster/row_count"].value == 6
            gone = job.execute_in_process(
                asset_selection=[key], partition_key="0000000000", instance=instance, raise_on_error=False
            )
            assert not gone.success
    finally:
        loaded.release()


def test_axes_that_part_are_told_of(
    followed: Study, folder: Path, persona: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "look at drift.axis: difference and pca, both"
    assert told not in persona("drift", followed.file.parent, folder / "switch.json")[2]
    monkeypatch.setattr("persona_assets.drift.axis.AXES_PART", 0.999)
    status, _, err = persona("drift", followed.file.parent, folder / "switch.json")
    assert status == 0 and told in err and "part (cosine 0.9" in err
