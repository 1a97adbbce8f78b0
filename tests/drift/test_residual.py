"""Drift in the residual stream, without the SAE: against the whole model, read densely."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from persona_assets.base.errors import StudyError
from persona_assets.drift.export import export_runs
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.drift.view import run_view
from persona_assets.extract.stage import ExtractionStage
from persona_assets.lake.schema import (
    DRIFT_FEATURES,
    DRIFT_RUNS,
    DRIFT_TRANSITIONS,
    DRIFT_TURNS,
    ROLE_VECTORS,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.study.settings import DriftSettings
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.drift.conftest import drift_stage, said
from tests.drift.made import conversation
from tests.drift.test_view import warehouse
from tests.places import TOY
from tests.steering.conftest import VECTORS, lake_with_vectors, with_vectors  # noqa: F401

RESIDUAL = {"drift": {"space": "residual", "transform": "raw", "centering": True}}


@pytest.fixture
def study(with_vectors: Study, make_study: StudyMaker) -> Study:  # noqa: F811
    return make_study(changes={**VECTORS, **RESIDUAL})


@pytest.fixture
def nine(study: Study) -> Transcript:
    return conversation([pair for role in ("default", "ghost", "pirate") for pair in said(study, role)])


@pytest.fixture
def stage(study: Study, model: ExtractionStage) -> Iterator[DriftStage]:
    yield drift_stage(study, model)


def rows(study: Study, files: dict[str, Any], table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = study.lake.read(table, files[table.name]).to_pylist()
    return found


@torch.inference_mode()
def turn_means(stage: DriftStage, transcript: Transcript) -> np.ndarray:
    """The mean of layer 3's output over each answer's own tokens, float64[n_turns, width]."""
    layout, model = (
        stage._layout(transcript),
        AutoModelForCausalLM.from_pretrained(TOY / "model", dtype=torch.float32),
    )
    ids = torch.from_numpy(layout.token_ids.astype(np.int64))[None]
    stream = model(input_ids=ids, output_hidden_states=True).hidden_states[4][0].double().numpy()
    return np.stack([stream[start:stop].mean(axis=0) for start, stop in layout.spans])


def test_turns_are_projected_on_the_axis_between_the_roles_vectors(
    stage: DriftStage, nine: Transcript
) -> None:
    study, files = stage.study, stage.land(nine)
    file = AcrossRoles.of(study).file(ROLE_VECTORS, "demo")
    assert file is not None
    roles = {
        row["role"]: np.array(row["vector"])
        for row in study.lake.read(ROLE_VECTORS, file).to_pylist()
        if row["variant"] is None
    }
    axis = roles["default"] - (roles["ghost"] + roles["pirate"]) / 2
    away = turn_means(stage, nine) - np.mean(list(roles.values()), axis=0)
    turns = rows(study, files, DRIFT_TURNS)
    expected = away @ axis / np.linalg.norm(axis)
    np.testing.assert_allclose([turn["projection"] for turn in turns], expected, atol=1e-3)
    np.testing.assert_allclose([turn["norm"] for turn in turns], np.linalg.norm(away, axis=1), rtol=1e-4)
    assert min(expected[:3]) > max(expected[6:])  # the default's own answers, and the pirate's
    assert [turn["nearest_roles"][0]["role"] for turn in turns[6:]] == ["pirate"] * 3
    assert all(turn["projection_low"] < turn["projection_high"] for turn in turns)
    changes = rows(study, files, DRIFT_TRANSITIONS)
    np.testing.assert_allclose([one["delta_projection"] for one in changes], np.diff(expected), atol=2e-3)
    for one in changes:
        assert one["toward_mass"] - one["away_mass"] == pytest.approx(one["delta_projection"], abs=1e-9)
        assert min(one["toward_mass"], one["away_mass"]) == 0 and one["n_features"] == 0
    assert not rows(study, files, DRIFT_FEATURES)
    assert [row["space"] for row in rows(study, files, DRIFT_RUNS)] == ["residual"]


def test_the_page_shows_it_and_says_what_it_is_of(
    stage: DriftStage, nine: Transcript, tmp_path: Path
) -> None:
    stage.land(nine)
    with warehouse(stage.study) as connection:
        shown = run_view(connection, nine.run)
        connection.execute("create table saes as select 'demo' as sae, null::varchar as id")
        assert [folder.name for folder in export_runs(connection, tmp_path, {nine.run})]  # for other viewers
    assert shown is not None and shown["space"]["space"] == "residual" and len(shown["turns"]) == 9
    assert shown["features"] == {} and all(one["by_contribution"] == [] for one in shown["transitions"])
    assert {one["confound"] for one in shown["confounds"]} == {"norm", "n_tokens"}
    assert {turn["n_active_features"] for turn in shown["turns"]} == {None}


def test_each_space_has_files_of_its_own(study: Study, make_study: StudyMaker, nine: Transcript) -> None:
    residual = DriftFiles.of(study)
    sae = DriftFiles.of(make_study(changes=VECTORS))
    assert residual.fingerprint(nine.run) != sae.fingerprint(nine.run)
    assert residual.codes_fingerprint(nine.run) != sae.codes_fingerprint(nine.run)
    assert residual.anchor_codes_fingerprint != sae.anchor_codes_fingerprint
    without = DriftFiles.of(make_study())
    assert sae.fingerprint(nine.run) == without.fingerprint(nine.run)  # vectors are none of its inputs


def test_what_cannot_be_measured_so_is_refused_in_a_line(
    stage: DriftStage, make_study: StudyMaker, nine: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="goes with `pooling: mean` and `transform: raw`"):
        DriftSettings(space="residual")
    with pytest.raises(StudyError, match=r"none are fresh under SAE demo; set extraction\.vectors"):
        drift_stage(make_study(changes=RESIDUAL), stage._extraction).land(nine)
    monkeypatch.setattr("persona_assets.extract.extractor.ReadsStreams", int)
    with pytest.raises(StudyError, match="gives no streams out, which drift.space: residual needs"):
        stage.land(nine)


def test_roles_without_outliers_are_not_compared_with_turns_that_have_them(make_study: StudyMaker) -> None:
    masked = {"extraction.mask_norm_outliers": True}
    make_study(changes={**VECTORS, **masked})
    make_study(changes={**VECTORS, **RESIDUAL})
    with pytest.raises(StudyError, match=r"leave out extraction\.mask_norm_outliers"):
        make_study(changes={**VECTORS, **RESIDUAL, **masked})
