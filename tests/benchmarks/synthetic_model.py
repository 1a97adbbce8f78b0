"""What extraction is measured on: a random model, random conversations, SAEs that fire as real ones do."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from sae_lens.registry import get_sae_class
from sae_lens.saes.sae import SAEMetadata
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

from persona_assets.lake import schema

N_CONVERSATIONS, MEAN_L0 = 24, 80


def save_model(path: Path, **sizes: int) -> str:
    """A Gemma 3 of random weights; `sizes` are keys of its configuration."""
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        **sizes,
        vocab_size=2048,
        max_position_embeddings=32768,
        sliding_window=512,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(path)
    _tokenizer().save_pretrained(path)
    return str(path)


def random_responses() -> pa.Table:
    """`schema.RESPONSES`, as far as extraction reads it: prompts of 60 tokens, answers of 100 to 400."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "response_id": index,
            "variant": 0,
            "question_id": index,
            "prompt_token_ids": rng.integers(5, 2048, size=60).tolist(),
            "response_token_ids": rng.integers(5, 2048, size=int(rng.integers(100, 401))).tolist(),
        }
        for index in range(N_CONVERSATIONS)
    ]
    return pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema)


@torch.inference_mode()
def residual(whole: Any, ids: list[int], layer: int) -> torch.Tensor:
    """What layer `layer` of the model gives for a conversation: float32[n_tokens, d_in]."""
    kept: list[torch.Tensor] = []
    hook = whole.model.layers[layer].register_forward_hook(lambda _m, _a, output: kept.append(output[0]))
    try:
        whole(input_ids=torch.tensor([ids]))
    finally:
        hook.remove()
    return kept[0]


def realistic_sae(whole: Any, responses: pa.Table, d_sae: int, layer: int, path: Path) -> str:
    """A random JumpReLU SAE with about MEAN_L0 features a token, whose densities spread as real ones do."""
    rows = responses.select(["prompt_token_ids", "response_token_ids"]).to_pylist()
    stream = torch.cat([residual(whole, [*itertools.chain(*row.values())], layer) for row in rows])
    d_in = stream.shape[1]
    generator = torch.Generator().manual_seed(0)
    sae_class, config_class = get_sae_class("jumprelu")
    metadata = SAEMetadata(hook_name=f"blocks.{layer}.hook_resid_post")
    sae = sae_class(config_class(d_in=d_in, d_sae=d_sae, metadata=metadata))
    sae.W_enc.data = torch.randn(d_in, d_sae, generator=generator) / d_in**0.5
    density = torch.exp(1.5 * torch.randn(d_sae, generator=generator))
    density = (density / density.sum() * MEAN_L0).clamp(1e-5, 0.5)
    # Pre-activations are near normal: the threshold of a density is a quantile.
    spread = (torch.linalg.cholesky(stream.T.cov()).T @ sae.W_enc.data).norm(dim=0)
    quantile = torch.special.ndtri(1 - density.double()).float()
    sae.threshold.data = (stream.mean(dim=0) @ sae.W_enc.data + spread * quantile).clamp(min=1e-3)
    sae.save_model(path)
    return str(path)


def _tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]
    trainer = trainers.BpeTrainer(
        vocab_size=2048, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(["the sea is wide"], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<bos>", chat_template="{{ messages }}")
