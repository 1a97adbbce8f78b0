"""Drift runs as the explorer's server gives them, from a published snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.drift.export import export_runs
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.explorer.resources import find
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.extract.stage import ExtractionStage
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.drift.conftest import drift_stage, said
from tests.drift.made import conversation
from tests.explorer.contract import check


def test_runs_are_given_as_the_contract_says(stage: DriftStage, switching: Transcript) -> None:
    stage.land(switching)
    stage.land(conversation([("Who are you?", "A toy.")], name="a short one"))
    publish(stage.study)
    snapshots = Snapshots(stage.study)
    try:
        with snapshots.newest().source() as source:
            answers = {
                path: find(path) for path in ("drift.json", f"drift/run/{switching.run}.json", "study.json")
            }
            runs, run, study = (answer(source) for answer in answers.values() if answer is not None)
    finally:
        snapshots.close()
    check("DriftRuns", runs)
    check("DriftRun", run)
    assert [entry["name"] for entry in runs["runs"]] == ["a short one", switching.name]
    assert study["has_drift"]


def test_runs_are_shown_beside_the_conversations_that_the_study_calls_plain(
    make_landed: StudyMaker, model: ExtractionStage
) -> None:
    study = make_landed(changes={"drift": {"plain": "plain*"}})
    stage, plain = drift_stage(study, model), said(study, "default")
    switches = conversation([*plain, *said(study, "pirate")], name="switches")
    longer, shorter = conversation([*plain, *plain], name="plain, long"), conversation(plain, name="plain")
    for talk in (switches, longer, shorter):
        stage.land(talk)
    publish(study)
    snapshots = Snapshots(study)
    try:
        with snapshots.newest().source() as source:
            runs = find("drift.json")(source)
            run, alone = (find(f"drift/run/{one.run}.json")(source) for one in (switches, longer))
            told = source.connection.execute(
                "select turn, plain_low, plain_high, p, n_plain, run_p from drift_against_plain('plain*') "
                "where run = ? order by turn",
                [shorter.run],
            ).fetchall()
            short = find(f"drift/run/{shorter.run}.json")(source)
    finally:
        snapshots.close()
    check("DriftRuns", runs)
    check("DriftRun", run)
    beside = {entry["name"]: entry["plain"] for entry in runs["runs"]}
    assert beside["switches"] == {"names": "plain*", "is_plain": False, "n": 1, "p": 0.5}
    assert beside["plain, long"] == {"names": "plain*", "is_plain": True, "n": 0, "p": None}
    assert [turn["plain"] for turn in alone["turns"]] == [None] * 6
    assert short["plain"] == {"names": "plain*", "is_plain": True, "n": 1, "p": told[0][-1]}
    assert [list(turn["plain"].values()) for turn in short["turns"]] == [
        pytest.approx(list(row[1:4]), rel=1e-4) for row in told
    ]


def test_a_pattern_that_no_conversation_has_shows_runs_as_they_are(
    make_landed: StudyMaker, model: ExtractionStage
) -> None:
    study = make_landed(changes={"drift": {"plain": "quiet*"}})
    drift_stage(study, model).land(conversation([("Who are you?", "A toy.")], name="plain"))
    publish(study)
    snapshots = Snapshots(study)
    try:
        with snapshots.newest().source() as source:
            [entry] = find("drift.json")(source)["runs"]
    finally:
        snapshots.close()
    assert entry["plain"] is None


def test_exported_runs_are_shown_in_the_place_of_the_snapshots(
    stage: DriftStage, switching: Transcript, tmp_path: Path
) -> None:
    stage.land(switching)
    publish(stage.study)
    with connect(stage.study) as warehouse:
        export_runs(warehouse, tmp_path / "runs", {switching.run})
    stage.land(conversation([("Who are you?", "A toy.")], name="not exported"))
    publish(stage.study)
    manifest = tmp_path / "runs" / "runs_manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"id": "{switching.run}"', '"id": "Tool_7-a"'))
    snapshots, own = Snapshots(stage.study, tmp_path / "runs"), Snapshots(stage.study)
    try:
        snapshot = snapshots.newest()
        assert snapshot.tag != own.newest().tag, "a browser would show what it has of the other"
        with snapshot.source() as source:
            runs, run = (find(path)(source) for path in ("drift.json", "drift/run/Tool_7-a.json"))
    finally:
        snapshots.close()
        own.close()
    assert [entry["run"] for entry in runs["runs"]] == ["Tool_7-a"]
    check("DriftRun", run)
