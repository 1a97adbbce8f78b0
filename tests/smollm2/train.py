"""The SAE's training: SAELens's BatchTopK and trainer, in batches that seed and step alone decide."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sae_lens import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.config import SAETrainerConfig
from sae_lens.training.sae_trainer import SAETrainer
from safetensors.torch import load_file, save_file

from tests.smollm2.residuals import SITE, Halfs

BATCH = 2048
NORM_BATCHES = 20  # at the start, to scale the residuals to a norm of sqrt(d_in)
CHECKPOINTS = 20
WHOLE = "whole"  # in a checkpoint's folder: all of it was written


@dataclass(frozen=True)
class Recipe:
    """What decides an SAE, beside what it is trained on."""

    layer: int
    d_sae: int
    k: int
    tokens: int  # to be seen in training, those seen again counted again
    rate: float = 1e-3
    seed: int = 0

    @property
    def name(self) -> str:
        """A folder's name."""
        return f"layer_{self.layer}-{self.d_sae}-k{self.k}-{self.tokens}-rate{self.rate:g}-seed{self.seed}"


def train(recipe: Recipe, residuals: Sequence[Halfs], folder: Path) -> BatchTopKTrainingSAE:
    """Train, or go on from the newest checkpoint in `folder`; `residuals`: float16[n_tokens, d_in] each."""
    torch.manual_seed(recipe.seed)
    sae = BatchTopKTrainingSAE(
        BatchTopKTrainingSAEConfig(
            d_in=residuals[0].shape[1],
            d_sae=recipe.d_sae,
            k=recipe.k,
            topk_threshold_lr=0.05,  # right after few steps, too
            apply_b_dec_to_input=False,
            normalize_activations="expected_average_only_in",
        )
    )
    newest = _newest(folder)
    batches = _Batches(residuals, recipe.seed)
    if newest is None:
        _centre(sae, batches.at(0))
    else:
        sae.load_weights_from_checkpoint(newest)
    _describe(sae, recipe)
    trainer = SAETrainer(_trainer_config(recipe, folder), sae, iter(batches), save_checkpoint_fn=_mark)
    if newest is not None:
        trainer.load_trainer_state(newest)
        trainer.n_training_steps = trainer.n_training_samples // BATCH  # the trainer saves one step too few
        batches.next = NORM_BATCHES + trainer.n_training_steps
        thresholds = trainer.checkpoint_thresholds
        trainer.checkpoint_thresholds = [one for one in thresholds if one > trainer.n_training_samples]
    return trainer.fit()


def _trainer_config(recipe: Recipe, folder: Path) -> SAETrainerConfig:
    steps = recipe.tokens // BATCH
    return SAETrainerConfig(
        total_training_samples=steps * BATCH,
        train_batch_size_samples=BATCH,
        lr=recipe.rate,
        lr_end=recipe.rate / 20,
        lr_warm_up_steps=min(100, steps // 10),
        lr_decay_steps=steps // 3,
        dead_feature_window=min(200, max(steps // 10, 1)),
        n_batches_for_norm_estimate=NORM_BATCHES,
        n_checkpoints=CHECKPOINTS,
        checkpoint_path=str(folder),
    )


def _mark(checkpoint_path: Path | None) -> None:
    """Mark a checkpoint as whole, and let go of earlier ones."""
    assert checkpoint_path is not None
    (checkpoint_path / WHOLE).touch()
    for mark in checkpoint_path.parent.glob(f"*/{WHOLE}"):
        if mark.parent != checkpoint_path:
            mark.unlink()  # first, so that none is left that looks whole
            shutil.rmtree(mark.parent)


def _newest(folder: Path) -> Path | None:
    whole = [mark.parent for mark in folder.glob(f"*/{WHOLE}") if mark.parent.name.isdigit()]
    return max(whole, key=lambda checkpoint: int(checkpoint.name), default=None)


class _Batches:
    """Batches float32[BATCH, d_in] of all rows in a seeded order, another one for each pass."""

    def __init__(self, residuals: Sequence[Halfs], seed: int) -> None:
        self.residuals, self.seed = residuals, seed
        self.ends = np.cumsum([len(one) for one in residuals])
        self.per_pass = int(self.ends[-1]) // BATCH
        assert self.per_pass, "fewer tokens than one batch"
        self.next = 0
        self._order = (-1, np.empty(0, np.int64))

    def __iter__(self) -> Iterator[torch.Tensor]:
        while True:
            self.next += 1
            yield self.at(self.next - 1)

    def at(self, place: int) -> torch.Tensor:
        """Return batch `place`, counted from 0 over all passes."""
        turn, start = place // self.per_pass, place % self.per_pass * BATCH
        if self._order[0] != turn:
            self._order = (turn, np.random.default_rng([self.seed, turn]).permutation(int(self.ends[-1])))
        rows = np.sort(self._order[1][start : start + BATCH])
        of_file = np.searchsorted(self.ends, rows, side="right")
        parts = []
        for file in np.unique(of_file):
            first = int(self.ends[file - 1]) if file else 0
            parts.append(self.residuals[file][rows[of_file == file] - first])
        return torch.from_numpy(np.concatenate(parts).astype(np.float32))


@torch.no_grad()
def _centre(sae: BatchTopKTrainingSAE, values: torch.Tensor) -> None:
    """Start from the mean token: decode to it, encode the difference (in the trainer's scaled units)."""
    mean = values.mean(0) * values.shape[1] ** 0.5 / values.norm(dim=1).mean()
    sae.b_dec.copy_(mean)
    sae.b_enc.copy_(-mean @ sae.W_enc)


def _describe(sae: BatchTopKTrainingSAE, recipe: Recipe) -> None:
    metadata = sae.cfg.metadata
    metadata.model_name = "HuggingFaceTB/SmolLM2-135M-Instruct"
    metadata.hook_name = f"blocks.{recipe.layer}.{SITE}"
    metadata.hook_head_index = None
    metadata.hf_hook_name = f"model.layers.{recipe.layer}.output"
    metadata.prepend_bos = False
    metadata.dataset_path = "made by `make smollm2-sae`"


def save(sae: BatchTopKTrainingSAE, folder: Path) -> None:
    """Write it in SAELens's format for inference, JumpReLU, its matrices in bfloat16."""
    beside = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    weights_file, config_file = sae.save_inference_model(beside)
    weights = load_file(weights_file)
    small = {name: one if one.ndim == 1 else one.bfloat16() for name, one in weights.items()}
    save_file({name: one.contiguous() for name, one in small.items()}, weights_file)
    config = json.loads(config_file.read_text(encoding="utf-8"))
    config_file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    beside.rename(folder)
