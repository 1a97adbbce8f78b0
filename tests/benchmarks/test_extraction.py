"""Extraction against the dense way, in the same run: whole model with its head, one conversation at a time,
`sae.encode` to a dense array, NumPy mean and max. Storing is not counted.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from report import record
from sae_lens import SAE
from sae_lens.registry import get_sae_class
from sae_lens.saes.sae import SAEMetadata
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

from persona_assets import schema
from persona_assets.extract.extractor import Extractor
from persona_assets.settings import ExtractionSettings

LAYER, HIDDEN, N_CONVERSATIONS, MEAN_L0 = 3, 192, 24, 80
ROUNDS = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random model as large as the demo's: Gemma 3, 6 layers, d_in 192."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    config = Gemma3TextConfig(
        vocab_size=2048,
        hidden_size=HIDDEN,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=48,
        max_position_embeddings=32768,
        sliding_window=512,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
    )
    path = tmp_path_factory.mktemp("model")
    AutoModelForCausalLM.from_config(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture(scope="module")
def responses() -> pa.Table:
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


@pytest.mark.parametrize(("d_sae", "goal"), [(65_536, ">= 4"), (4_096, ">= 1.5")])
def test_extraction(
    d_sae: int, goal: str, model: str, responses: pa.Table, tmp_path: Path, benchmark
) -> None:
    whole = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    path = _realistic_sae(whole, responses, d_sae, tmp_path)
    sae = SAE.load_from_disk(path)
    extractor = Extractor.open(
        ExtractionSettings(
            model=model, dtype="float32", saes={"sae": {"path": path}}, engine={"device": "cpu"}
        )
    )
    dense = _dense(whole, sae, responses)
    extractor.extract(responses)
    dense()
    baseline: list[float] = []
    # A round of the dense way before each of ours: on a busy machine both suffer alike.
    benchmark.pedantic(
        lambda: extractor.extract(responses), setup=lambda: baseline.append(_seconds(dense)), rounds=ROUNDS
    )
    ratio = min(baseline) / benchmark.stats.stats.min
    record(f"extraction, d_sae {d_sae:,}", goal, ratio, "times the dense way's responses/s")
    record(f"extraction, d_sae {d_sae:,}", "", N_CONVERSATIONS / benchmark.stats.stats.min, "responses/s")


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _dense(whole: Any, sae: Any, responses: pa.Table) -> Callable[[], list[Any]]:
    """The dense way over all responses."""
    rows = responses.select(["prompt_token_ids", "response_token_ids"]).to_pylist()

    @torch.inference_mode()
    def one(prompt: list[int], response: list[int]) -> tuple[Any, Any]:
        residual = _residual(whole, prompt + response)[len(prompt) :]
        codes = sae.encode(residual).numpy()
        return codes.mean(axis=0), codes.max(axis=0)

    return lambda: [one(*row.values()) for row in rows]


@torch.inference_mode()
def _residual(whole: Any, ids: list[int]) -> torch.Tensor:
    kept: list[torch.Tensor] = []
    hook = whole.model.layers[LAYER].register_forward_hook(lambda _m, _a, output: kept.append(output[0]))
    try:
        whole(input_ids=torch.tensor([ids]))
    finally:
        hook.remove()
    return kept[0]


def _realistic_sae(whole: Any, responses: pa.Table, d_sae: int, path: Path) -> str:
    """A random JumpReLU SAE with about MEAN_L0 features a token, whose densities spread as real ones do."""
    rows = responses.select(["prompt_token_ids", "response_token_ids"]).to_pylist()
    residual = torch.cat([_residual(whole, [*itertools.chain(*row.values())]) for row in rows])
    generator = torch.Generator().manual_seed(0)
    sae_class, config_class = get_sae_class("jumprelu")
    metadata = SAEMetadata(hook_name=f"blocks.{LAYER}.hook_resid_post")
    sae = sae_class(config_class(d_in=HIDDEN, d_sae=d_sae, metadata=metadata))
    sae.W_enc.data = torch.randn(HIDDEN, d_sae, generator=generator) / HIDDEN**0.5
    density = torch.exp(1.5 * torch.randn(d_sae, generator=generator))
    density = (density / density.sum() * MEAN_L0).clamp(1e-5, 0.5)
    # Pre-activations are near normal: the threshold of a density is a quantile.
    spread = (torch.linalg.cholesky(residual.T.cov()).T @ sae.W_enc.data).norm(dim=0)
    quantile = torch.special.ndtri(1 - density.double()).float()
    sae.threshold.data = (residual.mean(dim=0) @ sae.W_enc.data + spread * quantile).clamp(min=1e-3)
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
