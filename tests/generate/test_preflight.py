"""What cannot be served is told before the first answer is paid for, and no weights are loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.project import in_project
from persona_assets.generate import stage as stage_module
from persona_assets.generate.stage import GenerationStage
from tests.conftest import StudyMaker
from tests.generate.models import copy_of_model


@pytest.fixture(autouse=True)
def no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: Any) -> None:
        raise AssertionError("the model is loaded")

    monkeypatch.setattr(stage_module, "open_backend", load)


def sae_with(folder: Path, **changes: Any) -> dict[str, Any]:
    """The study's key for the demo's SAE with another configuration."""
    shutil.copytree(in_project("tests/toy/data/sae"), folder)
    content = json.loads((folder / "cfg.json").read_text())
    for key, value in changes.items():
        (content["metadata"] if key == "hook_name" else content)[key] = value
    (folder / "cfg.json").write_text(json.dumps(content))
    return {"extraction.saes": {"demo": {"path": str(folder)}}}


def refusal(make_study: StudyMaker, changes: dict[str, Any]) -> str:
    with pytest.raises(StudyError) as told:
        GenerationStage(make_study(changes=changes)).land("ghost")
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hook_name": "blocks.99.hook_resid_post"}, "has only layers 0 to 5"),
        ({"hook_name": "blocks.2.hook_odd"}, "hook 'blocks.2.hook_odd' is not served"),
        ({"hook_name": "gpt_neox.layers.3"}, "is not of the form blocks.<layer>.<hook>"),
        ({"d_in": 7}, "d_in is 7, but the stream at"),
    ],
)
def test_an_sae_that_does_not_fit_is_told(
    make_study: StudyMaker, tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    assert complaint in refusal(make_study, sae_with(tmp_path / "sae", **changes))


def test_a_hook_that_the_extractions_backend_does_not_read_is_told(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    sae = sae_with(tmp_path / "sae", hook_name="blocks.2.hook_mlp_out")
    told = refusal(make_study, sae | {"extraction.backend": "vllm"})
    assert "is not served by extraction.backend vllm" in told


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"max_position_embeddings": 40}, "reads 40 at most; set generation.max_model_len to 40 or less"),
        ({"vocab_size": 100}, "embeds tokens 0 to 99 only"),
        ({"model_type": "xglm", "architectures": ["XGLMForCausalLM"]}, "architecture 'xglm' is not served"),
    ],
)
def test_a_model_that_cannot_read_what_is_made_is_told(
    make_study: StudyMaker, tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    model = copy_of_model(tmp_path / "model", config=lambda config: config.update(change))
    for block in ("extraction", "generation") if "model_type" not in change else ("extraction",):
        assert complaint in refusal(make_study, {f"{block}.model": model})


def test_a_model_that_nothing_ends_is_told(make_study: StudyMaker, tmp_path: Path) -> None:
    model = copy_of_model(
        tmp_path / "model",
        config=lambda config: config.pop("eos_token_id"),
        generation_config=lambda config: config.pop("eos_token_id"),
        tokenizer_config=lambda config: config.pop("eos_token"),
    )
    template = Path(model) / "chat_template.jinja"
    template.write_text(template.read_text().replace("<end_of_turn>", ""))
    assert "names a token that ends an answer; set eos_token_id" in refusal(
        make_study, {"generation.model": model}
    )


@pytest.mark.parametrize("backend", ["transformers", "vllm"])
def test_weights_that_are_pickles_are_not_loaded(
    make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.undo()
    model = copy_of_model(tmp_path / "model")
    (Path(model) / "model.safetensors").unlink()
    (Path(model) / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n.")
    told = refusal(make_study, {"generation.model": model, "generation.backend": backend})
    assert "its weights are pickles (pytorch_model.bin), which are not loaded" in told


def test_a_model_and_an_sae_that_are_elsewhere_do_not_keep_a_study_from_generating(
    make_study: StudyMaker,
) -> None:
    away = {"extraction.model": "/elsewhere/model", "extraction.saes": {"x": {"path": "/elsewhere/sae"}}}
    with pytest.raises(AssertionError, match="the model is loaded"):
        GenerationStage(make_study(changes=away)).land("ghost")
