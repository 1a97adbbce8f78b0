"""An axis and a role's vector of assistant-axis's as what an intervention edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import ROLE_CONTRASTS
from persona_assets.models.loading import text_config
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.files import StudyFiles
from persona_assets.steering.reading import Interventions
from persona_assets.study.settings import InterventionSettings
from persona_assets.study.study import Study
from tests.conftest import StudyMaker

LAYER = 3  # whose output the toy's SAE reads


def study_of(make_study: StudyMaker, axis: Path, **changes: Any) -> Study:
    one = {"target": "axis_file", "file": str(axis), "roles": ["pirate"], "operation": "add", "questions": 1}
    return make_study(changes={"interventions": {"one": {**one, "reference": 1, "directions": 3, **changes}}})


def test_the_axis_of_a_file_is_edited_in_units_of_how_far_roles_lie_apart_along_it(
    with_vectors: Study, make_study: StudyMaker, tmp_path: Path
) -> None:
    extraction = with_vectors.settings.extraction
    config = text_config(extraction.model)
    rows = torch.randn(
        config.num_hidden_layers, config.hidden_size, generator=torch.Generator().manual_seed(3)
    )
    file = tmp_path / "axis.pt"
    torch.save({"axis": rows}, file)
    study = study_of(make_study, file, strengths=[1, 2])
    interventions = Interventions(AcrossRoles.of(study), "demo")
    edits = [one for one in interventions.edits("one", "pirate") if one.control is None]
    assert [one.target for one in edits] == ["axis of the file"] * 2
    direction = rows[LAYER] / rows[LAYER].norm()
    torch.testing.assert_close(edits[0].edit.written.row, direction)
    where = interventions._where(study.settings.interventions["one"], "default")
    apart = float((where.edited @ direction.double().numpy()).std(ddof=1))
    assert [one.level for one in edits] == pytest.approx([apart, 2 * apart], rel=1e-4)
    torch.save({"vector": rows, "role": "bard"}, file)
    with pytest.raises(StudyError, match="is the vector of a role, and no axis"):
        Interventions(AcrossRoles.of(study), "demo").edits("one", "pirate")


def test_the_vector_to_a_role_of_a_file_is_edited_in_units_of_the_way_from_the_other_file(
    with_vectors: Study, make_study: StudyMaker, tmp_path: Path
) -> None:
    config = text_config(with_vectors.settings.extraction.model)
    shape = 3, config.num_hidden_layers, config.hidden_size
    role, other, axis = (
        one.clone() for one in torch.randn(shape, generator=torch.Generator().manual_seed(5))
    )
    files = {"file": str(tmp_path / "bard.pt"), "from_file": str(tmp_path / "default.pt")}
    torch.save({"vector": role, "type": "pos_3", "role": "bard"}, files["file"])
    for origin in ({"vector": other, "type": "mean"}, other, {"axis": axis, "role_mean": other}):
        torch.save(origin, files["from_file"])
        for operation, levels in (("add", (1, 2)), ("floor", None)):
            changes = {"target": "role_file", "operation": operation, "strengths": [1, 2]}
            study = study_of(make_study, tmp_path, **files | changes)
            planned = Interventions(AcrossRoles.of(study), "demo").edits("one", "pirate")
            edits = [one for one in planned if one.control is None]
            way = role[LAYER] - other[LAYER]
            torch.testing.assert_close(edits[0].edit.written.row, way / way.norm())
            assert [one.target for one in edits] == ["vector of the file"] * 2
            at = float(other[LAYER] @ (way / way.norm())) if levels is None else 0.0
            expected = [at + n * float(way.norm()) for n in (1, 2)]
            assert [one.level for one in edits] == pytest.approx(expected, rel=1e-4)
            assert len([one for one in planned if one.control == "direction"]) == 2 * 3
    for content, message in (
        ({"axis": axis, "role_mean": other}, r"bard\.pt: is an axis, and no vector of a role"),
        (
            {"vector": role[:, :3].clone()},
            r"bard\.pt: has 6 layers, 3 wide; the study's model has 6, 192 wide",
        ),
        ({"vector": other}, "hold the same vector"),
    ):
        torch.save(content, files["file"])
        with pytest.raises(StudyError, match=message):
            Interventions(AcrossRoles.of(study), "demo").edits("one", "pirate")
    torch.save({"axis": axis}, files["from_file"])
    with pytest.raises(StudyError, match=r"default\.pt: holds no vector per layer under `role_mean`"):
        Interventions(AcrossRoles.of(study), "demo").edits("one", "pirate")


def test_the_content_of_both_files_decides(
    with_vectors: Study, make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        AcrossRoles, "file", lambda self, table, sae: _Landed() if table is ROLE_CONTRASTS else None
    )
    files, found = {"file": tmp_path / "bard.pt", "from_file": tmp_path / "default.pt"}, set()
    written = {name: str(file) for name, file in files.items()}
    for contents in (b"ab", b"ba", b"aa", b"ab"):
        for file, content in zip(files.values(), contents, strict=True):
            file.write_bytes(bytes([content]))
        study = study_of(make_study, tmp_path, target="role_file", **written)
        found.add(AcrossRoles.of(study).intervention("demo", "one"))
    assert len(found) == 3 and None not in found


def test_the_files_content_decides_and_one_that_is_not_there_is_refused(
    with_vectors: Study, make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        AcrossRoles, "file", lambda self, table, sae: _Landed() if table is ROLE_CONTRASTS else None
    )
    file, found = tmp_path / "axis.pt", set()
    for content in (b"one", b"two", b"one"):
        file.write_bytes(content)
        found.add(AcrossRoles.of(study_of(make_study, file)).intervention("demo", "one"))
    assert len(found) == 2 and None not in found
    study = study_of(make_study, file)
    last = AcrossRoles.of(study).intervention("demo", "one")
    file.unlink()
    with pytest.raises(StudyError, match=r"axis\.pt: cannot be read"):
        AcrossRoles.of(study_of(make_study, file)).intervention("demo", "one")
    for content in (b"two", b"one", b"one"):  # something lands or is published with each
        file.write_bytes(content)
        study = study_of(make_study, file)
        AcrossRoles.of(study).intervention("demo", "one")
        study.lake.notes.keep_identities()
    file.unlink()  # as on another machine of a shared lake
    assert AcrossRoles.of(study_of(make_study, file)).intervention("demo", "one") == last


class _Landed:
    stem = "contrasts"


def test_a_snapshot_says_that_it_leaves_out_what_an_axis_decides_that_nobody_has_seen(
    with_vectors: Study,
    make_study: StudyMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = AcrossRoles.file
    monkeypatch.setattr(
        AcrossRoles,
        "file",
        lambda self, table, sae: _Landed() if table is ROLE_CONTRASTS else file(self, table, sae),
    )
    assert list(StudyFiles.of(with_vectors).published()) and not caplog.messages
    assert list(StudyFiles.of(study_of(make_study, tmp_path / "axis.pt")).published())
    [said] = caplog.messages
    assert "interventions: left out of the snapshot" in said and "axis.pt: cannot be read" in said


def test_a_file_and_its_target_go_together() -> None:
    for settings, named in (
        ({"target": "axis_file"}, "`file`"),
        ({"target": "assistant_axis", "file": "x.pt"}, "`file`"),
        ({"target": "role_file", "file": "x.pt"}, "`from_file`"),
        ({"target": "axis_file", "file": "x.pt", "from_file": "y.pt"}, "`from_file`"),
    ):
        with pytest.raises(ValueError, match=f"{named} and `target: .* go together"):
            InterventionSettings.model_validate({"roles": ["pirate"], **settings})
