"""Tiny configurations of five families of models; nothing but transformers is needed for them."""

from __future__ import annotations

from typing import Any

from transformers import Gemma2Config, Gemma3TextConfig, LlamaConfig, Qwen2Config, Qwen3Config

N_LAYERS, D_MODEL, N_HEADS, HEAD = 4, 32, 4, 12
CONTEXT = 256
FAMILIES = ["gemma3", "gemma2", "llama", "qwen2", "qwen3"]
LAYER_TYPES = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]


def tiny_config(family: str, vocabulary: int, head: int | None = None) -> Any:
    """A tiny configuration of one of the architectures that are served; heads are `head` wide, if given."""
    common = {
        "vocab_size": vocabulary,
        "hidden_size": D_MODEL,
        "intermediate_size": 48,
        "num_hidden_layers": N_LAYERS,
        "num_attention_heads": N_HEADS,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }
    # Windows shorter than the conversations, so that local attention matters.
    gemma = {"sliding_window": 16, "query_pre_attn_scalar": HEAD, "layer_types": LAYER_TYPES}
    wide = {"head_dim": head or HEAD}
    return {
        "gemma3": lambda: Gemma3TextConfig(**common, **gemma, **wide),
        "gemma2": lambda: Gemma2Config(**common, **gemma, **wide),
        "llama": lambda: LlamaConfig(**common, head_dim=head),
        "qwen2": lambda: Qwen2Config(**common),
        "qwen3": lambda: Qwen3Config(**common, **wide),
    }[family]()
