"""Where each architecture keeps its streams: from TransformerLens's adapters, checked on tiny models.

`make architectures` writes the table that extraction reads, `persona_assets/models/architectures.json`; a
test holds it current. TransformerLens itself is not imported when a study runs: that takes 10 seconds.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from persona_assets.models.hooks import normalized

TABLE = Path(__file__).parents[2] / "persona_assets" / "models" / "architectures.json"

# The name of each family's causal model in transformers, by its text configuration's `model_type`.
FAMILIES = {
    "apertus": "ApertusForCausalLM",
    "arcee": "ArceeForCausalLM",
    "bloom": "BloomForCausalLM",
    "cohere": "CohereForCausalLM",
    "cohere2": "Cohere2ForCausalLM",
    "deepseek_v3": "DeepseekV3ForCausalLM",
    "ernie4_5": "Ernie4_5ForCausalLM",
    "exaone4": "Exaone4ForCausalLM",
    "falcon": "FalconForCausalLM",
    "gemma": "GemmaForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM",
    "glm": "GlmForCausalLM",
    "glm4": "Glm4ForCausalLM",
    "glm4_moe": "Glm4MoeForCausalLM",
    "gpt2": "GPT2LMHeadModel",
    "gpt_neo": "GPTNeoForCausalLM",
    "gpt_neox": "GPTNeoXForCausalLM",
    "gpt_oss": "GptOssForCausalLM",
    "gptj": "GPTJForCausalLM",
    "granite": "GraniteForCausalLM",
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
    "nemotron": "NemotronForCausalLM",
    "olmo": "OlmoForCausalLM",
    "olmo2": "Olmo2ForCausalLM",
    "olmo3": "Olmo3ForCausalLM",
    "olmoe": "OlmoeForCausalLM",
    "opt": "OPTForCausalLM",
    "phi": "PhiForCausalLM",
    "phi3": "Phi3ForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen2_moe": "Qwen2MoeForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
    "qwen3_next": "Qwen3NextForCausalLM",
    "qwen3_5_text": "Qwen3_5ForCausalLM",
    "seed_oss": "SeedOssForCausalLM",
    "smollm3": "SmolLM3ForCausalLM",
    "stablelm": "StableLmForCausalLM",
    "starcoder2": "Starcoder2ForCausalLM",
}

# Our sites as TransformerLens's blocks find them: an alias of the block's, or the path of a component.
_SITES = {
    "hook_resid_pre": "hook_resid_pre",
    "hook_resid_mid": "hook_resid_mid",
    "hook_resid_post": "hook_resid_post",
    "hook_attn_out": "hook_attn_out",
    "hook_mlp_out": "hook_mlp_out",
    "attn.hook_z": "attn.o.hook_in",
    "mlp.hook_in": "mlp.hook_in",
    "ln2.hook_normalized": "ln2.hook_normalized",
}
_SIDES = {"hook_in": "input", "hook_out": "output", "hook_normalized": "normalized"}

# Settings that put the sublayers of one family's members together in different ways.
_WIRING = (
    "use_parallel_residual",
    "parallel_attn",
    "new_decoder_architecture",
    "do_layer_norm_before",
    "apply_residual_connection_post_layernorm",
)

N_LAYERS = 4
_TINY = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "sliding_window": 16,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "n_inner": 48,
    "ffn_dim": 48,
    "word_embed_proj_dim": 32,
    "rotary_dim": 4,
    "num_local_experts": 4,
    "num_experts": 4,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16,
    "first_k_dense_replace": 1,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 4,
    "v_head_dim": 8,
    "n_group": 1,
    "topk_group": 1,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "query_pre_attn_scalar": 8,
}
_HEAD = 8  # where the family says how wide a head is


def tiny_config(family: str) -> Any:
    """A configuration of the family with `N_LAYERS` layers of width 32, whatever its names for them are."""
    import transformers

    config = getattr(transformers, FAMILIES[family]).config_class
    default = config()
    fields = default.to_dict()
    own_head = "head_dim" in fields and "qk_rope_head_dim" not in fields
    wanted = _TINY | ({"head_dim": _HEAD} if own_head else {})
    names = {name: default.attribute_map.get(name, name) for name in wanted}
    own = {theirs: wanted[name] for name, theirs in names.items() if theirs in fields}
    if family == "gpt_neo":
        own |= {"attention_types": [[["global", "local"], 2]], "window_size": 16}
    if family == "mistral":
        own["head_dim"] = _HEAD
    return config(**own)


def tiny_model(family: str) -> Any:
    """The family's tiny text model without a head, its weights random, gains and biases too."""
    from transformers import AutoModel

    torch.manual_seed(0)
    config = tiny_config(family)
    attention = "eager" if getattr(config, "attn_logit_softcapping", None) else None  # as extraction does
    model = AutoModel.from_config(config, attn_implementation=attention).eval()
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            weight.data += 0.3 * torch.randn_like(weight)
        elif "embed" not in name and "wte" not in name:
            weight.data += torch.randn_like(weight) / weight.shape[-1] ** 0.5
    return model


def adapter_table(family: str) -> dict[str, Any]:
    """The layers' path below the text model and each site's module and side, as TransformerLens has them."""
    import transformers

    blocks = adapter(family).component_mapping["blocks"]
    prefix = getattr(transformers, FAMILIES[family]).base_model_prefix + "."
    sites = {}
    for ours, theirs in _SITES.items():
        tap = _tap(blocks, blocks.hook_aliases.get(theirs, theirs))
        if tap is not None:
            sites[ours] = tap
    return {"layers": blocks.name.removeprefix(prefix), "sites": sites}


