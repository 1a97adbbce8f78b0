"""The models that reading is measured on: real shapes, random weights, the vocabulary left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import Gemma3TextConfig, LlamaConfig

VOCABULARY = 1_024


@dataclass(frozen=True)
class Shape:
    """A model of which the layers up to `layer` are read, by an SAE of `d_sae` features.

    `config` makes the configuration of so many layers. `budgets`: padded tokens per batch, the first the most
    telling. Prompts and answers are as long as these ranges say, in tokens.
    """

    name: str
    n_layers: int
    layer: int
    d_sae: int
    config: Callable[[int], Any]
    stands_for: Sequence[str] = ()  # the models of this shape, as studies name them
    budgets: Sequence[int] = (16_384, 65_536, 8_192, 32_768)
    prompt: tuple[int, int] = (40, 200)
    answer: tuple[int, int] = (100, 512)
    least: int = 65_536  # tokens are read for a figure, and two batches
    least_seconds: float = 2.0  # that is repeated for so long

    @property
    def read(self) -> str:
        """How much of the model runs."""
        return f"{self.layer + 1} of {self.n_layers} layers"


def _gemma_27b(n_layers: int) -> Any:
    return Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=5_376,
        intermediate_size=21_504,
        num_hidden_layers=n_layers,
        num_attention_heads=32,
        num_key_value_heads=16,
        head_dim=128,
        query_pre_attn_scalar=168,
        sliding_window=1_024,
    )


def _gemma_1b(n_layers: int) -> Any:
    return Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=1_152,
        intermediate_size=6_912,
        num_hidden_layers=n_layers,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=256,
        query_pre_attn_scalar=256,
        sliding_window=512,
    )


def _smollm2(n_layers: int) -> Any:
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=576,
        intermediate_size=1_536,
        num_hidden_layers=n_layers,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8_192,
    )


def _tiny(n_layers: int) -> Any:
    return Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=n_layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        sliding_window=16,
    )


GEMMA_27B = Shape("Gemma 3 27B", 62, 40, 65_536, _gemma_27b, ("google/gemma-3-27b-it",))
GEMMA_1B = Shape("Gemma 3 1B", 26, 17, 65_536, _gemma_1b, ("google/gemma-3-1b-it",))
_SMOLLM2_NAMES = ("models/smollm2", "HuggingFaceTB/SmolLM2-135M-Instruct")
SMOLLM2 = Shape("SmolLM2 135M", 30, 15, 4_096, _smollm2, _SMOLLM2_NAMES)
TINY = Shape("tiny", 3, 1, 1_024, _tiny, (), (512, 256), (3, 9), (10, 60), 512, 0.0)
