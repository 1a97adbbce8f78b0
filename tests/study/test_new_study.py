"""A new study is begun from another, or from a template that SAELens's registry knows the SAE of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.models.hooks import check_fits, check_site, hook_point
from persona_assets.study.new_project import lay_out
from persona_assets.study.new_study import FIRST, new_study
from persona_assets.study.study import Study, load_study, study_names
from tests.places import PROJECT

# Of each template that names a hub model: its architecture, width and depth, and the stream of its SAE.
HUB: dict[str, tuple[str, int, int, str]] = {
    "gemma_3_270m": ("gemma3_text", 640, 18, "blocks.12.hook_resid_post"),
    "gemma_3_1b": ("gemma3_text", 1152, 26, "blocks.17.hook_resid_post"),
    "gemma_3_27b": ("gemma3_text", 5376, 62, "blocks.40.hook_resid_post"),
    "llama_3_1_8b": ("llama", 4096, 32, "blocks.19.hook_resid_post"),
    "qwen_3_8b": ("qwen3", 4096, 36, "blocks.18.mlp.hook_in"),
}
OTHERS = ["smollm2"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lay_out(tmp_path / "p", demo=False)
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path / "p"))
    return tmp_path / "p"


def begun(source: str) -> Study:
    return load_study(new_study("mine", source).parent.name)


@pytest.mark.parametrize("source", [*HUB, *OTHERS])
def test_a_study_begun_from_a_template_loads(project: Path, source: str) -> None:
    study = begun(source)
    assert study.name in study_names()
    if source != "gemma_3_27b":  # whose roles are imported
        assert len(study.roles) == 30


@pytest.mark.parametrize("source", HUB)
def test_the_registry_knows_the_sae_of_a_template_and_its_model_has_the_stream(
    project: Path, source: str
) -> None:
    from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory
    from transformers import AutoConfig

    study = begun(source)
    [sae] = study.settings.extraction.saes.values()
    assert sae.release is not None
    assert sae.id is not None
    release = get_pretrained_saes_directory()[sae.release]
    assert sae.id in release.saes_map
    assert sae.neuronpedia_id == (release.neuronpedia_id or {})[sae.id]
    model, trained_on = study.settings.extraction.model.lower(), release.model.lower()
    assert trained_on.rsplit("/", 1)[-1] == model.rsplit("/", 1)[-1]
    assert study.generation.model == study.settings.extraction.model
    architecture, width, depth, stream = HUB[source]
    config: Any = AutoConfig.for_model(architecture, hidden_size=width, num_hidden_layers=depth)
    point = hook_point(stream, None, source)
    assert f"{point.layer}" in sae.id
    check_site(point, config, source, study.settings.extraction.backend)
    check_fits(point, width, source, config, model)


def test_what_is_there_is_not_overwritten(project: Path) -> None:
    file = new_study("mine", "smollm2")
    file.write_text("mine")
    with pytest.raises(StudyError, match="is there already, and nothing is overwritten; name another study"):
        new_study("mine", "smollm2")
    assert file.read_text() == "mine"


def test_a_study_of_the_project_is_a_source_and_an_unknown_one_is_told_with_the_list(project: Path) -> None:
    new_study("first", "smollm2").write_text("# mine\n")
    assert new_study("second", "first").read_text() == "# mine\n"
    with pytest.raises(StudyError, match=r"no study or template 'x' .* first, gemma_3_1b, .*, smollm2$"):
        new_study("third", "x")


def test_the_first_study_brings_its_roles_sae_and_answers_and_leaves_what_is_there(project: Path) -> None:
    roles = project / "data/smollm2/roles"
    roles.mkdir(parents=True)
    (roles / "pirate.json").write_text("mine")
    new_study("mine", FIRST)
    brought, shipped = files_below(project / "data/smollm2"), files_below(PROJECT / "data/smollm2")
    assert brought.keys() == shipped.keys()
    assert {name for name in brought if brought[name] != shipped[name]} == {"roles/pirate.json"}


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ["Mine", "a b", "", "../up"])
def test_a_name_that_cannot_be_a_studys_is_refused(project: Path, name: str) -> None:
    with pytest.raises(StudyError, match="is no name of a study; use lower-case letters"):
        new_study(name, "smollm2")
