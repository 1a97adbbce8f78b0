"""Drift runs as the explorer's server gives them, from a published snapshot."""

from __future__ import annotations

from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.explorer.edition import Editions
from persona_assets.explorer.resources import find
from persona_assets.warehouse import publish
from tests.drift.made import conversation
from tests.explorer.contract import CONTRACT


def test_runs_are_given_as_the_contract_says(stage: DriftStage, switching: Transcript) -> None:
    stage.land(switching)
    stage.land(conversation([("Who are you?", "A toy.")], name="a short one"))
    publish(stage.study)
    editions = Editions(stage.study)
    try:
        with editions.newest().source() as source:
            answers = {
                path: find(path) for path in ("drift.json", f"drift/{switching.run}.json", "study.json")
            }
            runs, run, study = (answer(source) for answer in answers.values() if answer is not None)
    finally:
        editions.close()
    CONTRACT.check("DriftRuns", runs)
    CONTRACT.check("DriftRun", run)
    assert [entry["name"] for entry in runs["runs"]] == ["a short one", switching.name]
    assert study["has_drift"]
