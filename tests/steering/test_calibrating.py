"""Where a cap's threshold lies, and `persona cap` from end to end on the toy."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from persona_assets.analysis.response_vectors import read_response_vectors
from persona_assets.base.errors import StudyError
from persona_assets.cli.app import app
from persona_assets.cli.capping import _free_of_noise, write_caps
from persona_assets.interchange.export import export_study
from persona_assets.lake.schema import RESPONSE_VECTORS
from persona_assets.models.hooks import HookPoint, output_layer
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.calibrating import Calibration, random_units, stream_layer
from persona_assets.steering.caps import read_cap
from persona_assets.study.study import Study
from persona_assets.vectors.alignment import Aligned
from persona_assets.vectors.stage import direction_beside_axis
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.steering.conftest import VECTORS


def cap(study: Study, to: Path, **changes: Any) -> None:
    plain = {"files": [], "axis": None, "quantile": 0.25, "saes": [], "answer": False, "controls": 5}
    write_caps(study, **{"to": to, "output": "table"} | plain | changes)


def test_the_threshold_is_the_quantile_of_the_anchors_own_answers_and_files_are_taken_up_again(
    with_vectors: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = with_vectors
    publish(study)
    file = tmp_path / "cap.safetensors"
    capsys.readouterr()
    cap(study, file, quantile=0.4)
    told = capsys.readouterr().out
    with connect(study) as warehouse:
        [(axis,)] = warehouse.execute("select direction from vector_axes where axis = 'assistant'").fetchall()
        answers = warehouse.execute("select role = 'default', scale, vector from response_vectors").fetchall()
    along = {
        own: [scale * np.dot(vector, axis) for is_own, scale, vector in answers if is_own == own]
        for own in (True, False)
    }
    found = read_cap(file)
    [floor] = found.floors
    assert floor.threshold == pytest.approx(np.quantile(along[True], 0.4), abs=1e-4)
    np.testing.assert_allclose(floor.direction, axis, atol=1e-6)
    assert floor.layer == 3 and found.about["hook"] == "blocks.3.hook_resid_post"
    below = np.mean(np.array(along[False]) < floor.threshold)
    assert f"below it lie {below:.0%} of the 12 answers of the other roles (by role " in told
    assert (
        f"held at {floor.threshold:.4g} or above" in told and "quantile 0.4 of 6 answers of default" in told
    )
    assert "one layer is held: the study's SAEs read the output of layer 3 alone" in told
    config = torch.load(file.with_suffix(".pt"), weights_only=True)
    assert config["about"]["vectors"] == found.about["vectors"]
    check_axes_of_files(study, found, tmp_path, capsys)


def test_a_role_none_of_whose_answers_takes_part_is_left_out_and_an_anchor_refused(
    with_vectors: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    across, sae = AcrossRoles.of(with_vectors), with_vectors.default_sae
    file = with_vectors.lake.write(
        RESPONSE_VECTORS, RESPONSE_VECTORS.schema.empty_table(), "0" * 16, sae=sae, role="ghost"
    )
    nothing = read_response_vectors(with_vectors.lake, file, np.empty(0, np.int64))
    assert nothing.shape == (0, 0)
    read, silent = Calibration._read, {"ghost"}
    monkeypatch.setattr(
        Calibration,
        "_read",
        lambda self, role: (nothing, np.empty(0, np.int64)) if role in silent else read(self, role),
    )
    found = Calibration(across, sae)
    below = found.below(found.axis(), found.floor(found.axis(), 0.25), 0.25)
    assert below.of_roles.keys() == {"pirate"} and below.n == 6
    silent.add("default")
    with pytest.raises(StudyError, match="no answer of default takes part"):
        Calibration(across, sae)


def other_file(folder: Path) -> Path:
    """A file of somebody's where the cap is to be written."""
    save_file({"weight": torch.ones(3)}, folder / "other.safetensors")
    return folder / "other.safetensors"


