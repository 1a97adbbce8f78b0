"""A cap of several layers, of a study whose SAEs read several, from end to end on the toy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_assets.analysis.aggregate import aggregate
from persona_assets.base.errors import StudyError
from persona_assets.cli.capping import _other_layers, write_caps
from persona_assets.extract.stage import ExtractionStage
from persona_assets.lake.schema import VECTOR_AXES
from persona_assets.models.sae import SaeLibrary
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.calibrating import Calibration, calibrations
from persona_assets.steering.caps import read_cap
from persona_assets.study.study import Study
from persona_assets.vectors.stage import compare_vectors
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.drift.conftest import said
from tests.places import TOY
from tests.steering.conftest import VECTORS

LARGE = SaeLibrary(load=lambda *_: pytest.fail("an SAE is loaded for a line"), width=lambda _: 12)


@pytest.fixture
def study(with_vectors: Study, make_study: StudyMaker, tmp_path: Path) -> Study:
    """The study of the lake, with a second SAE, which reads a lower layer."""
    sae = shutil.copytree(TOY / "sae", tmp_path / "lower")
    config = json.loads((sae / "cfg.json").read_text())
    config["metadata"] |= {"hook_name": "blocks.1.hook_resid_post", "hf_hook_name": "model.layers.1.output"}
    (sae / "cfg.json").write_text(json.dumps(config))
    saes = {"demo": {"path": "tests/toy/data/sae"}, "lower": {"path": str(sae)}}
    study = make_study(changes={**VECTORS, "extraction.saes": saes})
    extraction = ExtractionStage(study)
    for role in study.role_names:
        extraction.land(role)
        aggregate(study, role, "lower")
    extraction.close()
    compare_vectors(AcrossRoles.of(study), "lower")
    return study


def test_each_layer_is_held_along_its_own_axis_at_its_own_quantile_and_the_effect_is_measured(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    across, file = AcrossRoles.of(study), tmp_path / "cap.safetensors"
    plain: dict[str, Any] = {"axis": None, "quantile": 0.4, "to": file, "answer": False}
    capsys.readouterr()
    write_caps(study, [], saes=[], controls=0, output="table", **plain)
    told = capsys.readouterr().out
    assert "not held: the study's SAEs also read the output of layer 1 (--sae lower)" in told
    conversation = tmp_path / "one.json"
    messages = [
        {"role": role, "content": text}
        for pair in said(study, "pirate")[:2]
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    conversation.write_text(json.dumps({"name": "one", "conversation": messages}))
    write_caps(study, [conversation], saes=["demo", "lower"], controls=2, output="json", **plain)
    told = capsys.readouterr()
    cap = read_cap(file)
    assert [one.layer for one in cap.floors] == [1, 3]
    for floor, sae in zip(cap.floors, ("lower", "demo"), strict=True):
        axes = study.lake.read(VECTOR_AXES, across.file(VECTOR_AXES, sae)).to_pylist()  # type: ignore[arg-type]
        [axis] = [one["direction"] for one in axes if one["axis"] == "assistant"]
        np.testing.assert_allclose(floor.direction, axis, atol=1e-6)
        reach = Calibration(across, sae).reach(np.asarray(axis, np.float32))
        assert floor.threshold == pytest.approx(reach.quantile(0.4), abs=1e-4)
        assert (
            f"projection of layer {floor.layer}'s output on the axis is held at {floor.threshold:.4g}"
            in told.err
        )
    assert cap.about["sae"] == "lower, demo" and cap.about["anchor"] == "default"
    assert "not held" not in told.err and "one layer is held" not in told.err
    assert "(experiment 'layers_1+3-p0.4')" in told.err
    found = {row["what"]: row for row in json.loads(told.out)}
    share = found["answers of default: share of tokens held"]["effect"]
    assert 0 < share <= 1 and found["answers of default: KL, nats a token"]["effect"] > 0
    with connect(study) as warehouse:
        held = "select cap, cap_threshold from drift_runs where cap_of is not null"
        assert warehouse.execute(held).fetchall() == [("read", None)]
    monkeypatch.setattr("persona_assets.steering.calibrating.stream_layer", lambda *_: 3)
    with pytest.raises(StudyError, match="SAEs demo and lower both read the output of layer 3"):
        calibrations(across, ["demo", "lower"])


def test_no_sae_is_loaded_to_say_which_layers_could_be_held_besides(
    with_vectors: Study, make_study: StudyMaker
) -> None:
    demo = {"path": "tests/toy/data/sae"}
    large = {"release": "large", "id": "l1", "library": "tests.steering.test_caps_of_layers:LARGE"}
    study = make_study(changes={**VECTORS, "extraction.saes": {"demo": demo, "large": large}})
    held = calibrations(AcrossRoles.of(study), ["demo"])
    assert _other_layers(study, held) == []  # nobody knows what the other one reads
    of_one = make_study("one", {**VECTORS, "extraction.saes": {"demo": demo}})
    assert _other_layers(of_one, held) == [
        "one layer is held: the study's SAEs read the output of layer 3 alone"
    ]
