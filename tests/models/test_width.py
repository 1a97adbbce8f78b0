from __future__ import annotations

from pathlib import Path

import pytest
from sae_lens import JumpReLUSAE, JumpReLUSAEConfig

from persona_assets.base.errors import StudyError
from persona_assets.models.sae import sae_width, width_on_disk
from persona_assets.study.settings import SaeSettings


def test_the_width_of_a_saved_sae_is_its_number_of_features(tmp_path: Path) -> None:
    JumpReLUSAE(JumpReLUSAEConfig(d_in=8, d_sae=24)).save_model(tmp_path)
    assert sae_width(SaeSettings(path=str(tmp_path))) == 24
    assert width_on_disk(SaeSettings(path=str(tmp_path))) == 24


def test_the_width_of_an_sae_that_is_not_on_the_disk_is_unknown(tmp_path: Path) -> None:
    assert width_on_disk(SaeSettings(path=str(tmp_path))) is None
    assert width_on_disk(SaeSettings(release="no-release", id="no-id")) is None


@pytest.mark.parametrize("content", [None, "{", "{}", '{"d_sae": "wide"}', "[1]"])
def test_an_sae_that_does_not_tell_its_width_is_one_clear_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "cfg.json").write_text(content)
    with pytest.raises(StudyError, match=f"cannot read the width of SAE {tmp_path}: .*; check its path"):
        sae_width(SaeSettings(path=str(tmp_path)))


def test_an_unknown_release_is_one_clear_line() -> None:
    with pytest.raises(StudyError, match="cannot read the width of SAE no-release/no-id"):
        sae_width(SaeSettings(release="no-release", id="no-id"))
