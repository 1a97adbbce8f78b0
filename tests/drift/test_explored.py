"""Drift runs as the explorer's server gives them, from a published snapshot."""

from __future__ import annotations

from pathlib import Path

from persona_assets.drift.export import export_runs
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.explorer.resources import find
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.warehouse import connect, publish
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
