"""The demo's SAE: SAELens' BatchTopK on the model's residual stream, stored as JumpReLU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from sae_lens import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.config import SAETrainerConfig
from sae_lens.training.sae_trainer import SAETrainer
from safetensors.torch import load_file, save_file

LAYER = 3
D_SAE = 2048
K = 24
BATCH_TOKENS = 2048
RATE = 1e-3
CONTEXT = 1024
MODEL_NAME = "persona-assets-demo"


def train_sae(values: torch.Tensor, steps: int, seed: int, layer: int = LAYER) -> BatchTopKTrainingSAE:
    """Train on `values` float32[n_tokens, d_in], drawn in random batches, for `steps` steps."""
    torch.manual_seed(seed)
    config = BatchTopKTrainingSAEConfig(
        d_in=values.shape[1],
        d_sae=D_SAE,
        k=K,
        apply_b_dec_to_input=False,  # as in Gemma Scope
        normalize_activations="expected_average_only_in",
        device="cpu",
    )
    sae = BatchTopKTrainingSAE(config)
    _centre(sae, values)
    _describe(sae, layer)
    return SAETrainer(_trainer_config(steps), sae, _shuffled(values, seed)).fit()


def _trainer_config(steps: int) -> SAETrainerConfig:
    return SAETrainerConfig(
        total_training_samples=steps * BATCH_TOKENS,
        train_batch_size_samples=BATCH_TOKENS,
        lr=RATE,
        lr_end=RATE / 20,
        lr_warm_up_steps=min(100, steps // 10),
        lr_decay_steps=steps // 2,
        dead_feature_window=min(200, max(steps // 10, 1)),
        n_batches_for_norm_estimate=20,
    )


@torch.no_grad()
def _centre(sae: BatchTopKTrainingSAE, values: torch.Tensor) -> None:
    """Start from the mean token: decode to it, encode the difference (in the trainer's scaled units)."""
    scale = values.shape[1] ** 0.5 / values.norm(dim=1).mean()
    mean = values.mean(0) * scale
    sae.b_dec.copy_(mean)
    sae.b_enc.copy_(-mean @ sae.W_enc)


def _describe(sae: BatchTopKTrainingSAE, layer: int) -> None:
    metadata = sae.cfg.metadata
    metadata.model_name = MODEL_NAME
    metadata.hook_name = f"blocks.{layer}.hook_resid_post"
    metadata.hook_head_index = None
    metadata.hf_hook_name = f"model.layers.{layer}.output"
    metadata.prepend_bos = True
    metadata.exclude_special_tokens = ["<bos>"]
    metadata.context_size = CONTEXT
    metadata.dataset_path = "generated: python -m tests.toy"


def _shuffled(values: torch.Tensor, seed: int) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(values), generator=generator)
        for rows in order.split(BATCH_TOKENS):
            if len(rows) == BATCH_TOKENS or len(values) < BATCH_TOKENS:
                yield values[rows]


def save_sae(sae: BatchTopKTrainingSAE, directory: Path) -> None:
    """Save for inference in SAELens' format (JumpReLU): matrices as float16, small vectors as float32.

    ``cfg.json`` says float32: SAELens casts on loading, and nothing is computed in 16 bits.
    """
    weights_path, config_path = sae.save_inference_model(directory)
    weights = load_file(weights_path)
    small = {name: weight if weight.ndim == 1 else weight.half() for name, weight in weights.items()}
    save_file({name: weight.contiguous() for name, weight in small.items()}, weights_path)
    config = json.loads(config_path.read_text(encoding="utf-8"))
    config_path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