def _tap(blocks: Any, path: Any) -> list[str] | None:
    """The module below a layer and its side that a hook's path means; None where no module gives it out."""
    if not isinstance(path, str):
        return None
    *components, hook = path.split(".")
    names, component = [], blocks
    for part in components:
        component = (component.submodules or {}).get(part)
        if component is None:
            return None
        names += [component.name] if component.name else []
    if hook not in _SIDES or (components and not names):
        return None
    return [".".join(names), _SIDES[hook]]


def adapter(family: str) -> Any:
    """TransformerLens's adapter for the family's tiny model."""
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.factories.architecture_adapter_factory import ArchitectureAdapterFactory
    from transformer_lens.model_bridge.sources import transformers as source

    config = tiny_config(family)
    content = dict(source.map_default_transformer_lens_config(config).__dict__)
    content.setdefault("num_experts", content.get("num_local_experts"))
    bridge = TransformerBridgeConfig.from_dict(content)
    bridge.architecture = FAMILIES[family]
    for name in source._HF_PASSTHROUGH_ATTRS:
        if (value := getattr(config, name, None)) is not None:
            setattr(bridge, name, value)
    return ArchitectureAdapterFactory.select_architecture_adapter(bridge)


def served(family: str) -> dict[str, Any]:
    """The family's table without the sites that no module of a tiny model gives out as they are meant."""
    table, model = adapter_table(family), tiny_model(family)
    layers = model.get_submodule(table["layers"])
    assert len(layers) == N_LAYERS
    there = {
        site: tap for site, tap in table["sites"].items() if all(_has(layer, tap[0]) for layer in layers)
    }
    kept = {"layers": table["layers"], "sites": _kept(model, layers, there)}
    where = {name: getattr(model.config, name) for name in _WIRING if hasattr(model.config, name)}
    return kept | ({"where": where} if where else {})


def _has(layer: Any, module: str) -> bool:
    try:
        layer.get_submodule(module)
    except AttributeError:
        return False
    return True


def streams(model: Any, layers: Any, sites: dict[str, list[str]]) -> list[dict[str, torch.Tensor]]:
    """For each layer, the stream at each site in one forward pass over random tokens."""
    kept: list[dict[str, torch.Tensor]] = [{} for _ in layers]
    handles = []
    for layer, found in zip(layers, kept, strict=True):
        for site, (path, side) in sites.items():
            handles.append(_hooked(layer.get_submodule(path), side, site, found))
    ids = torch.randint(3, 64, (2, 40), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        model(input_ids=ids, use_cache=False)
    for handle in handles:
        handle.remove()
    return kept


def _hooked(module: Any, side: str, site: str, found: dict[str, torch.Tensor]) -> Any:
    def keep(_module: Any, args: Any, kwargs: Any, output: Any) -> None:
        first = args[0] if args else kwargs.get("hidden_states")
        found[site] = (output[0] if isinstance(output, tuple) else output) if side == "output" else first

    return module.register_forward_hook(keep, with_kwargs=True)


def _kept(model: Any, layers: Any, sites: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out what is not what its name says: sums that are scaled inline, parallel sublayers' middle."""
    false: set[str] = set()
    for layer, found in zip(layers, streams(model, layers, sites), strict=True):
        pre, post = found["hook_resid_pre"], found["hook_resid_post"]
        attn, mlp, mid = (found.get(f"hook_{name}") for name in ("attn_out", "mlp_out", "resid_mid"))
        if attn is None or mlp is None or not _close(pre + attn + mlp.view_as(pre), post):
            false |= {"hook_attn_out", "hook_mlp_out"}
        if mid is None or attn is None or not _along(mid.view_as(pre) - pre, attn):
            false.add("hook_resid_mid")
        if mid is not None and (mlp is None or not _along(post - mid.view_as(pre), mlp.view_as(pre))):
            false.add("hook_resid_mid")
        false |= {site for site, stream in found.items() if stream.ndim != pre.ndim}  # OPT's are flattened
        if "ln2.hook_normalized" in sites and not _is_before_the_gain(layer, sites, found):
            false.add("ln2.hook_normalized")
        false |= sites.keys() - found.keys()
    return {site: tap for site, tap in sites.items() if site not in false}


def _is_before_the_gain(layer: Any, sites: dict[str, list[str]], found: dict[str, torch.Tensor]) -> bool:
    """Whether the norm's output is one gain and one bias per channel away from what `normalized` gives."""
    norm = layer.get_submodule(sites["ln2.hook_normalized"][0])
    if not any(hasattr(norm, name) for name in ("eps", "variance_epsilon")):
        return False
    stream = found["ln2.hook_normalized"].flatten(0, -2)
    with torch.inference_mode():
        before, after = normalized(stream, norm), norm(stream)
    centred, moved = before - before.mean(0), after - after.mean(0)
    gain = (centred * moved).sum(0) / centred.pow(2).sum(0)
    return _close(centred * gain, moved)


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool(torch.allclose(one, other, rtol=1e-4, atol=1e-4))


def _along(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether one vector is a multiple of the other, at every token."""
    return bool((torch.cosine_similarity(one, other, dim=-1) > 0.9999).all())


def written(table: dict[str, Any]) -> str:
    """The table as its file holds it."""
    rows = (f' "{name}": {json.dumps(entry, sort_keys=True)}' for name, entry in sorted(table.items()))
    return "{\n" + ",\n".join(rows) + "\n}\n"


@contextmanager
def quiet() -> Any:
    """Neither warnings of models that nobody trained nor progress bars."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


if __name__ == "__main__":
    with quiet():
        TABLE.write_text(written({family: served(family) for family in FAMILIES}))
