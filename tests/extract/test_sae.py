from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from persona_assets.base.errors import StudyError
from persona_assets.extract.extractor import Extractor
from persona_assets.models.sae import load_sae, sae_identity
from persona_assets.study.settings import SaeSettings
from tests.extract.families import D_MODEL, HEAD, N_HEADS, N_LAYERS
from tests.extract.tiny import settings

TEMPORAL = {"architecture": "temporal", "d_in": 512, "d_sae": 512, "kval_topk": 4}


def load(source: dict[str, str]):
    return load_sae(SaeSettings(**source))


def test_an_sae_is_loaded_in_float32_in_the_saes_own_format(make_sae) -> None:
    sae = load(make_sae(architecture="jumprelu"))
    assert sae.sae.cfg.architecture() == "jumprelu"
    assert {weight.dtype for weight in sae.sae.parameters()} == {torch.float32}


def test_an_identity_changes_with_the_weights_and_not_with_the_place(make_sae) -> None:
    first, same, other = make_sae("first"), make_sae("same"), make_sae("other", seed=1)
    assert sae_identity(SaeSettings(**first)) == sae_identity(SaeSettings(**same))
    assert sae_identity(SaeSettings(**first)) != sae_identity(SaeSettings(**other))
    assert sae_identity(SaeSettings(release="r", id="i")) == {"release": "r", "id": "i"}


def test_a_missing_directory_is_one_clear_line(tmp_path) -> None:
    with pytest.raises(StudyError, match="nowhere: no such directory") as error:
        load({"path": str(tmp_path / "nowhere")})
    assert "\n" not in str(error.value)


def test_an_unknown_release_or_id_is_one_clear_line() -> None:
    with pytest.raises(StudyError, match="no-such-release.*not found") as error:
        load({"release": "no-such-release", "id": "layer_1"})
    assert "\n" not in str(error.value)
    with pytest.raises(StudyError, match="ID layer_1 not found in release gemma-scope-2-27b-it-res"):
        load({"release": "gemma-scope-2-27b-it-res", "id": "layer_1"})


@pytest.mark.parametrize("file", ["cfg.json", "sae_weights.safetensors"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_directory_is_one_clear_line(file, damage, make_sae) -> None:
    sae = make_sae()
    path = Path(sae["path"]) / file
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.unlink()
    with pytest.raises(StudyError) as error:
        load(sae)
    message = str(error.value)
    assert message.startswith((f"cannot load SAE {sae['path']}: ", f"{path}: not valid JSON"))
    assert "\n" not in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "abstopk", "k": 4}, "architecture abstopk cannot be served"),
        (TEMPORAL, "architecture temporal cannot be served"),
        ({"normalize_activations": "expected_average_only_in"}, "expected_average_only_in is not folded"),
        ({"normalize_activations": "covariance_whitening"}, "covariance_whitening is not folded"),
        ({"metadata": {"hook_head_index": 3}}, "reads a single head"),
        ({"metadata": {"model_from_pretrained_kwargs": {"fold_ln": True}}}, "processed with fold_ln"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(options, message, make_sae) -> None:
    with pytest.raises(StudyError, match=message):
        load(make_sae(**options))


def test_an_unprocessed_model_is_not_taken_for_a_processed_one(make_sae) -> None:
    load(make_sae(metadata={"model_from_pretrained_kwargs": {"fold_ln": False, "dtype": "bfloat16"}}))


def test_weights_that_are_not_finite_are_refused(make_sae) -> None:
    sae = make_sae()
    file = Path(sae["path"]) / "sae_weights.safetensors"
    weights = load_file(file)
    weights["W_enc"][3, 5] = float("nan")
    save_file(weights, file)
    with pytest.raises(StudyError, match="W_enc holds NaN"):
        load(sae)


def test_an_sae_of_another_width_than_the_model_is_refused(make_sae, model_directory) -> None:
    sae = make_sae(d_in=D_MODEL + 1)
    with pytest.raises(StudyError, match=rf"d_in is {D_MODEL + 1}.*hook_resid_post.* is {D_MODEL} wide"):
        Extractor.open(settings(model_directory("llama"), {"sae": sae}))


def test_the_width_of_hook_z_is_that_of_the_heads(make_sae, model_directory) -> None:
    sae = make_sae(hook="blocks.1.attn.hook_z", d_in=D_MODEL)
    with pytest.raises(StudyError, match=f"is {N_HEADS * HEAD} wide"):
        Extractor.open(settings(model_directory("gemma3"), {"sae": sae}))


def test_a_hook_in_a_layer_that_the_model_lacks_is_refused(make_sae, model_directory) -> None:
    sae = make_sae(hook=f"blocks.{N_LAYERS}.hook_resid_post")
    with pytest.raises(StudyError, match=rf"reads blocks\.{N_LAYERS}\..*only layers 0 to {N_LAYERS - 1}"):
        Extractor.open(settings(model_directory("llama"), {"sae": sae}))


def test_metadata_without_a_hook_are_refused(make_sae, model_directory) -> None:
    sae = make_sae()
    file = Path(sae["path"]) / "cfg.json"
    config = json.loads(file.read_text())
    del config["metadata"]["hook_name"]
    file.write_text(json.dumps(config))
    with pytest.raises(StudyError, match="name no hook"):
        Extractor.open(settings(model_directory("llama"), {"sae": sae}))