def check_axes_of_files(study: Study, own: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check that the axis that is exported for assistant-axis is the same when it is brought back."""
    export_study(study, tmp_path / "out")
    [axis] = (tmp_path / "out").rglob("assistant_axis.pt")
    file = tmp_path / "again.safetensors"
    capsys.readouterr()
    cap(study, file, axis=axis, quantile=0.4)
    beside = direction_beside_axis(AcrossRoles.of(study), "demo", own.floors[0].direction.numpy())
    assert beside.in_sample == pytest.approx([1])
    line = f"cosine with the study's own is 1.000{_free_of_noise(beside)}"
    assert line in capsys.readouterr().out
    again = read_cap(file)
    [before], [after] = own.floors, again.floors
    torch.testing.assert_close(after.direction, before.direction, atol=1e-5, rtol=0)
    assert after.threshold == pytest.approx(before.threshold, abs=1e-3)
    assert own.about["axis"] == "the study's own" and own.about["axis_file"]
    sha256 = hashlib.sha256(axis.read_bytes()).hexdigest()
    assert (again.about["axis"], again.about["axis_sha256"]) == ("assistant_axis.pt", sha256)
    assert "axis_file" not in again.about and "axis_sha256" not in own.about
    for to in (axis.with_suffix(".safetensors"), other_file(tmp_path)):  # the axis itself, somebody's tensors
        kept = {one: one.read_bytes() for one in (axis, tmp_path / "other.safetensors")}
        with pytest.raises(StudyError, match="is there, and `persona cap` has not written it"):
            cap(study, to, axis=axis)
        assert all(one.read_bytes() == content for one, content in kept.items())
    turned = tmp_path / "turned.pt"
    torch.save(-torch.load(axis, weights_only=True)["axis"], turned)
    cap(study, file, axis=turned)
    told = capsys.readouterr()
    assert "points away from default" in told.err and "own is -1.000" in told.out
    [pirate] = (tmp_path / "out").rglob("pirate.pt")
    with pytest.raises(StudyError, match="is the vector of a role, and no axis"):
        cap(study, file, axis=pirate)


def test_a_cosine_is_told_with_what_other_answers_would_make_of_it() -> None:
    def told(cosine: float, half: float) -> str:
        return _free_of_noise(Aligned(np.array([cosine]), np.array([half]), np.array([0.5])))

    assert told(np.nan, np.nan) == "; these answers do not tell how sure that is"
    assert told(0.8, np.nan) == "; with its noise taken out 0.80"
    expected = (
        "; with its noise taken out 0.95 (95 % interval 0.80 to 1.00, for other wordings and questions)"
    )
    assert told(0.95, 0.15) == expected


def test_what_cannot_be_capped_is_refused_in_a_line(make_study: StudyMaker, tmp_path: Path) -> None:
    file = tmp_path / "cap.safetensors"
    with pytest.raises(StudyError, match=r"set extraction\.vectors: response"):
        cap(make_study("without"), file)
    study = make_study("without", VECTORS)
    for changes, message in (
        ({}, "role default has no vectors of its answers under SAE demo"),
        ({"quantile": 1.0}, "--quantile 1: must lie between 0 and 1"),
        ({"to": tmp_path / "cap.pt"}, r"must end in \.safetensors"),
        ({"saes": ["other"]}, "no SAE other in this study"),
        ({"answer": True}, "--answer needs conversations"),
        ({"files": [tmp_path / "none.json"]}, "cannot be read"),
    ):
        with pytest.raises(StudyError, match=message):
            cap(study, **{"to": file} | changes)
    refused = CliRunner().invoke(app, ["cap", "without", "--quantile", "much"])
    assert refused.exit_code == 2 and not file.exists()


def test_an_sae_that_reads_no_layers_output_is_refused(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {("hook_resid_post", 2): 2, ("hook_resid_pre", 2): 1, ("hook_resid_pre", 0): None}
    points |= {("hook_mlp_out", 2): None, ("hook_resid_mid", 2): None}
    assert {one: output_layer(HookPoint(one[1], one[0])) for one in points} == points
    across = AcrossRoles.of(make_study())
    assert stream_layer(across, "demo") == 3
    monkeypatch.setattr("persona_assets.steering.calibrating.output_layer", lambda point: None)
    with pytest.raises(StudyError, match=r"a cap is of the residual stream after a layer"):
        stream_layer(across, "demo")


def test_random_directions_have_length_1_and_are_drawn_by_the_seed() -> None:
    first, again, other = (random_units(50, 3, seed) for seed in (1, 1, 2))
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-6)
    assert np.array_equal(first, again) and not np.allclose(first, other)
