"""An SAE comes from a library of ours or of the project's own; anything else is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.models.sae import SaeLibrary, load_sae, sae_identity, sae_width, width_on_disk
from persona_assets.study.settings import SaeSettings


def load(settings: SaeSettings, device: str) -> object:
    """What a mistaken library gives."""
    if settings.path is None:
        raise KeyError(device)
    return [settings]


LIBRARY = SaeLibrary(load=load, width=lambda settings: int(Path(str(settings.path), "width").read_text()))
HERE = "tests.models.test_sae:LIBRARY"


def told(source: dict[str, str], ask: object) -> str:
    with pytest.raises(StudyError) as error:
        ask(SaeSettings(**source))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("ask", [load_sae, sae_width, sae_identity])
def test_an_unknown_library_is_refused_with_those_that_are_known(ask: object) -> None:
    source = {"release": "r", "id": "i", "library": "saelense"}
    assert told(source, ask) == (
        "SAE r/i: library: unknown 'saelense'; known are saelens, and your own as package.module:NAME"
    )


def test_what_a_library_lets_through_is_one_clear_line(tmp_path: Path) -> None:
    assert told({"release": "r", "id": "i", "library": HERE}, load_sae) == (
        "cannot load SAE r/i: KeyError: 'cpu'; check its path, or its release and id"
    )
    source = {"path": str(tmp_path), "library": HERE}
    assert "gives a list, which is no persona_assets.models.sae.Sae" in told(source, load_sae)
    assert f"cannot read the width of SAE {tmp_path}: FileNotFoundError" in told(source, sae_width)


def test_an_sae_of_a_projects_own_library_is_here_where_its_folder_is(tmp_path: Path) -> None:
    (tmp_path / "width").write_text("12")
    assert width_on_disk(SaeSettings(path=str(tmp_path), library=HERE)) == 12
    assert width_on_disk(SaeSettings(path=str(tmp_path / "gone"), library=HERE)) is None
