from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from sae_lens.saes.sae import SAEMetadata
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, BertConfig, LlamaConfig

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.models.architectures import architecture
from persona_assets.models.hooks import HookPoint, captured, check_site, hook_point
from persona_assets.models.loading import text_config
from tests.extract.dense import residuals, whole_model
from tests.extract.families import FAMILIES, N_LAYERS

IDS = np.random.default_rng(0).integers(5, 300, size=40).astype(np.int32)
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
SITES = [
    "hook_resid_pre",
    "hook_resid_mid",
    "hook_resid_post",
    "hook_attn_out",
    "hook_mlp_out",
    "attn.hook_z",
    "mlp.hook_in",
    "ln2.hook_normalized",
]


def backbone(model: str, n_layers: int) -> Backbone:
    return Backbone.load(model, None, text_config(model), n_layers, "float32", "cpu")


def one(length: int = 40, start: int = 10) -> Conversation:
    return Conversation(1, IDS[:length], start, length)


@pytest.mark.parametrize("layer", [0, 1, N_LAYERS - 1])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_truncated_models_residual_equals_the_whole_models(family, layer, model_directory) -> None:
    model = model_directory(family)
    whole = whole_model(model)
    point = HookPoint(layer, "hook_resid_post")
    batch = [one(40, 10), one(7, 0), one(23, 22)]
    cut = backbone(model, layer + 1)
    assert len(cut.layers) == layer + 1
    rows = cut.selected_rows(batch, [point])[point]
    expected = torch.cat([residuals(whole, layer, conversation) for conversation in batch])
    torch.testing.assert_close(rows, expected, **CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_streams_of_a_layer_add_up_as_their_names_say(family, model_directory) -> None:
    """Attention and MLP add to the residual; z goes into W_O; the MLP is given the norm with its gain."""
    cut = backbone(model_directory(family), 3)
    layer = cut.layers[2]
    gemma = family.startswith("gemma")
    norm = layer.pre_feedforward_layernorm if gemma else layer.post_attention_layernorm
    gain = norm.weight + 1 if gemma else norm.weight
    points = {site: HookPoint(2, site) for site in SITES}
    streams = cut.selected_rows([one()], [*points.values(), HookPoint(1, "hook_resid_post")])
    at = {site: streams[point] for site, point in points.items()}
    attention = layer.self_attn.o_proj(at["attn.hook_z"])
    mlp = layer.mlp(at["mlp.hook_in"])
    identities = [
        (at["hook_resid_pre"], streams[HookPoint(1, "hook_resid_post")]),
        (at["hook_resid_mid"], at["hook_resid_pre"] + at["hook_attn_out"]),
        (at["hook_resid_post"], at["hook_resid_mid"] + at["hook_mlp_out"]),
        (at["hook_attn_out"], layer.post_attention_layernorm(attention) if gemma else attention),
        (at["hook_mlp_out"], layer.post_feedforward_layernorm(mlp) if gemma else mlp),
        (at["mlp.hook_in"], norm(at["hook_resid_mid"])),
        (at["mlp.hook_in"], at["ln2.hook_normalized"] * gain),
    ]
    for left, right in identities:
        torch.testing.assert_close(left, right, **CLOSE)
    ones = at["ln2.hook_normalized"].pow(2).mean(dim=1)
    torch.testing.assert_close(ones, torch.ones_like(ones), rtol=1e-2, atol=1e-2)


def test_hooks_are_gone_when_a_forward_pass_fails(model_directory) -> None:
    layers = backbone(model_directory("llama"), 2).layers
    points = [HookPoint(1, site) for site in SITES]
    with pytest.raises(RuntimeError, match="stop"), captured(layers, architecture("llama"), points):
        assert any(module._forward_hooks or module._forward_pre_hooks for module in layers.modules())
        raise RuntimeError("stop")
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in layers.modules())


def test_a_hook_point_is_read_from_the_saes_own_metadata() -> None:
    metadata = SAEMetadata(hook_name="blocks.17.hook_resid_post")
    assert hook_point(metadata.hook_name, metadata.hf_hook_name, "sae") == HookPoint(17, "hook_resid_post")


def test_the_mlp_input_of_gemma_scope_2_is_told_by_its_module_name() -> None:
    module = "model.layers.5.pre_feedforward_layernorm.output"
    metadata = SAEMetadata(hook_name="blocks.5.hook_mlp_in", hf_hook_name=module)
    assert hook_point(metadata.hook_name, metadata.hf_hook_name, "sae") == HookPoint(5, "mlp.hook_in")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "name no hook"),
        ({"hook_name": "hook_embed"}, "'hook_embed' is not of the form"),
        ({"hook_name": "model.layers.3"}, "'model.layers.3' is not of the form"),
        ({"hook_name": "blocks.5.hook_mlp_in"}, "ambiguous"),
    ],
)
def test_metadata_that_name_no_clear_hook_are_refused(metadata, message) -> None:
    with pytest.raises(StudyError, match=message):
        hook_point(metadata.get("hook_name"), metadata.get("hf_hook_name"), "sae")


def test_an_unknown_hook_or_architecture_is_refused_by_name() -> None:
    with pytest.raises(StudyError, match=r"blocks\.3\.attn\.hook_q.*hook_resid_post"):
        check_site(HookPoint(3, "attn.hook_q"), LlamaConfig(), "sae")
    with pytest.raises(StudyError, match=r"'bert'.*gemma3_text"):
        check_site(HookPoint(3, "hook_resid_post"), BertConfig(), "sae")


def test_multimodal_gemma_3_gives_its_text_model_without_the_vision_tower(
    multimodal, model_directory
) -> None:
    text = model_directory("gemma3")
    point = HookPoint(1, "hook_resid_post")
    cut = backbone(multimodal, 2)
    assert AutoConfig.from_pretrained(multimodal).model_type == "gemma3"
    assert not [name for name, _ in cut.model.named_modules() if "vision" in name]
    rows = cut.selected_rows([one()], [point])[point]
    torch.testing.assert_close(rows, residuals(whole_model(text), 1, one()), **CLOSE)


def test_a_checkpoint_that_lacks_weights_is_refused(model_directory, tmp_path) -> None:
    shutil.copytree(model_directory("llama"), tmp_path / "model")
    file = tmp_path / "model" / "model.safetensors"
    weights = load_file(file)
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(StudyError, match=r"1 weights are missing.*layers\.1\.mlp\.up_proj"):
        backbone(str(tmp_path / "model"), 2)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    (tmp_path / "model" / "config.json").write_text(json.dumps({**config, "hidden_size": 64}))
    with pytest.raises(StudyError, match="cannot load model"):
        backbone(str(tmp_path / "model"), 1)
